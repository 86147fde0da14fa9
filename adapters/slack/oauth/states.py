"""The `state` that an installation carries to Slack and back: good once, for ten minutes, in one browser."""

import secrets
from collections.abc import Callable

from slack_sdk.oauth.state_store.async_state_store import AsyncOAuthStateStore

from bot.engine.vault import Vault

LIFETIME_MS = 600_000
_PREFIX = "state/"
#: old ones that go with each new one, so that what nobody came back with does not pile up
_SWEPT = 20


class States(AsyncOAuthStateStore):
    """Keeps states in the vault: whichever replica sees the person come back takes it."""

    def __init__(self, vault: Vault, clock: Callable[[], int]) -> None:
        self._vault = vault
        self._clock = clock

    async def async_issue(self, *_: object, **__: object) -> str:
        state, now = secrets.token_urlsafe(32), self._clock()
        for old in await self._vault.since(_PREFIX, 0, limit=_SWEPT):
            if int(old.value) <= now:
                await self._vault.remove(old.key)
        await self._vault.put(f"{_PREFIX}{state}", str(now + LIFETIME_MS))
        return state

    async def async_consume(self, state: str) -> bool:
        """Whether it was given out and not used; of all who come with it at once one is let in."""
        until = await self._vault.take(f"{_PREFIX}{state}")
        return until is not None and self._clock() < int(until)
