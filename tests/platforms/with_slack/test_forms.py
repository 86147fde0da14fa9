"""Forms as people fill them in, over real sockets beside the real core."""

from pathlib import Path
from typing import Any

import pytest

from adapters.slack.messages.modal_fields import ViewState, parse_view
from adapters.slack.messages.modals import CommandModalState, command_modal
from bot.domain.commands import CATALOGUE, Animate, Command, QuotasSet, build
from bot.domain.errors import InvalidRequest
from bot.domain.media import Reference
from bot.domain.models import Duration
from tests.platforms.fake_slack import View
from tests.platforms.fake_slack.rules.views import check_view
from tests.platforms.with_slack.studio_house import job_of, open_studio, words


def begins(view: View, block: str) -> str:
    """What a list has chosen from the first."""
    element = next(one["element"] for one in view.blocks if one.get("block_id") == block)
    return str(element["initial_option"]["value"])


def price(view: View) -> str:
    found = [one["elements"][0]["text"] for one in view.blocks if one.get("block_id") == "form_price"]
    return str(found[0]) if found else ""


def names(view: View) -> set[str]:
    return {str(one.get("block_id")) for one in view.blocks}


def chosen(value: str) -> dict[str, Any]:
    return {"selected_option": {"value": value, "text": {"type": "plain_text", "text": value}}}


@pytest.mark.parametrize("command", CATALOGUE.values(), ids=CATALOGUE)
def test_the_form_of_every_command_is_one_that_slack_opens(command: type[Command]) -> None:
    form = CommandModalState(command=command.name, all_fields=True, choose_command=True)
    media = [Reference(url=f"https://a.example/{number}.png") for number in range(3)]

    check_view(command_modal(form, {}, price="$1", media=media), kind="modal", shows=lambda _: None)


def test_what_was_put_in_becomes_a_command() -> None:
    """A file counts instead of the job that stands there from the beginning."""
    file = {"name": "a.png", "mimetype": "image/png", "size": 9, "url_private": "https://files.slack.com/a"}
    job = "01k9zv3f5k0q8x7w2m4n6p8r"
    state: ViewState = {
        "prompt": {"prompt": {"value": " a fox "}},
        "start": {"start": {"files": [file]}},
        "start_job": {"start_job": chosen(job)},
        "end_job": {"end_job": chosen(job)},
        "duration": {"duration": chosen("9s")},
        "loop": {"loop": {"selected_options": [{"value": "yes"}]}},
        "aspect_ratio": {"aspect_ratio": {"selected_option": None}},
        "concepts": {"concepts": {"value": None}},
    }
    quotas: ViewState = {"member": {"member": {"selected_user": "U2"}}, "amount": {"amount": {"value": "5"}}}

    animate = build(Animate, parse_view(Animate, state, "T1").options)
    given = parse_view(QuotasSet, quotas, "T1")

    start = Reference(url="https://files.slack.com/a", via="slack")
    end = Reference(job=job)
    expected = Animate(prompt="a fox", start=start, end=end, duration=Duration.NINE, loop=True)
    assert expected == animate
    assert ("slack:T1:U2", ("U2",)) == (given.options["member"], given.users)
    address: ViewState = {"start_from": {"start_from": {"value": "https://a.example/b"}}}
    with pytest.raises(InvalidRequest, match="a file or an address, not both"):
        parse_view(Animate, {**state, **address}, "T1")


async def test_without_text_a_form_opens_ready_to_be_sent(tmp_path: Path) -> None:
    """/animate begins with the newest picture, /extend and /reframe with the film that came of it."""
    async with open_studio(tmp_path) as house:
        picture = await house.imagine()
        view = await house.ada.slash("/animate").view()
        assert job_of(picture) == begins(view, "start_job")
        sent = house.ada.submit(view)
        assert {} == await sent.acknowledged()
        film = await house.card(until=lambda one: one is not picture)
        extending = await house.ada.slash("/extend").view()
        reframing = await house.ada.slash("/reverie", "reframe").view()

    assert view.closed
    assert "Made from" in words(film)
    assert job_of(film) == begins(extending, "job") == begins(reframing, "media_job")
    assert "9:16" == begins(reframing, "aspect_ratio")


async def test_a_form_tells_its_price_and_shows_more_when_asked(tmp_path: Path) -> None:
    async with open_studio(tmp_path) as house:
        await house.imagine("a teal owl")
        view = await house.ada.slash("/imagine").view()
        before = price(view)
        house.ada.choose(view, "model", "photon-flash-1")
        await house.slack.until(lambda: price(view) not in ("", before))
        cheaper = price(view)
        assert "style" not in names(view)
        house.ada.press(view, "form_more")
        await house.slack.until(lambda: "style_from" in names(view))
        offered = await house.ada.suggestions(view, "style_job", "teal").options()
        nothing = await house.ada.suggestions(view, "style_job", "no such words").options()
        address = await house.ada.suggestions(view, "style_job", "https://a.example/x.png").options()

    assert "photon-flash-1" == begins(view, "model")
    assert before.startswith("Price: ")
    assert cheaper == price(view) != before
    assert [True] == [one["text"]["text"].startswith("a teal owl") for one in offered]
    assert [] == nothing
    assert ["https://a.example/x.png"] == [one["value"] for one in address]


async def test_what_is_wrong_comes_back_under_its_field(tmp_path: Path) -> None:
    async with open_studio(tmp_path) as house:
        view = await house.ada.slash("/imagine").view()
        house.ada.press(view, "form_more")
        await house.slack.until(lambda: "modify_from" in names(view))
        wrong = house.ada.submit(view, {"prompt": "a fox", "modify_from": "my notes"})
        await wrong.acknowledged()
        assert not view.closed
        assert "modify accepts one" in wrong.errors["modify"]
        sent = house.ada.submit(view, {"modify_from": None})
        await sent.acknowledged()
        card = await house.card()
        house.slack.repeat(sent.delivery)
        await house.slack.until(lambda: house.slack.deliveries[-1].acknowledged_ms is not None)
        await house.card()

    assert "a fox" in card.text
    assert 1 == len(house.mine())


async def test_a_trigger_that_is_over_is_told_with_another_way(tmp_path: Path) -> None:
    async with open_studio(tmp_path) as house:
        house.slack.fault("views.open", error="expired_trigger_id")
        asked = house.ada.slash("/imagine")
        told = await asked.response()

    assert "/reverie imagine a red fox" in words(told)


async def test_from_anywhere_a_command_is_chosen_and_a_place(tmp_path: Path) -> None:
    async with open_studio(tmp_path) as house:
        there = house.slack.channel(house.team, "film-room")
        elsewhere = house.slack.channel(house.team, "no-bots", with_bot=False)
        view = await house.ada.open_shortcut("Create with Reverie").view()
        house.ada.choose(view, "form_command", "animate")
        await house.slack.until(lambda: "duration" in names(view))
        house.ada.choose(view, "form_command", "imagine")
        await house.slack.until(lambda: "count" in names(view))
        sent = house.ada.submit(view, {"prompt": "a red fox", "form_conversation": there.id})
        await sent.acknowledged()
        card = await house.card(there)
        other = await house.ada.open_shortcut("Create with Reverie").view()
        house.ada.submit(other, {"prompt": "a teal owl", "form_conversation": elsewhere.id})
        directly = house.ada.at_bot().place
        offer = await house.slack.message_in(directly, lambda one: "invite" in words(one))
        house.ada.press(offer, "Send it to me")
        sent_on = await house.card(directly)

    assert "a red fox" in card.text
    assert "a teal owl" in sent_on.text
    assert [] == house.mine(elsewhere)


async def test_of_two_quick_choices_the_last_one_s_fields_are_shown(tmp_path: Path) -> None:
    async with open_studio(tmp_path) as house:
        view = await house.ada.slash("/reverie").view()
        with house.slack.holding() as held:
            house.ada.choose(view, "form_command", "animate")
            house.ada.choose(view, "form_command", "reframe")
            held.release()
        await house.slack.until(lambda: "media" in names(view))
        await house.router.tasks.drain()

    assert "start" not in names(view)
