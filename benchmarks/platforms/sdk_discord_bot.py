"""A Discord bot that makes pictures as the documents of discord.py and of the official SDK show it.

It answers with "thinking", asks the SDK every three seconds in the handler of the command, and sends the file
as its answer. Nothing is stored, limited or charged.
"""

import asyncio
import io
import os
from typing import Any

import discord
import httpx
from lumaai import AsyncLumaAI

from benchmarks.platforms.bare_discord_bot import Bare, new_bot

_INTERVAL_S = 3.0


class SdkBot(Bare):
    """Makes a picture for every command."""

    async def setup_hook(self) -> None:
        await super().setup_hook()
        # One client for all commands, with room for all of them.
        self.files = httpx.AsyncClient(trust_env=False, timeout=60)
        self.sdk = AsyncLumaAI(
            auth_token=os.environ["LUMAAI_API_KEY"],
            base_url=os.environ["LUMAAI_BASE_URL"],
            http_client=httpx.AsyncClient(trust_env=False, timeout=60),
        )

    async def on_interaction(self, interaction: discord.Interaction[Any]) -> None:
        await interaction.response.defer()
        command: Any = interaction.data
        generation: Any = await self.sdk.generations.image.create(
            prompt=command["options"][0]["value"], model="photon-1", aspect_ratio="16:9"
        )
        while generation.state != "completed":
            await asyncio.sleep(_INTERVAL_S)
            generation = await self.sdk.generations.get(id=generation.id)
        content = (await self.files.get(generation.assets.image)).content
        await interaction.followup.send(file=discord.File(io.BytesIO(content), "picture.jpg"))


if __name__ == "__main__":
    new_bot(SdkBot).run(os.environ["DISCORD_TOKEN"], log_handler=None)
