"""The OAuth `state` that an installation carries to Slack and back: signed, for ten minutes, in one browser.

Nothing is stored for whoever opens the page. bolt binds the state to the browser by a cookie, Slack takes
each code once, and this process takes each state once.
"""

import secrets
from collections.abc import Callable

from slack_sdk.oauth.state_store.async_state_store import AsyncOAuthStateStore

from adapters.chat.ttl_cache import TtlCache
from bot.security.tokens import BadToken, TokenSigner

LIFETIME_MS = 600_000
_PURPOSE = "slack install"
_NONCE_BYTES = 16
#: states remembered as used; only those that somebody came back with
_USED = 10_000


class OAuthStateStore(AsyncOAuthStateStore):
    """Issues and checks states; any replica takes what another one has issued."""

    def __init__(self, signer: TokenSigner, clock: Callable[[], int]) -> None:
        self._signer = signer
        self._clock = clock
        self._used: TtlCache[str, bool] = TtlCache(_USED)

    async def async_issue(self, *_: object, **__: object) -> str:
        nonce = secrets.token_hex(_NONCE_BYTES)
        return self._signer.sign(_PURPOSE, nonce, expires_at=self._clock() + LIFETIME_MS)

    async def async_consume(self, state: str) -> bool:
        """Whether it is ours, has not expired and was not used here before."""
        now = self._clock()
        try:
            nonce = self._signer.verify(_PURPOSE, state, now=now)
        except BadToken:
            return False
        if self._used.get(nonce, now):
            return False
        self._used.put(nonce, True, now, ttl_ms=LIFETIME_MS)
        return True
