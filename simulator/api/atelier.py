"""Where finished files are made when somebody asks for them, and kept from then on."""

import asyncio
from pathlib import Path
from weakref import WeakValueDictionary

from simulator.api.directing import commission_of, script_of
from simulator.api.generations import POSTER, Generation
from simulator.api.ports import Render
from simulator.api.settings import SimulatorSettings
from simulator.drawing import paint
from simulator.films import film, make_poster
from simulator.films.script import Script
from simulator.shelf import Shelf


class Atelier:
    def __init__(self, *, shelf: Shelf, settings: SimulatorSettings, render: Render) -> None:
        self._shelf = shelf
        self._settings = settings
        self._render = render
        #: one making at a time for each file, whoever asks
        self._making: WeakValueDictionary[Path, asyncio.Lock] = WeakValueDictionary()
        #: films take long, so one at a time leaves a worker free for everything else
        self._stage = asyncio.Semaphore(1)

    async def make(self, generation: Generation, name: str) -> Path:
        """Find the file of a completed generation, made first where it is not there yet.

        Raises what `Render` does.
        """
        path = self._shelf.asset(generation.id, name)
        async with self._making.setdefault(path, asyncio.Lock()):
            if not path.exists():
                await self._make(generation, name, path)
        return path

    def _script(self, generation: Generation) -> Script:
        return script_of(generation, self._shelf, pictures_per_s=self._settings.pictures_per_s)

    async def _make(self, generation: Generation, name: str, path: Path) -> None:
        quick_s = self._settings.render_timeout_s
        if generation.output == "image":
            await self._render(paint, commission_of(generation, self._shelf), path, timeout_s=quick_s)
        elif name == POSTER:
            await self._render(make_poster, self._script(generation), path, timeout_s=quick_s)
        else:
            async with self._stage:
                await self._render(
                    film,
                    self._script(generation),
                    path,
                    timeout_s=self._settings.film_timeout_s,
                )
