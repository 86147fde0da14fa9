"""Cards are complete, within all limits, and nothing in a prompt is formatted or mentions anybody."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.chat.controls import CardControl
from adapters.chat.text import sanitize_line
from adapters.discord.messages.buttons import ComponentId, belongs_to_card, card_components
from adapters.discord.messages.cards import alt_text, embed_size, escape_markdown, render_card
from bot.domain.cards.card import JobPhase
from bot.domain.generations.models import AspectRatio
from bot.domain.ids import short_id
from bot.domain.jobs.actions import EMOJI, Action, ActionPrices
from bot.domain.money.pricing import Price
from tests.platforms.with_discord.cards import ASKER, NOW, card_view, identity, job_view

_NASTY = st.text(
    alphabet=st.one_of(st.sampled_from("\\`*_~|<>[]()#@:/-.\n \u200b\u202e\u2066אب1"), st.characters()),
    max_size=6000,
)


def _buttons(rendered: dict[str, Any]) -> list[dict[str, Any]]:
    return [one for row in rendered["components"] for one in row["components"] if one["type"] == 2]


def _texts(embed: dict[str, Any]) -> Iterator[str]:
    yield embed.get("title", "")
    yield embed["description"]
    for field in embed["fields"]:
        yield from (field["name"], field["value"])


def test_a_result_is_shown_with_all_its_fields_and_its_source() -> None:
    parent = identity(9)
    [embed] = render_card(card_view(job_view(parent=parent, stars=2)))["embeds"]
    shown = {field["name"]: field["value"] for field in embed["fields"]}
    facts = {"Model": "photon-1", "Aspect ratio": "16:9", "Price": "$0.018", "Took": "12 s"}
    assert facts == shown
    assert "a red fox" == embed["title"]
    assert "✅ Done" == embed["description"]
    assert "Ada" == embed["author"]["name"]
    assert f"#{short_id(identity(1))} · ⭐ 2" == embed["footer"]["text"]


def test_every_action_is_a_button_whose_custom_id_names_job_and_card() -> None:
    view = card_view(job_view(actions=tuple(Action)))
    buttons = _buttons(render_card(view))
    by_verb = {ComponentId.parse(one["custom_id"]): one["emoji"]["name"] for one in buttons}
    job = view.jobs[0].id
    expected = {ComponentId(verb=one, job=job, card=view.card): EMOJI[one] for one in Action}
    assert expected | {ComponentId(verb=CardControl.DETAILS, job=job, card=view.card): "ℹ️"} == by_verb
    assert all(len(one["custom_id"]) <= 100 for one in buttons)


@pytest.mark.parametrize("phase", [phase for phase in JobPhase if phase is not JobPhase.GONE])
def test_every_card_can_be_found_by_its_id(phase: JobPhase) -> None:
    """Also of a running job, which has no actions."""
    view = card_view(job_view(phase=phase))
    assert belongs_to_card(render_card(view)["components"], view.card)
    assert not belongs_to_card(render_card(view)["components"], identity(501))


def test_a_waiting_job_can_be_cancelled_and_a_running_one_cannot() -> None:
    def verbs(phase: JobPhase) -> list[str]:
        return [
            one["custom_id"].split(":")[1] for one in _buttons(render_card(card_view(job_view(phase=phase))))
        ]

    assert [CardControl.CANCEL, CardControl.DETAILS] == verbs(JobPhase.WAITING)
    assert [CardControl.DETAILS] == verbs(JobPhase.RUNNING)


def test_the_expected_end_is_a_relative_timestamp() -> None:
    [embed] = render_card(card_view(job_view(phase=JobPhase.RUNNING)))["embeds"]
    assert f"expected <t:{(NOW + 12_000) // 1000}:R>" in embed["description"]


def test_several_jobs_have_a_select_and_the_buttons_of_the_one_that_is_picked() -> None:
    jobs = tuple(job_view(number) for number in range(1, 5))
    rendered = render_card(card_view(*jobs), picked=jobs[2].id)
    variations, select_row, *rows = rendered["components"]
    (select,) = select_row["components"]
    assert [job.id for job in jobs] == [one["value"] for one in select["options"]]
    assert [jobs[2].id] == [one["value"] for one in select["options"] if one["default"]]
    assert ["Picture 1 · Done", "Picture 2 · Done"] == [one["label"] for one in select["options"]][:2]
    assert [f"Variation {number}" for number in range(1, 5)] == [
        one["label"] for one in variations["components"]
    ]
    assert [job.id for job in jobs] == [_parsed(one).job for one in variations["components"]]
    others = [_parsed(one) for row in rows for one in row["components"]]
    assert {jobs[2].id} == {one.job for one in others}
    assert Action.VARIATION not in {one.verb for one in others}, "each result has its own"
    names = [one["name"] for one in rendered["embeds"][0]["fields"]]
    assert not {"1", "2", "3", "4"} & set(names), "the status line says that all are done"


def test_the_first_remaining_job_is_picked_when_the_picked_one_is_gone() -> None:
    gone, left, other = job_view(1, JobPhase.GONE), job_view(2), job_view(3)
    rendered = render_card(card_view(gone, left, other), picked=gone.id)
    variations, select, *rows = rendered["components"]
    assert ["Variation 2", "Variation 3"] == [one["label"] for one in variations["components"]]
    assert {left.id} == {_parsed(one).job for row in rows for one in row["components"]}
    assert [left.id, other.id] == [one["value"] for one in select["components"][0]["options"]]


def test_a_button_shows_its_price_and_carries_it_with_the_click() -> None:
    prices = ActionPrices(
        by_action={
            Action.VARIATION: Price(each=20_500, estimate=True),
            Action.AGAIN: Price(each=10**15 - 1),
            Action.REFRAME: Price(each=18_000),
        },
        by_ratio={AspectRatio.SQUARE: Price(each=18_000), AspectRatio.PORTRAIT: Price(each=19_000)},
    )
    actions = (Action.VARIATION, Action.AGAIN, Action.REFRAME, Action.DELETE)
    buttons = _buttons(render_card(card_view(job_view(actions=actions, prices=prices))))
    shown = {_parsed(one).verb: one for one in buttons}
    assert "Variation · ≈$0.021" == shown[Action.VARIATION]["label"]
    assert 20_500 == _parsed(shown[Action.VARIATION]).price
    assert "Reframe · from $0.018" == shown[Action.REFRAME]["label"]
    assert "Delete" == shown[Action.DELETE]["label"]
    assert all(len(one["custom_id"]) <= 100 and len(one["label"]) <= 80 for one in buttons)
    assert "rv:again:" in shown[Action.AGAIN]["custom_id"]
    before = ComponentId.parse(f"rv:again:{'1' * 24}:{'2' * 24}")
    assert before is not None
    assert before.price is None, "of a button that was sent without a price"


def test_cancel_stays_while_any_job_of_the_card_can_be_cancelled() -> None:
    running, waiting = job_view(1, JobPhase.RUNNING), job_view(2, JobPhase.WAITING)
    [cancel] = [one for one in _buttons(render_card(card_view(running, waiting))) if "Cancel" in one["label"]]
    assert ("Cancel 2", waiting.id) == (cancel["label"], _parsed(cancel).job)
    other = job_view(3, JobPhase.WAITING, cancellable=True)
    several = _buttons(render_card(card_view(running, waiting, other)))
    assert ["Cancel 2", "Cancel all waiting"] == [one["label"] for one in several if "Cancel" in one["label"]]


def _parsed(component: Any) -> ComponentId:
    component_id = ComponentId.parse(component["custom_id"])
    assert component_id is not None
    return component_id


def test_fields_that_all_jobs_share_are_shown_once() -> None:
    first = job_view(1, fields=(("Model", "photon-1"), ("Size", "9 × 9")))
    second = job_view(2, fields=(("Model", "photon-1"), ("Size", "11 × 11"), ("Took", "11 s")))
    [embed] = render_card(card_view(first, second))["embeds"]
    assert ["Model", "1", "2"] == [field["name"] for field in embed["fields"]]
    assert "Size: 11 × 11" == embed["fields"][2]["value"]


def test_a_failure_is_shown_in_full_and_can_be_retried() -> None:
    told = "The prompt was refused by moderation. Change the words and try again. You were not charged."
    failed = job_view(
        phase=JobPhase.FAILED, headline=told, actions=(Action.AGAIN, Action.EDIT, Action.DELETE)
    )
    rendered = render_card(card_view(failed))
    assert told in rendered["embeds"][0]["description"]
    assert [Action.AGAIN, Action.EDIT, Action.DELETE, CardControl.DETAILS] == [
        one["custom_id"].split(":")[1] for one in _buttons(rendered)
    ]


def test_only_the_asker_can_be_mentioned() -> None:
    assert {"parse": [], "users": []} == render_card(card_view())["allowed_mentions"]
    rendered = render_card(card_view(), mention=ASKER)
    assert {"parse": [], "users": [ASKER]} == rendered["allowed_mentions"]
    assert f"<@{ASKER}>" == rendered["content"]


@pytest.mark.parametrize(
    ("prompt", "shown"),
    [
        ("@everyone <@1> <@&9>", "@\u200beveryone \\<@\u200b1\\> \\<@\u200b&9\\>"),
        ("<#1> </imagine:1> <t:1:R>", r"\<\#1\> \</imagine:1\> \<t:1:R\>"),
        ("**bold** _it_ ~~no~~", r"\*\*bold\*\* \_it\_ \~\~no\~\~"),
        ("||secret|| `code`", r"\|\|secret\|\| \`code\`"),
        ("[click](https://evil.example)", "\\[click\\](https\\://evil.example)"),
        ("\\*not escaped*", "\\\\\\*not escaped\\*"),
        ("# big", "\\# big"),
        ("-# small", "\\-\\# small"),
        ("- item", "\\- item"),
        ("1. first", "1\\. first"),
        ("black-and-white, 2.5 m", "black-and-white, 2.5 m"),
        ("one\n> two\r\n\u2028three", "one \\> two three"),
        ("a\u200bd\u2060m\ufeffi\u00adn\u3164", "admin"),
        ("fox\u202egnp.exe", "foxgnp.exe"),
        ("👩‍👧 at home", "👩‍👧 at home"),
        ("می‌خواهم", "\u2068می‌خواهم\u2069"),
        ("a\u200db", "ab"),
        ("שועל fox", "\u2068שועל fox\u2069"),
    ],
)  # fmt: skip
def test_a_prompt_is_shown_as_text(prompt: str, shown: str) -> None:
    assert shown == escape_markdown(prompt, 500)


@pytest.mark.parametrize(("prompt", "shown"), [("_" * 9, r"\_\_…"), ("שועל אדום", "\u2068שוע…\u2069")])
def test_a_prompt_is_truncated_between_escapes_and_inside_its_isolation(prompt: str, shown: str) -> None:
    assert shown == escape_markdown(prompt, 6)


def test_a_prompt_is_never_in_the_content() -> None:
    """Text in the content could invite and notify."""
    assert "" == render_card(card_view(title="discord.gg/abc @everyone"))["content"]


@given(text=_NASTY, limit=st.integers(10, 1500))
def test_every_prompt_is_escaped_and_within_the_limit(text: str, limit: int) -> None:
    shown = escape_markdown(text, limit)
    assert len(shown) <= limit
    assert len(sanitize_line(text, limit)) <= limit
    bare = re.sub(r"\\[^0-9A-Za-z\s]", "", shown)
    assert not re.search(r"[\\`*_~|<>\[\]#]|@(?!\u200b)|://|[\u202a-\u202e\u2066\u2067\n]", bare)


@given(
    title=_NASTY,
    name=_NASTY,
    phases=st.lists(st.sampled_from(JobPhase), min_size=1, max_size=4),
    headline=_NASTY,
    parent=st.booleans(),
)
def test_a_card_is_within_all_limits_of_discord(
    title: str, name: str, phases: list[JobPhase], headline: str, *, parent: bool
) -> None:
    jobs = tuple(
        job_view(
            number,
            phase,
            headline=headline or "Done",
            alt=title,
            actions=tuple(Action),
            fields=tuple((f"Label {one}", f"value {number} {one}" * 9) for one in range(9)),
            parent=identity(90 + number) if parent else None,
        )
        for number, phase in enumerate(phases, 1)
    )
    links = {job.id: f"https://bot.example.org/media/{'t' * 200}/view" for job in jobs}
    rendered = render_card(
        card_view(*jobs, title=title, member_name=name), links=links, notes=["n" * 200, "m" * 200]
    )
    [embed] = rendered["embeds"]
    assert embed_size(embed) <= 6000
    assert len(embed.get("title", "")) <= 256
    assert 0 < len(embed["author"]["name"]) <= 256
    assert 0 < len(embed["description"]) <= 4096
    assert len(embed["fields"]) <= 25
    assert all(0 < len(one["name"]) <= 256 and 0 < len(one["value"]) <= 1024 for one in embed["fields"])
    assert len(rendered["components"]) <= 5
    assert all(1 <= len(row["components"]) <= 5 for row in rendered["components"])
    ids = [one["custom_id"] for row in rendered["components"] for one in row["components"]]
    assert len(set(ids)) == len(ids)
    assert all(len(one) <= 100 for one in ids)
    assert all(len(alt_text(job)) <= 1024 for job in jobs)


def test_last_fields_are_removed_to_keep_the_embed_limit() -> None:
    facts = tuple((f"Label {one}", "v" * 200) for one in range(20))
    jobs = tuple(job_view(number, fields=facts, headline="h" * 300) for number in range(1, 11))
    links = {job.id: f"https://bot.example.org/media/{'t' * 300}/view" for job in jobs}
    [embed] = render_card(card_view(*jobs, title="a fox " * 600), links=links)["embeds"]
    assert 5000 < embed_size(embed) <= 6000


def test_a_long_prompt_is_in_the_description_instead_of_the_title() -> None:
    prompt = "a fox " * 200
    [embed] = render_card(card_view(title=prompt))["embeds"]
    assert "title" not in embed
    assert embed["description"].startswith(prompt.strip())
    assert embed["description"].endswith("✅ Done")


def test_a_file_that_is_not_attached_in_full_is_linked() -> None:
    view = card_view()
    [embed] = render_card(view, links={view.jobs[0].id: "https://bot.example.org/media/t/view"})["embeds"]
    assert "[Full size](https://bot.example.org/media/t/view)" == embed["fields"][-1]["value"]


@pytest.mark.parametrize(
    "custom_id", ["", "rv:fly:" + "0" * 24 + ":" + "1" * 24, "rv:again:1:2", "other", "rv:again:" + "0" * 49]
)
def test_a_foreign_custom_id_is_not_parsed(custom_id: str) -> None:
    assert ComponentId.parse(custom_id) is None


def test_every_verb_round_trips_through_its_custom_id() -> None:
    for verb in (*Action, *CardControl):
        pressed = ComponentId(verb=verb, job=identity(1), card=identity(2))
        assert pressed == ComponentId.parse(pressed.write())


def test_a_deleted_card_has_no_components() -> None:
    assert [] == card_components(card_view(job_view(phase=JobPhase.GONE)))
