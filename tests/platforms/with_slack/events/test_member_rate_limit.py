"""A member's rate limit comes before any work, and its refusal is not repeated."""

from pathlib import Path

from tests.platforms.with_slack.bot_harness import BotHarness, run_bot, words

_TOO_FAST = "That was a lot at once"


def _told(bot: BotHarness) -> list[str]:
    return [words(one) for one in bot.general.messages.values() if one.only_for is bot.ada.user]


async def _handled(bot: BotHarness) -> None:
    """Wait until every delivery is acknowledged and no task is running."""
    await bot.slack.until(lambda: all(one.acknowledged_ms is not None for one in bot.slack.deliveries))
    await bot.router.tasks.drain()


async def test_few_names_are_looked_up_once(tmp_path: Path) -> None:
    async with run_bot(tmp_path) as bot:
        others = [bot.slack.user(bot.team, f"m{number}") for number in range(12)]
        named = " ".join(f"@{one.user.name}" for one in others)
        bot.ada.mention(f"imagine a group of {named}")
        first = await bot.card(until=lambda one: "a group of" in one.text)
        asked = len(bot.slack.requests("users.info"))
        bot.ada.mention(f"imagine a crowd of {named}")
        await bot.card(until=lambda one: "a crowd of" in one.text)

        assert "@m0 @m1" in first.text
        assert 11 == asked
        assert 11 == len(bot.slack.requests("users.info"))


async def test_one_person_causes_few_name_look_ups(tmp_path: Path) -> None:
    async with run_bot(tmp_path) as bot:
        for round_ in range(3):
            named = " ".join(
                f"@{bot.slack.user(bot.team, f'm{round_}x{number}').user.name}" for number in range(10)
            )
            bot.ada.mention(f"imagine round{round_} {named}")
            await bot.card(until=lambda one: f"round{round_}" in one.text)  # noqa: B023

        assert 11 == len(bot.slack.requests("users.info"))


async def test_mentions_above_the_limit_are_refused_once(tmp_path: Path) -> None:
    async with run_bot(tmp_path, commands_burst=1, commands_per_minute=1) as bot:
        other = bot.slack.user(bot.team, "bob")
        bot.ada.mention("quota")
        await bot.slack.message_in(bot.general, lambda one: one.only_for is bot.ada.user)
        await _handled(bot)
        before = len(bot.slack.requests("*"))
        for _ in range(5):
            bot.ada.mention(f"imagine a fox for @{other.user.name}")
        await _handled(bot)

        assert 1 == sum(_TOO_FAST in one for one in _told(bot))
        assert 1 == len(bot.slack.requests("*")) - before
        # Another member has a limit of their own.
        other.mention("imagine an owl")
        await bot.card()


async def test_a_flood_of_reactions_is_refused_once(tmp_path: Path) -> None:
    async with run_bot(tmp_path, commands_burst=1, commands_per_minute=1) as bot:
        card = await bot.imagine()
        for name in ("game_die", "repeat", "clapper", "fast_forward", "x"):
            bot.ada.react(card, name)
        await _handled(bot)

        assert 1 == sum(_TOO_FAST in one for one in _told(bot))
        assert [card] == bot.mine()


async def test_the_same_refusal_is_not_repeated_for_each_reaction(tmp_path: Path) -> None:
    async with run_bot(tmp_path) as bot:
        card = await bot.imagine()
        for _ in range(4):
            bot.ada.react(card, "fast_forward")
            bot.ada.unreact(card, "fast_forward")
        await _handled(bot)

        assert 1 == sum("cannot be used on a picture" in one for one in _told(bot))


async def test_a_command_above_the_limit_is_answered_without_look_ups(tmp_path: Path) -> None:
    async with run_bot(tmp_path, commands_burst=1, commands_per_minute=1) as bot:
        await bot.ada.slash("/quota").acknowledged()
        asked = len(bot.slack.requests("users.info"))
        for _ in range(3):
            refused = await bot.ada.slash("/imagine", "a fox").acknowledged()
            assert _TOO_FAST in str(refused)
        # Neither a modal nor a button causes a look-up.
        opened = bot.ada.slash("/imagine")
        assert _TOO_FAST in str(await opened.acknowledged())
        await _handled(bot)

        assert asked == len(bot.slack.requests("users.info"))
        assert not bot.slack.requests("views.open")


async def test_a_flood_of_opened_home_tabs_is_limited(tmp_path: Path) -> None:
    async with run_bot(tmp_path, commands_burst=1, commands_per_minute=1) as bot:
        for _ in range(40):
            bot.ada.open_home()
        await _handled(bot)

        assert 15 == len(bot.slack.requests("views.publish"))
