"""The rate limit stands before any work, and who goes on is not told each time."""

from pathlib import Path

from tests.platforms.with_slack.studio_house import StudioHouse, open_studio, words

_TOO_FAST = "That was a lot at once"


def _told(house: StudioHouse) -> list[str]:
    return [words(one) for one in house.general.messages.values() if one.only_for is house.ada.user]


async def _handled(house: StudioHouse) -> None:
    """Wait until everything that has happened was taken, and nothing is in hand."""
    await house.slack.until(lambda: all(one.acknowledged_ms is not None for one in house.slack.deliveries))
    await house.router.tasks.drain()


async def test_names_are_looked_up_once_and_for_few_mentions(tmp_path: Path) -> None:
    async with open_studio(tmp_path) as house:
        others = [house.slack.user(house.team, f"m{number}") for number in range(12)]
        named = " ".join(f"@{one.user.name}" for one in others)
        house.ada.mention(f"imagine a group of {named}")
        first = await house.card(until=lambda one: "a group of" in one.text)
        asked = len(house.slack.requests("users.info"))
        house.ada.mention(f"imagine a crowd of {named}")
        await house.card(until=lambda one: "a crowd of" in one.text)

        assert "@m0 @m1" in first.text
        assert 11 == asked
        assert 11 == len(house.slack.requests("users.info"))


async def test_one_person_causes_few_look_ups_of_names(tmp_path: Path) -> None:
    async with open_studio(tmp_path) as house:
        for round_ in range(3):
            named = " ".join(
                f"@{house.slack.user(house.team, f'm{round_}x{number}').user.name}" for number in range(10)
            )
            house.ada.mention(f"imagine round{round_} {named}")
            await house.card(until=lambda one: f"round{round_}" in one.text)  # noqa: B023

        assert 11 == len(house.slack.requests("users.info"))


async def test_mentions_beyond_the_limit_cost_nothing_and_are_refused_once(tmp_path: Path) -> None:
    async with open_studio(tmp_path, commands_burst=1, commands_per_minute=1) as house:
        other = house.slack.user(house.team, "bob")
        house.ada.mention("quota")
        await house.slack.message_in(house.general, lambda one: one.only_for is house.ada.user)
        await _handled(house)
        before = len(house.slack.requests("*"))
        for _ in range(5):
            house.ada.mention(f"imagine a fox for @{other.user.name}")
        await _handled(house)

        assert 1 == sum(_TOO_FAST in one for one in _told(house))
        assert 1 == len(house.slack.requests("*")) - before
        # Somebody else has a limit of their own.
        other.mention("imagine an owl")
        await house.card()


async def test_a_flood_of_reactions_is_refused_once(tmp_path: Path) -> None:
    async with open_studio(tmp_path, commands_burst=1, commands_per_minute=1) as house:
        card = await house.imagine()
        for name in ("game_die", "repeat", "clapper", "fast_forward", "x"):
            house.ada.react(card, name)
        await _handled(house)

        assert 1 == sum(_TOO_FAST in one for one in _told(house))
        assert [card] == house.mine()


async def test_the_same_refusal_is_not_told_again_for_each_reaction(tmp_path: Path) -> None:
    async with open_studio(tmp_path) as house:
        card = await house.imagine()
        for _ in range(4):
            house.ada.react(card, "fast_forward")
            house.ada.unreact(card, "fast_forward")
        await _handled(house)

        assert 1 == sum("cannot be used on a picture" in one for one in _told(house))


async def test_a_command_beyond_the_limit_is_answered_and_looks_nothing_up(tmp_path: Path) -> None:
    async with open_studio(tmp_path, commands_burst=1, commands_per_minute=1) as house:
        await house.ada.slash("/quota").acknowledged()
        asked = len(house.slack.requests("users.info"))
        for _ in range(3):
            refused = await house.ada.slash("/imagine", "a fox").acknowledged()
            assert _TOO_FAST in str(refused)
        # Neither a form nor what is pressed costs a look-up.
        opened = house.ada.slash("/imagine")
        assert _TOO_FAST in str(await opened.acknowledged())
        await _handled(house)

        assert asked == len(house.slack.requests("users.info"))
        assert not house.slack.requests("views.open")


async def test_a_flood_of_visits_to_the_home_tab_is_bounded(tmp_path: Path) -> None:
    async with open_studio(tmp_path, commands_burst=1, commands_per_minute=1) as house:
        for _ in range(40):
            house.ada.open_home()
        await _handled(house)

        assert 15 == len(house.slack.requests("views.publish"))
