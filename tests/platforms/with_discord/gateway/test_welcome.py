"""The welcome message: sent once to each server, in a channel where the bot may write."""

import asyncio
from pathlib import Path

from tests.patience import until
from tests.platforms.fake_discord import Drop, FakeDiscord, Guild, Permissions
from tests.platforms.with_discord.discord_bot import Bot, started


def greetings(fake: FakeDiscord, guild: Guild) -> list[str]:
    """The bot's messages by channel."""
    return [
        channel.name
        for channel in guild.channels.values()
        for message in channel.messages.values()
        if message.author is fake.world.bot
    ]


async def test_a_server_is_welcomed_where_the_bot_may_write(fake: FakeDiscord, tmp_path: Path) -> None:
    async with started(fake, tmp_path) as bot:
        await until(lambda: not bot.not_ready_reason)
        guild = fake.guild("Film club", with_bot=False)
        lobby = fake.channel(guild, "lobby")
        fake.overwrite(guild.first_channel(), deny=Permissions.SEND_MESSAGES)
        fake.let_bot_in(guild)
        message = await fake.message_in(lobby)
        for words in ("/imagine", "/quotas set", "The bot's operator gives this server its budget"):
            assert words in message.embeds[0]["description"]
        assert ["lobby"] == greetings(fake, guild)


async def test_neither_a_new_session_nor_a_restart_welcomes_again(fake: FakeDiscord, tmp_path: Path) -> None:
    async with started(fake, tmp_path) as bot:
        await until(lambda: not bot.not_ready_reason)
        guild = fake.guild("Film club")
        await noted(bot, guild, kept=True)
    async with started(fake, tmp_path) as bot:
        await until(lambda: not bot.not_ready_reason)
        fake.gateway.invalidate()
        await fake.until(lambda: len(fake.gateway.received) == 3 and fake.gateway.connected == 1)
        await until(lambda: not bot.not_ready_reason)
        await fake.message_in(fake.guild("Late club").first_channel())
    assert ["general"] == greetings(fake, guild)
    assert 2 == len(fake.requests("POST /channels/*/messages"))


async def test_an_unfinished_welcome_is_finished_after_a_restart(fake: FakeDiscord, tmp_path: Path) -> None:
    failing = fake.fault("POST /channels/*/messages", status=502, times=None)
    async with started(fake, tmp_path) as bot:
        await until(lambda: not bot.not_ready_reason)
        guild = fake.guild("Film club")
        await fake.until(lambda: failing.happened == 4)
    assert [] == greetings(fake, guild)
    failing.times = failing.happened
    async with started(fake, tmp_path) as bot:
        await noted(bot, guild, kept=True)
    assert ["general"] == greetings(fake, guild)


async def test_a_welcome_whose_answer_is_lost_is_posted_once(fake: FakeDiscord, tmp_path: Path) -> None:
    lost = fake.fault("POST /channels/*/messages", drop=Drop.AFTER)
    async with started(fake, tmp_path) as bot:
        await until(lambda: not bot.not_ready_reason)
        guild = fake.guild("Film club")
        await fake.until(lambda: len(fake.requests("POST /channels/*/messages")) == 2)
    assert lost.spent
    assert ["general"] == greetings(fake, guild)


async def test_without_a_writable_channel_nothing_is_tried(fake: FakeDiscord, tmp_path: Path) -> None:
    async with started(fake, tmp_path) as bot:
        await until(lambda: not bot.not_ready_reason)
        shut = fake.guild("Shut club", with_bot=False)
        shut.everyone.permissions = Permissions.VIEW_CHANNEL
        fake.let_bot_in(shut)
        await fake.message_in(fake.guild("Film club").first_channel())
        assert 1 == len(fake.requests("POST /channels/*/messages"))


async def test_a_server_that_invites_the_bot_again_is_welcomed_again(
    fake: FakeDiscord, tmp_path: Path
) -> None:
    async with started(fake, tmp_path) as bot:
        await until(lambda: not bot.not_ready_reason)
        guild = fake.guild("Film club")
        await noted(bot, guild, kept=True)
        fake.kick_bot(guild)
        await noted(bot, guild, kept=False)
        fake.let_bot_in(guild)
        await fake.until(lambda: len(fake.requests("POST /channels/*/messages")) == 2)


async def noted(bot: Bot, guild: Guild, *, kept: bool) -> None:
    """Wait until a server is recorded as welcomed, or no longer is."""
    while kept is not bool(await bot.context.adapter_data.get(f"greeted/{guild.id}")):  # noqa: ASYNC110 - there is no event for it
        await asyncio.sleep(0.01)
