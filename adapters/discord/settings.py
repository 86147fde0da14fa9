"""What an operator may set for Discord; read from the environment when it is asked for."""

import re
from typing import Annotated, Any

from pydantic import AliasChoices, Field, field_validator
from pydantic_settings import NoDecode, SettingsConfigDict

from adapters.discord.gateway.shards import Shards, read_shards
from bot.environment import EnvironmentSettings
from bot.settings import Secret, malformed, split_list

#: the user's id, the time and a signature
_TOKEN = re.compile(r"[\w-]+\.[\w-]+\.[\w-]+\Z")


class DiscordSettings(EnvironmentSettings):
    """Settings of this adapter alone."""

    model_config = SettingsConfigDict(
        env_prefix="REVERIE_DISCORD_",
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
        populate_by_name=True,
    )

    #: turns Discord on
    token: Secret = Field(default=None, validation_alias=AliasChoices("DISCORD_TOKEN"))
    #: the asker is mentioned in a public card when it is done
    mention: bool = True
    #: the shards of this process; None: all, as many as Discord wants
    shards: Annotated[Shards | None, NoDecode] = None
    #: servers that alone are told of the commands, at once, while one works on them; else all are
    guilds: Annotated[tuple[str, ...], NoDecode] = ()

    @field_validator("shards", mode="before")
    @classmethod
    def _read_shards(cls, value: Any) -> Any:
        return read_shards(value) if isinstance(value, str) else value

    @field_validator("guilds", mode="before")
    @classmethod
    def _read_guilds(cls, value: Any) -> Any:
        if not isinstance(value, str):
            return value
        guilds = split_list(value)
        if wrong := [guild for guild in guilds if not guild.isdecimal()]:
            raise ValueError(f"{wrong[0]!r} is no server's id; turn on Developer Mode to copy one")
        return guilds

    @property
    def fault(self) -> str | None:
        """What is wrong with the token as it stands; None: nothing."""
        found = malformed("DISCORD_TOKEN", self.token)
        if found is None and self.token is not None and not _TOKEN.match(self.token.get_secret_value()):
            return "DISCORD_TOKEN is not a bot's token, which has three parts; copy it from the page Bot"
        return found
