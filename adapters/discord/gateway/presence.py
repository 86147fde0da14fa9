"""Presence: the line under the bot's name tells how much there is to do."""

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from bot.domain.errors import StoreError
from bot.service.facade import BotService

_log = structlog.get_logger(__name__)


async def keep_presence(
    service: BotService, show: Callable[[str], Awaitable[None]], *, every_s: float
) -> None:
    """Show the load now and then, until cancelled; what is shown already must cost nothing."""
    while True:
        try:
            load = await service.queue_stats()
            await show(presence_of(load.running, load.waiting))
        except StoreError as error:
            _log.info("load_not_known", error=str(error))
        except Exception as error:  # noqa: BLE001 - a line under a name is worth no other work
            _log.warning("presence_failed", error=repr(error))
        await asyncio.sleep(every_s)


def presence_of(running: int, waiting: int) -> str:
    """What stands behind the word "Watching"."""
    if not running and not waiting:
        return "for /imagine"
    return f"{running} running, {waiting} waiting"
