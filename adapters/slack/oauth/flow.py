"""The OAuth flow: our install page, Slack's consent page, and the exchange of the code for a token."""

import secrets
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import aiohttp
import structlog
from pydantic import SecretStr
from slack_bolt.async_app import AsyncBoltRequest
from slack_bolt.oauth.async_callback_options import AsyncCallbackOptions, AsyncFailureArgs, AsyncSuccessArgs
from slack_bolt.oauth.async_oauth_flow import AsyncOAuthFlow
from slack_bolt.oauth.async_oauth_settings import AsyncOAuthSettings
from slack_bolt.response import BoltResponse
from slack_sdk.errors import SlackApiError
from slack_sdk.oauth.installation_store import Installation
from slack_sdk.oauth.state_store.async_state_store import AsyncOAuthStateStore
from slack_sdk.web.async_client import AsyncWebClient

from adapters.chat.ttl_cache import TtlCache
from adapters.slack.messages.admin_forms import setup_row
from adapters.slack.messages.mrkdwn import plain_text
from adapters.slack.oauth.installations import InstallationRecord, InstallationStore, is_true
from adapters.slack.oauth.manifest import INSTALL_PATH, REDIRECT_PATH, SCOPES
from adapters.slack.oauth.pages import failed_page, install_page, installed_page
from adapters.slack.settings import SlackSettings
from adapters.slack.web_api.client import TokenSource
from adapters.slack.web_api.errors import error_reason, is_transient
from bot.domain.errors import Delayed, StoreError
from bot.security.tokens import BadToken, TokenSigner
from bot.service.plugin import AdapterContext

_log = structlog.get_logger(__name__)

_STATE_MS = 600_000
#: characters of the message to whoever has installed the app
_OFFER = 1_000
#: part of the signed state; never to be changed
_STATE_PURPOSE = "slack install"
_NONCE_BYTES = 16
#: used states that are remembered; the window is ten minutes
_MAX_USED_STATES = 10_000


class OAuthStateStore(AsyncOAuthStateStore):
    """Issues signed states that are valid for ten minutes, on any replica.

    Nothing is stored for whoever opens the page. bolt binds the state to the browser by a cookie, Slack
    accepts each code once, and this process accepts each state once.
    """

    def __init__(self, signer: TokenSigner, clock: Callable[[], int]) -> None:
        self._signer = signer
        self._clock = clock
        self._used: TtlCache[str, bool] = TtlCache(_MAX_USED_STATES)

    async def async_issue(self, *_: object, **__: object) -> str:
        nonce = secrets.token_hex(_NONCE_BYTES)
        return self._signer.sign(_STATE_PURPOSE, nonce, expires_at=self._clock() + _STATE_MS)

    async def async_consume(self, state: str) -> bool:
        """Whether the state is ours, has not expired and was not used before."""
        now = self._clock()
        try:
            nonce = self._signer.verify(_STATE_PURPOSE, state, now=now)
        except BadToken:
            return False
        if self._used.get(nonce, now):
            return False
        self._used.put(nonce, True, now, ttl_ms=_STATE_MS)
        return True


class InstallFlow(AsyncOAuthFlow):
    """bolt's OAuth flow with our pages and error handling."""

    def __init__(
        self, *, client: AsyncWebClient, settings: AsyncOAuthSettings, clock: Callable[[], int]
    ) -> None:
        super().__init__(client=client, settings=settings)
        self._clock = clock

    async def build_install_page_html(self, url: str, request: AsyncBoltRequest) -> str:  # noqa: ARG002 - bolt's
        return install_page(url)

    async def handle_callback(self, request: AsyncBoltRequest) -> BoltResponse:
        """Answer a browser that returns from Slack's consent page, whatever fails."""
        try:
            return await super().handle_callback(request)
        except (aiohttp.ClientError, OSError, StoreError, Delayed) as error:
            _log.warning("slack_app_not_installed", error=type(error).__name__)
            return await self.failure_handler(
                AsyncFailureArgs(
                    request=request,
                    reason="unreachable",
                    suggested_status_code=503,
                    settings=self.settings,
                    default=self.default_callback_options,
                )
            )

    async def run_installation(self, code: str) -> Installation | None:
        """Exchange a code for a token; None where Slack does not accept the code.

        bolt's own method would log the code, and take an outage of Slack for a wrong code.
        """
        asked_at = self._clock()
        try:
            response = await self.client.oauth_v2_access(
                client_id=self.settings.client_id,
                client_secret=self.settings.client_secret,
                code=code,
                redirect_uri=self.settings.redirect_uri,
            )
            bot = await self.client.auth_test(token=response["access_token"])
        except SlackApiError as error:
            _log.warning("slack_code_refused", reason=error_reason(error))
            if is_transient(error):
                raise Delayed("Slack cannot exchange the code now") from error
            return None
        try:
            installation = _installation(response.data, bot.data, asked_at)
            # Converted as it is stored: what cannot be stored must not count as installed.
            InstallationRecord.of(installation)
        except (TypeError, ValueError, OverflowError) as error:
            raise Delayed("Slack's response to the code is malformed") from error
        return installation


def install_flow(
    context: AdapterContext, settings: SlackSettings, client: AsyncWebClient, tokens: TokenSource
) -> InstallFlow | None:
    """The flow by which workspaces install the app; None where the settings have the one token."""
    if settings.client_id is None or settings.client_secret is None:
        return None
    if not isinstance(tokens, InstallationStore):
        return None
    return make_flow(
        client,
        tokens,
        OAuthStateStore(context.signer, context.clock),
        context.clock,
        client_id=settings.client_id,
        client_secret=settings.client_secret,
        public_url=context.settings.public_url,
        needs_budget=not context.settings.defaults.ceiling.amount,
    )


def make_flow(
    client: AsyncWebClient,
    installations: InstallationStore,
    states: OAuthStateStore,
    clock: Callable[[], int],
    *,
    client_id: str,
    client_secret: SecretStr,
    public_url: str | None,
    needs_budget: bool,
) -> InstallFlow:
    """Configure bolt's flow; `needs_budget` where a new workspace has no budget yet."""

    async def succeeded(args: AsyncSuccessArgs) -> BoltResponse:
        installation = args.installation
        page = installed_page(
            name=installation.team_name or installation.enterprise_name,
            team=installation.team_id,
            app=installation.app_id,
            needs_budget=needs_budget,
        )
        await _offer_set_up(client, installation)
        return _html(200, page, cookie=flow.settings.state_utils.build_set_cookie_for_deletion())

    async def failed(args: AsyncFailureArgs) -> BoltResponse:
        # The next attempt begins with a new state.
        cookie = flow.settings.state_utils.build_set_cookie_for_deletion()
        return _html(args.suggested_status_code, failed_page(args.reason), cookie=cookie)

    settings = AsyncOAuthSettings(
        client_id=client_id,
        client_secret=client_secret.get_secret_value(),
        scopes=list(SCOPES),
        user_scopes=[],
        redirect_uri=f"{public_url}{REDIRECT_PATH}" if public_url else None,
        install_path=INSTALL_PATH,
        redirect_uri_path=REDIRECT_PATH,
        callback_options=AsyncCallbackOptions(success=succeeded, failure=failed),
        installation_store=installations,
        state_store=states,
        state_expiration_seconds=_STATE_MS // 1000,
    )
    flow = InstallFlow(client=client, settings=settings, clock=clock)
    return flow


async def _offer_set_up(client: AsyncWebClient, installation: Installation) -> None:
    """Offer the set-up to whoever has installed the app; the app works without this message."""
    if not installation.user_id or not installation.bot_token:
        return
    text = (
        "Thank you for installing Reverie. Set it up in five clicks: budget, channels, who may use it, "
        "reactions, warnings and time zone. /reverie studio setup shows it again."
    )
    blocks = [{"type": "section", "text": plain_text(text, _OFFER)}, setup_row()]
    try:
        opened = await client.conversations_open(token=installation.bot_token, users=installation.user_id)
        channel = opened["channel"]["id"]
        await client.chat_postMessage(token=installation.bot_token, channel=channel, text=text, blocks=blocks)
    except (SlackApiError, aiohttp.ClientError, OSError, Delayed, LookupError) as error:
        _log.info("set_up_not_offered", team=installation.team_id, error=type(error).__name__)


def _installation(response: Any, bot: Any, asked_at: int) -> Installation:
    """Read the responses of `oauth.v2.access` and `auth.test`; expiry counts from `asked_at`."""
    team, enterprise = _part(response, "team"), _part(response, "enterprise")
    user, org_wide = _part(response, "authed_user"), is_true(response.get("is_enterprise_install"))
    expires_in = response.get("expires_in")
    return Installation(
        app_id=response.get("app_id"),
        enterprise_id=enterprise.get("id"),
        enterprise_name=enterprise.get("name"),
        enterprise_url=bot.get("url") if org_wide else None,
        team_id=team.get("id"),
        team_name=team.get("name"),
        bot_token=response["access_token"],
        bot_id=bot.get("bot_id"),
        bot_user_id=response.get("bot_user_id"),
        bot_scopes=response.get("scope") or "",
        bot_refresh_token=response.get("refresh_token"),
        bot_token_expires_at=asked_at // 1000 + int(expires_in) if expires_in else None,
        user_id=user.get("id") or "",
        is_enterprise_install=org_wide,
        token_type=response.get("token_type"),
        installed_at=asked_at / 1000,
    )


def _part(response: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """An object of the response; Slack sends null for a missing one."""
    part = response.get(name) or {}
    if not isinstance(part, Mapping):
        raise TypeError(name)
    return part


def _html(status: int, page: str, *, cookie: str) -> BoltResponse:
    headers: dict[str, str | Sequence[str]] = {
        "Content-Type": "text/html; charset=utf-8",
        "Set-Cookie": [cookie],
    }
    return BoltResponse(status=status, body=page, headers=headers)
