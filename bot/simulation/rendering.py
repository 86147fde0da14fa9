"""Runs a simulator with the bot's checked fetcher and worker processes."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

from bot.domain.errors import MediaRefused, MediaUnavailable, ReverieError
from bot.media.download.fetcher import Fetcher
from bot.media.sandbox.pool import SandboxPool
from simulator.app import Simulator
from simulator.errors import FileUnavailable, FileUnreadable
from simulator.ports import Fetch, Render

_READ_MAX = 100_000_000
#: in seconds; the simulator has a limit of its own below it
_READ_S = 60.0


@asynccontextmanager
async def run_simulator(simulator: Simulator, database: Path) -> AsyncIterator[None]:
    """Run a simulator; raises ReverieError, with the remedy, where its file cannot be opened."""
    async with AsyncExitStack() as exits:
        try:
            await exits.enter_async_context(simulator)
        except (OSError, sqlite3.Error) as error:
            raise ReverieError(
                f"{database} cannot be opened ({error}): make room for it, or move it away; "
                "it holds nothing but the simulator's own generations"
            ) from error
        yield


def fetch_with(fetcher: Fetcher) -> Fetch:
    """Return the simulator's `Fetch`, which reads files with a checked fetcher."""

    async def fetch(url: str) -> bytes:
        try:
            fetched = await fetcher.fetch(url, max_bytes=_READ_MAX, timeout_s=_READ_S)
        except MediaRefused as error:
            raise FileUnreadable(str(error)) from error
        except MediaUnavailable as error:
            raise FileUnavailable(str(error)) from error
        try:
            return await asyncio.to_thread(fetched.path.read_bytes)
        finally:
            await asyncio.to_thread(fetched.path.unlink, missing_ok=True)

    return fetch


def render_with(workers: SandboxPool) -> Render:
    """Return the simulator's `Render`, which draws in worker processes."""

    async def render(function: Callable[..., object], /, *args: Any, timeout_s: float) -> object:
        try:
            return await workers.run(function, *args, timeout_s=timeout_s)
        except MediaRefused as error:
            raise FileUnreadable(str(error)) from error
        except MediaUnavailable as error:
            raise FileUnavailable(str(error)) from error

    return render
