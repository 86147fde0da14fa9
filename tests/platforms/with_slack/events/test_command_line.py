"""Slack's markup becomes the text that people see."""

from html import unescape

import pytest

from adapters.slack.events.slash_commands import parse_line
from bot.domain.commands import Imagine
from bot.domain.errors import InvalidRequest


def _prompt(text: str) -> str:
    made = parse_line(f"imagine {text}").parse("T1", {"U2": "bob"})
    assert isinstance(made, Imagine)
    return made.prompt


@pytest.mark.parametrize("label", ["www.a.example/b?c=1&amp;d=2", "a.example/clip.mp4", "www.a.example"])
def test_an_address_linked_by_slack_stays_an_address(label: str) -> None:
    command = parse_line(f"imagine a fox <http://{label}|{label}>").parse("T1", {})
    assert isinstance(command, Imagine)
    assert ("a fox", [f"http://{unescape(label)}"]) == (command.prompt, [one.url for one in command.image])
    with pytest.raises(InvalidRequest, match="not one from an address"):
        parse_line(f"extend <http://{label}|{label}>").parse("T1", {})


@pytest.mark.parametrize(
    ("sent", "seen"),
    [
        ("a <http://node.js|node.js> logo", "a node.js logo"),
        ("a <http://Node.JS/|Node.JS> logo", "a Node.JS logo"),
        ("see <http://www.a.example/b?c=1&amp;d=2|www.a.example/b?c=1&amp;d=2>", "see"),
        ("write to <mailto:ada@a.example|ada@a.example>", "write to ada@a.example"),
        ("write to <mailto:ada@a.example>", "write to ada@a.example"),
        ("call <tel:+4930123|+49 30 123>", "call +49 30 123"),
        ("call <tel:+4930123>", "call +4930123"),
        ("for <@U1|ada> and <@U2> and <@U3>", "for @ada and @bob and @U3"),
        ("in <#C1|general> or <#C2>", "in #general or #C2"),
        ("<!here> <!channel|@channel>", "@here @channel"),
        ("<!subteam^S1|@artists> or <!subteam^S2>", "@artists or @S2"),
        ("at <!date^1392734382^{date} at {time}|6:39 AM PST>", "at 6:39 AM PST"),
        ("x &lt;y&gt; &amp; z", "x <y> & z"),
    ],
)
def test_markup_becomes_the_text_that_people_see(sent: str, seen: str) -> None:
    assert seen == _prompt(sent)
