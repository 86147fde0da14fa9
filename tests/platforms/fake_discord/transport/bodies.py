"""Reads request bodies: JSON, or a multipart form with JSON and files."""

import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

import orjson
from aiohttp import web

from tests.platforms.fake_discord.rules.drafts import Upload
from tests.platforms.fake_discord.rules.refusals import Refusal

#: a request that the service's edge does not even look at
LARGEST_BODY = 512 * 1024 * 1024

_BOUNDARY = re.compile(r'boundary="?([^";]+)"?')
_FIELD = re.compile(r'(name|filename\*?)="?((?<=")[^"]*|[^";\r\n]*)')


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    #: the JSON itself, or nothing
    content: Any = None
    uploads: dict[int, Upload] = field(default_factory=dict)


async def read(request: web.Request) -> Body:
    """Read all of it; the service never answers before it has the whole form."""
    raw = await request.read()
    boundary = _BOUNDARY.search(request.headers.get("Content-Type", ""))
    if request.content_type == "multipart/form-data" and boundary is not None:
        return _form(raw, boundary[1])
    if not raw:
        return Body()
    return Body(content=_parsed(raw))


def _form(raw: bytes, boundary: str) -> Body:
    content: Any = {}
    uploads: dict[int, Upload] = {}
    for piece in raw.split(b"--" + boundary.encode())[1:-1]:
        head, _, whole = piece.partition(b"\r\n\r\n")
        fields = dict(_FIELD.findall(head.decode()))
        name = fields.get("name", "")
        value = whole.removesuffix(b"\r\n")
        if name == "payload_json":
            content = _parsed(value)
        elif name.startswith("files[") and name.endswith("]"):
            filename = fields.get("filename") or unquote(fields.get("filename*", "file"))
            uploads[int(name[6:-1])] = Upload(filename=filename.removeprefix("utf-8''"), content=value)
        else:
            raise Refusal(50035, errors={name: {"_errors": [_UNKNOWN_PART]}})
    return Body(content=content, uploads=uploads)


_UNKNOWN_PART = {"code": "UNKNOWN_PART", "message": "The form has no such part"}


def _parsed(raw: bytes) -> Any:
    try:
        return orjson.loads(raw)
    except orjson.JSONDecodeError:
        raise Refusal(50109) from None
