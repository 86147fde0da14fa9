"""What an operator may set for Discord; read from the environment when it is asked for."""

from pydantic import AliasChoices, Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class DiscordSettings(BaseSettings):
    """Settings of this adapter alone."""

    model_config = SettingsConfigDict(
        env_prefix="REVERIE_DISCORD_",
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
        populate_by_name=True,
    )

    #: turns Discord on
    token: SecretStr | None = Field(default=None, validation_alias=AliasChoices("DISCORD_TOKEN"))
    #: the asker is mentioned in a public card when it is done
    mention: bool = True
