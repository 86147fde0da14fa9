"""Reads a call's arguments from JSON, a form or the query."""

from base64 import b64decode
from typing import Any

import orjson
from aiohttp import web

from tests.platforms.fake_slack.rules.refusals import Refusal


async def read(request: web.Request) -> dict[str, Any]:
    """Read all of them; a body's win over the address's."""
    arguments: dict[str, Any] = dict(request.query)
    if request.content_type == "application/json":
        raw = await request.read()
        arguments |= _parsed(raw) if raw else {}
    else:
        arguments |= dict(await request.post())
    return arguments


def token_of(request: web.Request, arguments: dict[str, Any]) -> str | None:
    kind, _, value = request.headers.get("Authorization", "").partition(" ")
    return value if kind == "Bearer" else arguments.get("token")


def client_of(request: web.Request) -> tuple[str, str] | None:
    """Return the app's own name and secret, where the header carries them."""
    kind, _, value = request.headers.get("Authorization", "").partition(" ")
    if kind != "Basic":
        return None
    name, _, secret = b64decode(value).decode().partition(":")
    return name, secret


def _parsed(raw: bytes) -> dict[str, Any]:
    try:
        parsed = orjson.loads(raw)
    except orjson.JSONDecodeError:
        raise Refusal("invalid_json") from None
    if not isinstance(parsed, dict):
        raise Refusal("json_not_object")
    return parsed
