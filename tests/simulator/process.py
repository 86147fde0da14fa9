"""A simulator in a process of its own, to be killed."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from bot.log import set_up_logs
from bot.simulation.standalone import serve
from simulator.settings import SimulatorSettings
from tests.crash.processes import Running, start_simulator
from tests.simulator.client import ApiClient, api_client


@asynccontextmanager
async def alone(folder: Path, speed: float) -> AsyncIterator[tuple[Running, ApiClient]]:
    """Run one whose database and log are in `folder`."""
    settings = SimulatorSettings(database=folder / "own.db", speed=speed, drawn_fps=6)
    # What it may ask for in its first moments is served meanwhile.
    started, port = await asyncio.to_thread(
        start_simulator, "tests.simulator.process:run", settings.model_dump_json(), folder
    )
    process = Running(started)
    try:
        async with api_client(f"http://127.0.0.1:{port}") as found:
            yield process, found
    finally:
        await process.kill()


def run() -> None:
    """What the process does: the settings are its argument, its port is told on its standard output."""
    set_up_logs("console", "warning")
    settings = SimulatorSettings.model_validate_json(sys.argv[1])
    asyncio.run(serve(settings, host="127.0.0.1", port=0, started=lambda port: print(port, flush=True)))  # noqa: T201 - read by `start_simulator`
