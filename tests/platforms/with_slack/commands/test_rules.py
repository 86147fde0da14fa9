"""Rules on Slack: channels and user groups by their ids, the buttons of held and reported jobs, and votes."""

from pathlib import Path
from typing import Any

from tests.platforms.fake_slack import Message
from tests.platforms.with_slack.bot_harness import BotHarness, run_bot, words

COSTLY = "a fox runs --model ray-2 --resolution 1080p"


def labels(message: Message) -> list[str]:
    """What the buttons of a message say."""
    return [str(part["text"]["text"]) for part in message.parts if part["type"] == "button"]


async def newest(bot: BotHarness, channel: Any = None, *, shows: str = "") -> Message:
    return await bot.slack.message_in(
        channel or bot.general, lambda one: not one.ephemeral and shows in words(one)
    )


async def test_access_rules_name_channels_and_user_groups_by_their_ids(tmp_path: Path) -> None:
    async with run_bot(tmp_path) as bot:
        art = bot.slack.channel(bot.team, "art")
        group = bot.slack.group(bot.team, "painters", bot.ada)
        denied = await bot.boss.slash(
            "/reverie", "rules deny --channel #general --command imagine"
        ).response()
        refused = await bot.ada.slash("/imagine", "a red fox").response()
        bot.ada.at(art).slash("/imagine", "a red fox")
        card = await bot.card(art)
        allowed = await bot.boss.slash("/reverie", "rules allow --role @painters").response()
        unknown = await bot.boss.slash("/reverie", "rules deny --channel #generel").response()
        outsider = await bot.ada.slash("/reverie", "rules deny").response()

    assert "deny /imagine in #general" in words(denied)
    assert "rule 1). Try another channel." in words(refused)
    assert bot.ada.user is refused.only_for
    assert card in bot.mine(art)
    assert f"for the role {group.handle}" in words(allowed)
    assert "Did you mean general?" in words(unknown)
    assert "Only an admin" in words(outsider)


async def test_a_price_is_confirmed_by_its_button(tmp_path: Path) -> None:
    async with run_bot(tmp_path) as bot:
        bo = bot.slack.user(bot.team, "bo")
        bot.ada.slash("/animate", COSTLY)
        card = await newest(bot, shows="confirm the price")
        confirm = next(one for one in labels(card) if "Confirm $" in one)
        refused = await bo.press(card, "rv:approve").response()
        confirmed = await bot.ada.press(card, "rv:approve").response()
        await bot.slack.until(lambda: "Done" in words(card))

    assert "✖️ Cancel" not in labels(card)
    assert confirm not in labels(card)
    assert "Only ada can confirm" in words(refused)
    assert "Confirmed" in words(confirmed)


async def test_an_admin_approves_in_the_moderators_channel(tmp_path: Path) -> None:
    async with run_bot(tmp_path) as bot:
        mods = bot.slack.channel(bot.team, "mods")
        await bot.boss.slash("/reverie", "rules moderators #mods").response()
        await bot.boss.slash("/reverie", "rules prices --approve 0.01 --confirm off").response()
        bot.ada.slash("/imagine", "a red fox")
        request = await newest(bot, mods, shows="ada asks for $0.018")
        card = await newest(bot, shows="admin")
        refused = await bot.ada.press(card, "rv:approve").response()
        await bot.boss.at(mods).press(request, "rv:approve").response()
        await bot.slack.until(lambda: "Done" in words(card))
        await bot.slack.until(lambda: "Approved" in words(request))
        bot.ada.slash("/imagine", "a blue fox")
        other = await newest(bot, shows="blue")
        await bot.boss.press(other, "rv:refuse").response()
        await bot.slack.until(lambda: "An admin refused this" in words(other))

    assert "Only an admin" in words(refused)
    assert "not charged" in words(other)


async def test_a_report_is_acted_on_in_the_moderators_channel(tmp_path: Path) -> None:
    async with run_bot(tmp_path) as bot:
        bo = bot.slack.user(bot.team, "bo")
        mods = bot.slack.channel(bot.team, "mods")
        await bot.boss.slash("/reverie", "rules moderators #mods").response()
        card = await bot.imagine()
        job = next(str(part["value"]) for part in card.parts if part["action_id"] == "rv:details")[:24]
        told = await bo.slash("/report", f"{job} not nice").response()
        report = await newest(bot, mods, shows="Reported by bo: not nice")
        refused = await bo.at(mods).press(report, "rv:block").response()
        await bot.boss.at(mods).press(report, "rv:block").response()
        blocked = await bot.ada.slash("/imagine", "a red fox").response()
        await bot.slack.until(lambda: any("Unblock ada" in one for one in labels(report)))
        await bot.boss.at(mods).press(report, "rv:remove").response()
        await bot.slack.until(lambda: card.deleted)
        await bot.slack.until(lambda: ["↩️ Unblock ada"] == labels(report))
        await bot.boss.at(mods).press(report, "rv:unblock").response()
        await bot.imagine("a blue fox")

    assert "Reported" in words(told)
    assert "Only admins and moderators" in words(refused)
    assert "blocked you" in words(blocked)


async def test_people_vote_with_an_emoji_of_their_own(tmp_path: Path) -> None:
    async with run_bot(tmp_path) as bot:
        bo = bot.slack.user(bot.team, "bo")
        card = await bot.imagine()
        told = await bot.boss.slash("/reverie", "rules reactions animate :party_parrot: --votes 2").response()
        bot.ada.react(card, "party_parrot")
        bot.ada.react(card, "tada")
        await bot.slack.until(lambda: all(one.acknowledged_ms is not None for one in bot.slack.deliveries))
        bo.react(card, "party_parrot")
        film = await newest(bot, shows="Length")
        bot.boss.react(card, "party_parrot")
        await bot.imagine("a blue fox")

    assert "when 2 people react · the workspace pays" in words(told)
    assert film is not card
    # The video itself is a message without a text, in the card's thread.
    assert 3 == len([one for one in bot.mine() if one.text])


async def test_an_emoji_is_named_as_slack_names_it(tmp_path: Path) -> None:
    """Slack puts names in the place of emoji, in reactions and in what is typed."""
    async with run_bot(tmp_path) as bot:
        off = await bot.boss.slash("/reverie", "rules reactions nothing :game_die:").response()
        shown = await bot.boss.slash("/reverie", "rules reactions").response()
        character = await bot.boss.slash("/reverie", "rules reactions repeat 🎉").response()
        await bot.boss.slash("/reverie", "rules reactions again :thumbsup::skin-tone-3:").response()
        card = await bot.imagine()
        bot.ada.react(card, "game_die")
        bot.ada.react(card, "+1::skin-tone-5")
        other = await bot.card(until=lambda one: one is not card)
        bot.ada.unreact(card, "game_die")
        await bot.boss.slash("/reverie", "rules reactions default :game_die:").response()
        bot.ada.react(card, "game_die")
        await bot.card(until=lambda one: one not in (card, other))

    assert "🎲: does nothing" in words(off)
    assert "🎲" not in words(shown)
    assert "by its name on Slack, such as :fire:" in words(character)
    assert 3 == len(bot.mine())
