"""The settings of the Slack adapter, read from the environment."""

from typing import Annotated, Any

from pydantic import AliasChoices, BeforeValidator, Field, SecretStr, field_validator
from pydantic_settings import NoDecode, SettingsConfigDict

from bot.environment import FROM_FILE, EnvironmentSettings
from bot.settings import Secret, malformed, split_list, trimmed

#: prefixes of both types of token
BOT_TOKENS, APP_TOKENS = ("xoxb-", "xoxe."), ("xapp-",)


class SlackSettings(EnvironmentSettings):
    """Settings of this adapter only."""

    model_config = SettingsConfigDict(
        env_prefix="REVERIE_SLACK_",
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
        populate_by_name=True,
    )

    #: for one workspace; with OAuth each installation has its own
    bot_token: Secret = Field(default=None, validation_alias=AliasChoices("SLACK_BOT_TOKEN"))
    #: enables Socket Mode
    app_token: Secret = Field(default=None, validation_alias=AliasChoices("SLACK_APP_TOKEN"))
    #: enables HTTP
    signing_secret: Secret = Field(default=None, validation_alias=AliasChoices("SLACK_SIGNING_SECRET"))
    client_id: Annotated[str | None, BeforeValidator(trimmed), FROM_FILE] = Field(
        default=None, validation_alias=AliasChoices("SLACK_CLIENT_ID")
    )
    client_secret: Secret = Field(default=None, validation_alias=AliasChoices("SLACK_CLIENT_SECRET"))
    api_base: str = Field(default="https://slack.com/api/", validation_alias=AliasChoices("SLACK_API_BASE"))
    #: users with the rights of an admin, besides Slack's own admins
    admins: Annotated[frozenset[str], NoDecode] = Field(
        default=frozenset(), validation_alias=AliasChoices("SLACK_ADMINS")
    )

    @field_validator("admins", mode="before")
    @classmethod
    def _read_list(cls, value: Any) -> Any:
        return split_list(value)

    @property
    def fault(self) -> str | None:
        """Which tokens are malformed, by the names of their settings; None where all are fine."""
        client_id = SecretStr(self.client_id) if self.client_id is not None else None
        found = (
            malformed("SLACK_BOT_TOKEN", self.bot_token, *BOT_TOKENS),
            malformed("SLACK_APP_TOKEN", self.app_token, *APP_TOKENS),
            malformed("SLACK_SIGNING_SECRET", self.signing_secret),
            malformed("SLACK_CLIENT_ID", client_id),
            malformed("SLACK_CLIENT_SECRET", self.client_secret),
        )
        return "; ".join(each for each in found if each is not None) or None

    @property
    def enabled(self) -> bool:
        return self.signing_secret is not None or (self.bot_token is not None and self.app_token is not None)

    @property
    def by_oauth(self) -> bool:
        """Whether workspaces install the app themselves."""
        return None not in (self.signing_secret, self.client_id, self.client_secret)
