"""`FakeDiscord`, the entry point for tests: service on loopback, administration, faults and clock."""

from collections.abc import Callable
from fnmatch import fnmatchcase
from types import TracebackType
from typing import Any, Self

import aiohttp
from aiohttp import web

from tests.patience import PATIENCE_S
from tests.platforms.fake_discord.client.administration import Administration
from tests.platforms.fake_discord.state.clock import MovableClock
from tests.platforms.fake_discord.state.messages import Message
from tests.platforms.fake_discord.state.places import Channel
from tests.platforms.fake_discord.state.world import World
from tests.platforms.fake_discord.transport.bodies import LARGEST_BODY
from tests.platforms.fake_discord.transport.certificates import Certificates
from tests.platforms.fake_discord.transport.contracts import Contracts
from tests.platforms.fake_discord.transport.faults import Fault
from tests.platforms.fake_discord.transport.hosts import HOSTS, LoopbackResolver
from tests.platforms.fake_discord.transport.proxy import Proxy
from tests.platforms.fake_discord.transport.service import Request, Service


class FakeDiscord(Administration):
    """Runs while entered; at the end it raises for requests or events that violate the contract.

    >>> async with FakeDiscord(make_certificates(folder, HOSTS)) as discord:
    ...     guild = discord.guild("Film club")
    ...     ada = discord.member(guild, "ada")
    ...     asked = ada.slash("imagine", prompt="a teal fox")
    ...     card = await asked.message(lambda message: bool(message.attachments))
    """

    def __init__(self, certificates: Certificates, *, validates: bool = True) -> None:
        self.clock = MovableClock()
        super().__init__(World(self.clock))
        self.certificates = certificates
        self.service = Service(self.world, contracts=Contracts() if validates else None)
        self.gateway = self.service.gateway
        self.limits = self.service.limits
        #: with TLS
        self.port = 0
        #: without
        self.plain_port = 0
        self._resolvers: list[LoopbackResolver] = []

    @property
    def token(self) -> str:
        return self.world.token

    @property
    def violations(self) -> list[str]:
        """Contract violations; a test that causes them on purpose clears the list."""
        return self.service.violations

    async def __aenter__(self) -> Self:
        server = web.Application(client_max_size=LARGEST_BODY)
        server.router.add_route("*", "/{tail:.*}", self.service.serve)
        self._runner = web.AppRunner(server, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        with_tls = web.TCPSite(self._runner, "127.0.0.1", 0, ssl_context=self.certificates.for_server())
        plain = web.TCPSite(self._runner, "127.0.0.1", 0)
        await with_tls.start()
        await plain.start()
        self.port, self.plain_port = (address[1] for address in self._runner.addresses)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.gateway.kill()
        await self._runner.cleanup()
        for resolver in self._resolvers:
            self.violations.extend(f"{host} was looked for" for host in resolver.refused)
        if error is None and self.violations:
            raise AssertionError("\n".join(self.violations))

    def connector(self) -> aiohttp.TCPConnector:
        """A connector that resolves the official host names to this fake."""
        resolver = LoopbackResolver(self.port)
        self._resolvers.append(resolver)
        return aiohttp.TCPConnector(resolver=resolver, ssl=self.certificates.for_client())

    def proxy(self) -> Proxy:
        """A proxy, to be entered, through which an unmodified process reaches this fake."""
        return Proxy(dict.fromkeys(HOSTS, self.port))

    def fault(self, pattern: str, **what: Any) -> Fault:
        """Inject a fault; see `Fault`."""
        return self.service.faults.add(Fault(pattern=pattern, **what))

    def requests(self, pattern: str = "*") -> list[Request]:
        """The requests that match a method and path such as `PATCH /webhooks/*`."""
        return [each for each in self.service.requests if fnmatchcase(f"{each.method} {each.path}", pattern)]

    async def until(self, condition: Callable[[], bool], *, timeout: float = PATIENCE_S) -> None:
        """Wait until a condition holds; it is checked after every change."""
        await self.world.changes.until(condition, timeout=timeout)

    async def message_in(
        self,
        channel: Channel,
        until: Callable[[Message], bool] = lambda _: True,
        *,
        timeout: float = PATIENCE_S,
    ) -> Message:
        """Wait for a message of the bot's in a channel that is as wanted."""

        def found() -> list[Message]:
            mine = [each for each in channel.messages.values() if each.author is self.world.bot]
            return [each for each in mine if until(each)]

        await self.until(lambda: bool(found()), timeout=timeout)
        return found()[0]

    async def ready(self, *, shards: int = 1) -> None:
        """Wait until so many shards are connected."""
        await self.until(lambda: self.gateway.connected >= shards)
