"""The caller and the channel of events: guilds, threads, direct messages and user installs."""

from collections.abc import Callable
from typing import Any

import discord

from adapters.discord.delivery.interactions import TOKEN_LIFETIME_MS
from adapters.discord.events.context import interaction_context, reaction_context
from tests.platforms.fake_discord import FakeDiscord, Kind, Permissions, Person
from tests.platforms.fake_discord.client.interactions import ask
from tests.platforms.fake_discord.state.interactions import InteractionType
from tests.platforms.tiny_bot import TinyBot, running

COMMAND: dict[str, Any] = {"id": "1", "name": "imagine", "type": 1, "options": []}


async def context(
    bot: TinyBot, fake: FakeDiscord, person: Person, clock: Callable[[], int] | None = None
) -> Any:
    before = len(bot.interactions)
    ask(fake.world, person.user, person.place, InteractionType.COMMAND, COMMAND)
    return interaction_context(await bot.asked(before + 1), clock or fake.clock.now_ms)


async def test_the_context_of_an_interaction_in_a_guild(fake: FakeDiscord) -> None:
    guild = fake.guild("Film club", tier=2)
    manager = fake.role(guild, "managers", Permissions.MANAGE_GUILD)
    ada = fake.member(guild, "ada", roles=[manager])
    bob = fake.member(guild, "bob")
    forum = fake.channel(guild, "scenes", kind=Kind.FORUM)
    post = fake.thread(forum, "scene one", bob)
    async with running(fake) as bot:
        there = await context(bot, fake, ada)
        in_post = await context(bot, fake, bob.at(post))
        behind = await context(bot, fake, bob, lambda: fake.clock.now_ms() - 60_000)

    me = f"discord:{guild.id}:{ada.user.id}"
    assert (me, f"discord:{ada.user.id}") == (there.caller.member, there.caller.person)
    assert ("ada", True, True) == (there.caller.name, there.caller.is_admin, there.is_guild)
    assert (f"discord:{guild.id}", str(ada.place.id), None) == (
        there.place().workspace,
        there.place().channel,
        there.place().thread,
    )
    assert (False, 50 * 2**20, True) == (
        there.token.ephemeral,
        there.token.upload_limit,
        there.token.bot_has_access,
    )
    assert there.token.expires_at <= fake.clock.now_ms() + TOKEN_LIFETIME_MS
    assert discord.Permissions(there.app_permissions).attach_files
    assert '"ephemeral":true' in there.place(private=True).reply_token

    assert (str(forum.id), str(post.id), True) == (
        in_post.channel,
        in_post.thread,
        in_post.thread is not None,
    )
    assert not in_post.caller.is_admin
    # By the slower clock: else an expired token would seem valid.
    assert behind.token.expires_at <= fake.clock.now_ms() - 60_000 + TOKEN_LIFETIME_MS + 1_000


async def test_the_context_outside_of_the_bots_guilds(fake: FakeDiscord) -> None:
    """An admin of a server that has not invited the bot is no admin here."""
    elsewhere = fake.guild("Elsewhere", with_bot=False)
    owner = fake.role(elsewhere, "owners", Permissions.ADMINISTRATOR)
    ada = fake.user("ada", installed=True)
    fake.join(elsewhere, ada.user, roles=[owner])
    bob = fake.user("bob")
    group = fake.group("friends", [ada, bob])
    async with running(fake) as bot:
        there = await context(bot, fake, ada.at(elsewhere.first_channel()))
        direct = await context(bot, fake, ada)
        among = await context(bot, fake, ada.at(group))

    for one in (there, direct, among):
        assert ("discord:@dm", f"discord:@dm:{ada.user.id}") == (one.caller.workspace, one.caller.member)
        assert (False, False) == (one.caller.is_admin, one.is_guild)
    assert [False, True, False] == [one.token.bot_has_access for one in (there, direct, among)]


async def test_the_context_of_a_reaction(fake: FakeDiscord) -> None:
    guild = fake.guild("Film club")
    manager = fake.role(guild, "managers", Permissions.MANAGE_GUILD)
    ada, bob = fake.member(guild, "ada", roles=[manager]), fake.member(guild, "bob")
    thread = fake.thread(guild.first_channel(), "scene one", bob)
    async with running(fake) as bot:
        message = bob.write("hello")
        ada.react(message, "🎲")
        bob.at(thread).react(bob.at(thread).write("hello"), "🎲")
        await bot.until(lambda: len(bot.reactions) == 2)
        there, in_thread = (reaction_context(one) for one in bot.reactions)

    assert (f"discord:{guild.id}:{ada.user.id}", True, "ada") == (
        there.caller.member,
        there.caller.is_admin,
        there.caller.name,
    )
    assert "" == there.place().reply_token
    assert not in_thread.caller.is_admin
    assert (str(guild.first_channel().id), str(thread.id)) == (in_thread.channel, in_thread.thread)
