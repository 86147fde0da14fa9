"""A whole bot in a folder of its own, as `reverie run` starts it without any configuration."""

import asyncio
import os
import signal
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from bot.tls import tls_context
from tests.patience import PATIENCE_S
from tests.warm import COMMAND_LINE, start

ROOT = Path(__file__).parents[3]


@asynccontextmanager
async def running(folder: Path, port: int = 0, /, *, speed: int, **settings: str) -> AsyncIterator[str]:
    """Run the bot in an empty folder, without any configuration but `settings`; yield its address.

    It listens on `port`, else on one that is free.
    """
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = port or free.getsockname()[1]
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ}
    ours = {
        "PYTHONPATH": str(ROOT),
        "REVERIE_HTTP_PORT": str(port),
        "REVERIE_SIMULATOR_SPEED": str(speed),
        "REVERIE_SIMULATOR_PICTURES_PER_S": "1",
        "REVERIE_TIMING__PROGRESS_INTERVAL": "200",
    }
    with (folder / "log.txt").open("wb") as log, open(os.devnull, "rb") as nothing:  # noqa: ASYNC230, PTH123
        streams = (nothing.fileno(), log.fileno(), log.fileno())
        environment = kept | ours | settings
        bot = start(COMMAND_LINE, ["reverie", "run"], folder=folder, environment=environment, streams=streams)
    url = f"http://127.0.0.1:{port}"
    ended = asyncio.create_task(asyncio.to_thread(bot.wait, 10 * PATIENCE_S))
    try:
        await _alive(url, ended, folder)
        yield url
    finally:
        bot.send_signal(signal.SIGTERM)
        async with asyncio.timeout(PATIENCE_S):
            code = await ended
    assert code == 0, (folder / "log.txt").read_text()


async def _alive(url: str, ended: asyncio.Task[int], folder: Path) -> None:
    async with (
        asyncio.timeout(PATIENCE_S),
        httpx.AsyncClient(trust_env=False, verify=tls_context()) as client,
    ):
        while not ended.done():
            try:
                if (await client.get(f"{url}/healthz")).is_success:
                    return
            except httpx.TransportError:
                await asyncio.sleep(0.05)
    pytest.fail(f"the bot did not start: {(folder / 'log.txt').read_text()}")
