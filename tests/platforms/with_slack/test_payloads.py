"""What Slack sends is brought into a shape that can be read, whatever is null or odd in it."""

from typing import Any
from urllib.parse import urlencode

import orjson
import pytest
from slack_bolt.context.async_context import AsyncBoltContext

from adapters.slack.api.payloads import bolt_request, sound
from adapters.slack.inlet.seat import Event, by_person, seat_of
from bot.domain.errors import InvalidRequest

_FORM = {"content-type": "application/x-www-form-urlencoded"}


def _authorized(**told: Any) -> dict[str, Any]:
    whole = {"authorizations": [{"team_id": None, "enterprise_id": None, "user_id": "UBOT"}], **told}
    found: dict[str, Any] = sound(whole)["authorizations"][0]
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
def test_the_workspace_of_an_event_is_found_wherever_slack_names_it(
    told: dict[str, Any], team: str | None
) -> None:
    assert team == _authorized(**told).get("team_id")


def test_the_organisation_is_found_too() -> None:
    assert "E1" == _authorized(enterprise_id="E1")["enterprise_id"]
    assert "E2" == _authorized(enterprise_id="E1", context_enterprise_id="E2")["enterprise_id"]


@pytest.mark.parametrize("payload", [None, 5, "x", [], [{"event": {}}]])
def test_what_is_no_payload_is_an_empty_one(payload: Any) -> None:
    assert {} == sound(payload)


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
async def test_a_request_over_http_is_read_and_its_signed_text_kept(
    raw: bytes, body: dict[str, Any] | None
) -> None:
    asked = bolt_request(raw, headers=_FORM, query={}, arrived=1.5)

    assert (body or {"command": "/imagine", "text": "a payload"}) == asked.body
    assert raw.decode() == asked.raw_body
    assert 1.5 == asked.context["arrived"]


@pytest.mark.parametrize("raw", [b"{", b"payload=%7B", b"\xff"])
def test_what_cannot_be_read_is_refused_as_such(raw: bytes) -> None:
    with pytest.raises(ValueError, match=r"data|decode"):
        bolt_request(raw, headers=_FORM, query={}, arrived=0)


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
def test_where_nobody_has_done_it_there_is_nobody_to_act_for(body: dict[str, Any]) -> None:
    with pytest.raises(InvalidRequest):
        Event.of(sound(body), AsyncBoltContext({"team_id": "T1"}))


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
    ],
)
def test_only_what_a_person_has_just_written_is_a_command(told: dict[str, Any], *, by: bool) -> None:
    assert by is by_person(told)


def test_one_message_is_one_command_however_often_slack_tells_of_it() -> None:
    keys = {
        seat_of(
            Event(
                body={"event_id": event, "event": {"type": "app_mention", "channel": "C1", "ts": "5.0"}},
                team="T1",
                enterprise=None,
                user="U1",
                me="UBOT",
            ),
            0,
        ).key
        for event in ("Ev1", "Ev2")
    }

    assert {"C1/5.0"} == keys
