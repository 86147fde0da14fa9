"""Who may start something on Slack: people of the workspace, and nobody and nothing else."""

from pathlib import Path
from typing import Any

import pytest

from tests.platforms.fake_slack import Message
from tests.platforms.with_slack.studio_house import StudioHouse, open_studio, words


async def settled(house: StudioHouse) -> None:
    """Wait until all that was told is acknowledged, and nothing of it is in hand."""
    slack = house.slack
    await slack.until(lambda: all(one.acknowledged_ms is not None for one in slack.deliveries))
    await house.router.tasks.drain()


async def spent(house: StudioHouse) -> str:
    """What the workspace has spent, as its admin reads it."""
    return words(await house.boss.slash("/reverie", "quotas show").response())


def whispers(house: StudioHouse) -> list[Message]:
    return [one for one in house.general.messages.values() if one.ephemeral]


@pytest.mark.parametrize("http", [False, True], ids=["socket", "http"])
async def test_bots_and_webhooks_start_nothing_and_hear_nothing(tmp_path: Path, *, http: bool) -> None:
    async with open_studio(tmp_path, http=http) as house:
        card = await house.imagine()
        robo, hook = house.slack.bot(house.team, "robo"), house.slack.webhook(house.team, "ci")
        robo.mention("imagine a red fox")
        hook.mention("imagine a red fox")
        robo.react(card, "repeat")
        gone = house.slack.user(house.team, "old")
        house.slack.deactivate(gone)
        gone.mention("imagine a red fox")
        gone.react(card, "game_die")
        await settled(house)
        # What they had asked for would have a card before this one.
        house.ada.mention("imagine a teal owl")
        other = await house.card(until=lambda one: "a teal owl" in words(one))

    assert [card, other] == house.mine()
    assert [] == whispers(house)


async def test_a_bot_whose_message_is_not_marked_as_one_starts_nothing_either(tmp_path: Path) -> None:
    """What says so then is Slack's own answer."""
    async with open_studio(tmp_path) as house:
        robo = house.slack.bot(house.team, "robo")
        robo.user.bot_id, kept = None, robo.user.bot_id
        with house.slack.holding() as held:
            robo.mention("imagine a red fox")
        robo.user.bot_id = kept
        held.release()
        await settled(house)

    assert [] == house.mine() == whispers(house)


async def test_what_an_app_writes_in_a_persons_name_starts_nothing(tmp_path: Path) -> None:
    """Slack says of its author that they are a person, and of the message that an app has written it."""
    async with open_studio(tmp_path) as house:
        bo = house.slack.user(house.team, "bo")
        with house.slack.holding() as held:
            bo.user.bot_id = "B0ELSEWHERE"
            bo.mention("imagine a red fox")
            bo.mention("")
            bo.user.bot_id = None
        held.release()
        await settled(house)
        house.ada.mention("imagine a teal owl")
        card = await house.card()

    assert "a teal owl" in words(card)
    assert [card] == house.mine()
    assert [] == whispers(house)


async def test_a_closed_account_rules_nothing_any_more(tmp_path: Path) -> None:
    async with open_studio(tmp_path) as house:
        chief = house.slack.user(house.team, "chief", admin=True)
        await chief.slash("/reverie", "quotas set --amount 5").response()
        heard = whispers(house)
        house.slack.deactivate(chief)
        chief.mention("quotas set --amount 50")
        await settled(house)
        assert heard == whispers(house)
        quota = await house.ada.slash("/quota").response()

    assert "of $5.00" in words(quota)


@pytest.mark.parametrize(
    "trouble",
    [{"status": 503}, {"status": 429}, {"error": "user_not_found"}, {"error": "missing_scope"}],
    ids=str,
)
async def test_who_cannot_be_recognised_is_told_and_charged_nothing(
    tmp_path: Path, trouble: dict[str, Any]
) -> None:
    async with open_studio(tmp_path) as house:
        card = await house.imagine()
        await house.router.tasks.drain()
        bo = house.slack.user(house.team, "bo")
        fault = house.slack.fault("users.info", times=None, **trouble)
        typed = await bo.slash("/imagine", "a fox").response()
        pressed = await bo.press(card, "rv:variation").response()
        bo.mention("imagine a fox")
        bo.react(card, "repeat")
        # The reaction is refused in the same words as the mention, of which one message is enough.
        await house.slack.until(lambda: len(whispers(house)) >= 3)
        assert fault.happened
        await settled(house)

    assert [card] == house.mine()
    for told in (typed, pressed, *whispers(house)):
        assert "nothing was charged" in words(told)
        assert "Try again" in words(told)
        assert bo.user is told.only_for


async def test_people_of_other_organisations_are_refused_with_the_reason(tmp_path: Path) -> None:
    async with open_studio(tmp_path) as house:
        card = await house.imagine()
        home = house.slack.team("Elsewhere", installed=False)
        sam = house.slack.stranger(home, house.general, "sam", admin=True)
        pressed = await sam.press(card, "rv:variation").response()
        sam.mention("imagine a fox")
        sam.react(card, "repeat")
        sam.mention("quotas set --amount 100")
        # What has no answer of its own is refused once.
        await house.slack.until(lambda: len(whispers(house)) >= 2)
        await settled(house)

    assert [card] == house.mine()
    assert all("another organisation" in words(one) and one.only_for is sam.user for one in whispers(house))
    assert pressed in whispers(house)


async def test_a_guest_spends_nothing_until_an_admin_names_them(tmp_path: Path) -> None:
    async with open_studio(tmp_path) as house:
        gus = house.slack.guest(house.team, "gus")
        refused = await gus.slash("/imagine", "a fox").response()
        quota = await gus.slash("/quota").response()
        await house.boss.slash("/reverie", "quotas set --amount 7").response()
        still = await gus.slash("/imagine", "a fox").response()
        await house.boss.slash("/reverie", "quotas set @gus --amount 3").response()
        gus.slash("/imagine", "a red fox")
        card = await house.card()
        after = await gus.slash("/quota").response()

    for told in (refused, still):
        assert "no quota here" in words(told)
        assert "/reverie quotas set" in words(told)
    assert "left of $0.00" in words(quota)
    assert "of $3.00" in words(after)
    assert [card] == house.mine()


async def test_an_admin_who_loses_the_role_rules_nothing_any_more(tmp_path: Path) -> None:
    async with open_studio(tmp_path) as house:
        await house.boss.slash("/reverie", "quotas set --amount 5").response()
        house.boss.user.is_admin = False
        refused = await house.boss.slash("/reverie", "quotas set --amount 50").response()

    assert "admin" in words(refused)
    assert "Quota set" not in words(refused)


@pytest.mark.parametrize("http", [False, True], ids=["socket", "http"])
async def test_in_an_organisation_everything_is_heard_though_its_workspace_is_left_out(
    tmp_path: Path, *, http: bool
) -> None:
    async with open_studio(tmp_path, http=http, org=True) as house:
        house.ada.mention("imagine a red fox")
        card = await house.card()
        house.ada.react(card, "game_die")
        other = await house.card(until=lambda one: one is not card)
        house.ada.open_home()
        await house.slack.until(lambda: house.ada.home is not None)

    assert [card, other] == house.mine()


@pytest.mark.parametrize("where", ["a channel", "a thread"])
async def test_a_corrected_message_is_no_new_command(tmp_path: Path, where: str) -> None:
    async with open_studio(tmp_path) as house:
        ada = house.ada.at(house.boss.write("what now?")) if where == "a thread" else house.ada
        message = ada.mention("imagine a red fx")
        card = await house.card()
        ada.edit(message, "imagine a red fox")
        silent = ada.write("good morning")
        ada.edit(silent, f"<@{house.team.bot.id}> imagine a fox")
        await settled(house)
        mentions = [one for one in house.slack.deliveries if one.name == "app_mention"]

    assert 3 == len(mentions)
    assert [card] == house.mine()


async def test_an_admin_sees_that_a_guest_has_no_allowance(tmp_path: Path) -> None:
    async with open_studio(tmp_path) as house:
        house.slack.guest(house.team, "gus")
        house.slack.user(house.team, "may")
        guest = words(await house.boss.slash("/reverie", "quotas show @gus").response())
        member = words(await house.boss.slash("/reverie", "quotas show @may").response())

    assert "left of $0.00" in guest
    assert "left of $25.00" in member
