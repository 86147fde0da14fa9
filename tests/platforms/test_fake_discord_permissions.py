"""The fake computes permissions and refuses what they do not allow."""

import io

import discord
import pytest

from tests.platforms.fake_discord import FakeDiscord, Permissions
from tests.platforms.tiny_bot import at_rest, running

P = Permissions


@pytest.mark.parametrize(
    ("denied", "code"),
    [
        (P.VIEW_CHANNEL, 50001),
        (P.SEND_MESSAGES, 50013),
        (P.ATTACH_FILES, 50013),
        (P.EMBED_LINKS, 50013),
    ],
)
async def test_a_message_needs_rights_for_all_that_it_holds(
    fake: FakeDiscord, denied: Permissions, code: int
) -> None:
    channel = fake.guild("Film club").first_channel()
    fake.overwrite(channel, deny=denied)
    async with at_rest(fake) as bot:
        with pytest.raises(discord.Forbidden) as refusal:
            await bot.get_partial_messageable(channel.id).send(
                "x", embed=discord.Embed(title="x"), file=discord.File(io.BytesIO(b"x"), "x.png")
            )

    assert refusal.value.code == code


async def test_history_is_empty_and_single_messages_are_refused_without_the_right_to_it(
    fake: FakeDiscord,
) -> None:
    guild = fake.guild("Film club")
    written = fake.member(guild, "ada").write("old")
    fake.overwrite(written.channel, deny=P.READ_MESSAGE_HISTORY)
    async with at_rest(fake) as bot:
        here = bot.get_partial_messageable(written.channel.id)
        page = [message async for message in here.history()]
        with pytest.raises(discord.Forbidden) as refusal:
            await here.fetch_message(written.id)
        with pytest.raises(discord.HTTPException) as reply:
            await here.send("x", reference=here.get_partial_message(written.id))

    assert page == []
    assert (refusal.value.code, reply.value.code) == (50013, 160002)


async def test_the_first_reaction_of_its_kind_needs_more_than_the_next(fake: FakeDiscord) -> None:
    guild = fake.guild("Film club")
    ada = fake.member(guild, "ada")
    written = ada.write("old")
    fake.overwrite(written.channel, deny=P.ADD_REACTIONS)
    async with at_rest(fake) as bot:
        message = bot.get_partial_messageable(written.channel.id).get_partial_message(written.id)
        with pytest.raises(discord.Forbidden) as refusal:
            await message.add_reaction("🔁")
        ada.react(written, "🔁")
        await message.add_reaction("🔁")
        with pytest.raises(discord.HTTPException) as unknown:
            await message.add_reaction("fox")

    assert (refusal.value.code, unknown.value.code) == (50013, 10014)
    assert written.reactions == {"🔁": [ada.user, fake.world.bot]}


def test_overwrites_apply_to_everyone_then_roles_then_the_person(discord_certificates: object) -> None:
    fake = FakeDiscord(discord_certificates)  # type: ignore[arg-type]
    guild = fake.guild("Film club")
    channel = guild.first_channel()
    quiet, loud = fake.role(guild, "quiet"), fake.role(guild, "loud")
    ada = fake.member(guild, "ada", roles=[quiet, loud])

    def may_attach() -> bool:
        return P.ATTACH_FILES in channel.allows(ada.user)

    seen = [may_attach()]
    channel.overwrites[guild.id] = (P.NONE, P.ATTACH_FILES)
    seen.append(may_attach())
    channel.overwrites[loud.id] = (P.ATTACH_FILES, P.NONE)
    seen.append(may_attach())
    channel.overwrites[quiet.id] = (P.NONE, P.ATTACH_FILES)
    seen.append(may_attach())
    fake.overwrite(channel, ada, deny=P.SEND_MESSAGES)
    seen.append(may_attach())
    quiet.permissions = P.ADMINISTRATOR
    seen.append(may_attach())

    # Of two roles the one that allows wins; who may not send may not attach; administrators may all.
    assert seen == [True, False, True, True, False, True]


async def test_the_bot_computes_its_permissions_from_gateway_events(fake: FakeDiscord) -> None:
    """The library comes to the same sum as the fake."""
    guild = fake.guild("Film club", bot_permissions=P.MANAGE_MESSAGES)
    channel = guild.first_channel()
    fake.overwrite(channel, deny=P.ATTACH_FILES)
    async with running(fake) as bot:
        here = bot.get_channel(channel.id)
        assert isinstance(here, discord.TextChannel)
        told = here.permissions_for(here.guild.me)
        limit = here.guild.filesize_limit

    held = channel.allows(fake.world.bot)
    names = ("attach_files", "embed_links", "send_messages", "manage_messages", "add_reactions")
    assert {name: getattr(told, name) for name in names} == {
        name: Permissions[name.upper()] in held for name in names
    }
    assert limit == channel.file_limit
