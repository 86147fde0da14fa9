"""Reactions under our cards: whoever reacts pays; refusals are sent by direct message."""

from pathlib import Path
from typing import Any

import pytest

from tests.platforms.fake_discord import FakeDiscord, Message, Permissions
from tests.platforms.with_discord.bot_env import BotEnv, open_bot_env
from tests.platforms.with_discord.readers import facts, job_of, source, told


async def result(env: BotEnv, *others: Message) -> Message:
    """The newest card in the channel, with its result."""
    known = {one.id for one in others}
    return await env.fake.message_in(env.channel, lambda one: one.id not in known and bool(one.attachments))


async def test_a_reaction_makes_one_card_for_whoever_reacted(tmp_path: Path, fake: FakeDiscord) -> None:
    """Other emojis and other people's messages cause no lookups."""
    async with open_bot_env(tmp_path, fake) as env:
        bob = fake.member(env.guild, "bob").at(env.channel)
        _, card = await env.imagine()
        foreign = bob.write("not ours")
        bob.react(foreign, "🎲")
        bob.react(card, "👍")
        fake.gateway.hold()
        bob.react(card, "🎲")
        fake.gateway.release(twice=True)
        new = await result(env, card)
        assert ("bob", None) == (new.embeds[0]["author"]["name"], new.interaction)
        bob.unreact(card, "🎲")
        bob.react(card, "🎲")
        env.ada.react(card, "🔁")
        other = await result(env, card, new)
        assert [card, new, other] == env.mine()
        assert [] == fake.requests(f"GET *{foreign.id}*")
        # Permissions are fetched once for each of the four with a meaning.
        assert 4 == len(fake.requests("GET */members/*"))


async def test_a_star_is_given_and_taken_back(tmp_path: Path, fake: FakeDiscord) -> None:
    async with open_bot_env(tmp_path, fake) as env:
        _, card = await env.imagine()
        env.ada.react(card, "⭐")
        await fake.until(lambda: "⭐ 1" in card.embeds[0]["footer"]["text"])
        env.ada.unreact(card, "⭐")
        await fake.until(lambda: "⭐" not in card.embeds[0]["footer"]["text"])
        env.ada.react(card, "⭐")
        await fake.until(lambda: "⭐ 1" in card.embeds[0]["footer"]["text"])


async def test_a_number_reaction_chooses_the_result(tmp_path: Path, fake: FakeDiscord) -> None:
    async with open_bot_env(tmp_path, fake) as env:
        bob = fake.member(env.guild, "bob").at(env.channel)
        _, card = await env.imagine(count=2)
        second = next(part for part in card.parts() if part["type"] == 3)["options"][1]["value"]
        bob.react(card, "2️⃣")
        env.ada.react(card, "🔁")
        first = await result(env, card)
        assert facts(first)["Made from"].startswith(source(job_of(card)))
        bob.react(card, "🔁")
        other = await result(env, card, first)
        assert facts(other)["Made from"].startswith(source(second))


async def test_a_delete_reaction_asks_the_owner_directly(tmp_path: Path, fake: FakeDiscord) -> None:
    """Another person is told once and privately why nothing is deleted."""
    async with open_bot_env(tmp_path, fake) as env:
        bob = fake.member(env.guild, "bob").at(env.channel)
        _, card = await env.imagine()
        fake.gateway.hold()
        bob.react(card, "❌")
        fake.gateway.release(twice=True)
        await fake.until(lambda: bool(told(bob)))
        env.moderator.react(card, "❌")
        await fake.until(lambda: bool(told(env.moderator)))
        assert ["This job belongs to ada"] == told(bob)
        assert "press Delete under its card" in told(env.moderator)[0]

        env.ada.react(card, "❌")
        direct = fake.world.direct_channel(env.ada.user)
        question = await fake.message_in(direct, lambda one: bool(one.embeds))
        assert source(job_of(card)) in question.embeds[0]["description"]
        assert not card.deleted
        env.ada.at(direct).press(question, "Delete")
        await fake.until(lambda: card.deleted)
        assert [] == env.mine()


async def test_a_delete_reaction_without_open_direct_messages_deletes_nothing(
    tmp_path: Path, fake: FakeDiscord
) -> None:
    async with open_bot_env(tmp_path, fake) as env:
        _, card = await env.imagine()
        env.ada.user.dms_open = False
        env.ada.react(card, "❌")
        env.ada.react(card, "⭐")
        await fake.until(lambda: "⭐ 1" in card.embeds[0]["footer"]["text"])
        await fake.until(lambda: bool(fake.requests("POST */channels/*/messages")))
        assert not card.deleted


async def test_a_moderator_deletes_what_others_made_by_its_button(tmp_path: Path, fake: FakeDiscord) -> None:
    async with open_bot_env(tmp_path, fake) as env:
        _, card = await env.imagine()
        question = await env.moderator.press(card, "Delete").message()
        env.moderator.press(question, "Delete")
        await fake.until(lambda: card.deleted)


async def test_a_result_that_could_not_be_posted_is_not_generated(tmp_path: Path, fake: FakeDiscord) -> None:
    async with open_bot_env(tmp_path, fake) as env:
        _, card = await env.imagine()
        fake.overwrite(env.channel, deny=Permissions.ATTACH_FILES)
        env.ada.react(card, "🎲")
        await fake.until(lambda: bool(told(env.ada)))
        assert f"<#{env.channel.id}>: I lack Attach Files there" in told(env.ada)[0]
        assert [card] == env.mine()


async def test_a_copy_is_reacted_to_in_direct_messages(tmp_path: Path, fake: FakeDiscord) -> None:
    async with open_bot_env(tmp_path, fake) as env:
        _, card = await env.imagine()
        env.ada.react(card, "✉️")
        direct = fake.world.direct_channel(env.ada.user)
        copy = await fake.message_in(direct, lambda one: bool(one.attachments))
        env.ada.at(direct).react(copy, "🎲")
        new = await fake.message_in(direct, lambda one: one is not copy and bool(one.attachments))
        assert "ada" == new.embeds[0]["author"]["name"]


#: how reading the message or its reactions can fail
UNREADABLE: list[dict[str, Any]] = [
    {"status": 429},
    {"status": 503},
    {"status": 403, "code": 50013},
    {"status": 404, "code": 10008},
    {"status": 200, "raw": "<html/>", "content_type": "text/html"},
    {"status": 200, "raw": "null"},
    {"status": 200, "raw": "{}"},
    {"status": 200, "raw": '[{"emoji": null}]'},
]


@pytest.mark.parametrize("route", ["GET *messages/{card}", "GET *messages/{card}/reactions/*"])
async def test_an_unreadable_choice_starts_nothing_and_is_reported(
    tmp_path: Path, fake: FakeDiscord, route: str
) -> None:
    async with open_bot_env(tmp_path, fake) as env:
        _, card = await env.imagine(count=2)
        for number, fault in enumerate(UNREADABLE):
            member = fake.member(env.guild, f"member{number}").at(env.channel)
            member.react(card, "2️⃣")
            failing = fake.fault(route.format(card=card.id), **fault)
            member.react(card, "🔁")
            await fake.until(lambda member=member: bool(told(member)))  # type: ignore[misc]
            assert "nothing was started" in told(member)[0]
            assert failing.spent
        assert [card] == env.mine()


async def test_two_numbers_or_one_too_high_are_no_choice(tmp_path: Path, fake: FakeDiscord) -> None:
    async with open_bot_env(tmp_path, fake) as env:
        bob = fake.member(env.guild, "bob").at(env.channel)
        cid = fake.member(env.guild, "cid").at(env.channel)
        _, card = await env.imagine(count=2)
        for member, numbers in ((bob, ("1️⃣", "2️⃣")), (cid, ("4️⃣",))):
            for number in numbers:
                member.react(card, number)
            member.react(card, "🔁")
            await fake.until(lambda member=member: bool(told(member)))  # type: ignore[misc]
        assert "several numbers" in told(bob)[0]
        assert "shows 2 results" in told(cid)[0]
        assert [card] == env.mine()


async def test_reactions_of_bots_start_nothing(tmp_path: Path, fake: FakeDiscord) -> None:
    """Also where the event does not say that it is a bot."""
    async with open_bot_env(tmp_path, fake) as env:
        _, card = await env.imagine()
        robot = fake.member(env.guild, "robot", bot=True).at(env.channel)
        service = fake.member(env.guild, "service", system=True).at(env.channel)
        for one in (robot, service):
            for emoji, names_member in (("🔁", True), ("🎲", False)):
                one.react(card, emoji, names_member=names_member)
        bob = fake.member(env.guild, "bob").at(env.channel)
        bob.react(card, "🎲", names_member=False)
        new = await result(env, card)
        assert "bob" == new.embeds[0]["author"]["name"]
        await fake.until(lambda: len(fake.requests("GET /users/*")) >= 4)
        assert [card, new] == env.mine()


async def test_an_unknown_person_is_told_and_pays_nothing(tmp_path: Path, fake: FakeDiscord) -> None:
    async with open_bot_env(tmp_path, fake) as env:
        _, card = await env.imagine()
        for number, fault in enumerate(UNREADABLE):
            member = fake.member(env.guild, f"member{number}").at(env.channel)
            fake.fault(f"GET /users/{member.user.id}", **fault)
            member.react(card, "🎲", names_member=False)
            await fake.until(lambda member=member: bool(told(member)))  # type: ignore[misc]
            assert "nothing was started" in told(member)[0]
        assert [card] == env.mine()
