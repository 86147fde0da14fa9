"""An httpx transport that connects only to checked addresses.

For every request, including redirects, it checks the URL, resolves the host, checks the addresses and
connects to one of them. This prevents DNS rebinding.
"""

import asyncio
import socket
import ssl
import threading
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field
from ipaddress import ip_address
from types import TracebackType
from typing import Self

import httpx

from bot.domain.errors import MediaRefused, MediaUnavailable
from bot.media.download.ip_ranges import Address, is_local_name, is_public, spelled_address
from bot.tls import tls_context

_PORTS = {"http": 80, "https": 443}
#: ports below this one belong to other protocols than HTTP, except for the two above
_FIRST_FREE_PORT, _LAST_PORT = 1024, 65_535
#: https://www.rfc-editor.org/rfc/rfc1035#section-2.3.4, with the dot of the root
_NAME_MAX, _LABEL_MAX = 254, 63
Resolve = Callable[[str, int], Awaitable[Sequence[Address]]]

#: key of the `FetchOptions` in a request's extensions, which httpx keeps on redirects
OPTIONS = "reverie_fetch"
#: connect timeout in seconds per address, so that one that does not respond leaves time for the next
_CONNECT_S = 10.0


def parsed(location: str) -> httpx.URL:
    """Parse a URL; raises MediaRefused for an invalid one."""
    url = joined(None, location)
    check_url(url)
    return url


def joined(base: httpx.URL | None, location: str) -> httpx.URL:
    """Resolve the location of a redirect; raises MediaRefused for an invalid one."""
    try:
        return base.join(location) if base else httpx.URL(location)
    except (httpx.InvalidURL, ValueError) as error:
        raise MediaRefused("This is not a valid URL.") from error


def check_url(url: httpx.URL) -> None:
    """Raise MediaRefused for other schemes and for credentials."""
    if url.scheme not in _PORTS or not url.host:
        raise MediaRefused("Only http and https URLs can be fetched.")
    if url.userinfo:
        raise MediaRefused("URLs with a user name or password cannot be fetched.")


def origin(url: httpx.URL) -> tuple[str, str, int]:
    """Scheme, host and port of a URL."""
    return url.scheme, url.host, port(url)


def lies_under(url: httpx.URL, base: httpx.URL) -> bool:
    """Whether a URL has the origin of another one, and a path that begins with its path."""
    return origin(url) == origin(base) and url.path.startswith(base.path) and ".." not in url.path.split("/")


def port(url: httpx.URL) -> int:
    return url.port if url.port is not None else _PORTS[url.scheme]


def check_host(url: httpx.URL) -> None:
    """Raise MediaRefused for names that no resolver accepts."""
    host = url.raw_host.decode("ascii", "replace")
    if ":" in host:
        return  # an IPv6 address
    labels = host.removesuffix(".").split(".")
    if len(host) > _NAME_MAX or not all(0 < len(label) <= _LABEL_MAX for label in labels):
        raise MediaRefused("This is not a valid URL.")


def check_port(url: httpx.URL) -> None:
    """Raise MediaRefused for ports that other protocols use."""
    number = port(url)
    if number not in _PORTS.values() and not _FIRST_FREE_PORT <= number <= _LAST_PORT:
        raise MediaRefused(f"Files cannot be fetched from port {number}.")


async def resolve(host: str, port: int) -> Sequence[Address]:
    """Resolve a name with the system's resolver; raises OSError if it is unknown.

    In a thread of its own: a name whose server does not answer takes half a minute. The event loop resolves
    only a few names at once, so that connections to the chats and the generation APIs would wait for it, and
    the process waits at its end for the threads of a pool.
    """
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[Sequence[Address]] = loop.create_future()

    def tell(found: Sequence[Address] | Exception) -> None:
        if answer.done():
            return  # cancelled
        if isinstance(found, Exception):
            answer.set_exception(found)
        else:
            answer.set_result(found)

    def ask() -> None:
        found: Sequence[Address] | Exception
        try:
            found = _resolve(host, port)
        except Exception as error:  # noqa: BLE001 - raised where it is waited for
            found = error
        with suppress(RuntimeError):  # the loop is closed
            loop.call_soon_threadsafe(tell, found)

    threading.Thread(target=ask, name="resolve", daemon=True).start()
    return await answer


def _resolve(host: str, port: int) -> Sequence[Address]:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(ip_address(str(sockaddr[0]).partition("%")[0]) for *_, sockaddr in found))


@dataclass(slots=True, kw_only=True)
class FetchOptions:
    """Options of one download including its redirects."""

    #: the URL comes from a configured provider or platform, not from a person
    from_platform: bool
    #: sent only to the URL's own origin, since they may contain a key; cleared by a redirect to another one
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    origin: tuple[str, str, int]

    def headers_for(self, url: httpx.URL) -> Mapping[str, str]:
        if origin(url) != self.origin:
            self.headers = {}
        return self.headers


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchRules:
    """Which URLs may be fetched, and how. Default: only public addresses."""

    #: URLs such as `http://10.0.0.5:8080/assets/` that URLs from platforms may have although they are not
    #: public: same scheme, host and port, and a path that begins with theirs
    trusted_origins: frozenset[str] = frozenset()
    #: host names of our own server, refused in people's URLs
    own_hosts: frozenset[str] = frozenset()
    #: the value of HTTPS_PROXY, which then resolves names; people's URLs are refused unless `proxy_resolves`
    proxy: str | None = None
    proxy_resolves: bool = False
    resolve: Resolve = resolve
    may_reach: Callable[[Address], bool] = is_public
    ssl_context: ssl.SSLContext | None = None
    #: transports by origin, written as above, for URLs from platforms only; they need no DNS and no socket.
    #: The caller closes them.
    in_process: Mapping[str, httpx.AsyncBaseTransport] = field(default_factory=dict)


class CheckedTransport(httpx.AsyncBaseTransport):
    """Sends requests to public addresses, and those from platforms also to trusted origins.

    Raises MediaRefused for a URL or address that is not allowed, MediaUnavailable if no allowed address
    accepts the connection.
    """

    def __init__(self, rules: FetchRules, *, head_s: float) -> None:
        """`head_s` is the timeout in seconds for the response headers of a person's URL."""
        self._rules = rules
        self._in_process = tuple((httpx.URL(url), transport) for url, transport in rules.in_process.items())
        self._trusted = tuple(httpx.URL(url) for url in rules.trusted_origins)
        # Normalised like the URLs that they are compared with: an IDN has two spellings.
        self._own_hosts = frozenset(
            httpx.URL(f"http://{host}").host.rstrip(".") for host in rules.own_hosts if host
        )
        self._head_s = head_s
        self._transports: dict[str | None, httpx.AsyncHTTPTransport] = {}
        self._closing = AsyncExitStack()

    async def __aenter__(self) -> Self:
        verify = self._rules.ssl_context or tls_context()
        for proxy in {None, self._rules.proxy}:
            self._transports[proxy] = await self._closing.enter_async_context(
                httpx.AsyncHTTPTransport(
                    verify=verify,
                    trust_env=False,
                    proxy=proxy,
                    # No keep-alive: a pooled connection is found by its address, not by the verified name.
                    limits=httpx.Limits(max_keepalive_connections=0),
                )
            )
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None = None,
        exc_value: BaseException | None = None,
        traceback: TracebackType | None = None,
    ) -> None:
        self._transports.clear()
        await self._closing.aclose()

    def check(self, url: httpx.URL, *, from_platform: bool) -> None:
        """Raise MediaRefused for a URL that is refused by its text and our settings alone."""
        check_url(url)
        if from_platform and (self._trusts(url) or self._transport_in_process(url) is not None):
            return
        check_host(url)
        check_port(url)
        if not from_platform and url.host.rstrip(".") in self._own_hosts:
            raise MediaRefused(
                "This is an address of the bot itself: name the job instead, or attach the file."
            )
        address = spelled_address(url.host)
        if is_local_name(url.host) if address is None else not self._rules.may_reach(address):
            raise _not_public()
        if not from_platform and self._rules.proxy is not None and not self._rules.proxy_resolves:
            raise MediaRefused("URLs of other sites cannot be used here: attach the file instead.")

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        options: FetchOptions = request.extensions[OPTIONS]
        response = await self._send(request, options)
        if not response.has_redirect_location:
            return response
        # The client would read the body of a redirect into memory, whatever its size.
        await response.aclose()
        location = response.headers["location"]
        check_url(joined(request.url, location))
        return httpx.Response(response.status_code, headers={"location": location})

    async def _send(self, request: httpx.Request, options: FetchOptions) -> httpx.Response:
        url, from_platform = request.url, options.from_platform
        self.check(url, from_platform=from_platform)
        # A new request, because httpx copies the headers of the original to the next redirect.
        request = httpx.Request(
            request.method, url, headers={**_lower(options.headers_for(url)), **_lower(request.headers)}
        )
        if from_platform and (local := self._transport_in_process(url)) is not None:
            return await local.handle_async_request(request)
        # A provider may create the file on request; no other server needs more time.
        head_s = None if from_platform else self._head_s
        proxy = self._proxy_for(url, from_platform=from_platform)
        if proxy is not None:
            return await _answer(self._transports[proxy], _pinned(request, None), head_s)
        addresses = await self._rules.resolve(url.raw_host.decode("ascii"), port(url))
        if not (from_platform and self._trusts(url)):
            addresses = [address for address in addresses if self._rules.may_reach(address)]
        if not addresses:
            raise _not_public()
        return await self._connect(request, addresses, head_s)

    async def _connect(
        self, request: httpx.Request, addresses: Sequence[Address], head_s: float | None
    ) -> httpx.Response:
        failure: httpx.TransportError | None = None
        for address in addresses:
            try:
                return await _answer(self._transports[None], _pinned(request, address), head_s)
            except (httpx.ConnectError, httpx.ConnectTimeout) as error:
                check_certificate(error)
                failure = error
        raise MediaUnavailable("The server of this URL cannot be reached.") from failure

    def _transport_in_process(self, url: httpx.URL) -> httpx.AsyncBaseTransport | None:
        return next((transport for origin, transport in self._in_process if lies_under(url, origin)), None)

    def _trusts(self, url: httpx.URL) -> bool:
        return any(lies_under(url, origin) for origin in self._trusted)

    def _proxy_for(self, url: httpx.URL, *, from_platform: bool) -> str | None:
        """The proxy to use; a trusted origin on a private network is not reachable through it."""
        address = spelled_address(url.host)
        near = url.scheme == "http" or (address is not None and address.is_loopback)
        return None if from_platform and near and self._trusts(url) else self._rules.proxy


async def _answer(
    transport: httpx.AsyncBaseTransport, request: httpx.Request, head_s: float | None
) -> httpx.Response:
    """Send a request and wait for the response headers with a timeout in seconds."""
    try:
        async with asyncio.timeout(head_s):
            return await transport.handle_async_request(request)
    except TimeoutError as error:
        raise MediaUnavailable("The server of this URL does not answer.") from error


def _pinned(request: httpx.Request, address: Address | None) -> httpx.Request:
    """The request with the host replaced by a checked address, unless a proxy resolves it."""
    return httpx.Request(
        request.method,
        request.url.copy_with(host=str(address)) if address else request.url,
        headers=request.headers,
        extensions={
            # The certificate is verified against the name.
            "sni_hostname": request.url.raw_host.decode("ascii"),
            "timeout": {"connect": _CONNECT_S},
        },
    )


def _lower(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


def _not_public() -> MediaRefused:
    return MediaRefused("The host of this URL is not on the public internet.")


def check_certificate(error: BaseException) -> None:
    """Raise MediaRefused if a connection failed because of the server's certificate."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            raise MediaRefused(
                "The certificate of the server of this URL is not valid: attach the file instead."
            ) from error
        cause = cause.__cause__ or cause.__context__
