"""Who the bot is in the workspace that a request comes from, without asking Slack each time."""

from typing import Any

from slack_bolt.authorization import AuthorizeResult
from slack_bolt.authorization.async_authorize import AsyncAuthorize
from slack_sdk.web.async_client import AsyncWebClient

from adapters.chat.ttl_cache import TtlCache
from adapters.slack.web_api.request_sharing import SharedRequests
from adapters.slack.web_api.tokens import TokenSource

#: for `AsyncApp(user_facing_authorize_error_message=…)`: there is no token to say it with in another way
NOT_INSTALLED = "Reverie is not installed in this workspace any longer; an admin can install it anew."
#: answers that are kept; the oldest go first
_KEPT = 10_000


class CachedAuthorize(AsyncAuthorize):
    """Answers bolt from the tokens that we have; each token is looked at once in its life."""

    def __init__(self, tokens: TokenSource, client: AsyncWebClient) -> None:
        self._tokens = tokens
        self._client = client
        self._known: TtlCache[str, AuthorizeResult] = TtlCache(_KEPT)
        # The first requests after a start come at once.
        self._shared: SharedRequests[AuthorizeResult | Exception] = SharedRequests(TimeoutError)

    async def __call__(
        self, *, enterprise_id: str | None, team_id: str | None, **_: Any
    ) -> AuthorizeResult | None:
        """None where the app is not installed. Raises SlackApiError where its token is no longer good."""
        token = await self._tokens.token(team_id or "", enterprise_id)
        if token is None:
            return None
        known = self._known.get(token)
        if known is None:
            found = await self._shared.ask(token, lambda: self._look(token))
            if isinstance(found, Exception):
                raise found
            known = found
        return known

    async def _look(self, token: str) -> AuthorizeResult | Exception:
        try:
            answer = await self._client.auth_test(token=token)
        except Exception as error:  # noqa: BLE001 - whoever else waits for it gets the same error
            return error
        known = AuthorizeResult.from_auth_test_response(bot_token=token, auth_test_response=answer)
        self._known.put(token, known)
        return known
