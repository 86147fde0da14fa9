"""The least that a Discord bot can do: every command is put off, and nothing else happens.

With `CACHES=1` it keeps what the library keeps by default.
"""

import os
from typing import Any

import discord

COMMAND = {
    "name": "imagine",
    "description": "Generate pictures from a prompt",
    "type": 1,
    "options": [{"name": "prompt", "description": "What the picture shows", "type": 3, "required": True}],
}
_FRUGAL: dict[str, Any] = {
    "max_messages": None,
    "member_cache_flags": discord.MemberCacheFlags.none(),
    "chunk_guilds_at_startup": False,
}


class Bare(discord.AutoShardedClient):
    """Answers with "thinking" and forgets."""

    async def setup_hook(self) -> None:
        assert self.application_id is not None
        await self.http.bulk_upsert_global_commands(self.application_id, payload=[COMMAND])

    async def on_interaction(self, interaction: discord.Interaction[Any]) -> None:
        await interaction.response.defer()


def new_bot(kind: type[Bare] = Bare) -> Bare:
    options = {} if os.environ.get("CACHES") else _FRUGAL
    return kind(
        intents=discord.Intents(guilds=True, guild_reactions=True),
        proxy=os.environ["HTTPS_PROXY"],
        guild_ready_timeout=0.5,
        **options,
    )


if __name__ == "__main__":
    new_bot().run(os.environ["DISCORD_TOKEN"], log_handler=None)
