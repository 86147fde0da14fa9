"""The bot with additions of 5 ms: the control of what is measured from outside.

It pauses in each command and at the import of each module, and takes the processor every half second.
"""

import asyncio
import sys
import threading
import time
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType
from typing import Any

from benchmarks.results.comparison import CONTROL_S

_PACKAGES = ("bot.", "adapters.")
_BUSY_EVERY_S = 0.5


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
        until = time.thread_time() + CONTROL_S
        while time.thread_time() < until:
            pass


def main() -> None:
    sys.meta_path.insert(0, _SlowFinder())
    from bot.cli import main as run  # noqa: PLC0415 - imported by the slow finder
    from bot.service.facade import BotService  # noqa: PLC0415

    execute = BotService.execute

    async def later(service: BotService, *args: Any, **kwargs: Any) -> Any:
        await asyncio.sleep(CONTROL_S)
        return await execute(service, *args, **kwargs)

    BotService.execute = later  # type: ignore[assignment, method-assign]
    threading.Thread(target=_be_busy, daemon=True).start()
    sys.argv = ["reverie", *sys.argv[1:]]
    run()


if __name__ == "__main__":
    main()
