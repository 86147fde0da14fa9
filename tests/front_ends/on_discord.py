"""The table's commands on Discord: real discord.py against the fake service."""

from typing import Any

from tests.front_ends.table import Channel, Use
from tests.platforms.with_discord.bot_env import BotEnv
from tests.platforms.with_discord.readers import job_of, private


class OnDiscord:
    def __init__(self, env: BotEnv) -> None:
        self._env = env

    async def generate(self, use: Use) -> str:
        return job_of(await self._env.done(self._give(use)))

    async def ask(self, use: Use) -> str:
        shown = await private(self._give(use))
        return f"{shown.content} {shown.embeds} {[*shown.parts()]}"

    def _give(self, use: Use) -> Any:
        person = self._env.moderator if use.by_admin else self._env.ada
        options = {name: self._value(name, value) for name, value in use.options.items()}
        return person.slash(use.name, **options)

    def _value(self, name: str, value: Any) -> Any:
        if isinstance(value, Channel):
            return self._env.channel
        return self._env.ada if name == "member" else value
