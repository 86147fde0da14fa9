"""What a request builds on: fetched after the answer and kept, so that nothing is missing later."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

import structlog

from simulator.api.archive import Archive
from simulator.api.atelier import Atelier
from simulator.api.generations import Generation, Reference
from simulator.api.measuring import measured
from simulator.api.ports import Fetch, Render
from simulator.api.settings import SimulatorSettings
from simulator.api.shape import Shape
from simulator.drawing.sources import check_picture
from simulator.errors import Unavailable, Unreadable
from simulator.films.footage import check_footage
from simulator.shelf import Shelf

Result = TypeVar("Result")

UNREADABLE = "Failed to read user input frames"
_PICTURE_MAX, _FILM_MAX = 10_000_000, 100_000_000
_AT_ONCE = 8
_RETRY_S = 0.2
_WORK_ATTEMPTS = 3

_log = structlog.get_logger()


class References:
    """Brings in what new generations wait for; what a stop interrupts is fetched again after the start."""

    def __init__(
        self,
        *,
        archive: Archive,
        atelier: Atelier,
        shelf: Shelf,
        fetch: Fetch,
        render: Render,
        settings: SimulatorSettings,
        clock_ms: Callable[[], int],
        settled: Callable[[], None],
    ) -> None:
        self._archive = archive
        self._atelier = atelier
        self._shelf = shelf
        self._fetch = fetch
        self._render = render
        self._settings = settings
        self._clock_ms = clock_ms
        #: told when it is known how a generation goes on
        self._settled = settled
        self._wake = asyncio.Event()
        self._busy: set[str] = set()
        self._slots = asyncio.Semaphore(_AT_ONCE)

    def wake(self) -> None:
        self._wake.set()

    async def run(self) -> None:
        """Bring in what is waited for until cancelled, whatever goes wrong meanwhile."""
        async with asyncio.TaskGroup() as group:
            while True:
                self._wake.clear()
                try:
                    await self._begin(group)
                except Exception as error:  # noqa: BLE001 - a full disk must not end the fetching for good
                    _log.error("reference_round_failed", error=repr(error))
                    await self._set_back()
                else:
                    await self._wake.wait()

    async def _begin(self, group: asyncio.TaskGroup) -> None:
        for generation in await self._archive.waiting():
            if generation.id not in self._busy:
                self._busy.add(generation.id)
                group.create_task(self._bring(generation), name=f"references {generation.id}")

    async def _bring(self, generation: Generation) -> None:
        try:
            async with self._slots:
                await self._settle(generation)
        except Exception as error:  # noqa: BLE001 - one generation's trouble must not end the others
            # Nothing is known of the file: the row still waits, and the next round tries again.
            _log.error("reference_not_recorded", generation_id=generation.id, error=repr(error))
            await self._set_back()
            self._wake.set()
        finally:
            self._busy.discard(generation.id)
        self._settled()

    async def _settle(self, generation: Generation) -> None:
        try:
            for index, reference in enumerate(generation.references):
                await self._bring_one(generation, index, reference)
        except (Unavailable, Unreadable, TimeoutError) as error:
            _log.info("reference_unreadable", generation_id=generation.id, error=type(error).__name__)
            await self._archive.references_unreadable(generation.id, UNREADABLE, self._clock_ms())
        else:
            await self._archive.references_arrived(generation.id, self._clock_ms())

    async def _set_back(self) -> None:
        await asyncio.sleep(self._settings.setback_ms / 1000)

    async def _bring_one(self, generation: Generation, index: int, reference: Reference) -> None:
        path = self._shelf.reference(generation.id, index)
        if reference.generation is not None:
            await self._shelf.share(await self._repeated(self._own_film(reference.generation)), path)
            return
        content = await self._repeated(lambda: self._read(reference.url))
        size_max = _PICTURE_MAX if reference.longest_s is None else _FILM_MAX
        if len(content) > size_max:
            raise Unreadable(f"The file is larger than {size_max} bytes.")
        await self._shelf.put(content, path)
        timeout_s, longest_s = self._settings.render_timeout_s, reference.longest_s
        if longest_s is None:
            reason = await self._repeated(lambda: self._render(check_picture, path, timeout_s=timeout_s))
            if reason is not None:
                raise Unreadable(str(reason))
            return
        found = await self._repeated(
            lambda: self._render(check_footage, path, longest_s, timeout_s=timeout_s)
        )
        if not isinstance(found, dict):
            raise Unreadable(str(found))
        await self._archive.measured(generation.id, *measured(generation, Shape(**found)))

    def _own_film(self, identifier: str) -> Callable[[], Awaitable[Path]]:
        async def find() -> Path:
            film = await self._archive.find(identifier)
            if film is None or film.vanished:
                raise Unreadable("The film is gone.")
            return await self._atelier.make(film, film.asset)

        return find

    async def _read(self, url: str) -> bytes:
        async with asyncio.timeout(self._settings.reference_timeout_s):
            return await self._fetch(url)

    async def _repeated(self, work: Callable[[], Awaitable[Result]]) -> Result:
        """Try as often as a reference may be tried while repeating can help."""
        attempt = 1
        while True:
            try:
                return await work()
            except (Unavailable, TimeoutError):
                if attempt >= self._settings.reference_attempts:
                    raise
            attempt += 1
            await asyncio.sleep(_RETRY_S)
