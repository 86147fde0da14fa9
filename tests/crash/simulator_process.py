"""A process that is the simulator alone, with tiny pictures and films.

Drawing three hundred pictures takes longer than the whole test; that they are drawn well is another test's
business.
"""

import asyncio
import hashlib
import io
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import uvloop
from PIL import Image

from bot.log import set_up_logs
from bot.simulation.standalone import standing_alone
from bot.web.server import Server, listen, on_stop
from simulator.drawing import paint
from simulator.drawing.commission import PictureSpec
from simulator.file_store import write_atomically
from simulator.films import film
from simulator.films.script import Take
from simulator.settings import SimulatorSettings

_FILM_SIZE = (96, 54)


async def sketch(function: Callable[..., object], /, *args: Any, timeout_s: float) -> object:  # noqa: ARG001 - the port's signature
    """Do the work on the spot, and draw every picture and film as a few dots of its own."""
    return _SKETCHED.get(function, function)(*args)


def _sketch_picture(commission: PictureSpec, target: Path) -> None:
    dots = hashlib.sha512(commission.id.encode()).digest() * 3
    picture = io.BytesIO()
    Image.frombytes("RGB", (8, 8), dots).save(picture, "JPEG")
    write_atomically(picture.getvalue(), target)


def _sketch_film(take: Take, target: Path) -> None:
    """Make it as long as it should be."""
    film(replace(take, size=_FILM_SIZE), target)


_SKETCHED: Mapping[Callable[..., object], Callable[..., object]] = {
    paint: _sketch_picture,
    film: _sketch_film,
}


async def main(settings: SimulatorSettings, port: int) -> None:
    set_up_logs("console", "warning")
    with listen("127.0.0.1", port) as listener:
        async with standing_alone(settings, render=sketch) as simulator:
            server = Server(simulator)

            def stop() -> None:
                server.should_exit = True

            with on_stop(stop):
                await server.serve(sockets=[listener])


def run(settings: str, port: str) -> None:
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main(SimulatorSettings.model_validate_json(settings), int(port)))
