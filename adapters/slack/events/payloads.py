"""Normalizes Slack's payloads for bolt and the handlers. Pure.

bolt's context builder does not check types, so one malformed field would end a request before anybody could
answer it. Many fields are null where an organisation has installed the app as a whole.
"""

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

import orjson
from slack_bolt.request.async_request import AsyncBoltRequest

from bot.domain.text import parse_json, storable_json

#: key in bolt's context: when the request arrived, by the event loop's clock
ARRIVED_AT = "arrived_at"
#: the types of known fields; a field of another type, or null, is dropped
_STRINGS = (
    "bot_id", "callback_id", "channel_id", "command", "enterprise_id", "event_id", "hash", "id", "message_ts",
    "private_metadata", "reaction", "response_url", "tab", "team_id", "thread_ts", "trigger_id", "ts", "type",
    "user_id", "user_name",
)  # fmt: skip
_OBJECTS = (
    "assistant_thread", "container", "event", "function_data", "item", "message", "previous_message", "state",
    "values", "view",
)  # fmt: skip
_LISTS = ("actions", "attachments", "authorizations", "blocks", "files", "reactions", "response_urls")
_STRINGS_OR_OBJECTS = ("channel", "enterprise", "team", "user")
_TYPES: Mapping[str, tuple[type, ...]] = {
    **dict.fromkeys(_STRINGS, (str,)),
    **dict.fromkeys(_OBJECTS, (dict,)),
    **dict.fromkeys(_LISTS, (list,)),
    **dict.fromkeys(_STRINGS_OR_OBJECTS, (str, dict)),
}
#: objects with such fields inside
_NESTED = ("assistant_thread", "container", "event", "item", "message", "previous_message", "state", "view")


def normalize(payload: Any) -> dict[str, Any]:
    """Drop malformed fields, and put the workspace's ids where bolt reads them.

    >>> normalize({"type": "event_callback", "team_id": "T1", "authorizations": [{"team_id": None}], "event":
    5}) {'type': 'event_callback', 'team_id': 'T1', 'authorizations': [{'team_id': 'T1'}]}
    """
    normalized = _typed(storable_json(payload))
    for name in ("actions", "authorizations"):
        # bolt reads the first item of such a list without checking its length.
        if not normalized.get(name, True):
            del normalized[name]
    if "authorizations" in normalized:
        normalized["authorizations"][0] = _with_workspace(normalized["authorizations"][0], normalized)
    return normalized


def _typed(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        return {}
    found: dict[str, Any] = {}
    for name, item in value.items():
        types = _TYPES.get(name)
        if types is not None and not isinstance(item, types):
            continue
        if name in _NESTED:
            found[name] = _typed(item)
        elif types == (list,):
            objects = [each for each in item if isinstance(each, dict)]
            found[name] = list(map(_typed, objects)) if name == "authorizations" else objects
        else:
            found[name] = item
    return found


def _with_workspace(authorization: dict[str, Any], payload: Mapping[str, Any]) -> dict[str, Any]:
    """Add the workspace to the first authorization, which is the one that bolt reads.

    Slack leaves it out where the app is installed for a whole organisation.
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
    if team := next((each for each in teams if isinstance(each, str) and each), None):
        located["team_id"] = team
    if organisation := next((each for each in organisations if isinstance(each, str) and each), None):
        located["enterprise_id"] = organisation
    return located


def bolt_request(
    raw: bytes, *, headers: Mapping[str, str], query: Mapping[str, str], arrived_at: float
) -> AsyncBoltRequest:
    """Parse an HTTP request for bolt; raises ValueError where it has no payload.

    bolt's own parser loses a command whose text contains the word "payload".
    """
    text = raw.decode()
    request = AsyncBoltRequest(
        body=orjson.dumps(normalize(_parse(text))).decode(),
        headers=dict(headers),
        query=dict(query),
        context={ARRIVED_AT: arrived_at},
    )
    # The signature is of the original bytes.
    request.raw_body = text
    return request


def _parse(text: str) -> Any:
    if text.startswith("{"):
        return parse_json(text)
    fields = dict(parse_qsl(text, keep_blank_values=True))
    return parse_json(fields["payload"]) if "payload" in fields else fields
