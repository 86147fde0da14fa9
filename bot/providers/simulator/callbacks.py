"""Telling callback URLs what has become of their generations, in time and also after a restart."""

import asyncio
from collections.abc import Callable
from http import HTTPStatus

import httpx
import structlog
from pydantic_core import to_json

from bot.providers.base import GenerationState
from bot.providers.simulator.archive import Archive
from bot.providers.simulator.generations import Generation
from bot.providers.simulator.settings import SimulatorSettings

_AT_ONCE = 128
#: the longest nap, because the clock that decides what is due may be set
_NAP_S = 0.5

_log = structlog.get_logger()


class Callbacks:
    """Announces dreaming and the end of each generation, in this order.

    What was announced is noted afterwards, so a stop in between announces it twice, never not at all.
    """

    def __init__(self, *, archive: Archive, settings: SimulatorSettings, clock_ms: Callable[[], int]) -> None:
        self._archive = archive
        self._settings = settings
        self._clock_ms = clock_ms
        self._wake = asyncio.Event()
        self._busy: set[str] = set()

    def wake(self) -> None:
        self._wake.set()

    async def run(self, client: httpx.AsyncClient) -> None:
        async with asyncio.TaskGroup() as group:
            while True:
                self._wake.clear()
                now = self._clock_ms()
                for generation in await self._archive.announcing(now, _AT_ONCE + len(self._busy)):
                    if generation.id not in self._busy and len(self._busy) < _AT_ONCE:
                        self._busy.add(generation.id)
                        group.create_task(
                            self._announce(generation, client), name=f"callback {generation.id}"
                        )
                await self._sleep_until(await self._archive.next_announcement(after=now))

    async def _sleep_until(self, at: int | None) -> None:
        nap_s = None if at is None else min(_NAP_S, max(0.0, (at - self._clock_ms()) / 1000))
        try:
            async with asyncio.timeout(nap_s):
                await self._wake.wait()
        except TimeoutError:
            pass

    async def _announce(self, generation: Generation, client: httpx.AsyncClient) -> None:
        last = generation.announced is not None
        # Told as it was at that moment, so that a late sender still tells the story in order.
        moment = generation.dreaming_at if not last else generation.ends_at
        assert moment is not None  # noqa: S101 - nothing is due before its moment is known
        state = generation.state(moment)
        tries = await self._tell(generation, moment, client)
        _log.debug("callback_sent", generation_id=generation.id, state=state.value, tries=tries)
        await self._archive.announced(generation.id, state.value, last=state is not GenerationState.DREAMING)
        self._busy.discard(generation.id)
        self.wake()

    async def _tell(self, generation: Generation, moment: int, client: httpx.AsyncClient) -> int:
        """Post until the answer is 200 or the retries are used up; answers how often it was posted."""
        assert generation.callback_url is not None  # noqa: S101 - only those are due
        body = to_json(generation.document(moment))
        tries = 1
        while not await self._post(generation.callback_url, body, client):
            if tries > self._settings.callback_retries:
                break
            tries += 1
            await asyncio.sleep(self._settings.callback_retry_ms / 1000)
        return tries

    async def _post(self, url: str, body: bytes, client: httpx.AsyncClient) -> bool:
        headers = {"Content-Type": "application/json"}
        try:
            async with asyncio.timeout(self._settings.callback_timeout_s):
                async with client.stream("POST", url, content=body, headers=headers) as response:
                    return response.status_code == HTTPStatus.OK
        except Exception as error:  # noqa: BLE001 - whatever a receiver does, the others are called too
            _log.debug("callback_failed", url=url, error=repr(error))
            return False
