"""Requests that Discord would never accept fail the test."""

from typing import Any

import aiohttp
import discord
import pytest

from tests.platforms.fake_discord import Certificates, FakeDiscord
from tests.platforms.fake_discord.state.events import Event
from tests.platforms.fake_discord.transport.contracts import FOLDER
from tests.platforms.tiny_bot import at_rest, identify, line

with_contracts = pytest.mark.skipif(not FOLDER.is_dir(), reason="the published contracts are not at hand")


async def test_a_call_that_nothing_answers_fails_the_test(discord_certificates: Certificates) -> None:
    async def call() -> None:
        async with FakeDiscord(discord_certificates) as fake, at_rest(fake) as bot:
            with pytest.raises(discord.NotFound):
                await bot.call("GET", "/nowhere")

    with pytest.raises(AssertionError, match=r"GET discord\.com/api/v10/nowhere"):
        await call()


async def test_a_host_that_is_not_the_service_fails_the_test(discord_certificates: Certificates) -> None:
    async def stray() -> None:
        async with FakeDiscord(discord_certificates) as fake, at_rest(fake) as bot:
            with pytest.raises(aiohttp.ClientError):
                await bot.http.get_from_cdn("https://example.com/fox.png")

    with pytest.raises(AssertionError, match=r"example\.com was looked for"):
        await stray()


@with_contracts
@pytest.mark.parametrize(
    "body",
    [
        {"content": 5},
        {"content": "x", "components": [{"type": 1, "components": [{"type": 2, "label": "no style"}]}]},
        {"content": "x", "allowed_mentions": {"parse": ["people"]}},
    ],
)
async def test_a_body_that_breaks_the_contract_is_refused_and_fails_the_test(
    discord_certificates: Certificates, body: dict[str, Any]
) -> None:
    async def send() -> None:
        async with FakeDiscord(discord_certificates) as fake, at_rest(fake) as bot:
            channel = fake.guild("Film club").first_channel()
            with pytest.raises(discord.HTTPException) as refusal:
                await bot.call("POST", f"/channels/{channel.id}/messages", json=body)
            assert refusal.value.code == 50035
            assert channel.messages == {}

    with pytest.raises(AssertionError, match=r"POST /channels/\{channel_id\}/messages: \$"):
        await send()


@with_contracts
async def test_the_fake_is_held_to_the_contract_too(discord_certificates: Certificates) -> None:
    async def speak() -> None:
        async with FakeDiscord(discord_certificates) as fake, line(fake) as socket:
            await identify(socket, fake.token)
            await fake.ready()
            fake.world.announce(Event(name="MESSAGE_UPDATE", data={"id": 5}))
            await fake.until(lambda: bool(fake.violations))

    with pytest.raises(AssertionError, match=r"MESSAGE_UPDATE: \$"):
        await speak()


async def test_a_fake_that_breaks_says_so(discord_certificates: Certificates) -> None:
    async def ask() -> None:
        async with FakeDiscord(discord_certificates) as fake, aiohttp.ClientSession() as session:
            del fake.world.bot
            url = f"http://127.0.0.1:{fake.plain_port}/api/v10/users/@me"
            async with session.get(url, headers={"Authorization": f"Bot {fake.token}"}) as answer:
                assert answer.status == 500

    with pytest.raises(AssertionError, match=r"GET /api/v10/users/@me broke the fake: AttributeError"):
        await ask()


async def test_without_contracts_the_limits_hold_all_the_same(discord_certificates: Certificates) -> None:
    async with FakeDiscord(discord_certificates, validates=False) as fake, at_rest(fake) as bot:
        channel = fake.guild("Film club").first_channel()
        with pytest.raises(discord.HTTPException) as refusal:
            await bot.get_partial_messageable(channel.id).send("x" * 2001)

    assert refusal.value.code == 50035
