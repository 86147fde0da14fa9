"""Exchanges the refresh token of an installation for the next tokens."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Protocol

import aiohttp
from pydantic import BaseModel, ConfigDict, Field, SecretStr
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from adapters.slack.web_api.errors import error_reason, is_transient
from bot.domain.errors import Delayed, Undeliverable


class RotatingToken(BaseModel):
    """A bot token that expires, and the refresh token for the next one."""

    model_config = ConfigDict(frozen=True, strict=True, hide_input_in_errors=True)

    token: str = Field(min_length=1)
    refresh_token: str = Field(min_length=1)
    #: milliseconds UTC
    expires_at: int


class Refresh(Protocol):
    """Exchanges a refresh token, which is valid once."""

    async def __call__(self, refresh_token: str) -> RotatingToken:
        """Raises Delayed to be called again later, Undeliverable where only a new installation helps."""
        ...


class TokenRefresher:
    """Asks Slack for the next tokens."""

    def __init__(
        self, client: AsyncWebClient, *, client_id: str, client_secret: SecretStr, clock: Callable[[], int]
    ) -> None:
        self._client = client
        self._client_id = client_id
        self._client_secret = client_secret
        self._clock = clock

    async def __call__(self, refresh_token: str) -> RotatingToken:
        asked_at = self._clock()
        with _translated():
            response = await self._client.oauth_v2_access(
                client_id=self._client_id,
                client_secret=self._client_secret.get_secret_value(),
                grant_type="refresh_token",
                refresh_token=refresh_token,
            )
            # Validated before it is stored: a malformed token could never be read again.
            return RotatingToken(
                token=response["access_token"],
                refresh_token=response["refresh_token"],
                expires_at=asked_at + int(response["expires_in"]) * 1000,
            )


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except SlackApiError as error:
        text = f"Slack refuses a new token: {error_reason(error)}"
        raise (Delayed(text) if is_transient(error) else Undeliverable(text)) from error
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        raise Delayed("Slack could not be reached for a new token") from error
    except (TypeError, ValueError, OverflowError, LookupError) as error:
        raise Delayed("Slack's response contained no new token") from error
