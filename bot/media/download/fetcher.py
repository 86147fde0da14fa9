"""Downloads URLs from people and providers into files: complete, decoded, within limits on size and speed."""

import asyncio
import socket
import tempfile
import time
import zlib
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from http.cookiejar import CookieJar, DefaultCookiePolicy
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

import httpx

from bot.domain.errors import MediaRefused, MediaUnavailable, ProcessingFailed
from bot.media.disk import disk_failure
from bot.media.download.transport import (
    OPTIONS,
    CheckedTransport,
    FetchOptions,
    FetchRules,
    check_certificate,
    origin,
    parsed,
)

#: bytes per write, and the most that is decoded at a time
_CHUNK = 256 * 1024
#: zlib detects a gzip or a zlib header
_WINDOW_BITS = 32 + zlib.MAX_WBITS
_DECODED = frozenset({"gzip", "x-gzip", "deflate"})

#: client error statuses after which a retry may succeed
_RETRIED = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS})
_MAX_REDIRECTS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeedLimits:
    """How slow a server may be."""

    #: longest wait in seconds for the response headers, for people's URLs
    head_s: float = 15.0
    #: lowest average in bytes per second over each window of so many seconds of waiting
    bytes_per_s: int = 10_000
    window_s: float = 15.0


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchedFile:
    """A downloaded file; the caller removes it."""

    path: Path
    bytes: int
    #: the server's header, unverified
    content_type: str


async def receive(
    response: httpx.Response,
    *,
    max_bytes: int,
    speed: SpeedLimits,
    into: Path | None,
    admit: Callable[[int], None] = lambda _size: None,
) -> FetchedFile:
    """Write the body of a response to a new file in the folder `into`.

    `admit` is called with the number of bytes before they are written, and raises if that exceeds a quota.

    Raises MediaRefused if a retry would get the same response, and MediaUnavailable for an incomplete or slow
    response or an error that may be temporary.
    """
    _check_status(response.status_code)
    length = _length(response)
    if length is not None and length > max_bytes:
        raise _too_big(max_bytes)
    with _new_file(into) as (path, file):
        body = _Body(file, max_bytes, admit, response.headers.get("content-encoding", ""))
        received = 0
        async for chunk in _gathered(response, speed):
            received += len(chunk)
            await asyncio.to_thread(body.write, chunk)
        if length is not None and received < length:
            raise MediaUnavailable("The server of this URL sent only a part of the file.")
        body.end()
    return FetchedFile(path=path, bytes=body.size, content_type=response.headers.get("content-type", ""))


def _check_status(status: int) -> None:
    match status:
        case HTTPStatus.OK:
            return
        case HTTPStatus.UNAUTHORIZED | HTTPStatus.FORBIDDEN:
            raise MediaRefused(
                f"The server of this URL does not let the bot read it (status {status}): "
                "attach the file instead."
            )
        case HTTPStatus.NOT_FOUND | HTTPStatus.GONE:
            raise MediaRefused(
                f"There is no file at this URL (status {status}): check the address, "
                "or attach the file instead."
            )
        case _ if (
            HTTPStatus.BAD_REQUEST <= status < HTTPStatus.INTERNAL_SERVER_ERROR and status not in _RETRIED
        ):
            raise MediaRefused(
                f"The server of this URL answered with status {status}: attach the file instead."
            )
        case _:
            raise MediaUnavailable(f"The server of this URL answered with status {status}.")


def _length(response: httpx.Response) -> int | None:
    """The Content-Length; validated here because a transport to a server in this process does not do it."""
    announced = response.headers.get("content-length")
    if announced is None:
        return None
    if not (announced.isascii() and announced.isdigit()):
        raise MediaUnavailable("The server of this URL sent a broken answer.")
    return int(announced)


@contextmanager
def _new_file(folder: Path | None) -> Iterator[tuple[Path, BinaryIO]]:
    """Create a file, which is removed again on any error."""
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


async def _gathered(response: httpx.Response, speed: SpeedLimits) -> AsyncIterator[bytes]:
    """Read the body in chunks large enough for a write; raises MediaUnavailable if the server is too slow.

    Only the time spent waiting for the server counts, not that for our disk.
    """
    gathered = bytearray()
    waited, counted = 0.0, 0
    chunks = response.aiter_raw()
    while True:
        began = time.monotonic()
        try:
            async with asyncio.timeout(speed.window_s):
                chunk = await anext(chunks, None)
        except TimeoutError as error:
            raise MediaUnavailable("The server of this URL stopped sending the file.") from error
        if chunk is None:
            break
        gathered += chunk
        waited, counted = waited + time.monotonic() - began, counted + len(chunk)
        if waited >= speed.window_s:
            if counted < speed.bytes_per_s * waited:
                raise MediaUnavailable("The server of this URL sends the file too slowly.")
            waited, counted = 0.0, 0
        if len(gathered) >= _CHUNK:
            yield bytes(gathered)
            gathered.clear()
    if gathered:
        yield bytes(gathered)


class _Body:
    """Writes a body to a file; decodes it if the server compressed it unasked.

    A compressed body can expand a thousandfold, so it is decoded in chunks, with a size check after each.
    """

    def __init__(self, file: BinaryIO, max_bytes: int, admit: Callable[[int], None], encoding: str) -> None:
        self._file = file
        self._max_bytes = max_bytes
        self._admit = admit
        encoding = encoding.strip().lower()
        if encoding not in {"", "identity"} | _DECODED:
            raise MediaRefused(
                "The server of this URL sends the file compressed in a way that cannot be read."
            )
        self._decoder = zlib.decompressobj(_WINDOW_BITS) if encoding in _DECODED else None
        self.size = 0

    def write(self, chunk: bytes) -> None:
        if self._decoder is None:
            self._keep(chunk)
            return
        try:
            full = True
            while (chunk or full) and not self._decoder.eof:
                content = self._decoder.decompress(chunk, _CHUNK)
                self._keep(content)
                chunk, full = self._decoder.unconsumed_tail, len(content) == _CHUNK
        except zlib.error as error:
            raise MediaUnavailable("The server of this URL sent a broken answer.") from error

    def end(self) -> None:
        """Raise MediaUnavailable if the body is incomplete."""
        if self._decoder is not None and not self._decoder.eof:
            raise MediaUnavailable("The server of this URL sent only a part of the file.")
        if self.size == 0:
            raise MediaUnavailable("The server of this URL sent an empty file.")

    def _keep(self, content: bytes) -> None:
        self.size += len(content)
        if self.size > self._max_bytes:
            raise _too_big(self._max_bytes)
        self._admit(len(content))
        self._file.write(content)


def _too_big(max_bytes: int) -> MediaRefused:
    return MediaRefused(f"This file is too big: at most {max_bytes / 1e6:g} MB are accepted.")


#: only public addresses, no proxy
_NO_RULES, _SPEED = FetchRules(), SpeedLimits()
#: resolver errors that mean that the name does not exist; all others may be temporary
_UNKNOWN_NAME = frozenset(
    getattr(socket, name) for name in ("EAI_NONAME", "EAI_NODATA", "EAI_ADDRFAMILY") if hasattr(socket, name)
)
_HEADERS = {
    "accept": "*/*",
    # Media files are compressed already.
    "accept-encoding": "identity",
    "user-agent": "Reverie",
}


class Fetcher:
    """Downloads files over HTTP from the addresses that its rules allow."""

    def __init__(self, rules: FetchRules = _NO_RULES, *, speed: SpeedLimits = _SPEED) -> None:
        self._speed = speed
        self._transport = CheckedTransport(rules, head_s=speed.head_s)
        self._client = httpx.AsyncClient(
            transport=self._transport,
            trust_env=False,
            follow_redirects=True,
            max_redirects=_MAX_REDIRECTS,
            headers=_HEADERS,
            timeout=None,  # noqa: S113 - `fetch` limits the whole, the transport each part
            # Downloads share no cookies, so that servers cannot link them.
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
        )

    async def __aenter__(self) -> Self:
        await self._client.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._client.__aexit__(kind, error, trace)

    def check(self, url: str, *, from_platform: bool = False) -> None:
        """Raise MediaRefused for a URL that `fetch` would refuse without I/O.

        Addresses of the host and redirects are checked only by `fetch`.
        """
        self._transport.check(parsed(url), from_platform=from_platform)

    async def fetch(
        self,
        url: str,
        *,
        max_bytes: int,
        timeout_s: float,
        into: Path | None = None,
        admit: Callable[[int], None] = lambda _size: None,
        from_platform: bool = False,
        headers: Mapping[str, str] | None = None,
    ) -> FetchedFile:
        """Download a URL into a new file in the folder `into`, within `timeout_s` in total.

        `admit` is called from another thread with the number of bytes before they are written, and may raise.
        `from_platform` means that the URL comes from a configured provider or platform, not from a person:
        it may have a trusted origin, and a proxy may resolve its host.
        `headers` are sent only to the URL's own origin, since they may contain a key. Raises MediaRefused if
        a retry cannot succeed, MediaUnavailable if it may.
        """
        target = parsed(url)
        options = FetchOptions(from_platform=from_platform, headers=headers or {}, origin=origin(target))
        try:
            async with asyncio.timeout(timeout_s):
                with _translated():
                    async with self._client.stream("GET", target, extensions={OPTIONS: options}) as response:
                        return await receive(
                            response, max_bytes=max_bytes, speed=self._speed, into=into, admit=admit
                        )
        except TimeoutError as error:
            raise MediaUnavailable(f"The file did not arrive within {timeout_s:g} s.") from error


@contextmanager
def _translated() -> Iterator[None]:
    """Translate errors of sockets, resolvers and disks; the messages contain no addresses."""
    try:
        yield
    except httpx.TooManyRedirects as error:
        raise MediaRefused("This URL redirects too often.") from error
    except httpx.TransportError as error:
        check_certificate(error)
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
