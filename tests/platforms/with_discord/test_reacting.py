"""Reactions under our cards: who reacts pays; what is refused is told by direct message or not at all."""

from pathlib import Path

from tests.platforms.fake_discord import FakeDiscord, Message, Permissions, Person
from tests.platforms.with_discord.studio_house import StudioHouse, open_studio
from tests.platforms.with_discord.test_pressing import facts, job_of


def told(person: Person) -> list[str]:
    """What the bot has told somebody in their direct messages."""
    return [one.content for one in person.reads_directly() if one.author is not person.user]


async def result(house: StudioHouse, *others: Message) -> Message:
    """A new card in the channel, with its result."""
    known = {one.id for one in others}
    return await house.fake.message_in(
        house.channel, lambda one: one.id not in known and bool(one.attachments)
    )


async def test_a_reaction_makes_one_card_for_whoever_reacted(tmp_path: Path, fake: FakeDiscord) -> None:
    """What means nothing, and what lies under the messages of others, is not even looked at."""
    async with open_studio(tmp_path, fake) as house:
        bob = fake.member(house.guild, "bob").at(house.channel)
        _, card = await house.imagine()
        foreign = bob.write("not ours")
        bob.react(foreign, "🎲")
        bob.react(card, "👍")
        fake.gateway.hold()
        bob.react(card, "🎲")
        fake.gateway.release(twice=True)
        new = await result(house, card)
        assert ("bob", None) == (new.embeds[0]["author"]["name"], new.interaction)
        bob.unreact(card, "🎲")
        bob.react(card, "🎲")
        house.ada.react(card, "🔁")
        other = await result(house, card, new)
        assert [card, new, other] == house.mine()
        assert [] == fake.requests(f"GET *{foreign.id}*")
        # Permissions are asked for once for each of the four that mean something.
        assert 4 == len(fake.requests("GET */members/*"))


async def test_a_star_is_given_and_taken_back(tmp_path: Path, fake: FakeDiscord) -> None:
    async with open_studio(tmp_path, fake) as house:
        _, card = await house.imagine()
        house.ada.react(card, "⭐")
        await fake.until(lambda: "⭐ 1" in card.embeds[0]["footer"]["text"])
        house.ada.unreact(card, "⭐")
        await fake.until(lambda: "⭐" not in card.embeds[0]["footer"]["text"])
        house.ada.react(card, "⭐")
        await fake.until(lambda: "⭐ 1" in card.embeds[0]["footer"]["text"])


async def test_a_number_says_which_of_several_is_meant(tmp_path: Path, fake: FakeDiscord) -> None:
    async with open_studio(tmp_path, fake) as house:
        bob = fake.member(house.guild, "bob").at(house.channel)
        _, card = await house.imagine(count=2)
        second = next(part for part in card.parts() if part["type"] == 3)["options"][1]["value"]
        bob.react(card, "2️⃣")
        house.ada.react(card, "🔁")
        first = await result(house, card)
        assert f"`{job_of(card)}`" == facts(first)["Made from"]
        bob.react(card, "🔁")
        other = await result(house, card, first)
        assert f"`{second}`" == facts(other)["Made from"]


async def test_only_owners_and_moderators_delete_by_reaction(tmp_path: Path, fake: FakeDiscord) -> None:
    """Somebody else is told why not, once, and where nobody else reads it."""
    async with open_studio(tmp_path, fake) as house:
        bob = fake.member(house.guild, "bob").at(house.channel)
        _, card = await house.imagine()
        fake.gateway.hold()
        bob.react(card, "❌")
        fake.gateway.release(twice=True)
        await fake.until(lambda: bool(told(bob)))
        house.moderator.react(card, "❌")
        await fake.until(lambda: card.deleted)
        assert ["This job belongs to ada"] == told(bob)
        assert [] == house.mine()


async def test_what_could_not_be_shown_is_not_made(tmp_path: Path, fake: FakeDiscord) -> None:
    async with open_studio(tmp_path, fake) as house:
        _, card = await house.imagine()
        fake.overwrite(house.channel, deny=Permissions.ATTACH_FILES)
        house.ada.react(card, "🎲")
        await fake.until(lambda: bool(told(house.ada)))
        assert f"<#{house.channel.id}>: I lack Attach Files there" in told(house.ada)[0]
        assert [card] == house.mine()


async def test_a_copy_is_reacted_to_in_direct_messages(tmp_path: Path, fake: FakeDiscord) -> None:
    async with open_studio(tmp_path, fake) as house:
        _, card = await house.imagine()
        house.ada.react(card, "✉️")
        direct = fake.world.direct_channel(house.ada.user)
        copy = await fake.message_in(direct, lambda one: bool(one.attachments))
        house.ada.at(direct).react(copy, "🎲")
        new = await fake.message_in(direct, lambda one: one is not copy and bool(one.attachments))
        assert "ada" == new.embeds[0]["author"]["name"]
