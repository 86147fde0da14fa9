"""Shards: which part of all servers a process looks after, and when each may identify itself."""

import asyncio
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import structlog

from bot.domain.errors import StoreError

_log = structlog.get_logger(__name__)

_TEXT = re.compile(r"(?P<first>\d{1,5})(?:\s*-\s*(?P<last>\d{1,5}))?\s*/\s*(?P<count>\d{1,5})")
#: of one process; far more than Discord advises to the largest bots
MOST_SHARDS = 10_000
#: between two tries while the store does not answer
_AGAIN_S = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Shards:
    """The shards of one process."""

    ids: tuple[int, ...]
    #: of all processes together
    count: int


def read_shards(text: str) -> Shards:
    """Read `0-3/16` or `2/16`; raises ValueError saying what is expected."""
    found = _TEXT.fullmatch(text.strip())
    if found is None:
        raise ValueError(f"{text!r} does not name shards; write 0-3/16 for the first four of sixteen")
    first, count = int(found["first"]), int(found["count"])
    last = int(found["last"]) if found["last"] else first
    if not first <= last < count:
        raise ValueError(f"{text!r} names no shards: they are counted from 0 to {max(count - 1, 0)}")
    return Shards(ids=tuple(range(first, last + 1)), count=count)


def all_shards(count: int) -> Shards:
    """All that there are, in one process."""
    return Shards(ids=tuple(range(count)), count=count)


class Vault(Protocol):
    """As much of the core's vault as turns take."""

    async def turn(self, name: str, *, now: int, every: int) -> int: ...


class Turns:
    """One process after another identifies itself; the library knows of its own shards alone."""

    def __init__(
        self,
        adapter_data: Vault,
        clock: Callable[[], int],
        *,
        every_ms: int,
        again_s: float = _AGAIN_S,
    ) -> None:
        self._adapter_data = adapter_data
        self._clock = clock
        self._again_s = again_s
        self._every_ms = every_ms
        #: how many may identify at once, as Discord says
        self.concurrency = 1
        #: shard → its turn, as long as it has not been used
        self._given: dict[int, int] = {}

    async def wait(self, shard: int) -> None:
        """Wait until a shard may identify itself.

        The library gives a connection up after a minute and opens another. The turn is kept for that one:
        were it taken anew, many processes that start at once would put each other off for ever.
        """
        if self._given.get(shard, 0) < self._clock():
            self._given[shard] = await self._take(shard % self.concurrency)
        await asyncio.sleep(max(0, self._given[shard] - self._clock()) / 1000)
        del self._given[shard]

    async def _take(self, bucket: int) -> int:
        while True:
            try:
                return await self._adapter_data.turn(
                    f"identify/{bucket}", now=self._clock(), every=self._every_ms
                )
            except StoreError as error:
                # Within the library this would end the sessions of all other shards as well.
                _log.warning("turn_not_given", error=str(error))
                await asyncio.sleep(self._again_s)
