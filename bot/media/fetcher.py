"""The one way to fetch a URL that a person or a provider has given us.

Whoever names a URL could name one that only this machine can reach. So the host is resolved here, its
address checked, and the connection made to that very address, again at every redirect: a name that answers
differently the second time gains nothing.
"""

import asyncio
import socket
import ssl
import tempfile
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, aclosing, contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from ipaddress import ip_address
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import BinaryIO, Self

import httpx

from bot.domain.errors import MediaRefused, MediaUnavailable
from bot.media.addresses import Address, is_public, spelled_address
from bot.media.disk import disk_failure
from bot.trust import tls_context

Resolve = Callable[[str, int], Awaitable[Sequence[Address]]]

_MAX_REDIRECTS = 5
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_PORTS = {"http": 80, "https": 443}
#: ports below this one speak other protocols than HTTP, but for the two above
_FIRST_FREE_PORT, _LAST_PORT = 1024, 65_535
_CHUNK = 256 * 1024
#: seconds for one address to take the connection, so that a silent one leaves time for the next
_CONNECT_S = 10.0
_HEADERS = {
    "accept": "*/*",
    # An encoded body could be a thousand times larger than what is counted.
    "accept-encoding": "identity",
    "user-agent": "Reverie",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchedFile:
    """A file on its way in; whoever asked for it removes it."""

    path: Path
    bytes: int
    #: as the server says, which proves nothing
    content_type: str


async def resolve(host: str, port: int) -> Sequence[Address]:
    """Ask the system's resolver; raises OSError where the name is not known."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(ip_address(str(sockaddr[0]).partition("%")[0]) for *_, sockaddr in found))


class Fetcher:
    """Fetches files over HTTP from public addresses, and from the few others that the operator trusts.

    `trusted_origins` are URLs such as `http://127.0.0.1:8080/media/`: scheme, host and port must be equal
    and the path must begin with theirs. Behind a `proxy` (the value of HTTPS_PROXY) names are resolved out of
    our sight, so that people's URLs are refused unless `proxy_resolves`. `in_process` has transports by
    origin, in the same form: vouched URLs of such an origin go to its transport, without DNS or a socket,
    and people's URLs never do. Whoever hands a transport in closes it.
    """

    def __init__(
        self,
        *,
        trusted_origins: frozenset[str] = frozenset(),
        proxy: str | None = None,
        proxy_resolves: bool = False,
        resolve: Resolve = resolve,
        may_reach: Callable[[Address], bool] = is_public,
        ssl_context: ssl.SSLContext | None = None,
        in_process: Mapping[str, httpx.AsyncBaseTransport] = MappingProxyType({}),
    ) -> None:
        self._in_process = tuple((httpx.URL(origin), transport) for origin, transport in in_process.items())
        self._trusted = tuple(httpx.URL(origin) for origin in trusted_origins)
        self._proxy = proxy
        self._proxy_resolves = proxy_resolves
        self._resolve = resolve
        self._may_reach = may_reach
        self._ssl_context = ssl_context
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

    async def fetch(
        self,
        url: str,
        *,
        max_bytes: int,
        timeout_s: float,
        into: Path | None = None,
        vouched: bool = False,
        headers: Mapping[str, str] | None = None,
    ) -> FetchedFile:
        """Fetch a URL into a new file in the folder `into`, within `timeout_s` from first to last byte.

        `vouched` says that the URL comes from a provider or a platform that the operator has configured,
        not from a person: such a host may be left to a proxy to resolve. `headers` are shown to the URL's own
        origin alone, for they may hold a key. Raises MediaRefused for what can never be fetched, and
        MediaUnavailable for what may work another time.
        """
        try:
            async with asyncio.timeout(timeout_s):
                with _translated():
                    return await self._follow(_parsed(url), max_bytes, into, headers or {}, vouched=vouched)
        except TimeoutError as error:
            raise MediaUnavailable(f"The file did not arrive within {timeout_s:g} s.") from error

    async def _follow(
        self, url: httpx.URL, max_bytes: int, into: Path | None, headers: Mapping[str, str], *, vouched: bool
    ) -> FetchedFile:
        for _ in range(_MAX_REDIRECTS + 1):
            async with aclosing(await self._send(url, headers, vouched=vouched)) as response:
                location = response.headers.get("location")
                if location is None or response.status_code not in _REDIRECTS:
                    return await _save(response, max_bytes, into)
                here, url = url, _parsed(location, base=url)
                if _origin(url) != _origin(here):
                    headers = {}
        raise MediaRefused("This URL redirects too often.")

    async def _send(self, url: httpx.URL, headers: Mapping[str, str], *, vouched: bool) -> httpx.Response:
        if vouched and (near := self._transport_in_process(url)) is not None:
            return await near.handle_async_request(_request(url, headers))
        trusted = self._trusts(url)
        if not trusted:
            _check_port(url)
        proxy = self._way(url, trusted=trusted)
        if proxy is not None:
            if not trusted:
                self._check_behind_proxy(url, vouched=vouched)
            return await self._transports[proxy].handle_async_request(_request(url, headers))
        addresses = await self._resolve(url.raw_host.decode("ascii"), _port(url))
        if not trusted:
            addresses = [address for address in addresses if self._may_reach(address)]
        if not addresses:
            raise MediaRefused("The host of this URL is not on the public internet.")
        return await self._connect(url, headers, addresses)

    async def _connect(
        self, url: httpx.URL, headers: Mapping[str, str], addresses: Sequence[Address]
    ) -> httpx.Response:
        failure: httpx.TransportError | None = None
        for address in addresses:
            try:
                return await self._transports[None].handle_async_request(_request(url, headers, address))
            except (httpx.ConnectError, httpx.ConnectTimeout) as error:
                failure = error
        raise MediaUnavailable("The server of this URL cannot be reached.") from failure

    def _transport_in_process(self, url: httpx.URL) -> httpx.AsyncBaseTransport | None:
        return next((transport for origin, transport in self._in_process if _lies_under(url, origin)), None)

    def _trusts(self, url: httpx.URL) -> bool:
        return any(_lies_under(url, origin) for origin in self._trusted)

    def _way(self, url: httpx.URL, *, trusted: bool) -> str | None:
        """Name the proxy to go through; what is trusted near to us is not to be found from there."""
        address = spelled_address(url.host)
        near = url.scheme == "http" or (address is not None and address.is_loopback)
        return None if trusted and near else self._proxy

    def _check_behind_proxy(self, url: httpx.URL, *, vouched: bool) -> None:
        if not vouched and not self._proxy_resolves:
            raise MediaRefused("URLs of other sites cannot be used here: attach the file instead.")
        address = spelled_address(url.host)
        if address is not None and not self._may_reach(address):
            raise MediaRefused("The host of this URL is not on the public internet.")


def _parsed(location: str, base: httpx.URL | None = None) -> httpx.URL:
    try:
        url = base.join(location) if base else httpx.URL(location)
    except (httpx.InvalidURL, ValueError) as error:
        raise MediaRefused("This is not a valid URL.") from error
    if url.scheme not in _PORTS or not url.host:
        raise MediaRefused("Only http and https URLs can be fetched.")
    if url.userinfo:
        raise MediaRefused("URLs with a user name or password cannot be fetched.")
    return url


def _origin(url: httpx.URL) -> tuple[str, str, int]:
    return url.scheme, url.host, _port(url)


def _lies_under(url: httpx.URL, base: httpx.URL) -> bool:
    """Whether a URL has the origin of another one, and a path that begins with its path."""
    return (
        _origin(url) == _origin(base) and url.path.startswith(base.path) and ".." not in url.path.split("/")
    )


def _port(url: httpx.URL) -> int:
    return url.port if url.port is not None else _PORTS[url.scheme]


def _check_port(url: httpx.URL) -> None:
    port = _port(url)
    if port not in _PORTS.values() and not _FIRST_FREE_PORT <= port <= _LAST_PORT:
        raise MediaRefused(f"Files cannot be fetched from port {port}.")


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


async def _save(response: httpx.Response, max_bytes: int, into: Path | None) -> FetchedFile:
    _check_head(response, max_bytes)
    with _new_file(into) as (path, file):
        size = await _stream(response, file, max_bytes)
    return FetchedFile(path=path, bytes=size, content_type=response.headers.get("content-type", ""))


@contextmanager
def _new_file(folder: Path | None) -> Iterator[tuple[Path, BinaryIO]]:
    """Make a file that stays only where nothing went wrong."""
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=folder)
    path = Path(name)
    try:
        with open(handle, "wb") as file:  # noqa: PTH123 - a handle, not a path
            yield path, file
    except BaseException:
        path.unlink(missing_ok=True)
        raise


def _check_head(response: httpx.Response, max_bytes: int) -> None:
    if response.status_code != HTTPStatus.OK:
        raise MediaUnavailable(f"The server of this URL answered {response.status_code}.")
    if response.headers.get("content-encoding", "identity") != "identity":
        raise MediaRefused("The server of this URL sends the file compressed, which is not accepted.")
    if int(response.headers.get("content-length", 0)) > max_bytes:
        raise _too_big(max_bytes)


async def _stream(response: httpx.Response, file: BinaryIO, max_bytes: int) -> int:
    size = 0
    async for chunk in response.aiter_raw(_CHUNK):
        size += len(chunk)
        if size > max_bytes:
            raise _too_big(max_bytes)
        await asyncio.to_thread(file.write, chunk)
    return size


def _too_big(max_bytes: int) -> MediaRefused:
    return MediaRefused(f"This file is too big: at most {max_bytes / 1e6:g} MB are accepted.")


@contextmanager
def _translated() -> Iterator[None]:
    """Turn what sockets, resolvers and disks raise into our errors, without the addresses they name."""
    try:
        yield
    except httpx.TransportError as error:
        raise MediaUnavailable("The connection to the server of this URL failed.") from error
    except socket.gaierror as error:
        raise MediaUnavailable("The host of this URL is not known.") from error
    except UnicodeError as error:
        raise MediaRefused("This is not a valid URL.") from error
    except OSError as error:
        text = disk_failure(error.errno) or "The file could not be written to our storage."
        raise MediaUnavailable(text) from error
