"""Cards and replies stay within Slack's limits, and people's text has no effect."""

from typing import Any

import pytest

from adapters.slack.messages.cards import Payload, UploadedMedia, render_card
from adapters.slack.messages.mrkdwn import escape_line
from adapters.slack.messages.private_replies import render_reply, render_text
from bot.domain.cards.card import JobPhase
from bot.domain.ids import short_id
from bot.domain.jobs.actions import Action
from bot.service.replies import PrivateReply
from tests.platforms.fake_slack.rules.drafts import Draft
from tests.platforms.fake_slack.transport import contracts
from tests.platforms.with_slack.cards import NOW, VIDEO, card_view, identity, job_view
from tests.platforms.with_slack.delivery.publisher_harness import texts

_NASTY = "<!channel> <@U1> <https://evil.example|x> & *bold* _it_ `code` :bomb: @here #general\u202e\u200b"


def _check(payload: Payload) -> None:
    """Check a payload as Slack does."""
    Draft(text=payload.text, blocks=payload.blocks).check(shows=lambda _: None)
    assert contracts.blocks_fault(payload.blocks) is None
    assert len(payload.text) <= 4_000, "more is taken of a new message, but of no edit"


def _objects(part: Any, kind: str) -> list[str]:
    if isinstance(part, list):
        return [text for each in part for text in _objects(each, kind)]
    if isinstance(part, dict):
        own = [part["text"]] if part.get("type") == kind else []
        return own + [text for value in part.values() for text in _objects(value, kind)]
    return []


def test_the_largest_card_fits() -> None:
    long = "a fox, " * 700
    jobs = [
        job_view(
            number,
            alt=long,
            headline=long,
            fields=tuple((f"{at if at < 12 else number} {long}", long) for at in range(14)),
            actions=tuple(Action),
            cancellable=True,
            parent=identity(9),
            media=VIDEO,
            ready_at=NOW,
        )
        for number in range(1, 5)
    ]
    page = "https://bot.example.org/media/" + "t" * 300
    by_job = {job.id: page for job in jobs}
    shown = UploadedMedia(pictures={job.id: "F1" for job in jobs}, videos=by_job, links=by_job)
    _check(render_card(card_view(*jobs, title=long, member_name=long), media=shown, notes=[long] * 5))


def test_an_empty_card_is_valid() -> None:
    job = job_view(1, headline="", fields=(), alt="", actions=())
    _check(render_card(card_view(job, title="", member_name="")))


def test_peoples_text_is_shown_without_effect() -> None:
    job = job_view(1, headline=_NASTY, fields=((_NASTY, _NASTY),), alt=_NASTY)
    payload = render_card(card_view(job, job_view(2), title=_NASTY, member_name=_NASTY))
    for text in [payload.text, *_objects(payload.blocks, "mrkdwn")]:
        assert "<!channel" not in text
        assert "<@" not in text
        assert "<http" not in text
        assert "*bold*" not in text
    assert _NASTY.rstrip("\u202e\u200b") in _objects(payload.blocks, "plain_text")
    assert "\u202e" not in str(payload.blocks)


def test_formatting_characters_are_escaped_and_kept() -> None:
    shown = escape_line("*a* <b> & :c:", 100)
    assert "*a* &lt;b&gt; &amp; :c:" == shown.replace("\u2060", "")
    assert "\u2060*\u2060a\u2060*\u2060" in shown
    assert len(escape_line("&" * 100, 20)) <= 20, "cut between entities"
    assert escape_line("&" * 100, 20).endswith("&amp;…")


def test_a_card_shows_prompt_state_and_fields() -> None:
    running = job_view(1, JobPhase.RUNNING, ready_at=1_800_000_012_000, parent=identity(7), stars=2)
    told = "\n".join(texts(render_card(card_view(running)).blocks))
    for part in (
        "a red fox",
        "Dreaming",
        "⭐ 2",
        "photon-1",
        "16:9",
        "$0.018",
        "Ada",
        f"#{short_id(running.id)}",
    ):
        assert part in told
    assert "<!date^1800000012^{time_secs}|08:00:12 UTC>" in told, "in each reader's own zone"


def test_common_fields_of_several_jobs_are_shown_once() -> None:
    jobs = [
        job_view(1, fields=(("Price", "$0.018"), ("Size", "1 × 1"))),
        job_view(2, fields=(("Price", "$0.018"),)),
    ]
    blocks = render_card(card_view(*jobs)).blocks
    [fields] = [block["fields"] for block in blocks if "fields" in block]
    assert ["*Price*\n$0.018"] == [one["text"] for one in fields]
    assert "1 · Size: 1 × 1" in texts(blocks)


@pytest.mark.parametrize("count", [1, 3, 60])
def test_the_longest_reply_is_within_slacks_limits(count: int) -> None:
    views = tuple(
        card_view(job_view(n, actions=tuple(Action)), number=n, title="w " * 2_000)
        for n in range(1, count + 1)
    )
    facts = tuple((_NASTY * 3, "long " * 200) for _ in range(count))
    payload = render_reply(
        PrivateReply(title="t" * 500, text="l\n" * 5 + "x" * 4_000, fields=facts, views=views)
    )
    _check(payload)
    _check(render_text(_NASTY))


def test_a_list_states_how_much_it_leaves_out() -> None:
    facts = tuple((f"fact {number}", "long " * 80) for number in range(60))
    told = texts(render_reply(PrivateReply(title="Quotas", fields=facts)).blocks)
    shown = sum(line.count("fact ") for line in told)
    assert f"and {60 - shown} more" in told


def test_the_last_lines_of_a_reply_are_shown_however_many_there_are() -> None:
    lines = [f"sentence {number}." for number in range(12)]
    payload = render_reply(PrivateReply(title="Delete everything about you?", text="\n".join(lines)))
    shown = str(payload.blocks)
    assert [] == [line for line in lines if line not in shown]
    assert len(payload.blocks) < len(lines)
