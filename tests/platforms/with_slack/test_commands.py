"""Slash commands as people type them, by socket and over HTTP, beside the real core."""

from pathlib import Path
from typing import cast

import pytest

from tests.platforms.with_slack.studio_house import Slow, before, job_of, open_studio, words


@pytest.mark.parametrize(("http", "org"), [(False, False), (True, True)], ids=["socket", "http of an org"])
async def test_a_command_is_taken_once_and_its_card_becomes_the_result(
    tmp_path: Path, *, http: bool, org: bool
) -> None:
    async with open_studio(tmp_path, http=http, org=org) as house:
        asked = house.ada.slash("/imagine", "a red fox & “friends” --ar 1:1")
        assert {} == await asked.acknowledged()
        house.slack.repeat(asked.delivery)
        card = await house.card()
        told = await house.ada.slash("/reverie", "quota").response()
        refused = await house.ada.slash("/imagine", "a fox --colour red").response()
        unknown = await house.ada.slash("/reverie", "xyzzy").response()
        varied = await house.ada.press(card, "rv:details").response()
        form = await house.ada.slash("/imagine").view()
        house.ada.submit(form, {"prompt": "a teal owl"})
        other = await house.card(until=lambda one: one is not card)

    assert "a red fox &amp; “friends”" in card.text
    assert [card, other] == house.mine()
    assert job_of(card) == job_of(varied)
    assert asked.responses == []
    assert "left of $25" in words(told)
    assert "has no --colour" in words(refused)
    assert "There is no /xyzzy. /reverie help shows all." in words(unknown)
    assert house.ada.user is told.only_for is refused.only_for


async def test_a_member_is_given_a_quota_by_an_admin_alone(tmp_path: Path) -> None:
    async with open_studio(tmp_path) as house:
        bo = house.slack.user(house.team, "bo")
        refused = await house.ada.slash("/reverie", "quotas set @bo --amount 3").response()
        await house.boss.slash("/reverie", "quotas set @bo --amount 3").response()
        told = await bo.slash("/quota").response()

    assert "admin" in words(refused)
    assert "left of $3" in words(told)


async def test_where_the_bot_is_not_nothing_is_spent_before_it_is_told_where_to(tmp_path: Path) -> None:
    async with open_studio(tmp_path) as house:
        room = house.slack.channel(house.team, "no-bots", with_bot=False)
        ada = house.ada.at(room)
        asked = ada.slash("/imagine", "a red fox")
        offer = await asked.response()
        untouched = await ada.slash("/quota").response()
        again = ada.press(offer, "I have invited it")
        await again.response(lambda one: "invite" in words(one))
        ada.press(offer, "Send it to me")
        sent = await house.card(house.ada.at_bot().place)
        await house.slack.until(lambda: offer.deleted)
        house.slack.invite_bot(room)
        ada.slash("/imagine", "a teal owl")
        shown = await house.card(room)

    assert "/invite @Reverie" in words(offer)
    assert "$0.00 used" in words(untouched)
    assert "a red fox" in sent.text
    assert "a teal owl" in shown.text
    assert 1 == len(house.mine(room))


async def test_a_slow_core_is_acknowledged_first_and_answered_afterwards(tmp_path: Path) -> None:
    async with open_studio(tmp_path, wrap=before(Slow), ack_timeout_s=0.05) as house:
        slow = cast("Slow", house.context.service)
        asked, other = house.ada.slash("/quota"), house.ada.slash("/imagine", "a red fox")
        assert {} == await asked.acknowledged() == await other.acknowledged()
        assert [] == asked.responses
        slow.gate.set()
        told = await asked.response()
        card = await house.card()

    assert "left of $25" in words(told)
    assert "a red fox" in card.text


async def test_what_is_private_goes_to_direct_messages(tmp_path: Path) -> None:
    async with open_studio(tmp_path) as house:
        room = house.slack.channel(house.team, "no-bots", with_bot=False)
        asked = house.ada.at(room).slash("/imagine", "a secret fox --private")
        copy = await asked.response()
        card = await house.card(house.ada.at_bot().place)

    assert "Only you can see this" in words(copy)
    assert "a secret fox" in card.text
    assert [] == house.mine(room)


async def test_what_goes_on_from_a_private_card_needs_no_bot_where_it_is_asked_for(tmp_path: Path) -> None:
    """From its button and from its form: whoever asks sees the result alone."""
    async with open_studio(tmp_path) as house:
        room = house.slack.channel(house.team, "no-bots", with_bot=False)
        ada, directly = house.ada.at(room), house.ada.at_bot().place
        ada.slash("/imagine", "a secret fox --private")
        card = await house.card(directly)
        view = await ada.slash("/reverie", f"show {job_of(card)}").response()
        ada.press(view, "rv:again")
        again = await house.card(directly, until=lambda one: one is not card)
        form = await ada.press(view, "rv:edit").view()
        ada.submit(form, {"prompt": "a secret owl"})
        edited = await house.card(directly, until=lambda one: "a secret owl" in one.text)

    assert ada.user is view.only_for
    assert [card, again, edited] == house.mine(directly)
    assert [] == house.mine(room)
    assert "/invite" not in " ".join(words(one) for one in room.messages.values())


async def test_a_private_view_of_a_public_card_needs_the_bot_for_what_goes_on_from_it(tmp_path: Path) -> None:
    async with open_studio(tmp_path) as house:
        card = await house.imagine()
        room = house.slack.channel(house.team, "no-bots", with_bot=False)
        ada = house.ada.at(room)
        view = await ada.slash("/reverie", f"show {job_of(card)}").response()
        offer = await ada.press(view, "rv:again").response()

    assert ada.user is view.only_for
    assert "/invite @Reverie" in words(offer)
    assert [card] == house.mine()
    assert [] == house.mine(house.ada.at_bot().place)


async def test_what_is_asked_for_in_direct_messages_is_nobody_elses(tmp_path: Path) -> None:
    async with open_studio(tmp_path) as house:
        house.ada.at_bot().slash("/imagine", "a secret fox")
        card = await house.card(house.ada.at_bot().place)
        mine = await house.ada.slash("/reverie", f"show {job_of(card)}").response()
        other = await house.boss.slash("/reverie", f"show {job_of(card)}").response()

    assert "a secret fox" in words(mine)
    assert "a secret fox" not in words(other)
