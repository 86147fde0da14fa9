"""Payloads are normalized, whatever is null or malformed in them."""

from typing import Any
from urllib.parse import urlencode

import orjson
import pytest
from slack_bolt.context.async_context import AsyncBoltContext
from slack_bolt.request.async_request import AsyncBoltRequest

from adapters.slack.events.context import EventContext, is_written_by_person
from adapters.slack.events.payloads import bolt_request, normalize
from bot.domain.errors import InvalidRequest

_FORM = {"content-type": "application/x-www-form-urlencoded"}


def _authorized(**told: Any) -> dict[str, Any]:
    whole = {"authorizations": [{"team_id": None, "enterprise_id": None, "user_id": "UBOT"}], **told}
    found: dict[str, Any] = normalize(whole)["authorizations"][0]
    return found


@pytest.mark.parametrize(
    ("told", "team"),
    [
        ({"team_id": "T1"}, "T1"),
        ({"context_team_id": "T1", "team_id": "T2"}, "T1"),
        ({"team_id": None, "event": {"team": "T1"}}, "T1"),
        ({"authorizations": [{"team_id": "T1"}], "team_id": "T2"}, "T1"),
        ({"team_id": None}, None),
    ],
)
def test_the_workspace_is_found_in_every_kind_of_payload(told: dict[str, Any], team: str | None) -> None:
    assert team == _authorized(**told).get("team_id")


def test_the_organisation_is_found_in_the_payload() -> None:
    assert "E1" == _authorized(enterprise_id="E1")["enterprise_id"]
    assert "E2" == _authorized(enterprise_id="E1", context_enterprise_id="E2")["enterprise_id"]


@pytest.mark.parametrize("payload", [None, 5, "x", [], [{"event": {}}]])
def test_a_value_that_is_no_object_becomes_an_empty_payload(payload: Any) -> None:
    assert {} == normalize(payload)


@pytest.mark.parametrize(
    ("raw", "body"),
    [
        (b'{"type":"event_callback","event":null}', {"type": "event_callback"}),
        (urlencode({"payload": orjson.dumps({"type": "shortcut"}).decode()}).encode(), {"type": "shortcut"}),
        (urlencode({"command": "/imagine", "text": "a payload"}).encode(), None),
        (b"ssl_check=1&token=x", {"ssl_check": "1", "token": "x"}),
    ],
    ids=["event", "interaction", "a command with the word payload", "check"],
)
async def test_an_http_request_is_parsed_and_keeps_its_signed_body(
    raw: bytes, body: dict[str, Any] | None
) -> None:
    asked = bolt_request(raw, headers=_FORM, query={}, arrived_at=1.5)

    assert (body or {"command": "/imagine", "text": "a payload"}) == asked.body
    assert raw.decode() == asked.raw_body
    assert 1.5 == asked.context["arrived_at"]


@pytest.mark.parametrize("raw", [b"{", b"payload=%7B", b"\xff"])
def test_an_unreadable_body_raises_value_error(raw: bytes) -> None:
    with pytest.raises(ValueError, match=r"data|decode"):
        bolt_request(raw, headers=_FORM, query={}, arrived_at=0)


@pytest.mark.parametrize(
    "body",
    [
        {"type": "event_callback", "event": {"type": "app_mention", "bot_id": "B1"}},
        {"type": "event_callback", "event": {"type": "reaction_added", "user": None}},
        {"type": "block_actions", "message": {"user": "UBOT"}},
        {"type": "block_actions", "user": {"id": 5}},
        {"type": "block_actions", "user": {"id": "U1/../x"}},
    ],
)
def test_an_event_without_a_person_is_refused(body: dict[str, Any]) -> None:
    with pytest.raises(InvalidRequest):
        EventContext.read(normalize(body), AsyncBoltContext({"team_id": "T1"}), 0)


@pytest.mark.parametrize(
    ("told", "by"),
    [
        ({"user": "U1"}, True),
        ({"user": "U1", "subtype": None, "edited": None, "bot_id": None}, True),
        ({"user": "U1", "subtype": "file_share"}, True),
        ({"user": "U1", "subtype": "thread_broadcast"}, True),
        ({"user": "U1", "edited": {"user": "U1", "ts": "2.0"}}, False),
        ({"user": "U1", "bot_id": "B1"}, False),
        ({"user": "U1", "bot_profile": {"id": "B1"}}, False),
        ({"subtype": "bot_message"}, False),
        ({"user": None}, False),
        ({"user": "U1", "subtype": "message_changed", "hidden": True}, False),
        ({"user": "U1", "hidden": True}, False),
    ],
)
def test_only_a_new_message_of_a_person_is_a_command(told: dict[str, Any], *, by: bool) -> None:
    assert by is is_written_by_person(told)


def test_several_events_of_one_message_have_one_key() -> None:
    keys = {
        EventContext.read(
            {
                "event_id": event,
                "event": {"type": "app_mention", "user": "U1", "channel": "C1", "ts": "5.0"},
            },
            AsyncBoltContext({"team_id": "T1"}),
            0,
        ).key
        for event in ("Ev1", "Ev2")
    }

    assert {"C1/5.0"} == keys


_TEAM: dict[str, Any] = {"id": "T1", "domain": "video-club"}
_USER: dict[str, Any] = {"id": "U1", "username": "ada", "name": "ada", "team_id": "T1"}
_MENTION: dict[str, Any] = {
    "type": "event_callback",
    "team_id": "T1",
    "event_id": "Ev1",
    "authorizations": [{"team_id": "T1", "user_id": "UBOT", "is_enterprise_install": False}],
    "event": {
        "type": "app_mention",
        "user": "U1",
        "channel": "C1",
        "ts": "5.0",
        "text": "hello",
        "team": "T1",
    },
}
_REACTION: dict[str, Any] = {
    **_MENTION,
    "event": {
        "type": "reaction_added",
        "user": "U1",
        "reaction": "repeat",
        "item_user": "UBOT",
        "item": {"type": "message", "channel": "C1", "ts": "5.0"},
    },
}
_PRESS: dict[str, Any] = {
    "type": "block_actions",
    "team": _TEAM,
    "user": _USER,
    "trigger_id": "Ev1",
    "channel": {"id": "C1"},
    "actions": [{"action_id": "rv:details", "value": "x"}],
}
_COMMAND: dict[str, Any] = {
    "command": "/imagine",
    "team_id": "T1",
    "user_id": "U1",
    "channel_id": "C1",
    "trigger_id": "Ev1",
}
#: that Slack leaves null, or out, in one kind of workspace or message or another
_NULLABLE: list[tuple[dict[str, Any], str]] = [
    *((_MENTION, name) for name in ("authorizations", "context_team_id", "enterprise_id", "event_context")),
    *(
        (_MENTION, name)
        for name in ("context_enterprise_id", "is_ext_shared_channel", "api_app_id", "team_id")
    ),
    *((_MENTION, f"authorizations.0.{name}") for name in ("team_id", "enterprise_id", "user_id")),
    (_MENTION, "authorizations.0.is_enterprise_install"),
    *(
        (_MENTION, f"event.{name}")
        for name in ("team", "blocks", "files", "attachments", "thread_ts", "text")
    ),
    *(
        (_MENTION, f"event.{name}")
        for name in ("edited", "bot_id", "subtype", "client_msg_id", "bot_profile")
    ),
    *((_MENTION, f"event.{name}") for name in ("user_team", "source_team", "parent_user_id", "event_ts")),
    *((_REACTION, f"event.{name}") for name in ("item_user", "event_ts")),
    (_REACTION, "authorizations.0.team_id"),
    *((_PRESS, name) for name in ("team", "enterprise", "is_enterprise_install", "container", "message")),
    *(
        (_PRESS, name)
        for name in ("state", "response_url", "response_urls", "view", "user.name", "user.username")
    ),
    *((_COMMAND, name) for name in ("text", "user_name", "response_url", "enterprise_id", "team_domain")),
]


@pytest.mark.parametrize("absent", [False, True], ids=["null", "left out"])
@pytest.mark.parametrize(
    ("payload", "path"),
    _NULLABLE,
    ids=[f"{(one.get('event') or one).get('type')} {at}" for one, at in _NULLABLE],
)
async def test_any_null_field_leaves_caller_location_and_key_unchanged(
    payload: dict[str, Any], path: str, *, absent: bool
) -> None:
    told = orjson.loads(orjson.dumps(payload))
    *way, name = (int(one) if one.isdecimal() else one for one in path.split("."))
    part = told
    for one in way:
        part = part[one]
    if absent:
        part.pop(name, None)
    else:
        part[name] = None
    body = normalize(told)
    asked = AsyncBoltRequest(mode="socket_mode", body=body)
    context = EventContext.read(body, asked.context, 0)

    location = context.location
    assert ("T1", "U1", "C1", None) == (context.team, context.user, location.channel, location.thread)
    assert context.key == ("C1/5.0" if payload is _MENTION else "Ev1")
    if payload is _MENTION:
        assert is_written_by_person(body["event"])
