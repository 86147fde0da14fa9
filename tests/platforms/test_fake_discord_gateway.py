"""The fake's gateway opens, drops, resumes and ends sessions."""

import asyncio
from typing import Any

import aiohttp
import discord
import pytest

from tests.patience import PATIENCE_S
from tests.platforms.fake_discord import FakeDiscord, Guild, Intents
from tests.platforms.tiny_bot import IDENTIFY, INTENTS, TinyBot, identify, line, running

RESUME = 6


def emojis(bot: TinyBot) -> list[str]:
    return [str(event.emoji) for event in bot.reactions]


async def test_a_reaction_is_heard_of_and_names_who_and_where(fake: FakeDiscord) -> None:
    ada = fake.member(fake.guild("Film club"), "ada")
    message = ada.write("look")
    async with running(fake) as bot:
        ada.react(message, "🔁")
        ada.react(message, "🔁")
        ada.unreact(message, "🔁")
        await bot.until(lambda: "raw_reaction_remove" in bot.heard)

    assert [(event.user_id, event.message_id) for event in bot.reactions] == [(ada.user.id, message.id)]


async def test_only_what_was_asked_for_is_heard_of(fake: FakeDiscord) -> None:
    guild = fake.guild("Film club")
    ada = fake.member(guild, "ada")
    quiet = discord.Intents(guilds=True, guild_messages=True)
    async with running(fake, intents=quiet) as bot:
        message = ada.write("look")
        ada.react(message, "🔁")
        fake.channel(guild, "films")
        await bot.until(lambda: "guild_channel_create" in bot.heard)

    assert bot.reactions == []
    assert [message.content for message in bot.messages] == [""]


async def test_a_burst_that_is_cut_in_two_arrives_whole_and_once(fake: FakeDiscord) -> None:
    """The session goes on where its connection broke."""
    guild = fake.guild("Film club")
    people = [fake.member(guild, f"p{number}") for number in range(10)]
    message = people[0].write("look")
    async with running(fake) as bot:
        fake.gateway.kill_after(4)
        for person in people:
            person.react(message, "🔁")
        await bot.until(lambda: len(bot.reactions) == len(people))
        await fake.until(lambda: fake.gateway.resumed == 1)

    assert [event.user_id for event in bot.reactions] == [person.user.id for person in people]
    assert [op for op, _ in fake.gateway.received] == [IDENTIFY, RESUME]


@pytest.mark.parametrize("trouble", ["kill", "ask_to_reconnect", "close", "invalidate"])
async def test_a_client_comes_back_after_any_trouble(fake: FakeDiscord, trouble: str) -> None:
    ada = fake.member(fake.guild("Film club"), "ada")
    message = ada.write("look")
    async with running(fake) as bot:
        if trouble == "close":
            fake.gateway.close(4000)
        elif trouble == "invalidate":
            fake.gateway.invalidate(resumable=True)
        else:
            getattr(fake.gateway, trouble)()
        await fake.until(lambda: fake.gateway.resumed == 1)
        ada.react(message, "🔁")
        await bot.until(lambda: emojis(bot) == ["🔁"])


async def test_a_dead_line_is_given_up_and_what_was_missed_comes_after(fake: FakeDiscord) -> None:
    ada = fake.member(fake.guild("Film club"), "ada")
    message = ada.write("look")
    fake.gateway.heartbeat_interval_ms = 100
    async with running(fake, heartbeat_timeout=0.4) as bot:
        fake.gateway.frozen = True
        ada.react(message, "🔁")
        await fake.until(lambda: fake.gateway.connected == 0)
        fake.gateway.frozen = False
        await bot.until(lambda: emojis(bot) == ["🔁"])


async def test_held_events_come_late_in_another_order_or_twice(fake: FakeDiscord) -> None:
    ada = fake.member(fake.guild("Film club"), "ada")
    message = ada.write("look")
    async with running(fake) as bot:
        fake.gateway.hold()
        ada.react(message, "1️⃣")
        ada.react(message, "2️⃣")
        fake.gateway.release(reverse=True, twice=True)
        await bot.until(lambda: len(bot.reactions) == 4)

    assert emojis(bot) == ["2️⃣", "2️⃣", "1️⃣", "1️⃣"]


async def test_intents_that_were_not_granted_end_the_connection(fake: FakeDiscord) -> None:
    with pytest.raises(ExceptionGroup) as refused:
        async with running(fake, intents=INTENTS | discord.Intents(message_content=True)):
            pass
    assert refused.group_contains(discord.PrivilegedIntentsRequired)

    fake.clock.advance(5)
    fake.world.allowed_intents = Intents.MESSAGE_CONTENT
    ada = fake.member(fake.guild("Film club"), "ada")
    async with running(fake, intents=INTENTS | discord.Intents(message_content=True)) as bot:
        ada.write("a secret")
        await bot.until(lambda: [message.content for message in bot.messages] == ["a secret"])


async def test_a_wrong_token_is_refused(fake: FakeDiscord) -> None:
    async with TinyBot(connector=fake.connector()) as bot:
        with pytest.raises(discord.LoginFailure):
            await bot.login("wrong")
    async with line(fake) as socket:
        await identify(socket, "wrong")
        assert (await socket.receive()).data == 4004


async def test_guilds_come_and_go(fake: FakeDiscord) -> None:
    async with running(fake) as bot:
        guild = fake.guild("Film club")
        await bot.until(lambda: "guild_join" in bot.heard)
        fake.delete(guild.first_channel())
        await bot.until(lambda: "guild_channel_delete" in bot.heard)
        fake.kick_bot(guild)
        await bot.until(lambda: "guild_remove" in bot.heard)
        with pytest.raises(discord.NotFound):
            await bot.fetch_guild(guild.id)


async def test_presence_is_kept_per_shard(fake: FakeDiscord) -> None:
    async with running(fake) as bot:
        await bot.change_presence(activity=discord.CustomActivity("3 in the queue"))
        await fake.until(lambda: "3 in the queue" in str(fake.gateway.presences[0]))


# The rest speaks to the gateway without the library, which hides what is asked here.


async def event(socket: aiohttp.ClientWebSocketResponse) -> Any:
    payload = await asyncio.wait_for(socket.receive_json(), timeout=PATIENCE_S)
    return payload["t"] or (payload["op"], payload["d"])


async def test_sessions_begin_one_by_one_in_windows_of_five_seconds(fake: FakeDiscord) -> None:
    async with line(fake) as one, line(fake) as two:
        await identify(one, fake.token, shard=(0, 2))
        assert await event(one) == "READY"
        await identify(two, fake.token, shard=(1, 2))
        assert await event(two) == (9, False)
        fake.clock.advance(5)
        await identify(two, fake.token, shard=(1, 2))
        assert await event(two) == "READY"


async def test_with_more_lanes_shards_begin_side_by_side(fake: FakeDiscord) -> None:
    fake.gateway.identify_limits.max_concurrency = 2
    async with line(fake) as one, line(fake) as two:
        await identify(one, fake.token, shard=(0, 2))
        await identify(two, fake.token, shard=(1, 2))
        assert [await event(one), await event(two)] == ["READY", "READY"]


async def test_each_shard_hears_of_its_own_guilds_and_the_first_of_direct_messages(fake: FakeDiscord) -> None:
    fake.gateway.identify_limits.max_concurrency = 2
    guilds: dict[int, Guild] = {
        shard: fake.guild(f"on {shard}", guild_id=(1000 + shard) << 22) for shard in (0, 1)
    }
    eve = fake.user("eve", installed=True)
    async with line(fake) as one, line(fake) as two:
        for shard, socket in enumerate((one, two)):
            await identify(socket, fake.token, shard=(shard, 2))
            assert [await event(socket), await event(socket)] == ["READY", "GUILD_CREATE"]
        eve.write("hello")
        assert await event(one) == "MESSAGE_CREATE"
        fake.channel(guilds[1], "films")
        fake.channel(guilds[0], "films")
        heard = [(await socket.receive_json())["d"]["guild_id"] for socket in (one, two)]

    assert heard == [str(guilds[0].id), str(guilds[1].id)]


async def test_a_session_that_was_gone_too_long_begins_anew(fake: FakeDiscord) -> None:
    async with line(fake) as socket:
        await identify(socket, fake.token)
        ready = await socket.receive_json()
        session = ready["d"]["session_id"]
        fake.gateway.kill()
    await fake.until(lambda: fake.gateway.connected == 0)
    fake.clock.advance(181)
    async with line(fake) as socket:
        await socket.send_json({"op": RESUME, "d": {"token": fake.token, "session_id": session, "seq": 1}})
        assert await event(socket) == (9, False)


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ({"op": 99, "d": None}, 4001),
        ({"op": 3, "d": {}}, 4003),
        ({"op": IDENTIFY, "d": {"intents": 1 << 40}}, 4013),
        ({"op": IDENTIFY, "d": {"intents": 1, "shard": [2, 2]}}, 4010),
    ],
)
async def test_nonsense_ends_the_connection_with_its_code(
    fake: FakeDiscord, said: dict[str, Any], code: int
) -> None:
    if said["d"]:
        said = {**said, "d": {**said["d"], "token": fake.token}}
    async with line(fake) as socket:
        await socket.send_json(said)
        closing = await socket.receive()

    assert (closing.type, closing.data) == (aiohttp.WSMsgType.CLOSE, code)
