"""`reverie simulate`: the simulator alone on a port of its own, with real sockets for the official SDKs.

On a loopback address it accepts the Host names of this machine only, which stops DNS rebinding by web pages;
references and callbacks may then have loopback addresses. On any other address the API is open to everybody
who reaches the port, like the real one, and loopback addresses cannot be reached through it.
"""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from http import HTTPStatus
from ipaddress import ip_address, ip_network
from typing import Self

import httpx
import structlog
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from bot.media.download.fetcher import Fetcher
from bot.media.download.ip_ranges import Address, is_public, spelled_address
from bot.media.download.transport import FetchRules, resolve
from bot.media.sandbox.pool import SandboxPool
from bot.security.loopback import is_local, is_loopback_address, names_us
from bot.simulation.rendering import fetch_with, render_with, run_simulator
from bot.tls import tls_context
from bot.web.server import Server, listen, on_stop
from simulator.app import Simulator, wall_clock_ms
from simulator.errors import FileUnreadable
from simulator.generations.faults import FaultRule
from simulator.ports import Fetch, Render
from simulator.settings import SimulatorSettings

_THIS_MACHINE = "The simulator answers to this machine only: open it at http://127.0.0.1"
_PORTS = {"http": 80, "https": 443}
_PRIVATE = tuple(map(ip_network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7")))
#: metadata services of clouds, which hand out credentials, inside those networks
_METADATA = frozenset(map(ip_address, ("fd00:ec2::254", "fd20:ce::254", "192.0.0.192")))
_SAFE_METHODS = frozenset({"GET", "HEAD"})

_log = structlog.get_logger()


async def serve(
    settings: SimulatorSettings,
    *,
    host: str,
    port: int,
    proxy: str | None = None,
    faults: Sequence[FaultRule] = (),
    started: Callable[[int], None] | None = None,
) -> None:
    """Run until SIGTERM, SIGINT or SIGHUP; `started` is called with the port once requests are accepted.

    Raises UnusableAddress before anything else is done.
    """
    with listen(host, port) as listener:
        bound, port = listener.getsockname()[:2]
        beyond = not is_loopback_address(bound)

        def announce() -> None:
            _log.info("simulator_started", host=host, port=port)
            if beyond:
                _log.warning(
                    "simulator_reachable_from_network",
                    remedy="leave out --host unless other machines are to use it",
                )
            if started is not None:
                started(port)

        async with standalone_app(settings, beyond_loopback=beyond, proxy=proxy, faults=faults) as app:
            server = Server(app, started=announce)

            def stop() -> None:
                server.should_exit = True

            with on_stop(stop):
                await server.serve(sockets=[listener])
    _log.info("simulator_stopped")


@asynccontextmanager
async def standalone_app(
    settings: SimulatorSettings,
    *,
    beyond_loopback: bool = False,
    proxy: str | None = None,
    clock_ms: Callable[[], int] = wall_clock_ms,
    fetch: Fetch | None = None,
    render: Render | None = None,
    faults: Sequence[FaultRule] = (),
) -> AsyncIterator[ASGIApp]:
    """Run the simulator with everything that it needs; yields the app to serve."""
    may_reach = may_reach_private if beyond_loopback else _may_reach_loopback
    async with AsyncExitStack() as exits:
        fetcher = await exits.enter_async_context(Fetcher(FetchRules(may_reach=may_reach)))
        workers = await exits.enter_async_context(SandboxPool())
        callbacks = await exits.enter_async_context(_CallbackPoster(may_reach, proxy))
        simulator = Simulator(
            settings,
            fetch=fetch or fetch_with(fetcher),
            render=render or render_with(workers),
            post=callbacks.post,
            clock_ms=clock_ms,
            refuse_control=_refuse_control,
            faults=faults,
        )
        await exits.enter_async_context(run_simulator(simulator, settings.database))
        yield simulator.app if beyond_loopback else _HostCheck(simulator.app)


def _may_reach_loopback(address: Address) -> bool:
    return address.is_loopback or is_public(address)


def may_reach_private(address: Address) -> bool:
    """Whether remote clients may use an address: the internet and private networks, not loopback."""
    private = address not in _METADATA and any(
        address.version == network.version and address in network for network in _PRIVATE
    )
    return private or is_public(address)


def _refuse_control(request: Request) -> str | None:
    if not (is_local(request) and names_us(request)):
        return "The control routes answer on this machine only"
    origin = request.headers.get("origin")
    if origin is not None and origin.lower() != f"http://{request.headers['host']}".lower():
        return "Only the simulator's own page may send this"
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if request.method not in _SAFE_METHODS and request.method != "DELETE" and kind != "application/json":
        # A form of another site can send every other type without a preflight request.
        return "Send application/json"
    return None


class _HostCheck:
    """ASGI middleware that accepts the Host names of this machine only."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        app = self._app
        if not names_us(Request(scope)):
            app = JSONResponse({"detail": _THIS_MACHINE}, HTTPStatus.FORBIDDEN)
        await app(scope, receive, send)


class _CallbackPoster:
    """Posts callbacks to addresses that may be reached."""

    def __init__(self, may_reach: Callable[[Address], bool], proxy: str | None) -> None:
        self._may_reach = may_reach
        self._proxy = proxy
        self._exits = AsyncExitStack()
        self._transports: dict[str | None, httpx.AsyncHTTPTransport] = {}

    async def __aenter__(self) -> Self:
        for proxy in {None, self._proxy}:
            self._transports[proxy] = await self._exits.enter_async_context(
                httpx.AsyncHTTPTransport(
                    verify=tls_context(),
                    trust_env=False,
                    proxy=proxy,
                    # A kept connection belongs to an address, not to the host name that was checked for it.
                    limits=httpx.Limits(max_keepalive_connections=0),
                )
            )
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._exits.aclose()

    async def post(self, url: str, body: bytes) -> int:
        """Post a callback and return the status. Redirects are not followed."""
        target = httpx.URL(url)
        spelled = spelled_address(target.host)
        if self._proxy is not None and (spelled is None or is_public(spelled)):
            return await self._send(target, target, body, self._proxy)
        port = target.port or _PORTS[target.scheme]
        found = await resolve(target.raw_host.decode("ascii"), port)
        address = next((address for address in found if self._may_reach(address)), None)
        if address is None:
            raise FileUnreadable("callbacks are not posted to this address")
        return await self._send(target, target.copy_with(host=str(address)), body, None)

    async def _send(self, target: httpx.URL, at: httpx.URL, body: bytes, proxy: str | None) -> int:
        request = httpx.Request(
            "POST",
            at,
            content=body,
            headers={"Content-Type": "application/json", "Host": target.netloc.decode("ascii")},
            extensions={"sni_hostname": target.raw_host.decode("ascii")},
        )
        response = await self._transports[proxy].handle_async_request(request)
        await response.aclose()
        return response.status_code
