"""Uploaded files: stored one by one, and named by signed tokens until a command uses them."""

import asyncio
import os
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from urllib.parse import unquote

import orjson
from pydantic import TypeAdapter
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request

from adapters.playground.events.requests import RequestContext, read_number
from bot.domain.errors import InvalidRequest
from bot.domain.generations.media import Media
from bot.domain.generations.requests import VIDEO_MAX_BYTES
from bot.media.disk import disk_failure
from bot.security.tokens import BadToken, TokenSigner
from bot.service.commands.uploads import Upload as IncomingUpload
from bot.service.facade import BotService

#: bytes of a file, and of each write
LARGEST, _WRITE_SIZE = VIDEO_MAX_BYTES, 1_000_000
_NAME_MAX = 120
_MEDIA = TypeAdapter(Media)
_TOO_LARGE = f"This file is larger than {LARGEST // 1_000_000} MB. Make it smaller or shorter"


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """A stored file that no command has used yet."""

    name: str
    media: Media


class Uploads:
    """Stores uploaded files and finds them by their tokens."""

    def __init__(
        self,
        *,
        service: BotService,
        incoming: Path,
        signer: TokenSigner,
        clock: Callable[[], int],
        hold_ms: int,
        largest: int = LARGEST,
    ) -> None:
        self._service = service
        self._incoming = incoming
        self._signer = signer
        self._clock = clock
        self._hold_ms = hold_ms
        self._largest = largest

    async def receive(self, request: Request, context: RequestContext) -> Upload:
        """Write a request's body to disk and store it. Raises HTTPException with the remedy.

        Whether the member may upload one more file is decided before its body is read. Raises Refused.
        """
        if read_number(request.headers.get("content-length", "0")) > self._largest:
            raise HTTPException(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, _TOO_LARGE)
        try:
            async with (
                self._service.begin_upload(context.caller) as upload,
                _new_file(self._incoming) as path,
            ):
                await self._write(request, path, upload)
                media = await upload.store(path)
        except OSError as error:
            reason = disk_failure(error.errno) or "The media storage failed."
            raise HTTPException(
                HTTPStatus.INSUFFICIENT_STORAGE, f"{reason} Tell the operator of this bot, then try again."
            ) from error
        except ClientDisconnect as error:
            raise HTTPException(HTTPStatus.BAD_REQUEST, "The upload was interrupted. Try again.") from error
        return Upload(name=_name(request.headers.get("x-file-name", "")), media=media)

    async def _write(self, request: Request, path: Path, upload: IncomingUpload) -> None:
        size, buffer = 0, bytearray()
        with path.open("wb") as file:
            async for chunk in request.stream():
                size += len(chunk)
                if size > self._largest:
                    raise HTTPException(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, _TOO_LARGE)
                upload.add(len(chunk))
                buffer += chunk
                if len(buffer) >= _WRITE_SIZE:
                    await asyncio.to_thread(file.write, bytes(buffer))
                    buffer.clear()
            await asyncio.to_thread(file.write, bytes(buffer))
        if not size:
            raise HTTPException(HTTPStatus.UNPROCESSABLE_ENTITY, "This file is empty")

    def sign(self, upload: Upload, context: RequestContext) -> str:
        """Return the token with which only this person can use the file."""
        payload = orjson.dumps({"name": upload.name, "media": upload.media}).decode()
        return self._signer.sign(_purpose(context), payload, expires_at=self._clock() + self._hold_ms)

    def open(self, token: str, context: RequestContext) -> Upload:
        """Return the file that a token names. Raises InvalidRequest for one that expired or is another's."""
        try:
            payload = orjson.loads(self._signer.verify(_purpose(context), token, now=self._clock()))
        except BadToken as error:
            raise InvalidRequest("An uploaded file has expired. Add it again.") from error
        return Upload(name=payload["name"], media=_MEDIA.validate_python(payload["media"]))


def _purpose(context: RequestContext) -> str:
    return f"upload {context.person.id}"


def _name(header: str) -> str:
    """Return the file's own name as text to show; it never becomes a path."""
    bare = unquote(header).replace("\\", "/").rpartition("/")[2]
    return "".join(letter for letter in bare if letter.isprintable()).strip()[:_NAME_MAX] or "file"


@asynccontextmanager
async def _new_file(folder: Path) -> AsyncIterator[Path]:
    """Create a file in a folder, and remove it at the end where nothing has moved it."""

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
