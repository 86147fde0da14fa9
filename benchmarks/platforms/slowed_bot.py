"""The bot with additions of 5 ms: the control of what is measured from outside.

It works in each command, pauses in each request that it sends, for each static file and at the import of each
module, works every half second, and keeps 5 kB more for each guild.
"""

import asyncio
import sys
import threading
import time
from collections.abc import Awaitable, Callable
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType
from typing import Any

import aiohttp
import discord
import httpx
from starlette.staticfiles import StaticFiles

from benchmarks.results.comparison import CONTROL_S
from benchmarks.results.process import work

_PACKAGES = ("bot.", "adapters.")
_BUSY_EVERY_S = 0.5
_GUILD_BYTES = 5_000


class _SlowLoader(Loader):
    def __init__(self, loader: Loader) -> None:
        self._loader = loader

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return self._loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        time.sleep(CONTROL_S)
        self._loader.exec_module(module)


class _SlowFinder(MetaPathFinder):
    """Finds this project's modules, each slower."""

    def find_spec(self, name: str, path: Any, target: Any = None) -> ModuleSpec | None:
        spec = PathFinder.find_spec(name, path, target) if name.startswith(_PACKAGES) else None
        if spec is not None and spec.loader is not None and not spec.submodule_search_locations:
            spec.loader = _SlowLoader(spec.loader)
        return spec


def _be_busy() -> None:
    while True:
        time.sleep(_BUSY_EVERY_S)
        work(CONTROL_S)


async def _pause() -> None:
    await asyncio.sleep(CONTROL_S)


async def _work() -> None:
    work(CONTROL_S)


def _slow_down(kind: type, method: str, addition: Callable[[], Awaitable[None]] = _pause) -> None:
    original = getattr(kind, method)

    async def later(*args: Any, **kwargs: Any) -> Any:
        await addition()
        return await original(*args, **kwargs)

    setattr(kind, method, later)


def _keep_more_for_guilds() -> None:
    kept, original = list[bytes](), discord.Guild.__init__

    def init(guild: discord.Guild, **values: Any) -> None:
        kept.append(bytes(_GUILD_BYTES))
        original(guild, **values)

    discord.Guild.__init__ = init  # type: ignore[assignment, method-assign]


def main() -> None:
    sys.meta_path.insert(0, _SlowFinder())
    from bot.cli import main as run  # noqa: PLC0415 - imported by the slow finder
    from bot.service.facade import BotService  # noqa: PLC0415

    _slow_down(BotService, "execute", _work)
    _slow_down(aiohttp.ClientSession, "_request")
    _slow_down(StaticFiles, "get_response")
    _slow_down(httpx.AsyncClient, "send")
    _keep_more_for_guilds()
    threading.Thread(target=_be_busy, daemon=True).start()
    sys.argv = ["reverie", *sys.argv[1:]]
    run()


if __name__ == "__main__":
    main()
