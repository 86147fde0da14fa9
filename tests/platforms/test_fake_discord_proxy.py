"""A process without test code reaches the fake by a proxy."""

import asyncio
import os
import sys
from pathlib import Path

import aiohttp
import pytest

from tests.platforms.fake_discord import FakeDiscord

BOT = """
import os, discord

class Bot(discord.AutoShardedClient):
    async def setup_hook(self):
        self.tree = discord.app_commands.CommandTree(self)

        @self.tree.command(description="Make a picture")
        async def imagine(interaction: discord.Interaction, prompt: str):
            await interaction.response.send_message(f"{prompt} by {self.shard_count} shard")
            sent = await interaction.original_response()
            await sent.channel.send("and again")

        await self.tree.sync()

bot = Bot(
    intents=discord.Intents(guilds=True),
    proxy=os.environ["HTTPS_PROXY"],
    guild_ready_timeout=0.05,
)
bot.run(os.environ["DISCORD_TOKEN"], log_handler=None)
"""


async def test_an_unmodified_process_comes_by_proxy_and_certificate(
    fake: FakeDiscord, tmp_path: Path
) -> None:
    program = tmp_path / "bot.py"
    program.write_text(BOT)
    ada = fake.member(fake.guild("Film club"), "ada")
    async with fake.proxy() as proxy:
        bot = await asyncio.create_subprocess_exec(
            sys.executable,
            program,
            env={
                "PATH": os.environ["PATH"],
                "HTTPS_PROXY": proxy.url,
                "SSL_CERT_FILE": str(fake.certificates.authority),
                "DISCORD_TOKEN": fake.token,
            },
        )
        try:
            await fake.until(lambda: fake.gateway.connected == 1)
            answer = await ada.slash("imagine", prompt="a fox").message()
            await fake.message_in(ada.place, lambda message: message.content == "and again")
        finally:
            bot.kill()
            await bot.wait()

    assert answer.content == "a fox by 1 shard"
    assert set(proxy.tunnelled) == {"discord.com", "gateway.discord.gg"}
    assert proxy.refused == []


async def test_the_proxy_leads_nowhere_else(fake: FakeDiscord) -> None:
    async with fake.proxy() as proxy, aiohttp.ClientSession() as session:
        with pytest.raises(aiohttp.ClientHttpProxyError) as refusal:
            await session.get("https://example.com/", proxy=proxy.url)

    assert refusal.value.status == 403
    assert proxy.refused == ["example.com"]
