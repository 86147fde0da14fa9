"""Only members of the workspace start anything."""

from pathlib import Path
from typing import Any

import pytest

from tests.platforms.fake_slack import Message
from tests.platforms.with_slack.bot_harness import BotHarness, run_bot, words


async def settled(bot: BotHarness) -> None:
    """Wait until every delivery is acknowledged and no task is running."""
    slack = bot.slack
    await slack.until(lambda: all(one.acknowledged_ms is not None for one in slack.deliveries))
    await bot.router.tasks.drain()


async def spent(bot: BotHarness) -> str:
    """What the workspace has spent, as its admin sees it."""
    return words(await bot.boss.slash("/reverie", "quotas show").response())


def whispers(bot: BotHarness) -> list[Message]:
    return [one for one in bot.general.messages.values() if one.ephemeral]


@pytest.mark.parametrize("http", [False, True], ids=["socket", "http"])
async def test_bots_and_webhooks_start_nothing_and_get_no_answer(tmp_path: Path, *, http: bool) -> None:
    async with run_bot(tmp_path, http=http) as bot:
        card = await bot.imagine()
        robo, hook = bot.slack.bot(bot.team, "robo"), bot.slack.webhook(bot.team, "ci")
        robo.mention("imagine a red fox")
        hook.mention("imagine a red fox")
        robo.react(card, "repeat")
        gone = bot.slack.user(bot.team, "old")
        bot.slack.deactivate(gone)
        gone.mention("imagine a red fox")
        gone.react(card, "game_die")
        await settled(bot)
        # Cards are in order: an earlier request would have its card before this one.
        bot.ada.mention("imagine a teal owl")
        other = await bot.card(until=lambda one: "a teal owl" in words(one))

    assert [card, other] == bot.mine()
    assert [] == whispers(bot)


async def test_an_unmarked_bot_message_starts_nothing(tmp_path: Path) -> None:
    """Only Slack's `users.info` says so."""
    async with run_bot(tmp_path) as bot:
        robo = bot.slack.bot(bot.team, "robo")
        robo.user.bot_id, kept = None, robo.user.bot_id
        with bot.slack.holding() as held:
            robo.mention("imagine a red fox")
        robo.user.bot_id = kept
        held.release()
        await settled(bot)

    assert [] == bot.mine() == whispers(bot)


async def test_a_message_by_an_app_in_a_persons_name_starts_nothing(tmp_path: Path) -> None:
    """The author is a person, and the message says that an app wrote it."""
    async with run_bot(tmp_path) as bot:
        bo = bot.slack.user(bot.team, "bo")
        with bot.slack.holding() as held:
            bo.user.bot_id = "B0ELSEWHERE"
            bo.mention("imagine a red fox")
            bo.mention("")
            bo.user.bot_id = None
        held.release()
        await settled(bot)
        bot.ada.mention("imagine a teal owl")
        card = await bot.card()

    assert "a teal owl" in words(card)
    assert [card] == bot.mine()
    assert [] == whispers(bot)


async def test_a_deactivated_admin_changes_nothing(tmp_path: Path) -> None:
    async with run_bot(tmp_path) as bot:
        chief = bot.slack.user(bot.team, "chief", admin=True)
        await chief.slash("/reverie", "quotas set --amount 5").response()
        heard = whispers(bot)
        bot.slack.deactivate(chief)
        chief.mention("quotas set --amount 50")
        await settled(bot)
        assert heard == whispers(bot)
        quota = await bot.ada.slash("/quota").response()

    assert "of $5.00" in words(quota)


@pytest.mark.parametrize(
    "trouble",
    [{"status": 503}, {"status": 429}, {"error": "user_not_found"}, {"error": "missing_scope"}],
    ids=str,
)
async def test_an_unidentified_member_is_told_and_not_charged(
    tmp_path: Path, trouble: dict[str, Any]
) -> None:
    async with run_bot(tmp_path) as bot:
        card = await bot.imagine()
        await bot.router.tasks.drain()
        bo = bot.slack.user(bot.team, "bo")
        fault = bot.slack.fault("users.info", times=None, **trouble)
        typed = await bo.slash("/imagine", "a fox").response()
        pressed = await bo.press(card, "rv:variation").response()
        bo.mention("imagine a fox")
        bo.react(card, "repeat")
        # The reaction's refusal has the text of the mention's, and is not repeated.
        await bot.slack.until(lambda: len(whispers(bot)) >= 3)
        assert fault.happened
        await settled(bot)

    assert [card] == bot.mine()
    for told in (typed, pressed, *whispers(bot)):
        assert "nothing was charged" in words(told)
        assert "Try again" in words(told)
        assert bo.user is told.only_for


async def test_external_users_are_refused_with_the_reason(tmp_path: Path) -> None:
    async with run_bot(tmp_path) as bot:
        card = await bot.imagine()
        home = bot.slack.team("Elsewhere", installed=False)
        sam = bot.slack.stranger(home, bot.general, "sam", admin=True)
        pressed = await sam.press(card, "rv:variation").response()
        sam.mention("imagine a fox")
        sam.react(card, "repeat")
        sam.mention("quotas set --amount 100")
        # An event without a response is refused once.
        await bot.slack.until(lambda: len(whispers(bot)) >= 2)
        await settled(bot)

    assert [card] == bot.mine()
    assert all("another organisation" in words(one) and one.only_for is sam.user for one in whispers(bot))
    assert pressed in whispers(bot)


async def test_a_guest_spends_nothing_without_a_quota(tmp_path: Path) -> None:
    async with run_bot(tmp_path) as bot:
        gus = bot.slack.guest(bot.team, "gus")
        refused = await gus.slash("/imagine", "a fox").response()
        quota = await gus.slash("/quota").response()
        await bot.boss.slash("/reverie", "quotas set --amount 7").response()
        still = await gus.slash("/imagine", "a fox").response()
        await bot.boss.slash("/reverie", "quotas set @gus --amount 3").response()
        gus.slash("/imagine", "a red fox")
        card = await bot.card()
        after = await gus.slash("/quota").response()

    for told in (refused, still):
        assert "no quota here" in words(told)
        assert "/reverie quotas set" in words(told)
    assert "left of $0.00" in words(quota)
    assert "of $3.00" in words(after)
    assert [card] == bot.mine()


async def test_a_former_admin_changes_nothing(tmp_path: Path) -> None:
    async with run_bot(tmp_path) as bot:
        await bot.boss.slash("/reverie", "quotas set --amount 5").response()
        bot.boss.user.is_admin = False
        refused = await bot.boss.slash("/reverie", "quotas set --amount 50").response()

    assert "admin" in words(refused)
    assert "Quota set" not in words(refused)


@pytest.mark.parametrize("http", [False, True], ids=["socket", "http"])
async def test_org_wide_events_without_a_workspace_are_handled(tmp_path: Path, *, http: bool) -> None:
    async with run_bot(tmp_path, http=http, org=True) as bot:
        bot.ada.mention("imagine a red fox")
        card = await bot.card()
        bot.ada.react(card, "game_die")
        other = await bot.card(until=lambda one: one is not card)
        bot.ada.open_home()
        await bot.slack.until(lambda: bot.ada.home is not None)

    assert [card, other] == bot.mine()


@pytest.mark.parametrize("where", ["a channel", "a thread"])
async def test_an_edited_message_is_no_new_command(tmp_path: Path, where: str) -> None:
    async with run_bot(tmp_path) as bot:
        ada = bot.ada.at(bot.boss.write("what now?")) if where == "a thread" else bot.ada
        message = ada.mention("imagine a red fx")
        card = await bot.card()
        ada.edit(message, "imagine a red fox")
        silent = ada.write("good morning")
        ada.edit(silent, f"<@{bot.team.bot.id}> imagine a fox")
        await settled(bot)
        mentions = [one for one in bot.slack.deliveries if one.name == "app_mention"]

    assert 3 == len(mentions)
    assert [card] == bot.mine()


async def test_an_admin_sees_that_a_guest_has_no_allowance(tmp_path: Path) -> None:
    async with run_bot(tmp_path) as bot:
        bot.slack.guest(bot.team, "gus")
        bot.slack.user(bot.team, "may")
        guest = words(await bot.boss.slash("/reverie", "quotas show @gus").response())
        member = words(await bot.boss.slash("/reverie", "quotas show @may").response())

    assert "left of $0.00" in guest
    assert "left of $25.00" in member
