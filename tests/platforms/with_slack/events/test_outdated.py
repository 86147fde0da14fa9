"""Nothing is guessed: what is unreadable or of another version starts nothing."""

from pathlib import Path
from typing import Any

import pytest

from adapters.slack.events.reactions import ChoiceUnknown, job_by_number
from bot.domain.errors import InvalidRequest
from tests.platforms.fake_slack import Message
from tests.platforms.fake_slack.client import interactions
from tests.platforms.with_slack.bot_harness import BotHarness, run_bot, words

_JOBS = ("first", "second", "third")


def _reaction(name: str, *users: str, count: int | None = None) -> dict[str, Any]:
    return {"name": name, "users": list(users), "count": len(users) if count is None else count}


def _pictures(message: Message) -> int:
    return sum(block["type"] == "image" for block in message.blocks)


async def two_foxes(bot: BotHarness) -> Message:
    bot.ada.slash("/imagine", "two foxes --count 2")
    return await bot.card(until=lambda one: _pictures(one) == 2)


@pytest.mark.parametrize(
    ("reactions", "job"),
    [
        ([], "first"),
        ([_reaction("three", "U1")], "third"),
        ([_reaction("three::skin-tone-2", "U2", "U1")], "third"),
        ([_reaction("two", "U2")], "first"),
        ([_reaction("star", "U2", count=80), _reaction("two", "U1")], "second"),
        ([{"name": None, "users": None, "count": None}, _reaction("two", "U1")], "second"),
    ],
)
def test_a_number_reaction_selects_the_result(reactions: list[Any], job: str) -> None:
    assert job == job_by_number(_JOBS, {"reactions": reactions}, "U1")


@pytest.mark.parametrize(
    ("reactions", "refusal", "told"),
    [
        ([_reaction("two", "U1"), _reaction("three", "U1")], InvalidRequest, "several numbers"),
        ([_reaction("four", "U1")], InvalidRequest, "has 3 results"),
        ([_reaction("two", "U2", count=60)], ChoiceUnknown, "does not say which"),
    ],
)
def test_an_ambiguous_selection_is_refused(reactions: list[Any], refusal: type[Exception], told: str) -> None:
    with pytest.raises(refusal, match=told):
        job_by_number(_JOBS, {"reactions": reactions}, "U1")


def test_a_single_result_needs_no_selection() -> None:
    assert "only" == job_by_number(("only",), {"reactions": [_reaction("four", "U1")]}, "U1")


@pytest.mark.parametrize(
    "trouble",
    [{"status": 429}, {"status": 503}, {"error": "missing_scope", "needed": "reactions:read"}],
    ids=["429", "503", "missing scope"],
)
async def test_an_unreadable_selection_starts_nothing(tmp_path: Path, trouble: dict[str, Any]) -> None:
    async with run_bot(tmp_path) as bot:
        card = await two_foxes(bot)
        bot.ada.react(card, "two")
        fault = bot.slack.fault("reactions.get", **trouble)
        bot.ada.react(card, "repeat")
        told = await bot.slack.message_in(bot.general, lambda one: one.ephemeral)
        assert fault.happened
        # Slack's rate limit must not delay the second attempt.
        bot.slack.clock.advance(60)
        bot.ada.unreact(card, "repeat")
        bot.ada.react(card, "repeat")
        varied = await bot.card(until=lambda one: one is not card)

    assert bot.ada.user is told.only_for
    assert "nothing was charged" in words(told)
    assert ("reactions:read" in words(told)) == ("needed" in trouble)
    assert [card, varied] == bot.mine()


async def test_a_mention_under_several_results_must_name_one(tmp_path: Path) -> None:
    async with run_bot(tmp_path) as bot:
        card = await two_foxes(bot)
        ada = bot.ada.at(card)
        ada.mention("reframe 1:1")
        told = await bot.slack.message_in(bot.general, lambda one: one.ephemeral)
        second = next(part for part in card.parts if part["action_id"] == "rv:pick")["options"][1]["value"]
        ada.mention(f"reframe 1:1 {second[:24]}")
        reframed = await bot.card(until=lambda one: one is not card)

    assert "has 2 results" in words(told)
    assert "Nothing was charged" in words(told)
    assert second[:24] in words(reframed)
    assert [card, reframed] == bot.mine()


async def test_a_button_without_a_selection_starts_nothing(tmp_path: Path) -> None:
    async with run_bot(tmp_path) as bot:
        card = await two_foxes(bot)
        select = next(part for part in card.parts if part["action_id"] == "rv:pick")
        kept = select.pop("initial_option")
        unread = await bot.ada.press(card, "rv:animate").response()
        select["initial_option"] = kept
        bot.ada.choose(card, "rv:pick", select["options"][1]["value"])
        bot.ada.press(card, "rv:animate")
        animated = await bot.card(until=lambda one: one is not card)

    assert "does not say which" in words(unread)
    assert "nothing was charged" in words(unread)
    assert [card, animated] == bot.mine()[:2]


@pytest.mark.parametrize(
    "metadata",
    ['{"command":"paint","channel":"C1"}', '{"channel":5}', "", "[", "null"],
    ids=["unknown command", "no command", "nothing", "broken", "null"],
)
async def test_an_outdated_modal_is_refused_in_it(tmp_path: Path, metadata: str) -> None:
    async with run_bot(tmp_path) as bot:
        form = await bot.ada.slash("/imagine").view()
        form.told["private_metadata"] = metadata
        sent = bot.ada.submit(form, {"prompt": "a teal owl"})
        await sent.acknowledged()

    assert "another version" in next(iter(sent.errors.values()))
    assert [] == bot.mine()


async def test_a_modal_with_the_fields_of_another_command_is_refused(tmp_path: Path) -> None:
    """The update of the fields failed, and a prompt meant for a video would make a picture."""
    async with run_bot(tmp_path) as bot:
        form = await bot.ada.slash("/reverie").view()
        fault = bot.slack.fault("views.update", status=503)
        bot.ada.choose(form, "form_command", "animate")
        await bot.slack.until(lambda: fault.happened > 0)
        sent = bot.ada.submit(form, {"prompt": "it moves"})
        await sent.acknowledged()

    assert "still shows the fields of /imagine" in next(iter(sent.errors.values()))
    assert [] == bot.mine()


async def test_the_input_of_a_message_is_never_guessed(tmp_path: Path) -> None:
    async with run_bot(tmp_path) as bot:
        files = [bot.boss.file(name, b"x" * 9) for name in ("a.png", "b.png")]
        form = await bot.ada.use_on(bot.boss.write("look", *files), "Variation").view()
        form.typed[("form_medium", "form_medium")] = {"type": "static_select", "selected_option": None}
        block = next(one for one in form.blocks if one.get("block_id") == "form_medium")
        block["optional"] = True
        sent = bot.ada.submit(form, {"prompt": "a teal owl"})
        await sent.acknowledged()

    assert "which picture or video" in next(iter(sent.errors.values()))
    assert [] == bot.mine()


@pytest.mark.parametrize("http", [False, True], ids=["socket", "http"])
async def test_unknown_controls_are_refused_privately(tmp_path: Path, *, http: bool) -> None:
    async with run_bot(tmp_path, http=http) as bot:
        card = await bot.imagine()
        label = {"type": "plain_text", "text": "?"}
        card.blocks[-1]["elements"].append(
            {"type": "button", "action_id": "dance:v9", "value": "x", "text": label}
        )
        pressed = await bot.ada.press(card, "dance:v9").response()
        old: dict[str, Any] = {"callback_id": "reverie_dance"}
        used = await interactions.ask_shortcut(bot.slack.world, bot.ada.user, old, card).response()
        interactions.ask_shortcut(bot.slack.world, bot.ada.user, old, None)
        everywhere = await bot.slack.message_in(bot.ada.at_bot().place)
        form = await bot.ada.slash("/imagine").view()
        form.told["callback_id"] = "reverie_dancing"
        sent = bot.ada.submit(form, {"prompt": "a teal owl"})
        await sent.acknowledged()

    for told in (pressed, used, everywhere):
        assert "another version" in words(told)
        assert "nothing was charged" in words(told)
    assert "another version" in next(iter(sent.errors.values()))
    assert [card] == bot.mine()


async def test_an_outdated_edit_modal_is_refused_in_it(tmp_path: Path) -> None:
    async with run_bot(tmp_path) as bot:
        card = await bot.imagine()
        form = await bot.ada.press(card, "rv:edit").view()
        form.told["private_metadata"] = form.told["private_metadata"].replace('"edit"', '"animate"')
        sent = bot.ada.submit(form, {"prompt": "a teal owl"})
        await sent.acknowledged()
        broken = await bot.ada.press(card, "rv:edit").view()
        broken.told["private_metadata"] = '{"action":"dance"}'
        other = bot.ada.submit(broken, {"prompt": "a teal owl"})
        await other.acknowledged()

    assert "another version" in next(iter(sent.errors.values()))
    assert "another version" in next(iter(other.errors.values()))
    assert [card] == bot.mine()
