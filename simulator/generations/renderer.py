"""Renders the file of a completed generation on first request and keeps it."""

import asyncio
from pathlib import Path
from weakref import WeakValueDictionary

from simulator.drawing.picture import draw_picture
from simulator.file_store import FileStore
from simulator.generations.generation import PREVIEW, THUMBNAIL, Generation
from simulator.generations.render_spec import picture_spec, preview_of, video_spec
from simulator.ports import Render
from simulator.settings import SimulatorSettings
from simulator.video.render import render_thumbnail, render_video
from simulator.video.spec import VideoSpec


class Renderer:
    def __init__(self, *, files: FileStore, settings: SimulatorSettings, render: Render) -> None:
        self._files = files
        self._settings = settings
        self._render = render
        #: one render at a time for each file
        self._locks: WeakValueDictionary[Path, asyncio.Lock] = WeakValueDictionary()
        #: videos take long: one at a time leaves a worker free for everything else
        self._video_slot = asyncio.Semaphore(1)

    async def file_of(self, generation: Generation, name: str) -> Path:
        """Return the file of a completed generation, rendered first where it does not exist.

        Raises what `Render` raises.
        """
        path = self._files.asset(generation.id, name)
        async with self._locks.setdefault(path, asyncio.Lock()):
            if not path.exists():
                await self._render_file(generation, name, path)
        return path

    def _video_spec(self, generation: Generation) -> VideoSpec:
        return video_spec(generation, self._files, drawn_fps=self._settings.drawn_fps)

    async def _render_file(self, generation: Generation, name: str, path: Path) -> None:
        timeout_s = self._settings.render_timeout_s
        if generation.output == "image":
            await self._render(draw_picture, picture_spec(generation, self._files), path, timeout_s=timeout_s)
        elif name == THUMBNAIL:
            await self._render(render_thumbnail, self._video_spec(generation), path, timeout_s=timeout_s)
        else:
            spec = self._video_spec(generation)
            async with self._video_slot:
                await self._render(
                    render_video,
                    preview_of(spec) if name == PREVIEW else spec,
                    path,
                    timeout_s=self._settings.video_timeout_s,
                )
