"""Fetches and stores the references of new generations, after their create request was answered."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

import structlog

from simulator.drawing.images import check_image
from simulator.errors import FileUnavailable, FileUnreadable
from simulator.file_store import FileStore
from simulator.formats import VideoShape
from simulator.generations.generation import Generation, Reference
from simulator.generations.pricing import final_shape_and_price
from simulator.generations.renderer import Renderer
from simulator.generations.repository import Repository
from simulator.generations.stand_in import draw_stand_in
from simulator.ports import Fetch, Render
from simulator.settings import SimulatorSettings
from simulator.video.decode import check_video

Result = TypeVar("Result")

REFERENCE_FAILED = "Failed to read user input frames"
_IMAGE_MAX_BYTES, _VIDEO_MAX_BYTES = 10_000_000, 100_000_000
_MAX_IN_FLIGHT = 8
_RETRY_S = 0.2

_log = structlog.get_logger()


class ReferenceLoader:
    """Fetches the references of new generations; an interrupted fetch starts again after a restart."""

    def __init__(
        self,
        *,
        repository: Repository,
        renderer: Renderer,
        files: FileStore,
        fetch: Fetch,
        render: Render,
        settings: SimulatorSettings,
        clock_ms: Callable[[], int],
        on_change: Callable[[], None],
    ) -> None:
        self._repository = repository
        self._renderer = renderer
        self._files = files
        self._fetch = fetch
        self._render = render
        self._settings = settings
        self._clock_ms = clock_ms
        #: called when a generation's end has become known
        self._on_change = on_change
        self._wakeup = asyncio.Event()
        self._busy: set[str] = set()
        self._slots = asyncio.Semaphore(_MAX_IN_FLIGHT)

    def wake(self) -> None:
        self._wakeup.set()

    async def run(self) -> None:
        """Fetch until cancelled; errors are logged and retried."""
        async with asyncio.TaskGroup() as group:
            while True:
                self._wakeup.clear()
                try:
                    await self._start_waiting(group)
                except Exception as error:  # noqa: BLE001 - a full disk must not end the loop
                    _log.error("reference_loop_failed", error=repr(error))
                    await self._pause()
                else:
                    await self._wakeup.wait()

    async def _start_waiting(self, group: asyncio.TaskGroup) -> None:
        # What was in progress when the read began may be read as it was before it was recorded.
        busy = frozenset(self._busy)
        for generation in await self._repository.awaiting_references():
            if generation.id not in busy:
                self._busy.add(generation.id)
                group.create_task(self._process(generation), name=f"references {generation.id}")

    async def _process(self, generation: Generation) -> None:
        try:
            async with self._slots:
                await self._load_all(generation)
        except Exception as error:  # noqa: BLE001 - an error of one generation must not end the others
            # Nothing was recorded: the row still waits, and the next round tries again.
            _log.error("reference_not_recorded", generation_id=generation.id, error=repr(error))
            await self._pause()
            self._wakeup.set()
        finally:
            self._busy.discard(generation.id)
        self._on_change()

    async def _load_all(self, generation: Generation) -> None:
        try:
            for index, reference in enumerate(generation.references):
                await self._load(generation, index, reference)
        except (FileUnavailable, FileUnreadable, TimeoutError) as error:
            _log.info("reference_unreadable", generation_id=generation.id, error=type(error).__name__)
            await self._repository.references_unreadable(generation.id, REFERENCE_FAILED, self._clock_ms())
        else:
            await self._repository.references_arrived(generation.id, self._clock_ms())

    async def _pause(self) -> None:
        await asyncio.sleep(self._settings.error_pause_ms / 1000)

    async def _load(self, generation: Generation, index: int, reference: Reference) -> None:
        path = self._files.reference(generation.id, index)
        if reference.generation is not None:
            await self._files.link(await self._retried(self._own_file(reference.generation)), path)
            if reference.longest_s is None:
                return
        elif reference.file is not None:
            await self._files.link(self._files.uploaded(reference.file), path)
        else:
            await self._fetch_into(path, reference)
        timeout_s, longest_s = self._settings.render_timeout_s, reference.longest_s
        if longest_s is None:
            reason = await self._retried(lambda: self._render(check_image, path, timeout_s=timeout_s))
            if reason is not None:
                raise FileUnreadable(str(reason))
            return
        found = await self._retried(lambda: self._render(check_video, path, longest_s, timeout_s=timeout_s))
        if not isinstance(found, dict):
            raise FileUnreadable(str(found))
        await self._repository.set_shape_and_price(
            generation.id, *final_shape_and_price(generation, VideoShape(**found))
        )

    async def _fetch_into(self, path: Path, reference: Reference) -> None:
        """Fetch a file, or draw one where there is no way to its address and the settings say so."""
        try:
            if self._settings.offline_media:
                # Without a network every further attempt only takes time.
                content = await self._read(reference.url)
            else:
                content = await self._retried(lambda: self._read(reference.url))
        except (FileUnavailable, FileUnreadable, TimeoutError):
            if not self._settings.offline_media:
                raise
            await self._render(
                draw_stand_in,
                reference.url,
                path,
                reference.longest_s,
                timeout_s=self._settings.video_timeout_s,
            )
            return
        size_max = _IMAGE_MAX_BYTES if reference.longest_s is None else _VIDEO_MAX_BYTES
        if len(content) > size_max:
            raise FileUnreadable(f"The file is larger than {size_max} bytes.")
        await self._files.write(content, path)

    def _own_file(self, identifier: str) -> Callable[[], Awaitable[Path]]:
        async def find() -> Path:
            video = await self._repository.find(identifier)
            if video is None or video.is_hidden:
                raise FileUnreadable("The video does not exist any more.")
            return await self._renderer.file_of(video, video.asset)

        return find

    async def _read(self, url: str) -> bytes:
        async with asyncio.timeout(self._settings.reference_timeout_s):
            return await self._fetch(url)

    async def _retried(self, work: Callable[[], Awaitable[Result]]) -> Result:
        """Retry while trying again can help, up to the configured number of attempts."""
        attempt = 1
        while True:
            try:
                return await work()
            except (FileUnavailable, TimeoutError):
                if attempt >= self._settings.reference_attempts:
                    raise
            attempt += 1
            await asyncio.sleep(_RETRY_S)
