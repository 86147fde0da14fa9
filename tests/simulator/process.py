"""A simulator in a process of its own, to be killed."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from bot.log import set_up_logs
from bot.simulation.standalone import serve
from simulator.settings import SimulatorSettings
from tests.crash.processes import Running, inherited
from tests.simulator.client import ApiClient, api_client
from tests.warm import Started, start


@asynccontextmanager
async def alone(folder: Path, speed: float) -> AsyncIterator[tuple[Running, ApiClient]]:
    """Run one whose database and log are in `folder`."""
    settings = SimulatorSettings(database=folder / "own.db", speed=speed, drawn_fps=6)
    # What it may ask for in its first moments is served meanwhile.
    started, port = await asyncio.to_thread(_start, folder, settings)
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
    asyncio.run(serve(settings, host="127.0.0.1", port=0, started=lambda port: print(port, flush=True)))  # noqa: T201 - read by `_start`


def _start(folder: Path, settings: SimulatorSettings) -> tuple[Started, int]:
    reading, writing = os.pipe()
    with (folder / "simulator.log").open("ab") as log, os.fdopen(writing, "wb") as told:
        started = start(
            "tests.simulator.process:run",
            ["simulator", settings.model_dump_json()],
            folder=folder,
            environment=inherited(),
            streams=(log.fileno(), told.fileno(), log.fileno()),
        )
    with os.fdopen(reading) as heard:
        number = heard.readline()
    assert number, (folder / "simulator.log").read_text()
    return started, int(number)
