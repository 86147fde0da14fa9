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
from bot.simulation.standalone import standalone_app
from bot.web.server import Server, listen, on_stop
from simulator.drawing.picture import draw_picture
from simulator.drawing.spec import PictureSpec
from simulator.file_store import write_atomically
from simulator.settings import SimulatorSettings
from simulator.video.render import render_video
from simulator.video.spec import GenerateVideo

_VIDEO_SIZE = (96, 54)


async def sketch(function: Callable[..., object], /, *args: Any, timeout_s: float) -> object:  # noqa: ARG001 - the port's signature
    """Do the work on the spot, and draw every picture and film as a few dots of its own."""
    return _SKETCHED.get(function, function)(*args)


def _sketch_picture(spec: PictureSpec, target: Path) -> None:
    dots = hashlib.sha512(spec.id.encode()).digest() * 3
    picture = io.BytesIO()
    Image.frombytes("RGB", (8, 8), dots).save(picture, "JPEG")
    write_atomically(picture.getvalue(), target)


def _sketch_video(spec: GenerateVideo, target: Path) -> None:
    """Make it as long as it should be."""
    render_video(replace(spec, size=_VIDEO_SIZE), target)


_SKETCHED: Mapping[Callable[..., object], Callable[..., object]] = {
    draw_picture: _sketch_picture,
    render_video: _sketch_video,
}


async def main(settings: SimulatorSettings, port: int) -> None:
    set_up_logs("console", "warning")
    with listen("127.0.0.1", port) as listener:
        async with standalone_app(settings, render=sketch) as simulator:
            server = Server(simulator)

            def stop() -> None:
                server.should_exit = True

            with on_stop(stop):
                await server.serve(sockets=[listener])


def run(settings: str, port: str) -> None:
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main(SimulatorSettings.model_validate_json(settings), int(port)))
