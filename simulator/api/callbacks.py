"""Telling callback URLs what has become of their generations, in time and also after a restart."""

import asyncio
from collections.abc import Callable
from http import HTTPStatus

import structlog
from pydantic_core import to_json

from simulator.api.archive import Archive
from simulator.api.generations import Generation
from simulator.api.ports import Post
from simulator.api.settings import SimulatorSettings
from simulator.formats import GenerationState

_AT_ONCE = 128
#: the longest nap, because the clock that decides what is due may be set
_NAP_S = 0.5

_log = structlog.get_logger()


class Callbacks:
    """Announces dreaming and the end of each generation, in this order.

    What was announced is noted afterwards, so a stop in between announces it twice, never not at all.
    """

    def __init__(
        self, *, archive: Archive, settings: SimulatorSettings, post: Post, clock_ms: Callable[[], int]
    ) -> None:
        self._archive = archive
        self._post = post
        self._settings = settings
        self._clock_ms = clock_ms
        self._wake = asyncio.Event()
        self._busy: set[str] = set()

    def wake(self) -> None:
        self._wake.set()

    async def run(self) -> None:
        """Announce until cancelled, whatever goes wrong meanwhile."""
        async with asyncio.TaskGroup() as group:
            while True:
                self._wake.clear()
                try:
                    next_at = await self._begin(group)
                except Exception as error:  # noqa: BLE001 - a full disk must not end the callbacks for good
                    _log.error("callback_round_failed", error=repr(error))
                    next_at = self._clock_ms() + self._settings.setback_ms
                await self._sleep_until(next_at)

    async def _begin(self, group: asyncio.TaskGroup) -> int | None:
        """Begin with those that are due; answers when the next one will be."""
        now = self._clock_ms()
        for generation in await self._archive.announcing(now, _AT_ONCE + len(self._busy)):
            if generation.id not in self._busy and len(self._busy) < _AT_ONCE:
                self._busy.add(generation.id)
                group.create_task(self._announce(generation), name=f"callback {generation.id}")
        return await self._archive.next_announcement(after=now)

    async def _sleep_until(self, at: int | None) -> None:
        nap_s = None if at is None else min(_NAP_S, max(0.0, (at - self._clock_ms()) / 1000))
        try:
            async with asyncio.timeout(nap_s):
                await self._wake.wait()
        except TimeoutError:
            pass

    async def _announce(self, generation: Generation) -> None:
        try:
            await self._tell_and_note(generation)
        except Exception as error:  # noqa: BLE001 - one callback's trouble must not end the others
            _log.error("callback_not_recorded", generation_id=generation.id, error=repr(error))
            await asyncio.sleep(self._settings.setback_ms / 1000)
        finally:
            self._busy.discard(generation.id)
        self.wake()

    async def _tell_and_note(self, generation: Generation) -> None:
        last = generation.announced is not None
        # Told as it was at that moment, so that a late sender still tells the story in order.
        moment = generation.dreaming_at if not last else generation.ends_at
        assert moment is not None  # noqa: S101 - nothing is due before its moment is known
        state = generation.state(moment)
        tries = await self._tell(generation, moment)
        _log.debug("callback_sent", generation_id=generation.id, state=state.value, tries=tries)
        await self._archive.announced(generation.id, state.value, last=state is not GenerationState.DREAMING)

    async def _tell(self, generation: Generation, moment: int) -> int:
        """Post until the answer is 200 or the retries are used up; answers how often it was posted."""
        assert generation.callback_url is not None  # noqa: S101 - only those are due
        body = to_json(generation.document(moment))
        tries = 1
        while not await self._is_heard(generation.callback_url, body):
            if tries > self._settings.callback_retries:
                break
            tries += 1
            await asyncio.sleep(self._settings.callback_retry_ms / 1000)
        return tries

    async def _is_heard(self, url: str, body: bytes) -> bool:
        try:
            async with asyncio.timeout(self._settings.callback_timeout_s):
                return await self._post(url, body) == HTTPStatus.OK
        except Exception as error:  # noqa: BLE001 - whatever a receiver does, the others are called too
            _log.debug("callback_failed", url=url, error=repr(error))
            return False
