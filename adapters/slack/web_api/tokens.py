"""Whose token opens which workspace."""

from typing import Protocol

from pydantic import SecretStr


class TokenSource(Protocol):
    """Knows the bot's token for a workspace."""

    async def token(self, team: str, enterprise: str | None = None) -> str | None:
        """The token for a team, or for its organisation; None where the app is not installed.

        Raises DeliveryError where it cannot be had now.
        """
        ...


class SingleToken:
    """The token that the settings name, for the one workspace that has the app."""

    def __init__(self, token: SecretStr) -> None:
        self._token = token

    async def token(self, team: str, enterprise: str | None = None) -> str | None:  # noqa: ARG002 - the role's
        return self._token.get_secret_value()
