"""Writes the body of an HTTP response to a file: decoded, complete, and within limits on size and speed."""

import asyncio
import tempfile
import time
import zlib
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import BinaryIO

import httpx

from bot.domain.errors import MediaRefused, MediaUnavailable

#: bytes per write, and the most that is decoded at a time
_CHUNK = 256 * 1024
#: zlib detects a gzip or a zlib header
_WINDOW_BITS = 32 + zlib.MAX_WBITS
_DECODED = frozenset({"gzip", "x-gzip", "deflate"})

#: client error statuses after which a retry may succeed
_RETRIED = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS})


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
