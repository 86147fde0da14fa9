"""Private replies as messages, within Discord's limits."""

import pytest

from adapters.discord.messages.buttons import ComponentId
from adapters.discord.messages.private_replies import render_refusal, render_reply, with_thumbnails
from adapters.discord.rest.permissions import permissions_error
from bot.domain.cards.card import CardView, JobPhase
from bot.domain.errors import NotYours
from bot.domain.ids import short_id
from bot.service.replies import PageButton, PrivateReply
from tests.platforms.fake_discord.rules.components import check_components
from tests.platforms.fake_discord.rules.embeds import check_embeds
from tests.platforms.fake_discord.rules.refusals import FormErrors
from tests.platforms.with_discord.cards import NOW, card_view, job_view

#: every character of it is escaped
STARS = "*" * 5_000


def views(count: int, title: str) -> tuple[CardView, ...]:
    return tuple(card_view(job_view(number), number=number, title=title) for number in range(1, count + 1))


PAGES = tuple(PageButton(label="Older ▶", page=letter * 86, older=True) for letter in "pq")


@pytest.mark.parametrize(
    "note",
    [
        PrivateReply(
            title=STARS, text=STARS, fields=tuple((f"{number} {STARS}", STARS) for number in range(60))
        ),
        PrivateReply(title=STARS, views=views(50, STARS)),
        PrivateReply(title="Status of your jobs", fields=((STARS, STARS),) * 20, views=views(20, STARS)),
        PrivateReply(title=STARS, views=views(10, STARS), listed=True, pages=PAGES),
        PrivateReply(title="Nothing", text=""),
        PrivateReply(title="x", fields=(("", ""),)),
    ],
    ids=["facts", "history", "status", "page", "empty", "blank"],
)
def test_every_reply_is_within_the_limits_of_discord(note: PrivateReply) -> None:
    payload = render_reply(note)
    complaints = FormErrors()
    check_embeds(payload["embeds"], complaints)
    check_components(payload["components"], complaints, new_layout=False)
    complaints.settle()
    assert {"parse": []} == payload["allowed_mentions"]


def test_a_history_lists_jobs_and_opens_each_of_them() -> None:
    note = PrivateReply(
        title="Your jobs, the newest first",
        views=(
            card_view(job_view(1), title="a *fox* @here\u202e"),
            *views(49, "a hill"),
            card_view(job_view(60, JobPhase.RUNNING), number=60, title="a film"),
        ),
    )
    payload = render_reply(note)
    lines = payload["embeds"][0]["description"].splitlines()
    name = f"#{short_id(job_view(1).id)}"
    assert f"✅ a \\*fox\\* @\u200bhere · {name} · <t:{NOW // 1000}:R>" == lines[0]
    assert lines[-1].startswith("✨ a film")
    selects = [row["components"][0] for row in payload["components"]]
    assert [25, 25, 1] == [len(one["options"]) for one in selects]
    assert "51 · a film" == selects[2]["options"][0]["label"]
    assert job_view(60).id == selects[2]["options"][0]["value"]
    opened = ComponentId.parse(selects[0]["custom_id"])
    assert opened is not None
    assert "open" == opened.verb


def test_a_page_has_an_embed_for_each_job_and_its_picture_where_there_is_one() -> None:
    link = "https://bot.example.org/gallery/x"
    note = PrivateReply(
        title="Your jobs", views=views(3, "a *hill*"), listed=True, pages=PAGES[:1], link=link
    )
    payload = with_thumbnails(render_reply(note), note, {job_view(2).id: b"jpeg"})
    first, second, _ = payload["embeds"]
    assert "Your jobs" == first["author"]["name"]
    assert "**2 · a \\*hill\\***" == second["description"].splitlines()[0]
    assert f"\\#{short_id(job_view(2).id)}" in second["description"]
    assert f"(<{link}>)" in payload["content"]
    (attached,) = payload["attachments"]
    assert f"attachment://{attached['filename']}" == second["thumbnail"]["url"]
    assert "thumbnail" not in first
    select, page = payload["components"]
    assert 3 == len(select["components"][0]["options"])
    assert ["rp:" + "p" * 86] == [one["custom_id"] for one in page["components"]]


def test_fields_beyond_the_limit_are_counted() -> None:
    facts = tuple((f"fact {number}", "x") for number in range(40))
    embed = render_reply(PrivateReply(title="Usage", fields=facts))["embeds"][0]
    assert (25, "and 15 more") == (len(embed["fields"]), embed["footer"]["text"])


def test_one_job_is_shown_like_its_card() -> None:
    note = PrivateReply(title="a red fox", views=(card_view(),))
    assert "✅ Done" == render_reply(note)["embeds"][0]["description"]


def test_a_refusal_escapes_text_from_people_and_keeps_channel_links() -> None:
    theirs = render_refusal(NotYours("This job belongs to **Ada** <@&7>"))
    assert "This job belongs to \\*\\*Ada\\*\\* \\<@\u200b&7\\>" == theirs["content"]
    ours = render_refusal(permissions_error(("Embed Links",), channel="7"))
    assert "<#7>: I lack Embed Links" in ours["content"]


@pytest.mark.parametrize(
    ("written", "spelled"),
    [
        (
            "/imagine a teddy bear with an electric guitar --ar 3:4",
            "/imagine prompt:a teddy bear with an electric guitar aspect\\_ratio:3:4",
        ),
        ("/quotas set ada --amount 5 --period week", "/quotas set amount:5 period:week member:ada"),
        ("--aspect_ratio", "aspect\\_ratio"),
        ("/imagine --nonsense", "/imagine --nonsense"),
    ],
)
def test_examples_use_the_option_syntax_of_discord(written: str, spelled: str) -> None:
    payload = render_reply(PrivateReply(title="What you can do", fields=((written, "x"),)))
    assert spelled == payload["embeds"][0]["fields"][0]["name"]
