"""Bots that upload a picture right when it is made: they know when that is, and ask and store nothing.

`discord` uploads as discord.py's documents show it, `slack` as slack-bolt's.
"""

import asyncio
import io
import os
import sys
from typing import Any

import discord
import httpx
from slack_sdk.web.async_client import AsyncWebClient

from benchmarks.platforms import bare_slack_app
from benchmarks.platforms.bare_discord_bot import Bare, new_bot

_NAME = "picture.jpg"


class Generator:
    """Has pictures made."""

    def __init__(self) -> None:
        self._http = httpx.AsyncClient(trust_env=False, timeout=60)
        self._base = os.environ["LUMAAI_BASE_URL"]
        self._takes_s = float(os.environ["TAKES_S"])

    async def picture(self) -> bytes:
        """Have a picture made, and read it once it is there."""
        request = {"prompt": "a red fox in the snow", "model": "photon-1"}
        made = (await self._http.post(f"{self._base}/generations/image", json=request)).json()
        await asyncio.sleep(self._takes_s)
        return (await self._http.get(f"{self._base}/files/{made['id']}.jpg")).content


class DiscordBot(Bare):
    async def setup_hook(self) -> None:
        await super().setup_hook()
        self.generator = Generator()

    async def on_interaction(self, interaction: discord.Interaction[Any]) -> None:
        await interaction.response.defer()
        content = await self.generator.picture()
        await interaction.followup.send(file=discord.File(io.BytesIO(content), _NAME))


async def _slack() -> None:
    generator = Generator()

    async def upload(client: AsyncWebClient, channel: str) -> None:
        await client.files_upload_v2(channel=channel, content=await generator.picture(), filename=_NAME)

    await bare_slack_app.main(upload)


if __name__ == "__main__":
    if sys.argv[1] == "discord":
        new_bot(DiscordBot).run(os.environ["DISCORD_TOKEN"], log_handler=None)
    else:
        asyncio.run(_slack())
