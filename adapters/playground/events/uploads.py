"""Files that people bring along: taken in one by one, and named by tokens until a command uses them."""

import asyncio
import os
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from urllib.parse import unquote

import orjson
from pydantic import TypeAdapter
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request

from adapters.playground.delivery.conversations import Seat
from adapters.playground.events.schemas import read_number
from adapters.playground.ports import BotService, Clock
from adapters.playground.ports import Upload as Incoming
from bot.domain.errors import InvalidRequest
from bot.domain.media import Media
from bot.domain.requests import VIDEO_MAX_BYTES
from bot.media.disk_errors import disk_failure
from bot.security.tokens import BadToken, TokenSigner

#: bytes of a file, and of what is written at once
LARGEST, _PIECE = VIDEO_MAX_BYTES, 1_000_000
_NAME_MAX = 120
_MEDIA = TypeAdapter(Media)
_TOO_LARGE = f"This file is larger than {LARGEST // 1_000_000} MB: shrink or cut it first"


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """A file that waits for the command that uses it."""

    name: str
    media: Media


class Uploads:
    """Takes files in, and knows them again by their tokens."""

    def __init__(
        self,
        *,
        service: BotService,
        incoming: Path,
        signer: TokenSigner,
        clock: Clock,
        hold_ms: int,
        largest: int = LARGEST,
    ) -> None:
        self._service = service
        self._incoming = incoming
        self._signer = signer
        self._clock = clock
        self._hold_ms = hold_ms
        self._largest = largest

    async def receive(self, request: Request, seat: Seat) -> Upload:
        """Write a request's body to disk and have it taken in; raises HTTPException with the remedy.

        Whether the member may send one more is decided before any of the body is read. Raises Refused.
        """
        if read_number(request.headers.get("content-length", "0")) > self._largest:
            raise HTTPException(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, _TOO_LARGE)
        try:
            async with self._service.begin_upload(seat.caller) as upload, _new_file(self._incoming) as path:
                await self._write(request, path, upload)
                media = await upload.store(path)
        except OSError as error:
            reason = disk_failure(error.errno) or "The media storage failed."
            raise HTTPException(
                HTTPStatus.INSUFFICIENT_STORAGE, f"{reason} Tell whoever runs this bot, and try again."
            ) from error
        except ClientDisconnect as error:
            raise HTTPException(HTTPStatus.BAD_REQUEST, "The file did not come through whole") from error
        return Upload(name=_name(request.headers.get("x-file-name", "")), media=media)

    async def _write(self, request: Request, path: Path, upload: Incoming) -> None:
        size, waiting = 0, bytearray()
        with path.open("wb") as file:
            async for piece in request.stream():
                size += len(piece)
                if size > self._largest:
                    raise HTTPException(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, _TOO_LARGE)
                upload.add(len(piece))
                waiting += piece
                if len(waiting) >= _PIECE:
                    await asyncio.to_thread(file.write, bytes(waiting))
                    waiting.clear()
            await asyncio.to_thread(file.write, bytes(waiting))
        if not size:
            raise HTTPException(HTTPStatus.UNPROCESSABLE_ENTITY, "This file is empty")

    def sign(self, upload: Upload, seat: Seat) -> str:
        """Make the token by which this person alone can use the file."""
        payload = orjson.dumps({"name": upload.name, "media": upload.media}).decode()
        return self._signer.sign(_purpose(seat), payload, expires_at=self._clock() + self._hold_ms)

    def open(self, token: str, seat: Seat) -> Upload:
        """Find the file that a token names; raises InvalidRequest for one of somebody else or long ago."""
        try:
            payload = orjson.loads(self._signer.verify(_purpose(seat), token, now=self._clock()))
        except BadToken as error:
            raise InvalidRequest("A file was not used for too long; add it once more") from error
        return Upload(name=payload["name"], media=_MEDIA.validate_python(payload["media"]))


def _purpose(seat: Seat) -> str:
    return f"upload {seat.person.id}"


def _name(header: str) -> str:
    """What people call the file, as text for people: it never names a file here."""
    bare = unquote(header).replace("\\", "/").rpartition("/")[2]
    return "".join(letter for letter in bare if letter.isprintable()).strip()[:_NAME_MAX] or "file"


@asynccontextmanager
async def _new_file(folder: Path) -> AsyncIterator[Path]:
    """Make a file in a folder; what has not been consumed by the end is removed."""

    def make() -> Path:
        folder.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=folder)
        os.close(handle)
        return Path(name)

    path = await asyncio.to_thread(make)
    try:
        yield path
    finally:
        await asyncio.to_thread(path.unlink, missing_ok=True)
