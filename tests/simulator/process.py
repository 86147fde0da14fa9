"""A simulator in a process of its own, to be killed."""

import asyncio
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from tests.patience import PATIENCE_S
from tests.simulator.client import ApiClient, api_client

_SCRIPT = """
import asyncio, sys
from pathlib import Path
from bot.simulation.standalone import serve
from simulator.settings import SimulatorSettings
settings = SimulatorSettings(database=Path(sys.argv[1]), speed=float(sys.argv[2]), drawn_fps=6)
started = lambda port: print("port", port, flush=True)
asyncio.run(serve(settings, host="127.0.0.1", port=0, started=started))
"""


@asynccontextmanager
async def alone(folder: Path, speed: float) -> AsyncIterator[tuple[Process, ApiClient]]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", _SCRIPT, str(folder / "own.db"), str(speed), stdout=PIPE
    )
    try:
        async with api_client(f"http://127.0.0.1:{await _port(process)}") as found:
            yield process, found
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def _port(process: Process) -> int:
    assert process.stdout is not None
    async with asyncio.timeout(PATIENCE_S):
        async for line in process.stdout:
            if line.startswith(b"port "):
                return int(line.removeprefix(b"port "))
    raise AssertionError("the simulator did not start")
