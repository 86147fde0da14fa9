"""A whole app with the built-in simulator and a fake chat, over real sockets."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx

from bot.bootstrap import App
from bot.domain.cards.card import CardView
from bot.domain.command_text.parsing import parse
from bot.domain.identity import Caller, Invocation, Place
from bot.ports import Receiver
from bot.service.adapter_data import AdapterData
from bot.service.facade import BotService
from bot.service.plugin import Adapter, AdapterContext, AdapterPlugin
from bot.service.replies import CardReply, Reply
from bot.tls import tls_context
from bot.web.server import Server
from tests.databases import lay_migrated
from tests.engine.fakes import FakeChat
from tests.engine.harness import Engine
from tests.engine.settings import ADA, AT_EASE, BOSS, given_settings
from tests.media_workers import PlainPool
from tests.patience import PATIENCE_S, until


@asynccontextmanager
async def served(app: App) -> AsyncIterator[httpx.AsyncClient]:
    """Run an app until the block ends; fails where it ends by itself."""
    async with asyncio.TaskGroup() as group:
        running = group.create_task(app.run(), name="app")
        async with asyncio.timeout(PATIENCE_S):
            await app.started.wait()
        async with httpx.AsyncClient(
            base_url=app.address, trust_env=False, verify=tls_context(), timeout=PATIENCE_S
        ) as http:
            yield http
        app.stop()
        async with asyncio.timeout(PATIENCE_S):
            await asyncio.wait([running])


class RunningApp:
    def __init__(
        self,
        folder: Path,
        *,
        receivers: Sequence[tuple[str, Receiver]] = (),
        times: dict[str, int] | None = None,
        server: type[Server] = Server,
        **settings: Any,
    ) -> None:
        self.folder = folder
        self.chat = FakeChat()
        self.service: BotService | None = None
        self.adapter_data: AdapterData | None = None
        plugins = [AdapterPlugin(name="chat", enabled=lambda _: True, build=self._build)]
        plugins += [
            AdapterPlugin(name=name, enabled=lambda _: True, build=_only(name, receiver))
            for name, receiver in receivers
        ]
        lay_migrated(folder)
        self.app = App(
            given_settings(folder, http_port=0, times=AT_EASE | (times or {}), **settings),
            plugins=plugins,
            server=server,
            open_pool=PlainPool,
        )

    def _build(self, context: AdapterContext) -> Adapter:
        self.service, self.adapter_data = context.service, context.adapter_data
        return Adapter(name="chat", publisher=self.chat)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[httpx.AsyncClient]:
        async with served(self.app) as http:
            yield http

    async def say(self, text: str, key: str = "") -> str:
        """Give a command; answers the card's id."""
        answer = await self._answer(text, key)
        assert isinstance(answer, CardReply)
        return answer.view.card

    async def set_up(self, options: str) -> None:
        """Set the workspace up as its admin."""
        await self._answer(f"/studio setup {options}", by=BOSS)

    async def confirm_nothing(self) -> None:
        """Start jobs of any price at once."""
        await self._answer("/rules prices --confirm off", by=BOSS)

    async def _answer(self, text: str, key: str = "", *, by: Caller = ADA) -> Reply:
        assert self.service is not None
        place = Place(adapter="chat", workspace=by.workspace, channel="c1")
        return await self.service.execute(parse(text), Invocation(caller=by, place=place, key=key or text))

    async def ended(self, card: str) -> CardView:
        """Wait until every job of a card has ended, and it is shown."""
        await until(lambda: bool(shown := self.chat.of(card)) and shown[-1].settled)
        return self.chat.of(card)[-1]


def _only(name: str, receiver: Receiver) -> Callable[[AdapterContext], Adapter]:
    """An adapter of this receiver alone; where the receiver can be closed, it is closed with the adapter."""
    closing = {"close": receiver.close} if hasattr(receiver, "close") else {}
    return lambda _: Adapter(name=name, publisher=FakeChat(), receiver=receiver, **closing)


def unwritable(folder: Path) -> None:
    """Have every new file in a folder fail, also for root, whom no permission stops: it is a file now."""
    if folder.exists():
        folder.replace(folder.with_name(f"{folder.name}.away"))
    folder.write_bytes(b"")


def writable(folder: Path) -> None:
    folder.unlink()
    away = folder.with_name(f"{folder.name}.away")
    if away.exists():
        away.replace(folder)


async def answers(engine: Engine) -> None:
    """Have the provider answer for the first time."""
    await engine.services.providers["one"].check()
