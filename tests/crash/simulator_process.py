"""A process that is the simulator alone, with tiny pictures.

Drawing three hundred pictures takes longer than the whole test; that they are drawn well is another test's
business.
"""

import asyncio
import hashlib
import io
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar, TypeVarTuple, cast

import uvloop
from PIL import Image

from bot.logs import set_up_logs
from bot.media.workers import Workers
from bot.providers.simulator import Simulator, SimulatorSettings
from bot.providers.simulator.painting import paint
from bot.providers.simulator.painting.commission import Commission
from bot.providers.simulator.shelf import write_whole
from bot.serving import Server, listen, on_stop

Result = TypeVar("Result")
Args = TypeVarTuple("Args")


class Sketchers(Workers):
    """Does the work on the spot, and draws every picture as a few dots of its own."""

    async def run(self, function: Callable[[*Args], Result], /, *args: *Args, timeout_s: float) -> Result:  # noqa: ARG002
        drawing: Callable[..., object] = function
        if drawing is paint:
            drawing = _sketch
        return cast("Result", drawing(*args))


def _sketch(commission: Commission, target: Path) -> None:
    dots = hashlib.sha512(commission.id.encode()).digest() * 3
    picture = io.BytesIO()
    Image.frombytes("RGB", (8, 8), dots).save(picture, "JPEG")
    write_whole(picture.getvalue(), target)


async def main(settings: SimulatorSettings, port: int) -> None:
    set_up_logs("console", "warning")
    with listen("127.0.0.1", port) as listener:
        async with Sketchers() as workers, Simulator(settings, workers=workers) as simulator:
            server = Server(simulator.app)

            def stop() -> None:
                server.should_exit = True

            with on_stop(stop):
                await server.serve(sockets=[listener])


def run(settings: str, port: str) -> None:
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main(SimulatorSettings.model_validate_json(settings), int(port)))
