"""Sends callbacks when generations change state, also after a restart."""

import asyncio
from collections.abc import Callable
from http import HTTPStatus

import structlog
from pydantic_core import to_json

from simulator.formats import GenerationState
from simulator.generations.generation import Generation
from simulator.generations.repository import Repository
from simulator.ports import Post
from simulator.settings import SimulatorSettings

_MAX_IN_FLIGHT = 128
#: longest sleep, because the clock that decides what is due may be set meanwhile
_SLEEP_MAX_S = 0.5

_log = structlog.get_logger()


class CallbackSender:
    """Sends the states `dreaming` and completed or failed of each generation, in this order.

    A callback is recorded after it was sent: a crash in between sends it twice, never not at all.
    """

    def __init__(
        self, *, repository: Repository, settings: SimulatorSettings, post: Post, clock_ms: Callable[[], int]
    ) -> None:
        self._repository = repository
        self._post = post
        self._settings = settings
        self._clock_ms = clock_ms
        self._wakeup = asyncio.Event()
        self._busy: set[str] = set()

    def wake(self) -> None:
        self._wakeup.set()

    async def run(self) -> None:
        """Send due callbacks until cancelled; errors are logged and retried."""
        async with asyncio.TaskGroup() as group:
            while True:
                self._wakeup.clear()
                try:
                    next_at = await self._start_due(group)
                except Exception as error:  # noqa: BLE001 - a full disk must not end the loop
                    _log.error("callback_loop_failed", error=repr(error))
                    next_at = self._clock_ms() + self._settings.error_pause_ms
                await self._sleep_until(next_at)

    async def _start_due(self, group: asyncio.TaskGroup) -> int | None:
        """Start sending those that are due; returns when the next one will be due."""
        now = self._clock_ms()
        # What was being sent when the read began may be read as it was before it was recorded.
        busy = frozenset(self._busy)
        for generation in await self._repository.callbacks_due(now, _MAX_IN_FLIGHT + len(busy)):
            if generation.id not in busy and len(self._busy) < _MAX_IN_FLIGHT:
                self._busy.add(generation.id)
                group.create_task(self._process(generation), name=f"callback {generation.id}")
        return await self._repository.next_callback_at(after=now)

    async def _sleep_until(self, at: int | None) -> None:
        sleep_s = None if at is None else min(_SLEEP_MAX_S, max(0.0, (at - self._clock_ms()) / 1000))
        try:
            async with asyncio.timeout(sleep_s):
                await self._wakeup.wait()
        except TimeoutError:
            pass

    async def _process(self, generation: Generation) -> None:
        try:
            await self._send_and_record(generation)
        except Exception as error:  # noqa: BLE001 - an error of one callback must not end the others
            _log.error("callback_not_recorded", generation_id=generation.id, error=repr(error))
            await asyncio.sleep(self._settings.error_pause_ms / 1000)
        finally:
            self._busy.discard(generation.id)
        self.wake()

    async def _send_and_record(self, generation: Generation) -> None:
        last = generation.announced is not None
        # Sent as of that time, so that a late sender still sends the states in order.
        at = generation.dreaming_at if not last else generation.ends_at
        assert at is not None  # noqa: S101 - no callback is due before this is known
        state = generation.state(at)
        attempts = await self._send(generation, at)
        _log.debug("callback_sent", generation_id=generation.id, state=state.value, attempts=attempts)
        await self._repository.callback_sent(
            generation.id, state.value, last=state is not GenerationState.DREAMING
        )

    async def _send(self, generation: Generation, at: int) -> int:
        """Post until the response is 200 or no retry is left; returns the number of attempts."""
        assert generation.callback_url is not None  # noqa: S101 - only those with a URL are due
        body = to_json(generation.document(at))
        attempts = 1
        while not await self._post_once(generation.callback_url, body):
            if attempts > self._settings.callback_retries:
                break
            attempts += 1
            await asyncio.sleep(self._settings.callback_retry_ms / 1000)
        return attempts

    async def _post_once(self, url: str, body: bytes) -> bool:
        try:
            async with asyncio.timeout(self._settings.callback_timeout_s):
                return await self._post(url, body) == HTTPStatus.OK
        except Exception as error:  # noqa: BLE001 - an error of one receiver must not affect the others
            _log.debug("callback_failed", url=url, error=repr(error))
            return False
