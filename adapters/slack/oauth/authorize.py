"""Authorizes requests for bolt from stored tokens, without asking Slack each time."""

from typing import Any

from slack_bolt.authorization import AuthorizeResult
from slack_bolt.authorization.async_authorize import AsyncAuthorize
from slack_sdk.web.async_client import AsyncWebClient

from adapters.chat.ttl_cache import TtlCache
from adapters.slack.web_api.client import TokenSource
from adapters.slack.web_api.rate_limits import SharedRequests

#: shown to people by bolt: without a token nothing else can be sent to them
NOT_INSTALLED = "Reverie is no longer installed in this workspace; an admin can reinstall it."
_MAX_TOKENS = 10_000


class CachedAuthorize(AsyncAuthorize):
    """Calls `auth.test` once for each token."""

    def __init__(self, tokens: TokenSource, client: AsyncWebClient) -> None:
        self._tokens = tokens
        self._client = client
        self._results: TtlCache[str, AuthorizeResult] = TtlCache(_MAX_TOKENS)
        self._requests: SharedRequests[AuthorizeResult | Exception] = SharedRequests(TimeoutError)

    async def __call__(
        self, *, enterprise_id: str | None, team_id: str | None, **_: Any
    ) -> AuthorizeResult | None:
        """None where the app is not installed. Raises SlackApiError where its token is not valid any more."""
        token = await self._tokens.token(team_id or "", enterprise_id)
        if token is None:
            return None
        known = self._results.get(token)
        if known is not None:
            return known
        result = await self._requests.run(token, lambda: self._fetch(token))
        if isinstance(result, Exception):
            raise result
        return result

    async def _fetch(self, token: str) -> AuthorizeResult | Exception:
        try:
            response = await self._client.auth_test(token=token)
        except Exception as error:  # noqa: BLE001 - every caller that shares the request gets the error
            return error
        result = AuthorizeResult.from_auth_test_response(bot_token=token, auth_test_response=response)
        self._results.put(token, result)
        return result
