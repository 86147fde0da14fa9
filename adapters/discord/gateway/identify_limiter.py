"""Limits how often shards identify themselves to the gateway, across all processes."""

import asyncio
from collections.abc import Callable
from typing import Protocol

import structlog

from bot.domain.errors import StoreError

_log = structlog.get_logger(__name__)

#: wait between two tries while the store does not answer
_RETRY_S = 1.0


class TurnStore(Protocol):
    """The part of the adapter's data that is used here."""

    async def turn(self, name: str, *, now: int, every: int) -> int: ...


class IdentifyLimiter:
    """Lets one process after another identify; the library knows only its own shards."""

    def __init__(
        self,
        adapter_data: TurnStore,
        clock: Callable[[], int],
        *,
        every_ms: int,
        retry_s: float = _RETRY_S,
    ) -> None:
        self._adapter_data = adapter_data
        self._clock = clock
        self._retry_s = retry_s
        self._every_ms = every_ms
        #: how many shards may identify at once, as Discord says
        self.max_concurrency = 1
        #: shard → the time of its turn, until it is used
        self._turns: dict[int, int] = {}

    async def wait(self, shard: int) -> None:
        """Wait until a shard may identify.

        The library gives a connection up after a minute and opens another. The turn is kept for that one: if
        it took a new turn, many processes that start together would delay each other for ever.
        """
        if self._turns.get(shard, 0) < self._clock():
            self._turns[shard] = await self._take_turn(shard % self.max_concurrency)
        await asyncio.sleep(max(0, self._turns[shard] - self._clock()) / 1000)
        del self._turns[shard]

    async def _take_turn(self, bucket: int) -> int:
        while True:
            try:
                return await self._adapter_data.turn(
                    f"identify/{bucket}", now=self._clock(), every=self._every_ms
                )
            except StoreError as error:
                # Raised into the library, this would end the sessions of all other shards as well.
                _log.warning("identify_turn_unavailable", error=str(error))
                await asyncio.sleep(self._retry_s)
