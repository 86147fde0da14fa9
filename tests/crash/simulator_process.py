"""A process that is the simulator alone, with tiny pictures and films.

Drawing three hundred pictures takes longer than the whole test; that they are drawn well is another test's
business.
"""

import asyncio
import hashlib
import io
import signal
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
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
from tests.crash import timing
from tests.crash.processes import start_simulator

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


async def main(settings: SimulatorSettings) -> None:
    set_up_logs("console", "warning")
    with listen("127.0.0.1", 0) as listener:
        async with standalone_app(settings, render=sketch) as simulator:
            server = Server(simulator, started=lambda: print(listener.getsockname()[1], flush=True))  # noqa: T201 - read by `start_simulator`

            def stop() -> None:
                server.should_exit = True

            with on_stop(stop):
                await server.serve(sockets=[listener])


def run() -> None:
    """What the process does: the settings are its argument, its port is told on its standard output."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main(SimulatorSettings.model_validate_json(sys.argv[1])))


@contextmanager
def simulator(folder: Path, **settings: Any) -> Iterator[str]:
    """Run a simulator in a process of its own; answers its address."""
    own = SimulatorSettings.model_validate(
        {
            "database": folder / "simulator.db",
            "speed": timing.SPEED,
            "list_lag_ms": timing.LIST_LAG_MS,
            "window_s": 60 * timing.SCALE,
            "callback_timeout_s": 1,
            "drawn_fps": timing.PICTURES_PER_S,
            **settings,
        }
    )
    started, port = start_simulator("tests.crash.simulator_process:run", own.model_dump_json(), folder)
    with started:
        yield f"http://127.0.0.1:{port}"
        started.send_signal(signal.SIGTERM)
        assert 0 == started.wait()
