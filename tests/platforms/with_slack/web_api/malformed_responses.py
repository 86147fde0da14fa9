"""Malformed responses with status 200, of Slack or of something in its place."""

from random import Random
from typing import Any

import orjson

#: bodies with their types: pages, texts, and JSON that no caller can read
ODD: tuple[tuple[bytes, str], ...] = (
    (b"<!DOCTYPE html><html><body>Sign in to the network</body></html>", "text/html"),
    (b"<html>", "application/json"),
    (b"ok", "text/plain"),
    (b"", "text/plain"),
    (b"", "application/json"),
    (b"\x1f\x8b\x08\x00", "application/gzip"),
    (b"\xff\xfe{}", "application/json; charset=utf-8"),
    (b"{}", "application/json; charset=martian"),
    (b"null", "application/json"),
    (b"[]", "application/json"),
    (b'["ok"]', "application/json"),
    (b"7", "application/json"),
    (b'"ok"', "application/json"),
    (b"{}", "application/json"),
    (b'{"ok":null}', "application/json"),
    (b'{"ok":"yes"}', "application/json"),
    (b'{"ok":false}', "application/json"),
    (b'{"ok":false,"error":null}', "application/json"),
    (b'{"ok":false,"error":{"code":1}}', "application/json"),
    (b'{"ok":tr', "application/json"),
    (b"[" * 100_000, "application/json"),
)

#: what callers read of answers, in shapes of which none is right
_FIELDS = (
    "channel",
    "file",
    "file_id",
    "upload_url",
    "messages",
    "message",
    "ts",
    "url",
    "user",
    "users",
    "usergroups",
    "access_token",
    "refresh_token",
    "expires_in",
    "team",
    "enterprise",
    "authed_user",
    "response_metadata",
    "user_id",
)
_VALUES: tuple[Any, ...] = (None, "", 7, -1.5, True, [], [None], ["x"], [{}], {}, {"id": None}, {"ts": []})


def odd_fault(chance: Random) -> dict[str, Any]:
    """A false answer for `FakeSlack.fault`, after what was asked has been done or not."""
    if chance.random() < 0.6:
        body, kind = chance.choice(ODD)
    else:
        fields = {name: chance.choice(_VALUES) for name in _FIELDS if chance.random() < 0.7}
        body, kind = orjson.dumps({"ok": True, **fields}), "application/json"
    return {"body": body, "content_type": kind, "done": chance.random() < 0.5}
