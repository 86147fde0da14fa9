"""Bringing an installation a new token before its old one ends."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Protocol

import aiohttp
from pydantic import SecretStr
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from adapters.slack.oauth.errors import error_reason, is_transient
from adapters.slack.oauth.records import InstallationRecord
from bot.domain.errors import Delayed, Undeliverable


class Refresh(Protocol):
    """Exchanges the refresh token of an installation; each is good once."""

    async def __call__(self, record: InstallationRecord) -> InstallationRecord:
        """Raises Delayed to be called again later, Undeliverable when only a new installation helps."""
        ...


class TokenRefresher:
    """Asks Slack for the next token of an installation."""

    def __init__(
        self, client: AsyncWebClient, *, client_id: str, client_secret: SecretStr, clock: Callable[[], int]
    ) -> None:
        self._client = client
        self._client_id = client_id
        self._client_secret = client_secret
        self._clock = clock

    async def __call__(self, record: InstallationRecord) -> InstallationRecord:
        asked_at = self._clock()
        with _translated():
            answer = await self._client.oauth_v2_access(
                client_id=self._client_id,
                client_secret=self._client_secret.get_secret_value(),
                grant_type="refresh_token",
                refresh_token=record.refresh_token,
            )
            # Checked as a whole: a token that is kept in another shape could never be read again.
            return InstallationRecord.model_validate(
                {
                    **record.model_dump(),
                    "token": answer["access_token"],
                    "refresh_token": _text(answer["refresh_token"]),
                    "expires_at": asked_at + int(answer["expires_in"]) * 1000,
                }
            )


def _text(value: object) -> str:
    if not isinstance(value, str) or not value:
        raise ValueError("a text is missing")
    return value


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except SlackApiError as error:
        told = f"Slack gives no new token: {error_reason(error)}"
        raise (Delayed(told) if is_transient(error) else Undeliverable(told)) from error
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        raise Delayed("Slack could not be reached for a new token") from error
    except (TypeError, ValueError, OverflowError) as error:
        raise Delayed("Slack's answer held no new token") from error
