"""Slash commands over Socket Mode and HTTP, beside the real core."""

from pathlib import Path
from typing import cast

import pytest

from tests.platforms.with_slack.bot_harness import Slow, before, job_of, run_bot, words


@pytest.mark.parametrize(("http", "org"), [(False, False), (True, True)], ids=["socket", "http of an org"])
async def test_a_command_runs_once_and_its_card_becomes_the_result(
    tmp_path: Path, *, http: bool, org: bool
) -> None:
    async with run_bot(tmp_path, http=http, org=org) as bot:
        asked = bot.ada.slash("/imagine", "a red fox & “friends” --ar 1:1")
        assert {} == await asked.acknowledged()
        bot.slack.repeat(asked.delivery)
        card = await bot.card()
        told = await bot.ada.slash("/reverie", "quota").response()
        refused = await bot.ada.slash("/imagine", "a fox --colour red").response()
        unknown = await bot.ada.slash("/reverie", "xyzzy").response()
        varied = await bot.ada.press(card, "rv:details").response()
        form = await bot.ada.slash("/imagine").view()
        bot.ada.submit(form, {"prompt": "a teal owl"})
        other = await bot.card(until=lambda one: one is not card)

    assert "a red fox &amp; “friends”" in card.text
    assert [card, other] == bot.mine()
    assert job_of(card) == job_of(varied)
    assert asked.responses == []
    assert "left of $25" in words(told)
    assert "has no --colour" in words(refused)
    assert "There is no /xyzzy. /reverie help shows all." in words(unknown)
    assert bot.ada.user is told.only_for is refused.only_for


async def test_only_an_admin_sets_a_members_quota(tmp_path: Path) -> None:
    async with run_bot(tmp_path) as bot:
        bo = bot.slack.user(bot.team, "bo")
        refused = await bot.ada.slash("/reverie", "quotas set @bo --amount 3").response()
        await bot.boss.slash("/reverie", "quotas set @bo --amount 3").response()
        told = await bo.slash("/quota").response()

    assert "admin" in words(refused)
    assert "left of $3" in words(told)


async def test_outside_the_bots_channels_nothing_is_spent_before_a_channel_is_chosen(tmp_path: Path) -> None:
    async with run_bot(tmp_path) as bot:
        room = bot.slack.channel(bot.team, "no-bots", with_bot=False)
        ada = bot.ada.at(room)
        asked = ada.slash("/imagine", "a red fox")
        offer = await asked.response()
        untouched = await ada.slash("/quota").response()
        again = ada.press(offer, "I have invited it")
        await again.response(lambda one: "invite" in words(one))
        ada.press(offer, "Send it to me")
        sent = await bot.card(bot.ada.at_bot().place)
        await bot.slack.until(lambda: offer.deleted)
        bot.slack.invite_bot(room)
        ada.slash("/imagine", "a teal owl")
        shown = await bot.card(room)

    assert "/invite @Reverie" in words(offer)
    assert "$0.00 used" in words(untouched)
    assert "a red fox" in sent.text
    assert "a teal owl" in shown.text
    assert 1 == len(bot.mine(room))


async def test_a_slow_request_is_acknowledged_first_and_answered_later(tmp_path: Path) -> None:
    async with run_bot(tmp_path, wrap=before(Slow), ack_timeout_s=0.05) as bot:
        slow = cast("Slow", bot.context.service)
        asked, other = bot.ada.slash("/quota"), bot.ada.slash("/imagine", "a red fox")
        assert {} == await asked.acknowledged() == await other.acknowledged()
        assert [] == asked.responses
        slow.gate.set()
        told = await asked.response()
        card = await bot.card()

    assert "left of $25" in words(told)
    assert "a red fox" in card.text


async def test_a_used_up_response_url_is_replaced_by_an_ephemeral_message(tmp_path: Path) -> None:
    async with run_bot(tmp_path, wrap=before(Slow), ack_timeout_s=0.05) as bot:
        slow = cast("Slow", bot.context.service)
        asked = bot.ada.slash("/quota")
        await asked.acknowledged()
        for url in bot.slack.world.response_urls.values():
            url.uses = 5
        slow.gate.set()
        told = await bot.slack.message_in(bot.general, lambda one: one.ephemeral)

    assert bot.ada.user is told.only_for
    assert "left of $25" in words(told)
    assert [] == asked.responses


async def test_a_private_result_goes_to_direct_messages(tmp_path: Path) -> None:
    async with run_bot(tmp_path) as bot:
        room = bot.slack.channel(bot.team, "no-bots", with_bot=False)
        asked = bot.ada.at(room).slash("/imagine", "a secret fox --private")
        copy = await asked.response()
        card = await bot.card(bot.ada.at_bot().place)

    assert "Only you can see this" in words(copy)
    assert "a secret fox" in card.text
    assert [] == bot.mine(room)


async def test_a_follow_up_of_a_private_card_needs_no_bot_in_the_channel(tmp_path: Path) -> None:
    """From its button and from its modal: only the asker sees the result."""
    async with run_bot(tmp_path) as bot:
        room = bot.slack.channel(bot.team, "no-bots", with_bot=False)
        ada, directly = bot.ada.at(room), bot.ada.at_bot().place
        ada.slash("/imagine", "a secret fox --private")
        card = await bot.card(directly)
        view = await ada.slash("/reverie", f"show {job_of(card)}").response()
        ada.press(view, "rv:again")
        again = await bot.card(directly, until=lambda one: one is not card)
        form = await ada.press(view, "rv:edit").view()
        ada.submit(form, {"prompt": "a secret owl"})
        edited = await bot.card(directly, until=lambda one: "a secret owl" in one.text)

    assert ada.user is view.only_for
    assert [card, again, edited] == bot.mine(directly)
    assert [] == bot.mine(room)
    assert "/invite" not in " ".join(words(one) for one in room.messages.values())


async def test_a_follow_up_of_a_public_card_needs_the_bot_in_the_channel(tmp_path: Path) -> None:
    async with run_bot(tmp_path) as bot:
        card = await bot.imagine()
        room = bot.slack.channel(bot.team, "no-bots", with_bot=False)
        ada = bot.ada.at(room)
        view = await ada.slash("/reverie", f"show {job_of(card)}").response()
        offer = await ada.press(view, "rv:again").response()

    assert ada.user is view.only_for
    assert "/invite @Reverie" in words(offer)
    assert [card] == bot.mine()
    assert [] == bot.mine(bot.ada.at_bot().place)


async def test_a_job_from_direct_messages_is_hidden_from_others(tmp_path: Path) -> None:
    async with run_bot(tmp_path) as bot:
        bot.ada.at_bot().slash("/imagine", "a secret fox")
        card = await bot.card(bot.ada.at_bot().place)
        mine = await bot.ada.slash("/reverie", f"show {job_of(card)}").response()
        other = await bot.boss.slash("/reverie", f"show {job_of(card)}").response()

    assert "a secret fox" in words(mine)
    assert "a secret fox" not in words(other)
