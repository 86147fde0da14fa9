"""Modals over real sockets, beside the real core."""

from pathlib import Path
from typing import Any

import pytest

from adapters.slack.messages.modal_fields import ViewState, initial_values, parse_view
from adapters.slack.messages.modals import CommandModalState, command_modal
from bot.domain.command_text.job_settings import settings_of
from bot.domain.commands import CATALOGUE, Animate, Audio, Command, QuotasSet, build
from bot.domain.errors import InvalidRequest
from bot.domain.generations.media import MediaKind, Reference
from bot.domain.generations.models import Duration, ModifyMode
from bot.domain.generations.requests import ModifyVideoRequest
from bot.domain.options import options
from tests.domain.people import film
from tests.platforms.fake_slack import View
from tests.platforms.fake_slack.rules.views import check_view
from tests.platforms.with_slack.bot_harness import job_of, run_bot, words


def begins(view: View, block: str) -> str:
    """The initial option of a select."""
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
def test_every_commands_modal_is_within_slacks_limits(command: type[Command]) -> None:
    form = CommandModalState(command=command.name, all_fields=True, choose_command=True)
    media = [Reference(url=f"https://a.example/{number}.png") for number in range(3)]

    check_view(command_modal(form, {}, price="$1", media=media), kind="modal", shows=lambda _: None)


def test_the_settings_of_a_modified_video_are_a_modal_that_slack_takes() -> None:
    """A chosen option has to be the same as the one that is offered, with its description."""
    request = ModifyVideoRequest(
        source=Reference(job=film().id, kind=MediaKind.VIDEO), prompt="in snow", mode=ModifyMode.REIMAGINE_2
    )
    settings = settings_of(film(request=request))
    form = CommandModalState(command="modify", all_fields=True)
    view = command_modal(form, initial_values(settings), offered={"model": {"ray-2"}})

    check_view(view, kind="modal", shows=lambda _: None)
    fields = {one.get("block_id"): one["element"] for one in view["blocks"] if one["type"] == "input"}
    assert "reimagine_2" == fields["mode"]["initial_option"]["value"]
    # The job's model is not made here.
    assert ["ray-2"] == [one["value"] for one in fields["model"]["options"]]
    assert "initial_option" not in fields["model"]


def test_everything_that_audio_takes_is_shown_at_once() -> None:
    view = command_modal(CommandModalState(command="audio"), {})
    shown = {one.get("block_id") for one in view["blocks"]}
    assert {option.name for option in options(Audio)} <= shown


def test_modal_values_become_a_command() -> None:
    """A file replaces the preselected job."""
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
        "concepts": {"concepts": {"selected_options": [{"value": "dolly_zoom"}, {"value": "pan_left"}]}},
        "camera_motion": {"camera_motion": chosen("camera orbit left")},
    }
    quotas: ViewState = {"member": {"member": {"selected_user": "U2"}}, "amount": {"amount": {"value": "5"}}}

    animate = build(Animate, parse_view(Animate, state, "T1").options)
    given = parse_view(QuotasSet, quotas, "T1")

    start = Reference(url="https://files.slack.com/a", via="slack")
    end = Reference(job=job)
    expected = Animate(
        prompt="a fox",
        start=start,
        end=end,
        duration=Duration.NINE,
        loop=True,
        concepts="dolly_zoom, pan_left",
        camera_motion="camera orbit left",
    )
    assert expected == animate
    assert ("slack:T1:U2", ("U2",)) == (given.options["member"], given.users)
    address: ViewState = {"start_from": {"start_from": {"value": "https://a.example/b"}}}
    with pytest.raises(InvalidRequest, match="a file or an address, not both"):
        parse_view(Animate, {**state, **address}, "T1")


async def test_a_command_without_text_opens_a_complete_modal(tmp_path: Path) -> None:
    """/animate preselects the newest picture, /extend and /reframe the video made from it."""
    async with run_bot(tmp_path) as bot:
        picture = await bot.imagine()
        view = await bot.ada.slash("/animate").view()
        assert job_of(picture) == begins(view, "start_job")
        sent = bot.ada.submit(view)
        assert {} == await sent.acknowledged()
        video = await bot.card(until=lambda one: one is not picture)
        extending = await bot.ada.slash("/extend").view()
        reframing = await bot.ada.slash("/reverie", "reframe").view()

    assert view.closed
    assert "Made from" in words(video)
    assert job_of(video) == begins(extending, "job") == begins(reframing, "media_job")
    assert "9:16" == begins(reframing, "aspect_ratio")


async def test_a_modal_shows_its_price_and_more_options(tmp_path: Path) -> None:
    async with run_bot(tmp_path) as bot:
        await bot.imagine("a teal owl")
        view = await bot.ada.slash("/imagine").view()
        before = price(view)
        bot.ada.choose(view, "model", "photon-flash-1")
        await bot.slack.until(lambda: price(view) not in ("", before))
        cheaper = price(view)
        assert "style" not in names(view)
        model = next(one["element"] for one in view.blocks if one.get("block_id") == "model")
        assert ["photon-1", "photon-flash-1"] == [one["value"] for one in model["options"]]
        bot.ada.press(view, "form_more")
        await bot.slack.until(lambda: "style_from" in names(view))
        offered = await bot.ada.suggestions(view, "style_job", "teal").options()
        nothing = await bot.ada.suggestions(view, "style_job", "no such words").options()
        address = await bot.ada.suggestions(view, "style_job", "https://a.example/x.png").options()

    assert "photon-flash-1" == begins(view, "model")
    assert before.startswith("Price: ")
    assert cheaper == price(view) != before
    assert [True] == [one["text"]["text"].startswith("a teal owl") for one in offered]
    assert [] == nothing
    assert ["https://a.example/x.png"] == [one["value"] for one in address]


async def test_the_details_are_a_command_and_open_a_form_with_the_settings(tmp_path: Path) -> None:
    async with run_bot(tmp_path) as bot:
        source = await bot.imagine("a <red> fox --ar 1:1")
        made = await bot.imagine(f"a blue fox --ar 21:9 --image {job_of(source)}@0.5")
        details = await bot.ada.press(made, "rv:details").response()
        assert (
            "/reverie imagine a blue fox --model photon-1 --aspect_ratio 21:9 --count 1 --format jpg "
            f"--image #{job_of(source)[-6:]}@0.5"
        ) in words(details)
        view = await bot.ada.press(details, "rv:settings").view()
        assert ("21:9", "photon-1") == (begins(view, "aspect_ratio"), begins(view, "model"))
        assert "its inputs are used" in str(view.blocks)
        bot.ada.submit(view, {"prompt": "a green fox"})
        again = await bot.card(until=lambda one: "a green fox" in one.text)

    assert "21:9" in words(again)
    assert f"#{job_of(source)[-6:]}" in words(again)


async def test_help_opens_forms(tmp_path: Path) -> None:
    async with run_bot(tmp_path) as bot:
        everything = await bot.ada.slash("/reverie", "help").response()
        chosen = await bot.ada.press(everything, "rw:forms").view()
        one = await bot.ada.slash("/reverie", "help animate").response()
        animating = await bot.ada.press(one, "rw:forms").view()

    assert "form_command" in names(chosen)
    assert "start" in names(animating)


async def test_words_of_video_models_are_selected_or_typed(tmp_path: Path) -> None:
    async with run_bot(tmp_path) as bot:
        view = await bot.ada.slash("/animate").view()
        bot.ada.press(view, "form_more")
        await bot.slack.until(lambda: "camera_motion" in names(view))
        concepts = await bot.ada.suggestions(view, "concepts", "left pan").options()
        motions = await bot.ada.suggestions(view, "camera_motion", "orbit l").options()
        phrase = await bot.ada.suggestions(view, "camera_motion", "camera flies over the sea").options()

    assert ["pan_left"] == [one["value"] for one in concepts]
    assert "camera orbit left" in [one["value"] for one in motions]
    assert ["camera flies over the sea"] == [one["value"] for one in phrase]


async def test_a_modify_modal_explains_its_modes_and_shows_weight_and_first_frame_at_once(
    tmp_path: Path,
) -> None:
    async with run_bot(tmp_path) as bot:
        picture = await bot.imagine("a teal owl")
        view = await bot.ada.slash("/modify").view()
        assert job_of(picture) == begins(view, "media_job")
        fields = {one.get("block_id"): one for one in view.blocks}

    mode, weight = (fields[name]["element"] for name in ("mode", "weight"))
    assert "recommended" in fields["first_frame"]["hint"]["text"]
    assert 9 == len({one["description"]["text"] for one in mode["options"]})
    assert ("number_input", True, "0", "1") == (
        weight["type"],
        weight["is_decimal_allowed"],
        weight["min_value"],
        weight["max_value"],
    )


async def test_an_error_is_shown_under_its_field(tmp_path: Path) -> None:
    async with run_bot(tmp_path) as bot:
        view = await bot.ada.slash("/imagine").view()
        bot.ada.press(view, "form_more")
        await bot.slack.until(lambda: "modify_from" in names(view))
        wrong = bot.ada.submit(view, {"prompt": "a fox", "modify_from": "my notes"})
        await wrong.acknowledged()
        assert not view.closed
        assert "modify accepts one" in wrong.errors["modify"]
        sent = bot.ada.submit(view, {"modify_from": None})
        await sent.acknowledged()
        card = await bot.card()
        bot.slack.repeat(sent.delivery)
        await bot.slack.until(lambda: bot.slack.deliveries[-1].acknowledged_ms is not None)
        await bot.card()

    assert "a fox" in card.text
    assert 1 == len(bot.mine())


async def test_an_expired_trigger_is_reported_with_an_alternative(tmp_path: Path) -> None:
    async with run_bot(tmp_path) as bot:
        bot.slack.fault("views.open", error="expired_trigger_id")
        asked = bot.ada.slash("/imagine")
        told = await asked.response()

    assert "/reverie imagine a red fox" in words(told)


async def test_the_global_shortcut_offers_commands_and_conversations(tmp_path: Path) -> None:
    async with run_bot(tmp_path) as bot:
        there = bot.slack.channel(bot.team, "video-room")
        elsewhere = bot.slack.channel(bot.team, "no-bots", with_bot=False)
        view = await bot.ada.open_shortcut("Create with Reverie").view()
        bot.ada.choose(view, "form_command", "animate")
        await bot.slack.until(lambda: "duration" in names(view))
        bot.ada.choose(view, "form_command", "imagine")
        await bot.slack.until(lambda: "count" in names(view))
        sent = bot.ada.submit(view, {"prompt": "a red fox", "form_conversation": there.id})
        await sent.acknowledged()
        card = await bot.card(there)
        other = await bot.ada.open_shortcut("Create with Reverie").view()
        bot.ada.submit(other, {"prompt": "a teal owl", "form_conversation": elsewhere.id})
        directly = bot.ada.at_bot().place
        offer = await bot.slack.message_in(directly, lambda one: "invite" in words(one))
        bot.ada.press(offer, "Send it to me")
        sent_on = await bot.card(directly)

    assert "a red fox" in card.text
    assert "a teal owl" in sent_on.text
    assert [] == bot.mine(elsewhere)


async def test_of_two_quick_choices_the_last_one_is_shown(tmp_path: Path) -> None:
    async with run_bot(tmp_path) as bot:
        view = await bot.ada.slash("/reverie").view()
        with bot.slack.holding() as held:
            bot.ada.choose(view, "form_command", "animate")
            bot.ada.choose(view, "form_command", "reframe")
            held.release()
        await bot.slack.until(lambda: "media" in names(view))
        await bot.router.tasks.drain()

    assert "start" not in names(view)
