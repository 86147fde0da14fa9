"""What a request builds on: fetched after the answer and kept, so that nothing is missing later."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

import structlog

from bot.domain.errors import MediaRefused, MediaUnavailable, ReverieError
from bot.media.addresses import is_public
from bot.media.fetcher import Fetcher
from bot.media.workers import Workers
from bot.providers.simulator.archive import Archive
from bot.providers.simulator.atelier import Atelier
from bot.providers.simulator.filming.footage import check_footage
from bot.providers.simulator.generations import Generation, Reference
from bot.providers.simulator.measuring import measured
from bot.providers.simulator.painting.sources import check_picture
from bot.providers.simulator.settings import SimulatorSettings
from bot.providers.simulator.shelf import Shelf

#: reads a URL; raises MediaUnavailable when asking again may help, else MediaRefused
Fetch = Callable[[str], Awaitable[bytes]]

Result = TypeVar("Result")

UNREADABLE = "Failed to read user input frames"
_PICTURE_MAX, _FILM_MAX = 10_000_000, 100_000_000
#: seconds; the settings bound it further
_FETCH_S = 60.0
_AT_ONCE = 8
_RETRY_S = 0.2

_log = structlog.get_logger()


class References:
    """Brings in what new generations wait for; what a stop interrupts is fetched again after the start."""

    def __init__(
        self,
        *,
        archive: Archive,
        atelier: Atelier,
        shelf: Shelf,
        settings: SimulatorSettings,
        clock_ms: Callable[[], int],
        settled: Callable[[], None],
    ) -> None:
        self._archive = archive
        self._atelier = atelier
        self._shelf = shelf
        self._settings = settings
        self._clock_ms = clock_ms
        #: told when it is known how a generation goes on
        self._settled = settled
        self._wake = asyncio.Event()
        self._busy: set[str] = set()
        self._slots = asyncio.Semaphore(_AT_ONCE)

    def wake(self) -> None:
        self._wake.set()

    async def run(self, fetch: Fetch, workers: Workers) -> None:
        async with asyncio.TaskGroup() as group:
            while True:
                self._wake.clear()
                for generation in await self._archive.waiting():
                    if generation.id not in self._busy:
                        self._busy.add(generation.id)
                        group.create_task(
                            self._bring(generation, fetch, workers), name=f"references {generation.id}"
                        )
                await self._wake.wait()

    async def _bring(self, generation: Generation, fetch: Fetch, workers: Workers) -> None:
        try:
            async with self._slots:
                for index, reference in enumerate(generation.references):
                    await self._bring_one(generation, index, reference, fetch, workers)
        except (ReverieError, TimeoutError) as error:
            _log.info("reference_unreadable", generation_id=generation.id, error=type(error).__name__)
            await self._archive.references_unreadable(generation.id, UNREADABLE, self._clock_ms())
        else:
            await self._archive.references_arrived(generation.id, self._clock_ms())
        self._busy.discard(generation.id)
        self._settled()

    async def _bring_one(
        self, generation: Generation, index: int, reference: Reference, fetch: Fetch, workers: Workers
    ) -> None:
        path = self._shelf.reference(generation.id, index)
        if reference.generation is not None:
            await self._shelf.share(await _patiently(self._own_film(reference.generation)), path)
            return
        content = await self._ask(reference.url, fetch)
        size_max = _PICTURE_MAX if reference.longest_s is None else _FILM_MAX
        if len(content) > size_max:
            raise MediaRefused(f"The file is larger than {size_max} bytes.")
        await self._shelf.put(content, path)
        timeout_s = self._settings.render_timeout_s
        if reference.longest_s is None:
            await _patiently(lambda: workers.run(check_picture, path, timeout_s=timeout_s))
            return
        longest_s = reference.longest_s
        shape = await _patiently(lambda: workers.run(check_footage, path, longest_s, timeout_s=timeout_s))
        await self._archive.measured(generation.id, *measured(generation, shape))

    def _own_film(self, identifier: str) -> Callable[[], Awaitable[Path]]:
        async def find() -> Path:
            film = await self._archive.find(identifier)
            if film is None or film.vanished:
                raise MediaRefused("The film is gone.")
            return await self._atelier.make(film, film.asset)

        return find

    async def _ask(self, url: str, fetch: Fetch) -> bytes:
        attempt = 1
        while True:
            try:
                async with asyncio.timeout(self._settings.reference_timeout_s):
                    return await fetch(url)
            except (MediaUnavailable, TimeoutError):
                if attempt >= self._settings.reference_attempts:
                    raise
            attempt += 1
            await asyncio.sleep(_RETRY_S)


async def _patiently(work: Callable[[], Awaitable[Result]]) -> Result:
    """Repeat what fails by the workers' trouble, for instance that they stop before we do."""
    while True:
        try:
            return await work()
        except MediaUnavailable:
            await asyncio.sleep(_RETRY_S)


def near_fetcher() -> Fetcher:
    """A fetcher for a simulator that runs alone: it reaches this machine too, like its users' servers."""
    return Fetcher(may_reach=lambda address: address.is_loopback or is_public(address))


def reading(fetcher: Fetcher, *, vouched: bool = False) -> Fetch:
    """Read whole files with a checked fetcher; vouched where only the bot itself names URLs."""

    async def fetch(url: str) -> bytes:
        fetched = await fetcher.fetch(url, max_bytes=_FILM_MAX, timeout_s=_FETCH_S, vouched=vouched)
        try:
            return await asyncio.to_thread(fetched.path.read_bytes)
        finally:
            await asyncio.to_thread(fetched.path.unlink, missing_ok=True)

    return fetch
