"""Rate limits, failures and broken connections on demand."""

import asyncio
import io

import aiohttp
import discord
import pytest

from tests.platforms.fake_discord import Channel, Drop, FakeDiscord
from tests.platforms.tiny_bot import TinyBot, at_rest

CREATE = "POST /channels/*/messages"


def place(bot: TinyBot, channel: Channel) -> discord.PartialMessageable:
    return bot.get_partial_messageable(channel.id)


@pytest.mark.parametrize("scope", ["user", "shared", "global"])
async def test_a_limit_is_waited_out_by_the_library(fake: FakeDiscord, scope: str) -> None:
    channel = fake.guild("Film club").first_channel()
    fault = fake.fault(CREATE, status=429, retry_after_s=0.05, scope=scope, times=2)
    async with at_rest(fake) as bot:
        await place(bot, channel).send("one")

    assert fault.happened == 2
    assert [each.status for each in fake.requests(CREATE)] == [429, 429, 200]
    assert len(channel.messages) == 1
    assert fake.limits.invalid_requests == (0 if scope == "shared" else 2)


async def test_a_ban_is_answered_at_once(fake: FakeDiscord) -> None:
    channel = fake.guild("Film club").first_channel()
    fake.fault(CREATE, status=429, banned=True)
    async with at_rest(fake) as bot:
        with pytest.raises(discord.HTTPException) as refusal:
            await place(bot, channel).send("one")

    assert refusal.value.status == 429


async def test_a_bucket_says_how_much_is_left_and_then_refuses(fake: FakeDiscord) -> None:
    channel = fake.guild("Film club").first_channel()
    other = fake.channel(fake.guild("Another club"), "films")
    fake.limits.be_strict()
    async with aiohttp.ClientSession(headers={"Authorization": f"Bot {fake.token}"}) as session:

        async def send(to: Channel) -> aiohttp.ClientResponse:
            url = f"http://127.0.0.1:{fake.plain_port}/api/v10/channels/{to.id}/messages"
            async with session.post(url, json={"content": "x"}) as answer:
                await answer.read()
                return answer

        answers = [await send(channel) for _ in range(6)]
        elsewhere = await send(other)
        fake.clock.advance(5)
        later = await send(channel)

    assert [answer.headers.get("X-RateLimit-Remaining") for answer in answers] == [*"43210", None]
    assert (answers[5].status, answers[5].headers["X-RateLimit-Scope"]) == (429, "user")
    assert [elsewhere.status, later.status] == [200, 200]


async def test_answers_to_interactions_carry_no_bucket(fake: FakeDiscord) -> None:
    fake.world.commands.put(None, {"name": "imagine", "description": "Make a picture"})
    asked = fake.member(fake.guild("Film club"), "ada").slash("imagine").interaction
    path = f"/api/v10/interactions/{asked.id}/{asked.token}/callback"
    async with aiohttp.ClientSession() as session:
        answer = await session.post(f"http://127.0.0.1:{fake.plain_port}{path}", json={"type": 5})

    assert answer.status == 204
    assert [name for name in answer.headers if name.startswith("X-RateLimit")] == []


async def test_a_lost_answer_leaves_what_was_done_and_the_nonce_finds_it(fake: FakeDiscord) -> None:
    channel = fake.guild("Film club").first_channel()
    fake.fault(CREATE, drop=Drop.AFTER)
    async with at_rest(fake) as bot:
        with pytest.raises(aiohttp.ClientError):
            await place(bot, channel).send("one", nonce="01J")
        again = await place(bot, channel).send("one", nonce="01J")

    assert list(channel.messages) == [again.id]


async def test_a_line_that_breaks_before_anything_leaves_nothing(fake: FakeDiscord) -> None:
    channel = fake.guild("Film club").first_channel()
    fake.fault(CREATE, drop=Drop.BEFORE)
    async with at_rest(fake) as bot:
        with pytest.raises(aiohttp.ClientError):
            await place(bot, channel).send("one")

    assert channel.messages == {}


async def test_a_false_answer_can_come_before_or_after_the_deed(fake: FakeDiscord) -> None:
    channel = fake.guild("Film club").first_channel()
    fake.fault(CREATE, status=403, code=50013)
    async with at_rest(fake) as bot:
        with pytest.raises(discord.Forbidden) as refusal:
            await place(bot, channel).send("one")
        assert channel.messages == {}
        fake.fault(CREATE, status=503, done=True)
        with pytest.raises(discord.DiscordServerError):
            await place(bot, channel).send("two")

    assert refusal.value.code == 50013
    assert [message.content for message in channel.messages.values()] == ["two"]


async def test_an_answer_can_be_cut_or_kept_back(fake: FakeDiscord) -> None:
    channel = fake.guild("Film club").first_channel()
    fake.fault(CREATE, cut_after=10)
    async with at_rest(fake) as bot:
        with pytest.raises(aiohttp.ClientError):
            await place(bot, channel).send("one")
        fake.fault(CREATE, delay_s=1)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(place(bot, channel).send("two"), timeout=0.1)

    assert [message.content for message in channel.messages.values()] == ["one", "two"]


async def test_every_call_is_kept_with_what_came_of_it(fake: FakeDiscord) -> None:
    channel = fake.guild("Film club").first_channel()
    async with at_rest(fake) as bot:
        sent = await place(bot, channel).send("one", file=discord.File(io.BytesIO(b"x"), "x.png"))
        await sent.edit(content="two")
        with pytest.raises(discord.HTTPException):
            await sent.edit(content="x" * 2001)

    create = fake.requests(CREATE)[0]
    edits = fake.requests(f"PATCH /channels/{channel.id}/messages/{sent.id}")
    assert (create.body["content"], create.files, create.status) == ("one", ("x.png",), 200)
    assert [(each.status, each.code) for each in edits] == [(200, None), (400, 50035)]
