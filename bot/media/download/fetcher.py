"""The one way to fetch a URL that a person or a provider has given us.

Whoever names a URL could name one that only this machine can reach. So the host is resolved here, its
address checked, and the connection made to that very address, again at every redirect: a name that answers
differently the second time gains nothing.
"""

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, aclosing, contextmanager
from functools import partial
from ipaddress import ip_address
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import Self

import httpx

from bot.domain.errors import MediaRefused, MediaUnavailable, ProcessingFailed
from bot.media.disk_errors import disk_failure
from bot.media.download.body import FetchedFile, Pace, receive
from bot.media.download.ip_ranges import Address, is_local_name, is_public, spelled_address
from bot.media.download.urls import check_host, check_port, lies_under, origin, parsed, port
from bot.tls import tls_context

Resolve = Callable[[str, int], Awaitable[Sequence[Address]]]
Receiving = Callable[[httpx.Response], Awaitable[FetchedFile]]

_MAX_REDIRECTS = 5
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
#: the resolver's words for a name that does not exist, as against one that it could not look up just now
_UNKNOWN_NAME = frozenset(
    getattr(socket, name) for name in ("EAI_NONAME", "EAI_NODATA", "EAI_ADDRFAMILY") if hasattr(socket, name)
)
#: seconds for one address to take the connection, so that a silent one leaves time for the next
_CONNECT_S = 10.0
_HEADERS = {
    "accept": "*/*",
    # Media are compressed already.
    "accept-encoding": "identity",
    "user-agent": "Reverie",
}


async def resolve(host: str, port: int) -> Sequence[Address]:
    """Ask the system's resolver; raises OSError where the name is not known."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(ip_address(str(sockaddr[0]).partition("%")[0]) for *_, sockaddr in found))


class Fetcher:
    """Fetches files over HTTP from public addresses, and vouched ones also from where the operator trusts.

    `trusted_origins` are URLs such as `http://10.0.0.5:8080/assets/`: scheme, host and port must be equal
    and the path must begin with theirs; they hold for vouched URLs alone. People's URLs never lead to
    `own_hosts`, under which our own server is reached. Behind a `proxy` (the value of HTTPS_PROXY) names are
    resolved out of our sight, so that people's URLs are refused unless `proxy_resolves`. `in_process` has
    transports by origin, in the same form: vouched URLs of such an origin go to its transport, without DNS
    or a socket, and people's URLs never do. Whoever hands a transport in closes it.
    """

    def __init__(
        self,
        *,
        trusted_origins: frozenset[str] = frozenset(),
        own_hosts: frozenset[str] = frozenset(),
        proxy: str | None = None,
        proxy_resolves: bool = False,
        resolve: Resolve = resolve,
        may_reach: Callable[[Address], bool] = is_public,
        ssl_context: ssl.SSLContext | None = None,
        in_process: Mapping[str, httpx.AsyncBaseTransport] = MappingProxyType({}),
        pace: Pace = Pace(),  # noqa: B008 - it is frozen
    ) -> None:
        self._in_process = tuple((httpx.URL(origin), transport) for origin, transport in in_process.items())
        self._trusted = tuple(httpx.URL(origin) for origin in trusted_origins)
        # Spelled as the URLs that they are compared with: a name in another script has two spellings.
        self._own_hosts = frozenset(
            httpx.URL(f"http://{host}").host.rstrip(".") for host in own_hosts if host
        )
        self._proxy = proxy
        self._proxy_resolves = proxy_resolves
        self._resolve = resolve
        self._may_reach = may_reach
        self._ssl_context = ssl_context
        self._pace = pace
        self._transports: dict[str | None, httpx.AsyncHTTPTransport] = {}
        self._closing = AsyncExitStack()

    async def __aenter__(self) -> Self:
        verify = self._ssl_context or tls_context()
        for proxy in {None, self._proxy}:
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
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._transports.clear()
        await self._closing.aclose()

    def check(self, url: str, *, vouched: bool = False) -> None:
        """Refuse a URL that `fetch` would refuse without asking anybody; raises MediaRefused.

        What the host's name leads to, and where the URL redirects to, is only known when it is fetched.
        """
        self._check(parsed(url), vouched=vouched)

    async def fetch(
        self,
        url: str,
        *,
        max_bytes: int,
        timeout_s: float,
        into: Path | None = None,
        admit: Callable[[int], None] = lambda _size: None,
        vouched: bool = False,
        headers: Mapping[str, str] | None = None,
    ) -> FetchedFile:
        """Fetch a URL into a new file in the folder `into`, within `timeout_s` from first to last byte.

        `admit` is told from another thread how many bytes are about to be written, and may raise.
        `vouched` says that the URL comes from a provider or a platform that the operator has configured,
        not from a person: it may lead to a trusted origin, and its host may be left to a proxy to resolve.
        `headers` are shown to the URL's own origin alone, for they may hold a key. Raises MediaRefused for
        what will not work however often it is tried, and MediaUnavailable for what may work another time.
        """
        try:
            async with asyncio.timeout(timeout_s):
                with _translated():
                    receiving = partial(receive, max_bytes=max_bytes, pace=self._pace, into=into, admit=admit)
                    return await self._follow(parsed(url), receiving, headers or {}, vouched=vouched)
        except TimeoutError as error:
            raise MediaUnavailable(f"The file did not arrive within {timeout_s:g} s.") from error

    async def _follow(
        self, url: httpx.URL, receiving: Receiving, headers: Mapping[str, str], *, vouched: bool
    ) -> FetchedFile:
        for _ in range(_MAX_REDIRECTS + 1):
            async with aclosing(await self._send(url, headers, vouched=vouched)) as response:
                location = response.headers.get("location")
                if location is None or response.status_code not in _REDIRECTS:
                    return await receiving(response)
                here, url = url, parsed(location, base=url)
                if origin(url) != origin(here):
                    headers = {}
        raise MediaRefused("This URL redirects too often.")

    async def _send(self, url: httpx.URL, headers: Mapping[str, str], *, vouched: bool) -> httpx.Response:
        if vouched and (near := self._transport_in_process(url)) is not None:
            return await near.handle_async_request(_request(url, headers))
        self._check(url, vouched=vouched)
        # A provider may make the file while it is asked for it; people's servers have nothing to wait for.
        head_s = None if vouched else self._pace.head_s
        proxy = self._way(url, vouched=vouched)
        if proxy is not None:
            return await _answer(self._transports[proxy], _request(url, headers), head_s)
        addresses = await self._resolve(url.raw_host.decode("ascii"), port(url))
        if not (vouched and self._trusts(url)):
            addresses = [address for address in addresses if self._may_reach(address)]
        if not addresses:
            raise _not_public()
        return await self._connect(url, headers, addresses, head_s)

    async def _connect(
        self, url: httpx.URL, headers: Mapping[str, str], addresses: Sequence[Address], head_s: float | None
    ) -> httpx.Response:
        failure: httpx.TransportError | None = None
        for address in addresses:
            try:
                return await _answer(self._transports[None], _request(url, headers, address), head_s)
            except (httpx.ConnectError, httpx.ConnectTimeout) as error:
                _check_certificate(error)
                failure = error
        raise MediaUnavailable("The server of this URL cannot be reached.") from failure

    def _transport_in_process(self, url: httpx.URL) -> httpx.AsyncBaseTransport | None:
        return next((transport for origin, transport in self._in_process if lies_under(url, origin)), None)

    def _trusts(self, url: httpx.URL) -> bool:
        return any(lies_under(url, origin) for origin in self._trusted)

    def _way(self, url: httpx.URL, *, vouched: bool) -> str | None:
        """Name the proxy to go through; what is trusted near to us is not to be found from there."""
        address = spelled_address(url.host)
        near = url.scheme == "http" or (address is not None and address.is_loopback)
        return None if vouched and near and self._trusts(url) else self._proxy

    def _check(self, url: httpx.URL, *, vouched: bool) -> None:
        """Refuse what can be refused by the URL's spelling and our settings; raises MediaRefused."""
        if vouched and (self._trusts(url) or self._transport_in_process(url) is not None):
            return
        check_host(url)
        check_port(url)
        if not vouched and url.host.rstrip(".") in self._own_hosts:
            raise MediaRefused(
                "This is an address of the bot itself: name the job instead, or attach the file."
            )
        address = spelled_address(url.host)
        if is_local_name(url.host) if address is None else not self._may_reach(address):
            raise _not_public()
        if not vouched and self._proxy is not None and not self._proxy_resolves:
            raise MediaRefused("URLs of other sites cannot be used here: attach the file instead.")


async def _answer(
    transport: httpx.AsyncBaseTransport, request: httpx.Request, head_s: float | None
) -> httpx.Response:
    """Send a request and wait for the head of its answer, so many seconds at most."""
    try:
        async with asyncio.timeout(head_s):
            return await transport.handle_async_request(request)
    except TimeoutError as error:
        raise MediaUnavailable("The server of this URL does not answer.") from error


def _not_public() -> MediaRefused:
    return MediaRefused("The host of this URL is not on the public internet.")


def _check_certificate(error: BaseException) -> None:
    """Raise MediaRefused where a connection failed because of the server's certificate."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            raise MediaRefused(
                "The certificate of the server of this URL is not valid: attach the file instead."
            ) from error
        cause = cause.__cause__ or cause.__context__


def _request(url: httpx.URL, headers: Mapping[str, str], address: Address | None = None) -> httpx.Request:
    """Ask the host of a URL for it, at an address that has been checked or wherever a proxy finds it."""
    return httpx.Request(
        "GET",
        url.copy_with(host=str(address)) if address else url,
        headers={
            **{name.lower(): value for name, value in headers.items()},
            **_HEADERS,
            "host": url.netloc.decode("ascii"),
        },
        extensions={
            # The name that the certificate must be for.
            "sni_hostname": url.raw_host.decode("ascii"),
            "timeout": {"connect": _CONNECT_S},
        },
    )


@contextmanager
def _translated() -> Iterator[None]:
    """Turn what sockets, resolvers and disks raise into our errors, without the addresses they name."""
    try:
        yield
    except httpx.TransportError as error:
        _check_certificate(error)
        raise MediaUnavailable("The connection to the server of this URL failed.") from error
    except socket.gaierror as error:
        if error.errno in _UNKNOWN_NAME:
            raise MediaRefused(
                "The host of this URL does not exist: check the spelling of the address."
            ) from error
        raise MediaUnavailable("The host of this URL could not be looked up just now.") from error
    except UnicodeError as error:
        raise MediaRefused("This is not a valid URL.") from error
    except OSError as error:
        text = disk_failure(error.errno) or "The file could not be written to our storage."
        raise ProcessingFailed(text) from error
