"""What Slack sends, brought into the shape that bolt and our handlers read. Pure.

bolt's context builder reads a payload without looking at its types, so one odd field would end the request
before anybody could answer it. Many fields are null where an organisation has the app as a whole.
"""

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

import orjson
from slack_bolt.request.async_request import AsyncBoltRequest

from bot.domain.text import parse_json, storable_json

#: where bolt's context holds the moment at which a request came in, by the event loop's clock
ARRIVED = "arrived"
#: the types of what is read; a field of another type, or null, is taken for absent
_TEXTS = (
    "bot_id", "callback_id", "channel_id", "command", "enterprise_id", "event_id", "hash", "id", "message_ts",
    "private_metadata", "reaction", "response_url", "tab", "team_id", "thread_ts", "trigger_id", "ts", "type",
    "user_id", "user_name",
)  # fmt: skip
_PARTS = (
    "assistant_thread", "container", "event", "function_data", "item", "message", "previous_message", "state",
    "values", "view",
)  # fmt: skip
_LISTS = ("actions", "attachments", "authorizations", "blocks", "files", "reactions", "response_urls")
_TEXTS_OR_PARTS = ("channel", "enterprise", "team", "user")
_SHAPES: Mapping[str, tuple[type, ...]] = {
    **dict.fromkeys(_TEXTS, (str,)),
    **dict.fromkeys(_PARTS, (dict,)),
    **dict.fromkeys(_LISTS, (list,)),
    **dict.fromkeys(_TEXTS_OR_PARTS, (str, dict)),
}
#: where further fields of these names lie
_INSIDE = ("assistant_thread", "container", "event", "item", "message", "previous_message", "state", "view")


def normalize(payload: Any) -> dict[str, Any]:
    """The payload without fields that nobody could read, and with the ids of its workspace where they belong.

    >>> sound({"type": "event_callback", "team_id": "T1", "authorizations": [{"team_id": None}], "event": 5})
    {'type': 'event_callback', 'team_id': 'T1', 'authorizations': [{'team_id': 'T1'}]}
    """
    found = _shaped(storable_json(payload))
    for name in ("actions", "authorizations"):
        # bolt reads the first of them wherever there is such a list.
        if not found.get(name, True):
            del found[name]
    if "authorizations" in found:
        found["authorizations"][0] = _located(found["authorizations"][0], found)
    return found


def _shaped(part: Any) -> dict[str, Any]:
    if not isinstance(part, dict):
        return {}
    found: dict[str, Any] = {}
    for name, value in part.items():
        types = _SHAPES.get(name)
        if types is not None and not isinstance(value, types):
            continue
        if name in _INSIDE:
            found[name] = _shaped(value)
        elif types == (list,):
            parts = [one for one in value if isinstance(one, dict)]
            found[name] = list(map(_shaped, parts)) if name == "authorizations" else parts
        else:
            found[name] = value
    return found


def _located(authorization: dict[str, Any], payload: Mapping[str, Any]) -> dict[str, Any]:
    """Name the workspace in the first authorization, which is the one that bolt reads.

    With the app installed for a whole organisation Slack leaves it out there.
    https://docs.slack.dev/apis/events-api/#authorizations
    """
    event = payload.get("event") or {}
    teams = (
        authorization.get("team_id"),
        payload.get("context_team_id"),
        payload.get("team_id"),
        event.get("team"),
    )
    organisations = (
        authorization.get("enterprise_id"),
        payload.get("context_enterprise_id"),
        payload.get("enterprise_id"),
    )
    located = dict(authorization)
    if team := next((one for one in teams if isinstance(one, str) and one), None):
        located["team_id"] = team
    if organisation := next((one for one in organisations if isinstance(one, str) and one), None):
        located["enterprise_id"] = organisation
    return located


def bolt_request(
    raw: bytes, *, headers: Mapping[str, str], query: Mapping[str, str], arrived: float
) -> AsyncBoltRequest:
    """A request over HTTP for bolt, its signature still to be verified; raises ValueError for no payload.

    bolt's own reader loses a command in whose text the word "payload" stands.
    """
    text = raw.decode()
    asked = AsyncBoltRequest(
        body=orjson.dumps(normalize(_read(text))).decode(),
        headers=dict(headers),
        query=dict(query),
        context={ARRIVED: arrived},
    )
    # What was signed is what came.
    asked.raw_body = text
    return asked


def _read(text: str) -> Any:
    if text.startswith("{"):
        return parse_json(text)
    fields = dict(parse_qsl(text, keep_blank_values=True))
    return parse_json(fields["payload"]) if "payload" in fields else fields
