"""The whole bot in this process beside a fake Slack, over Socket Mode or HTTP.

async with run_bot(folder) as bot:
    bot.ada.slash("/imagine", "a red fox")
    card = await bot.card()
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

from pydantic import SecretStr

from adapters.slack.events.event_tasks import MAX_TASKS
from adapters.slack.events.router import EventRouter
from adapters.slack.http_routes import slack_routes
from adapters.slack.oauth.manifest import manifest
from adapters.slack.services import Services, open_services
from adapters.slack.settings import SlackSettings
from adapters.slack.socket_mode import SocketModeSupervisor
from bot.bootstrap import App
from bot.domain.errors import MediaUnavailable
from bot.domain.identity import Place
from bot.ports import ResolvedFile
from bot.service.facade import BotService
from bot.service.plugin import Adapter, AdapterContext, AdapterPlugin
from tests.databases import lay_migrated
from tests.engine.settings import AT_EASE, given_settings
from tests.media_workers import PlainPool
from tests.platforms.fake_slack import Channel, FakeSlack, Message
from tests.platforms.running import running

_PUBLIC = "https://bot.example.org"
#: the SDK drops the connection after four pings without an echo, and a busy machine is slow
_PING_S = 1.0


class _NoFiles:
    """The core fetches nothing from loopback, where the fake is. File resolution has its own tests."""

    async def resolve(self, url: str, place: Place) -> ResolvedFile:
        raise MediaUnavailable(f"{url} is not read at {place.channel}")


Wrap = Callable[[AdapterContext], AdapterContext]


class ServiceWrapper:
    """Wraps the bot service, to replace single methods."""

    def __init__(self, service: BotService) -> None:
        self._service = service

    def __getattr__(self, name: str) -> Any:
        return getattr(self._service, name)


class Slow(ServiceWrapper):
    """Executes commands once its gate is open."""

    def __init__(self, service: BotService) -> None:
        super().__init__(service)
        self.begun, self.gate = asyncio.Event(), asyncio.Event()

    async def execute(self, *args: Any, **more: Any) -> Any:
        self.begun.set()
        await self.gate.wait()
        return await self._service.execute(*args, **more)


def before(kind: Callable[[BotService], ServiceWrapper]) -> Wrap:
    """Wrap the bot service in this class."""
    return lambda one: replace(one, service=cast("Any", kind(one.service)))


class BotHarness:
    """A running bot with one workspace, a member and an admin.

    With `org` a whole organisation has installed the app. `beside` are further platforms of the bot.
    """

    def __init__(
        self,
        slack: FakeSlack,
        folder: Path,
        *,
        http: bool = False,
        org: bool = False,
        ack_timeout_s: float = 2.0,
        max_tasks: int = MAX_TASKS,
        ping_s: float = _PING_S,
        wrap: Wrap = lambda context: context,
        beside: Sequence[AdapterPlugin] = (),
        **settings: Any,
    ) -> None:
        self.slack = slack
        organisation = slack.enterprise("Studios") if org else None
        self.team = slack.team("Film club", installed=not org, enterprise=organisation)
        if organisation is not None:
            slack.install_everywhere(organisation)
        self.general = self.team.general
        self.ada = slack.user(self.team, "ada")
        self.boss = slack.user(self.team, "boss", admin=True)
        self.http = http
        self._ack_timeout_s = ack_timeout_s
        self._max_tasks, self._ping_s = max_tasks, ping_s
        self._wrap = wrap
        values = {
            "http_port": 0,
            "default_ceiling": 100,
            "default_allowance": 25,
            "simulator_pictures_per_s": 4,
            **settings,
            "times": AT_EASE | settings.get("times", {}),
        }
        lay_migrated(folder)
        self.app = App(
            given_settings(folder, **values),
            plugins=[AdapterPlugin(name="slack", enabled=lambda _: True, build=self._build), *beside],
            open_pool=PlainPool,
        )
        self.context: AdapterContext
        self.services: Services
        self.receiver: SocketModeSupervisor
        self.router: EventRouter

    def _build(self, context: AdapterContext) -> Adapter:
        self.context = self._wrap(context)
        secret = SecretStr(self.slack.app.signing_secret) if self.http else None
        settings = SlackSettings(
            bot_token=SecretStr(self.slack.bot_token(self.team.enterprise or self.team)),
            app_token=None if self.http else SecretStr(self.slack.app_token),
            signing_secret=secret,
            api_base=self.slack.api,
        )
        services = self.services = open_services(self.context, settings)
        router = self.router = EventRouter(
            self.context, services, ack_timeout_s=self._ack_timeout_s, max_tasks=self._max_tasks
        )
        bolt = router.bolt_app(signing_secret=secret)
        self.receiver = SocketModeSupervisor(
            bolt,
            router.tasks,
            router.home,
            services.client,
            respond=services.web_api.respond,
            app_token=settings.app_token,
            ping_s=self._ping_s,
        )
        return Adapter(
            name="slack",
            publisher=services.publisher,
            receiver=self.receiver,
            files=_NoFiles(),
            routes=slack_routes(bolt, secret) if secret is not None else (),
            not_ready_reason=self.receiver.not_ready_reason,
            close=services.close,
        )

    async def card(
        self,
        channel: Channel | None = None,
        until: Callable[[Message], bool] = lambda _: True,
    ) -> Message:
        """Wait for a public card that shows a result."""
        return await self.slack.message_in(
            channel or self.general,
            # A running video has a picture too: its preview.
            lambda one: not one.ephemeral and _pictures(one) > 0 and "Done" in str(one.blocks) and until(one),
        )

    async def imagine(self, text: str = "a red fox") -> Message:
        """Ask for a picture and wait for it."""
        before = set(self.general.messages)
        self.ada.slash("/imagine", text)
        return await self.card(until=lambda one: one.ts not in before)

    def mine(self, channel: Channel | None = None) -> list[Message]:
        """The bot's public messages in a channel, the oldest first."""
        messages = (channel or self.general).messages.values()
        return [one for one in messages if one.author.is_bot and not one.ephemeral]


def words(message: Message) -> str:
    """All text of a message."""
    return f"{message.text} {message.blocks}"


def job_of(message: Message) -> str:
    """The job that a card's buttons act on."""
    return next(str(part["value"]) for part in message.parts if part["action_id"] == "rv:details")[:24]


def _pictures(message: Message) -> int:
    return sum(block["type"] == "image" for block in message.blocks or ())


@asynccontextmanager
async def run_bot(
    folder: Path,
    *,
    http: bool = False,
    trouble: str | Sequence[dict[str, Any]] = (),
    validates: bool = True,
    **more: Any,
) -> AsyncIterator[BotHarness]:
    """Run the bot until the block ends; with `trouble` its first sockets are refused."""
    async with FakeSlack(manifest(_PUBLIC if http else None), validates=validates) as slack:
        for fault in [{"error": trouble}] if isinstance(trouble, str) else trouble:
            slack.fault("apps.connections.open", **fault)
        harness = BotHarness(slack, folder, http=http, **more)
        async with running(harness.app, harness.app.started.wait() if trouble else _heard(harness)):
            yield harness


async def _heard(harness: BotHarness) -> None:
    """Wait until the bot receives events."""
    await harness.app.started.wait()
    if harness.http:
        harness.slack.point_to(harness.app.address)
    else:
        await harness.slack.connected()


def medium(view: object) -> list[str]:
    blocks = getattr(view, "blocks", [])
    element = next(one["element"] for one in blocks if one.get("block_id") == "form_medium")
    return [str(each["text"]["text"]) for each in element["options"]]
