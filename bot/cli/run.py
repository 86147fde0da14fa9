"""The commands `run` and `demo`, which run until stopped."""

import asyncio
import gc
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, TypeVar

import typer

from bot.cli.params import read_settings, unknown_settings
from bot.domain.errors import ReverieError
from bot.settings import Role, Settings, Switch
from bot.standard_streams import safe_stderr

app = typer.Typer()
_Error = TypeVar("_Error", bound=BaseException)


@app.command()
def run() -> None:
    """Run the bot with everything configured; without any configuration, the playground on the simulator."""
    _serve(read_settings())


@app.command()
def demo() -> None:
    """Run the playground on the simulator with its own data folder, ignoring configured keys and chats."""
    _serve(
        read_settings(
            luma_keys=(),
            provider=("simulator",),
            data_dir=Path("demo-data"),
            database_url="",
            public_url=None,
            playground=Switch.AUTO,
            role=Role.ALL,
        )
    )


def _serve(settings: Settings) -> None:
    # The imports make 200,000 objects and next to no garbage: to look for it is one seventh of the start.
    gc.disable()
    import structlog  # noqa: PLC0415 - the operator's small commands need none of it

    from bot.bootstrap import App  # noqa: PLC0415
    from bot.log import set_up_logs  # noqa: PLC0415
    from bot.web.server import on_stop  # noqa: PLC0415

    set_up_logs(settings.log_format, settings.log_level)
    log: Any = structlog.get_logger(__name__)
    for unknown in unknown_settings():
        log.warning("setting_not_known", name=unknown.name, nearest=unknown.nearest)

    async def work() -> None:
        bot = App(settings)
        with on_stop(bot.stop):
            async with asyncio.TaskGroup() as group:
                beside = [
                    group.create_task(_start_collector(bot), name="collector"),
                    group.create_task(_tell(bot), name="tell"),
                ]
                await bot.run()
                for task in beside:
                    task.cancel()

    try:
        run_in_loop(work)
    except ExceptionGroup as group:
        # Not `except*`: Python before 3.11.4 would wrap what is raised here in a group once more.
        known, others = group.split((OSError, ReverieError))
        if known is None or others is not None:
            raise
        raise _first(known) from group


async def _start_collector(bot: Any) -> None:
    """Collect garbage from now on, but not among the objects of the start, which would block the loop.

    What the start has left as garbage, less than 1 MB, stays: to find it takes as long, 100 ms.
    """
    await bot.started.wait()
    gc.freeze()
    gc.enable()


async def _tell(bot: Any) -> None:
    await bot.started.wait()
    banner = safe_stderr()
    for notice in bot.notices:
        banner.write(f"\n  {notice}\n\n")
        banner.flush()


def _first(group: BaseExceptionGroup[_Error]) -> _Error:
    error = group.exceptions[0]
    return _first(error) if isinstance(error, BaseExceptionGroup) else error


def run_in_loop(work: Callable[[], Awaitable[None]]) -> None:
    """Run in uvloop if available, protected from other processes of the same user."""
    from bot.media.sandbox.kernel import forbid_dumps  # noqa: PLC0415

    forbid_dumps()
    try:
        import uvloop  # noqa: PLC0415 - not on every platform
    except ImportError:
        factory = None
    else:
        factory = uvloop.new_event_loop
    with asyncio.Runner(loop_factory=factory) as runner:
        runner.run(_awaited(work))


async def _awaited(work: Callable[[], Awaitable[None]]) -> None:
    await work()
