"""`FakeSlack`, the entry point for tests: service on loopback, administration, faults and clock."""

from collections.abc import Callable
from contextlib import AbstractContextManager, AsyncExitStack
from fnmatch import fnmatchcase
from types import TracebackType
from typing import Any, Self

from aiohttp import web

from tests.patience import PATIENCE_S
from tests.platforms.fake_discord.state.world import ChangeSignal
from tests.platforms.fake_discord.transport.certificates import Certificates
from tests.platforms.fake_discord.transport.proxy import Proxy
from tests.platforms.fake_slack.client.administration import Administration
from tests.platforms.fake_slack.client.oauth_consent import Page, consent
from tests.platforms.fake_slack.client.person import Person
from tests.platforms.fake_slack.rules.manifest import Manifest
from tests.platforms.fake_slack.rules.refusals import Json
from tests.platforms.fake_slack.state.apps import App
from tests.platforms.fake_slack.state.clock import WakingClock
from tests.platforms.fake_slack.state.deliveries import Delivery
from tests.platforms.fake_slack.state.messages import Message
from tests.platforms.fake_slack.state.places import Channel
from tests.platforms.fake_slack.state.world import Addresses, World
from tests.platforms.fake_slack.transport.background_tasks import BackgroundTasks
from tests.platforms.fake_slack.transport.event_delivery import EventDelivery, HeldDeliveries
from tests.platforms.fake_slack.transport.faults import Fault
from tests.platforms.fake_slack.transport.http import AppClient
from tests.platforms.fake_slack.transport.service import LARGEST_BODY, Request, Service

#: the names under which the service is known
HOSTS = ["slack.com", "www.slack.com", "files.slack.com", "hooks.slack.com", "wss-primary.slack.com"]


class FakeSlack(Administration):
    """Runs while entered; at the end it raises for requests or events that violate the contract.

    >>> async with FakeSlack(manifest) as slack:
    ...     team = slack.team("Film club")
    ...     ada = slack.user(team, "ada")
    ...     app = AsyncApp(client=AsyncWebClient(slack.bot_token(team), base_url=slack.api))
    ...     asked = ada.slash("/imagine", "a teal fox --ar 1:1")
    ...     card = await slack.message_in(team.general, lambda message: bool(message.blocks))
    """

    def __init__(
        self,
        manifest: Json,
        *,
        origin: str | None = None,
        certificates: Certificates | None = None,
        validates: bool = True,
    ) -> None:
        """Take the app's manifest; `origin` leads its addresses to a server of the test's.

        With certificates it speaks TLS, and of itself only by its official names, to be reached by `proxy`.
        """
        told = Manifest(told=manifest, origin=origin)
        told.check()
        changes = ChangeSignal()
        self.clock = WakingClock(changes)
        app = App(manifest=told, id="A0FAKEREVERIE")
        super().__init__(World(app, self.clock, changes, Addresses(by_name=certificates is not None)))
        #: contract violations; a test that causes them on purpose clears the list
        self.violations: list[str] = []
        self.service = Service(self.world, violations=self.violations, validates=validates)
        self.sockets = self.service.sockets
        self.limits = self.service.limits
        self.app_client = AppClient(self.world)
        self._tasks = BackgroundTasks(self.clock, self.violations)
        self._event_delivery = EventDelivery(
            self.world,
            self.sockets,
            self.app_client,
            self._tasks,
            self.violations,
            validates=validates,
        )
        self.world.connect(self._event_delivery.send, self._tasks.later)
        self._certificates = certificates
        self._closing = AsyncExitStack()

    @property
    def app(self) -> App:
        return self.world.app

    @property
    def app_token(self) -> str:
        return self.world.tokens.app_token.value

    @property
    def api(self) -> str:
        """Return the base address of the methods."""
        return self.world.addresses.of("slack.com", "/api/")

    @property
    def deliveries(self) -> list[Delivery]:
        return self.world.deliveries

    def point_to(self, origin: str) -> None:
        """Lead the manifest's addresses to a server that has begun to listen meanwhile."""
        self.app.manifest = Manifest(told=self.app.manifest.told, origin=origin)

    async def __aenter__(self) -> Self:
        server = web.Application(client_max_size=LARGEST_BODY)
        server.router.add_route("*", "/{tail:.*}", self.service.serve)
        runner = web.AppRunner(server, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        self._closing.push_async_callback(runner.cleanup)
        tls = None if self._certificates is None else self._certificates.for_server()
        await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls).start()
        self.world.addresses.port = runner.addresses[0][1]
        await self.app_client.open()
        self._closing.push_async_callback(self.app_client.close)
        self._closing.push_async_callback(self._tasks.close)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.sockets.kill()
        await self._closing.aclose()
        if error is None and self.violations:
            raise AssertionError("\n".join(self.violations))

    def proxy(self) -> Proxy:
        """A proxy, to be entered, through which an unmodified process reaches this fake."""
        return Proxy(dict.fromkeys(HOSTS, self.world.addresses.port))

    def fault(self, pattern: str, **what: Any) -> Fault:
        """Make something go wrong: see `Fault` for what can; the pattern is a method, or verb and path."""
        planned = Fault(pattern=pattern if " " in pattern else f"{pattern} ", **what)
        self.service.faults.add(planned)
        return planned

    def requests(self, pattern: str = "*") -> list[Request]:
        """Return the calls whose name fits, as `chat.*` or `POST /hooks/*`."""
        return [each for each in self.service.requests if fnmatchcase(each.name, pattern)]

    def holding(self) -> AbstractContextManager[HeldDeliveries]:
        """Hold back deliveries to the app, to release them late or reversed."""
        return self._event_delivery.holding()

    def repeat(self, delivery: Delivery) -> Delivery:
        """Tell the app once more what it has been told, as if it had not heard."""
        again = Delivery(
            kind=delivery.kind,
            name=delivery.name,
            payload=delivery.payload,
            created_ms=self.clock.now_ms(),
            url=delivery.url,
            settle=delivery.settle,
            takes_answer=delivery.takes_answer,
        )
        return self.world.deliver(again)

    async def install(self, person: Person, install_url: str, **more: Any) -> Page:
        """Walk through the app's installation as this person; see `consent` for what they can do."""
        return await consent(self.world, self.app_client.session, person, install_url, **more)

    async def until(self, condition: Callable[[], bool], *, timeout: float = PATIENCE_S) -> None:
        """Wait until a condition holds; it is checked after every change."""
        await self.world.changes.until(condition, timeout=timeout)

    async def connected(self, sockets: int = 1) -> None:
        """Wait until the app has so many sockets open."""
        await self.until(lambda: self.sockets.connected >= sockets)

    async def message_in(
        self,
        channel: Channel,
        until: Callable[[Message], bool] = lambda _: True,
        *,
        timeout: float = PATIENCE_S,
    ) -> Message:
        """Wait for a message of the bot's in a channel that is as wanted."""

        def found() -> list[Message]:
            mine = [each for each in channel.messages.values() if each.author.is_bot]
            return [each for each in mine if until(each)]

        await self.until(lambda: bool(found()), timeout=timeout)
        return found()[0]
