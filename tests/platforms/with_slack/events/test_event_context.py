"""The caller, the location and the command line of an event."""

from typing import Any

import pytest
from slack_bolt.context.async_context import AsyncBoltContext

from adapters.slack.events.context import EventContext
from adapters.slack.events.slash_commands import parse_line, text_after_mention
from bot.domain.commands import Animate, Help, Imagine, QuotasSet
from bot.domain.errors import InvalidRequest

NOW = 1_700_000_000_000


def _context(**body: Any) -> EventContext:
    if "event" in body:
        body["event"]["user"] = "U1"
    return EventContext.read({"user_id": "U1", **body}, AsyncBoltContext({"team_id": "T1"}), NOW)


def test_a_command_has_its_place_and_a_live_response_url() -> None:
    url = "https://hooks.slack.com/commands/1"
    context = _context(
        command="/imagine", channel_id="C1", user_name="ada", trigger_id="1.2", response_url=url
    )

    place = context.place()
    assert ("slack:T1", "slack:T1:U1", "ada", False) == (
        context.caller.workspace,
        context.caller.member,
        context.caller.name,
        context.caller.is_admin,
    )
    assert ("slack:T1", "C1", None) == (place.workspace, place.channel, place.thread)
    assert url == context.reply_token.live_url(NOW + 29 * 60_000)
    assert context.reply_token.live_url(NOW + 30 * 60_000) is None
    assert ("1.2", True) == (context.key, context.answers_in_ack)
    assert "@slack:T1:U1" == context.in_direct_messages().place().channel


@pytest.mark.parametrize(
    ("message", "thread"),
    [
        ({"ts": "5.0"}, None),
        ({"ts": "5.0", "thread_ts": "5.0"}, None),
        ({"ts": "6.0", "thread_ts": "5.0"}, "5.0"),
    ],
)
def test_only_a_reply_belongs_to_a_thread(message: dict[str, str], thread: str | None) -> None:
    pressed = _context(
        type="block_actions",
        channel={"id": "C1"},
        container={"message_ts": message["ts"], "thread_ts": message.get("thread_ts")},
        message=message,
    )
    mentioned = _context(event_id="Ev1", event={"type": "app_mention", "channel": "C1", **message})

    assert thread == pressed.place().thread
    assert thread == mentioned.place().thread
    assert f"C1/{message['ts']}" == mentioned.key


@pytest.mark.parametrize(
    ("text", "prompt"),
    [
        ("imagine salt &amp; pepper, 1 &lt; 2", "salt & pepper, 1 < 2"),
        ("/imagine <@U2|bo> in <#C1|lobby>", "@bo in #lobby"),
        ("imagine a portrait of <@U2>", "a portrait of @Bo Derek"),
        ("imagine &lt;@U2&gt; and <!here> and <!subteam^S1|@cast>", "<@U2> and @here and @cast"),
        ("imagine “a fox — in snow”", "a fox — in snow"),
        ("imagine a <http://node.js|node.js> logo", "a node.js logo"),
    ],
)
def test_a_prompt_is_parsed_as_it_was_typed(text: str, prompt: str) -> None:
    command = parse_line(text).parse("T1", {"U2": "Bo Derek"})

    assert isinstance(command, Imagine)
    assert prompt == command.prompt


@pytest.mark.parametrize("text", ["imagine {} a fox", "imagine a fox {}", "imagine a {}, fox"])
@pytest.mark.parametrize(
    "written", ["<https://a.example/x?y=1&amp;z=2|a.example>", "<https://a.example/x?y=1&amp;z=2>"]
)
def test_an_address_in_the_text_is_an_input(text: str, written: str) -> None:
    command = parse_line(text.format(written)).parse("T1", {})

    assert isinstance(command, Imagine)
    assert ["https://a.example/x?y=1&z=2"] == [one.url for one in command.image]
    assert {"a", "fox"} == set(command.prompt.replace(",", "").split())


def test_links_in_angle_brackets_are_addresses() -> None:
    command = parse_line("animate <https://a.example/x.png?a=1&amp;b=2|a.example> it moves").parse("T1", {})

    assert isinstance(command, Animate)
    assert command.start is not None
    assert ("https://a.example/x.png?a=1&b=2", "it moves") == (command.start.url, command.prompt)


def test_a_member_option_uses_the_mentioned_id() -> None:
    line = parse_line("quotas set <@U2|a b> —amount 5 --period week")
    command = line.parse("T1", {})

    assert isinstance(command, QuotasSet)
    assert ("slack:T1:U2", 5_000_000) == (command.member, command.amount)
    assert [("slack:T1:U2", "a b")] == [(one.member, one.name) for one in line.mentioned_members("T1", {})]


def test_a_command_without_text_opens_a_modal_if_it_has_fields() -> None:
    forms = {text: parse_line(text).opens_modal for text in ("imagine", "animate", "show", "quota", "help")}

    assert {"imagine": True, "animate": True, "show": True, "quota": False, "help": False} == forms
    assert not parse_line("imagine a fox").opens_modal


def test_the_text_after_a_mention_is_the_command() -> None:
    line = parse_line(text_after_mention("hello <@UBOT>: help imagine", "UBOT"))

    assert Help(command="imagine") == line.parse("T1", {})
    assert "" == text_after_mention("<@UBOT> ", "UBOT")
    with pytest.raises(InvalidRequest, match="There is no /a"):
        parse_line(text_after_mention("<@UBOT> a fox", "UBOT"))
