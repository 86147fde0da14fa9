"""The way of an installation: our page, Slack's consent, and back with a code that becomes a token."""

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
from slack_sdk.web.async_client import AsyncWebClient

from adapters.slack.oauth.errors import error_reason, is_transient
from adapters.slack.oauth.installations import InstallationStore
from adapters.slack.oauth.manifest import INSTALL_PATH, REDIRECT_PATH, SCOPES
from adapters.slack.oauth.pages import failed_page, install_page, installed_page
from adapters.slack.oauth.records import InstallationRecord, PersonRecord, is_true
from adapters.slack.oauth.state_store import LIFETIME_MS, OAuthStateStore
from adapters.slack.settings import SlackSettings
from adapters.slack.web_api.tokens import TokenSource
from bot.domain.errors import Delayed, StoreError
from bot.service.plugin import AdapterContext

_log = structlog.get_logger(__name__)


class InstallFlow(AsyncOAuthFlow):
    """bolt's way of an installation with pages in our words.

    For `AsyncApp(oauth_flow=…, installation_store=…)`: bolt wants both, else it looks for tokens elsewhere.
    """

    def __init__(
        self, *, client: AsyncWebClient, settings: AsyncOAuthSettings, clock: Callable[[], int]
    ) -> None:
        super().__init__(client=client, settings=settings)
        self._clock = clock

    async def build_install_page_html(self, url: str, request: AsyncBoltRequest) -> str:  # noqa: ARG002 - bolt's
        return install_page(url)

    async def handle_callback(self, request: AsyncBoltRequest) -> BoltResponse:
        """Answer whoever comes back from Slack's consent; what fails is told, whatever it is."""
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
        """Exchange a code for a token; None where Slack knows no such code.

        bolt's own would write the code into the log, and take an outage of Slack for a wrong code.
        """
        asked_at = self._clock()
        try:
            answer = await self.client.oauth_v2_access(
                client_id=self.settings.client_id,
                client_secret=self.settings.client_secret,
                code=code,
                redirect_uri=self.settings.redirect_uri,
            )
            known = await self.client.auth_test(token=answer["access_token"])
        except SlackApiError as error:
            _log.warning("slack_code_refused", reason=error_reason(error))
            if is_transient(error):
                raise Delayed("Slack cannot exchange the code now") from error
            return None
        try:
            made = _installation(answer.data, known.data, asked_at)
            # Read as it is kept: what cannot be kept must not be taken for an installation.
            InstallationRecord.of(made), PersonRecord.of(made)
        except (TypeError, ValueError, OverflowError) as error:
            raise Delayed("Slack's answer to the code makes no sense") from error
        return made


def _installation(answer: Any, known: Any, asked_at: int) -> Installation:
    """Read what Slack tells of a new installation; times in it are seconds from when it was asked."""
    team, enterprise = _part(answer, "team"), _part(answer, "enterprise")
    installer, org_wide = _part(answer, "authed_user"), is_true(answer.get("is_enterprise_install"))
    seconds = asked_at // 1000

    def ends(rights: Mapping[str, Any]) -> int | None:
        return seconds + int(rights["expires_in"]) if rights.get("expires_in") else None

    return Installation(
        app_id=answer.get("app_id"),
        enterprise_id=enterprise.get("id"),
        enterprise_name=enterprise.get("name"),
        enterprise_url=known.get("url") if org_wide else None,
        team_id=team.get("id"),
        team_name=team.get("name"),
        bot_token=answer["access_token"],
        bot_id=known.get("bot_id"),
        bot_user_id=answer.get("bot_user_id"),
        bot_scopes=answer.get("scope") or "",
        bot_refresh_token=answer.get("refresh_token"),
        bot_token_expires_at=ends(answer),
        user_id=installer.get("id") or "",
        user_token=installer.get("access_token"),
        user_scopes=installer.get("scope") or "",
        user_refresh_token=installer.get("refresh_token"),
        user_token_expires_at=ends(installer),
        is_enterprise_install=org_wide,
        token_type=answer.get("token_type"),
        installed_at=asked_at / 1000,
    )


def _part(answer: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """Slack sends null for what an installation has none of."""
    part = answer.get(name) or {}
    if not isinstance(part, Mapping):
        raise TypeError(name)
    return part


def flow_for(
    context: AdapterContext, settings: SlackSettings, client: AsyncWebClient, tokens: TokenSource
) -> InstallFlow | None:
    """The flow by which workspaces install the app; None where the settings name the one workspace."""
    if (
        settings.client_id is None
        or settings.client_secret is None
        or not isinstance(tokens, InstallationStore)
    ):
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
    """Join the stores to bolt's flow; `needs_budget` where a new workspace can spend nothing yet."""

    async def succeeded(args: AsyncSuccessArgs) -> BoltResponse:
        made = args.installation
        return _html(
            200,
            installed_page(
                name=made.team_name or made.enterprise_name,
                team=made.team_id,
                app=made.app_id,
                needs_budget=needs_budget,
            ),
            cookie=flow.settings.state_utils.build_set_cookie_for_deletion(),
        )

    async def failed(args: AsyncFailureArgs) -> BoltResponse:
        # Whoever came back begins anew: what belongs to this try is of no more use.
        return _html(
            args.suggested_status_code,
            failed_page(args.reason),
            cookie=flow.settings.state_utils.build_set_cookie_for_deletion(),
        )

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
        state_expiration_seconds=LIFETIME_MS // 1000,
    )
    flow = InstallFlow(client=client, settings=settings, clock=clock)
    return flow


def _html(status: int, page: str, *, cookie: str | None = None) -> BoltResponse:
    headers: dict[str, str | Sequence[str]] = {"Content-Type": "text/html; charset=utf-8"}
    if cookie is not None:
        headers["Set-Cookie"] = [cookie]
    return BoltResponse(status=status, body=page, headers=headers)
