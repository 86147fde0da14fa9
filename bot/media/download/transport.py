"""An httpx transport that connects only to addresses that it has checked.

It sees every request of a client, each redirect included: it checks the URL, resolves the host, checks the
addresses and connects to one of them. A host name that resolves to another address later gains nothing.
"""

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from ipaddress import ip_address
from types import TracebackType
from typing import Self

import httpx

from bot.domain.errors import MediaRefused, MediaUnavailable
from bot.media.download.ip_ranges import Address, is_local_name, is_public, spelled_address
from bot.media.download.urls import check_host, check_port, check_url, joined, lies_under, origin, port
from bot.tls import tls_context

Resolve = Callable[[str, int], Awaitable[Sequence[Address]]]

#: key of the `FetchOptions` in a request's extensions, which httpx hands on with each redirect
OPTIONS = "reverie_fetch"
#: seconds for one address to accept the connection, so that a silent one leaves time for the next
_CONNECT_S = 10.0


async def resolve(host: str, port: int) -> Sequence[Address]:
    """Ask the system's resolver; raises OSError where the name is not known."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(ip_address(str(sockaddr[0]).partition("%")[0]) for *_, sockaddr in found))


@dataclass(slots=True, kw_only=True)
class FetchOptions:
    """What holds for one fetch with all its redirects."""

    #: the URL comes from a configured provider or platform, not from a person
    from_platform: bool
    #: sent to the URL's own origin only, since they may contain a key; cleared by a redirect elsewhere
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    origin: tuple[str, str, int]

    def headers_for(self, url: httpx.URL) -> Mapping[str, str]:
        if origin(url) != self.origin:
            self.headers = {}
        return self.headers


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchRules:
    """What may be fetched, and how; without any, public addresses alone."""

    #: URLs such as `http://10.0.0.5:8080/assets/`, to which platforms' URLs may lead although they are not
    #: public: scheme, host and port must be equal, and the path must begin with theirs
    trusted_origins: frozenset[str] = frozenset()
    #: names of our own server, to which people's URLs never lead
    own_hosts: frozenset[str] = frozenset()
    #: the value of HTTPS_PROXY, which then resolves names; people's URLs are refused unless `proxy_resolves`
    proxy: str | None = None
    proxy_resolves: bool = False
    resolve: Resolve = resolve
    may_reach: Callable[[Address], bool] = is_public
    ssl_context: ssl.SSLContext | None = None
    #: transports by origin, written as above: platforms' URLs go there without DNS or a socket, people's
    #: never do. Whoever hands a transport in closes it.
    in_process: Mapping[str, httpx.AsyncBaseTransport] = field(default_factory=dict)


class CheckedTransport(httpx.AsyncBaseTransport):
    """Sends requests to public addresses, and those from platforms also to trusted origins.

    Raises MediaRefused for a URL or address that is not allowed, and MediaUnavailable where no allowed
    address accepts the connection.
    """

    def __init__(self, rules: FetchRules, *, head_s: float) -> None:
        """`head_s` is how many seconds the server of a person's URL has for the head of its answer."""
        self._rules = rules
        self._in_process = tuple((httpx.URL(url), transport) for url, transport in rules.in_process.items())
        self._trusted = tuple(httpx.URL(url) for url in rules.trusted_origins)
        # Spelled as the URLs that they are compared with: a name in another script has two spellings.
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
                    # A kept connection belongs to an address, not to the name that was verified for it.
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
        """Refuse what can be refused by the URL's spelling and our settings; raises MediaRefused."""
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
        # A new request: the client hands the headers of its own on to the next hop.
        request = httpx.Request(
            request.method, url, headers={**_lower(options.headers_for(url)), **_lower(request.headers)}
        )
        if from_platform and (local := self._transport_in_process(url)) is not None:
            return await local.handle_async_request(request)
        # A provider may make the file while it is asked for it; other servers have nothing to wait for.
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
        """The proxy to use; a trusted origin near to us cannot be reached from there."""
        address = spelled_address(url.host)
        near = url.scheme == "http" or (address is not None and address.is_loopback)
        return None if from_platform and near and self._trusts(url) else self._rules.proxy


async def _answer(
    transport: httpx.AsyncBaseTransport, request: httpx.Request, head_s: float | None
) -> httpx.Response:
    """Send a request and wait for the head of its answer, for so many seconds at most."""
    try:
        async with asyncio.timeout(head_s):
            return await transport.handle_async_request(request)
    except TimeoutError as error:
        raise MediaUnavailable("The server of this URL does not answer.") from error


def _pinned(request: httpx.Request, address: Address | None) -> httpx.Request:
    """The request to a checked address, or to wherever a proxy resolves the host."""
    return httpx.Request(
        request.method,
        request.url.copy_with(host=str(address)) if address else request.url,
        headers=request.headers,
        extensions={
            # The name that the certificate must be for.
            "sni_hostname": request.url.raw_host.decode("ascii"),
            "timeout": {"connect": _CONNECT_S},
        },
    )


def _lower(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


def _not_public() -> MediaRefused:
    return MediaRefused("The host of this URL is not on the public internet.")


def check_certificate(error: BaseException) -> None:
    """Raise MediaRefused where a connection failed because of the server's certificate."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            raise MediaRefused(
                "The certificate of the server of this URL is not valid: attach the file instead."
            ) from error
        cause = cause.__cause__ or cause.__context__
