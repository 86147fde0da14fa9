"""A process that runs the real bot up to a crash point.

Settings come from the environment as for `reverie run`; besides them

    CHAT_URL           where the chat platform is
    CHAT_DEDUPE_MS     the publisher's `dedupe_ms`
    CHAT_ANSWERS=0     the publisher posts the first revision of a card, not the receiver
    CRASH_AT, CRASH_BY, CRASH_MARK     see `crash_point`
    MARKERS_HIDDEN=1   hides every callback URL that the provider echoes
"""

import asyncio
import os
from dataclasses import replace

import uvloop

from bot.bootstrap import App
from bot.domain.generations.requests import AnyRequest
from bot.log import set_up_logs
from bot.providers.base import Generation, Inputs, Page, Provider
from bot.settings import Settings
from bot.store.database.base import Database
from bot.store.database.connect import connect
from bot.web.server import on_stop
from tests.crash.adapter import plugin
from tests.crash.crash_points import CrashingProvider, CrashingStore, CrashPoint, ForwardingProvider


class BlindProvider(ForwardingProvider):
    """A provider that echoes no marker."""

    async def submit(
        self, request: AnyRequest, *, media: Inputs, callback_url: str | None, end_user: str = ""
    ) -> Generation:
        return _blind(
            await super().submit(request, media=media, callback_url=callback_url, end_user=end_user)
        )

    async def get(self, generation_id: str) -> Generation:
        return _blind(await super().get(generation_id))

    async def page(self, *, limit: int, offset: int) -> Page:
        page = await super().page(limit=limit, offset=offset)
        return replace(page, generations=tuple(_blind(one) for one in page.generations))


def _blind(generation: Generation) -> Generation:
    return replace(generation, callback_url=None)


async def main() -> None:
    settings, crash_point = Settings(), CrashPoint.of(os.environ)
    set_up_logs(settings.log_format, settings.log_level)
    hidden = os.environ.get("MARKERS_HIDDEN") == "1"

    def wrap(provider: Provider) -> Provider:
        return CrashingProvider(BlindProvider(provider) if hidden else provider, crash_point)

    def open_store(url: str) -> Database:
        return CrashingStore(connect(url), crash_point)

    chat = plugin(
        os.environ["CHAT_URL"],
        crash_point,
        dedupe_ms=int(os.environ["CHAT_DEDUPE_MS"]),
        answers=os.environ.get("CHAT_ANSWERS") != "0",
    )
    bot = App(settings, plugins=[chat], wrap=wrap, open_store=open_store)
    with on_stop(bot.stop):
        await bot.run()


def run() -> None:
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main())
