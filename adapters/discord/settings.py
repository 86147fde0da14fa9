"""Settings of the Discord adapter, read from the environment."""

import re
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import AliasChoices, Field, field_validator
from pydantic_settings import NoDecode, SettingsConfigDict

from bot.environment import EnvironmentSettings
from bot.settings import Secret, malformed, split_list

#: user id, time and signature
_TOKEN = re.compile(r"[\w-]+\.[\w-]+\.[\w-]+\Z")
_SHARDS = re.compile(r"(?P<first>\d{1,5})(?:\s*-\s*(?P<last>\d{1,5}))?\s*/\s*(?P<count>\d{1,5})")


@dataclass(frozen=True, slots=True, kw_only=True)
class ShardRange:
    """The shards of one process."""

    ids: tuple[int, ...]
    #: shards of all processes together
    count: int


def parse_shards(text: str) -> ShardRange:
    """Parse `0-3/16` or `2/16`; raises ValueError saying what is expected."""
    found = _SHARDS.fullmatch(text.strip())
    if found is None:
        raise ValueError(f"{text!r} does not name shards; write 0-3/16 for the first four of sixteen")
    first, count = int(found["first"]), int(found["count"])
    last = int(found["last"]) if found["last"] else first
    if not first <= last < count:
        raise ValueError(f"{text!r} names no shards: they are numbered from 0 to {max(count - 1, 0)}")
    return ShardRange(ids=tuple(range(first, last + 1)), count=count)


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
    #: the shards of this process; None: all, as many as Discord recommends
    shards: Annotated[ShardRange | None, NoDecode] = None
    #: register the commands in these servers only, where changes appear at once; for development
    guilds: Annotated[tuple[str, ...], NoDecode] = ()

    @field_validator("shards", mode="before")
    @classmethod
    def _parse_shards(cls, value: Any) -> Any:
        return parse_shards(value) if isinstance(value, str) else value

    @field_validator("guilds", mode="before")
    @classmethod
    def _parse_guilds(cls, value: Any) -> Any:
        if not isinstance(value, str):
            return value
        guilds = split_list(value)
        if wrong := [guild for guild in guilds if not guild.isdecimal()]:
            raise ValueError(f"{wrong[0]!r} is not a server's id; turn on Developer Mode to copy one")
        return guilds

    @property
    def fault(self) -> str | None:
        """What is wrong with the token's format; None: nothing."""
        found = malformed("DISCORD_TOKEN", self.token)
        if found is None and self.token is not None and not _TOKEN.match(self.token.get_secret_value()):
            return "DISCORD_TOKEN is not a bot token, which has three parts; copy it from the page Bot"
        return found
