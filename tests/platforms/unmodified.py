"""The bot as an operator starts it, in a process without test code."""

import asyncio
import os
import socket
import sqlite3
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any

import httpx

from tests.patience import PATIENCE_S
from tests.platforms.fake_discord.transport.proxy import Proxy

REVERIE = ("-m", "bot", "run")
#: what is used and reserved in the meters of each scope: a midnight may have split a day's
METER_SUMS = "SELECT DISTINCT sum(used) AS used, sum(reserved) AS reserved FROM meter GROUP BY scope, period"
#: a fast simulator, no playground, and short intervals until a crash is recovered from
QUICK = {
    "REVERIE_SIMULATOR_SPEED": "20",
    "REVERIE_SIMULATOR_PICTURES_PER_S": "1",
    "REVERIE_PLAYGROUND": "off",
    "REVERIE_TIMING__SUBMIT_LEASE": "4000",
    "REVERIE_TIMING__HTTP_TIMEOUT": "3000",
    "REVERIE_TIMING__UNKNOWN_GRACE": "2000",
    "REVERIE_TIMING__SWEEP_INTERVAL": "1000",
}
_LOOK_EVERY_S = 0.05
_INHERITED = ("PATH", "HOME", "LANG", "TMPDIR")


class Bot:
    """A bot process and its data folder; it can be killed and started again."""

    def __init__(self, folder: Path, settings: Mapping[str, str], program: Sequence[str] = REVERIE) -> None:
        self.address = f"http://127.0.0.1:{settings.get('REVERIE_HTTP_PORT') or free_port()}"
        self._program = program
        self._log = folder / "bot.log"
        self._environment = (
            {name: os.environ[name] for name in _INHERITED if name in os.environ}
            | {
                "REVERIE_DATA_DIR": str(folder / "data"),
                "REVERIE_HTTP_PORT": self.address.rpartition(":")[2],
                "REVERIE_LOG_LEVEL": "warning",
            }
            | dict(settings)
        )
        self._process: asyncio.subprocess.Process | None = None

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    async def start(self) -> None:
        with self._log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable, *self._program, env=self._environment, stdout=log, stderr=log
            )

    async def ready(self) -> None:
        """Wait until `/readyz` succeeds."""
        async with asyncio.timeout(PATIENCE_S), httpx.AsyncClient(trust_env=False) as client:
            while not await self._answers(client):
                assert self._process is not None
                assert self._process.returncode is None, self._log.read_text(encoding="utf-8")
                await asyncio.sleep(_LOOK_EVERY_S)

    async def kill(self) -> None:
        """Kill it."""
        if self._process is not None and self._process.returncode is None:
            self._process.kill()
            await self._process.wait()

    async def stop(self) -> int:
        """Terminate it and return its exit code."""
        assert self._process is not None
        self._process.terminate()
        return await self._process.wait()

    async def _answers(self, client: httpx.AsyncClient) -> bool:
        try:
            answer = await client.get(f"{self.address}/readyz")
        except httpx.HTTPError:
            return False
        return answer.is_success


@asynccontextmanager
async def started(
    folder: Path, settings: Mapping[str, str], program: Sequence[str] = REVERIE
) -> AsyncIterator[Bot]:
    """Start a bot; kill it at the end of the block."""
    bot = Bot(folder, settings, program)
    try:
        await bot.start()
        yield bot
    finally:
        await bot.kill()


@asynccontextmanager
async def start_proxied(
    folder: Path,
    proxy: Proxy,
    authority: Path,
    settings: Mapping[str, str],
    program: Sequence[str] = REVERIE,
) -> AsyncIterator[Bot]:
    """Start a bot that reaches a fake platform by proxy and certificates alone."""
    async with proxy:
        where = {"HTTPS_PROXY": proxy.url, "SSL_CERT_FILE": str(authority)}
        async with started(folder, where | dict(settings), program) as bot:
            yield bot


def query(folder: Path, sql: str) -> list[Mapping[str, Any]]:
    """Query a bot's database."""
    with closing(sqlite3.connect(folder / "data" / "reverie.db")) as database:
        database.row_factory = sqlite3.Row
        return [dict(row) for row in database.execute(sql)]


def free_port() -> int:
    """Return a free port."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
        return port
