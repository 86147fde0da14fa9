"""The member rate limit comes before any work, and repeated refusals are sent once."""

from pathlib import Path

from tests.platforms.fake_discord import FakeDiscord
from tests.platforms.with_discord.bot_env import open_bot_env
from tests.platforms.with_discord.readers import job_of, told

_TOO_FAST = "That was a lot at once"


def _looked_up(fake: FakeDiscord) -> list[str]:
    """The requests about members and reactions."""
    return [
        one.path for one in fake.requests("GET *") if "/members/" in one.path or "/reactions/" in one.path
    ]


_ONE = {"commands_burst": 1, "commands_per_minute": 1}


async def test_reactions_beyond_the_limit_ask_discord_nothing_and_are_refused_once(
    tmp_path: Path, fake: FakeDiscord
) -> None:
    async with open_bot_env(tmp_path, fake, **_ONE) as env:
        _, card = await env.imagine()
        before = _looked_up(fake)
        for emoji in ("🔁", "🎲", "🎬", "❌", "⭐"):
            env.ada.react(card, emoji)
        await fake.until(lambda: bool(told(env.ada)))
        # Another person's reaction is handled after all of hers.
        bob = fake.member(env.guild, "bob").at(env.channel)
        bob.react(card, "⭐")
        await fake.until(lambda: "⭐ 1" in card.embeds[0]["footer"]["text"])

        assert [True] == [_TOO_FAST in one for one in told(env.ada)]
        assert before == _looked_up(fake)


async def test_the_same_refusal_is_sent_once_for_many_reactions(tmp_path: Path, fake: FakeDiscord) -> None:
    async with open_bot_env(tmp_path, fake) as env:
        _, card = await env.imagine()
        for _ in range(4):
            env.ada.react(card, "⏩")
            env.ada.unreact(card, "⏩")
        env.ada.react(card, "⭐")
        await fake.until(lambda: "⭐ 1" in card.embeds[0]["footer"]["text"])
        await fake.until(lambda: bool(told(env.ada)))

        assert 1 == len(told(env.ada))


async def test_interactions_beyond_the_limit_are_answered_and_cost_nothing_else(
    tmp_path: Path, fake: FakeDiscord
) -> None:
    async with open_bot_env(tmp_path, fake, **_ONE) as env:
        _, card = await env.imagine()
        before = len(fake.requests())
        for asked in (
            env.ada.slash("imagine", prompt="an owl"),
            env.ada.press(card, "🎲"),
            env.ada.use_on(card, "Animate"),
        ):
            answer = await asked.message()
            assert _TOO_FAST in answer.content
            assert answer.ephemeral
        assert 3 == len(fake.requests()) - before
        assert [card] == env.mine()


async def test_autocomplete_has_its_own_limit(tmp_path: Path, fake: FakeDiscord) -> None:
    async with open_bot_env(tmp_path, fake, **_ONE) as env:
        _, card = await env.imagine()
        offers = [await env.ada.autocomplete("animate", "start_from", "fox").choices() for _ in range(16)]
        assert [job_of(card)] * 15 == [one["value"] for each in offers for one in each]
        assert [] == offers[-1]
