"""Diagnoses the Slack set-up for `reverie doctor`: tokens, scopes, and the app manifest."""

from collections.abc import AsyncIterator
from urllib.parse import urlsplit

import aiohttp
from pydantic import SecretStr
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from adapters.slack.oauth.manifest import EVENTS_PATH, INSTALL_PATH, SCOPES, manifest_json
from adapters.slack.settings import APP_TOKENS, BOT_TOKENS, SlackSettings
from adapters.slack.web_api.client import web_client
from adapters.slack.web_api.errors import error_reason, is_transient
from bot.service.plugin import Diagnosis, Severity
from bot.settings import Settings, malformed

_APPS = "https://api.slack.com/apps"
_TIMEOUT_S = 10


async def diagnose(settings: Settings) -> AsyncIterator[Diagnosis]:
    """Check every token; where something is missing, print the manifest to create or update the app."""
    slack = SlackSettings()
    client = web_client(slack.api_base, proxy=settings.https_proxy)
    client.timeout = _TIMEOUT_S
    findings = _check_settings(settings, slack)
    if slack.bot_token is not None:
        findings.append(await _check_bot_token(client, slack.bot_token))
    if slack.app_token is not None:
        findings.append(await _check_app_token(client, slack.app_token))
    for finding in findings:
        yield finding
    yield _manifest_advice(settings, slack, ok=all(finding.ok for finding in findings))


def _check_settings(settings: Settings, slack: SlackSettings) -> list[Diagnosis]:
    """How events arrive: over Socket Mode or over HTTP."""
    findings = []
    if slack.app_token is not None and slack.bot_token is None:
        findings.append(
            Diagnosis(
                what="Slack: SLACK_APP_TOKEN is set without SLACK_BOT_TOKEN",
                level=Severity.FAULT,
                remedy=f"set the Bot User OAuth Token from {_APPS} → OAuth & Permissions",
            )
        )
    if slack.signing_secret is not None:
        findings += [_check_public_url(settings), _check_oauth(settings, slack)]
    return findings


def _check_public_url(settings: Settings) -> Diagnosis:
    url = settings.public_url
    if url is None or urlsplit(url).scheme != "https":
        return Diagnosis(
            what="Slack: SLACK_SIGNING_SECRET is set, but Slack cannot reach this bot",
            level=Severity.FAULT,
            remedy="set REVERIE_PUBLIC_URL to the https:// address of this bot, or use Socket Mode with "
            "SLACK_BOT_TOKEN and SLACK_APP_TOKEN",
        )
    return Diagnosis(what=f"Slack: events are received at {url}{EVENTS_PATH}")


def _check_oauth(settings: Settings, slack: SlackSettings) -> Diagnosis:
    if slack.by_oauth:
        return Diagnosis(what=f"Slack: workspaces install the app at {settings.public_url}{INSTALL_PATH}")
    if slack.client_id is not None or slack.client_secret is not None:
        return Diagnosis(
            what="Slack: one of SLACK_CLIENT_ID and SLACK_CLIENT_SECRET is missing",
            level=Severity.FAULT,
            remedy=f"set both, from {_APPS} → Basic Information → App Credentials",
        )
    if slack.bot_token is None:
        return Diagnosis(
            what="Slack: there is no token for any workspace",
            level=Severity.FAULT,
            remedy="set SLACK_CLIENT_ID and SLACK_CLIENT_SECRET for many workspaces, or SLACK_BOT_TOKEN "
            "for one",
        )
    return Diagnosis(what="Slack: HTTP for one workspace")


async def _check_bot_token(client: AsyncWebClient, token: SecretStr) -> Diagnosis:
    source = f"{_APPS} → OAuth & Permissions → Bot User OAuth Token"
    if (mistake := _malformed_token("SLACK_BOT_TOKEN", token, BOT_TOKENS, source)) is not None:
        return mistake
    try:
        response = await client.auth_test(token=token.get_secret_value())
    except (SlackApiError, aiohttp.ClientError, TimeoutError, OSError) as error:
        return _token_error("SLACK_BOT_TOKEN", error, f"reinstall the app and copy the token from {source}")
    granted = _granted_scopes(response)
    missing = sorted(SCOPES.keys() - granted) if granted else []
    name, team = response.get("user", "?"), response.get("team", "?")
    if missing:
        return Diagnosis(
            what=f"Slack: {name} in {team} lacks {', '.join(missing)}",
            level=Severity.FAULT,
            remedy=f"paste the manifest below into {_APPS} → App Manifest, then use Install App → Reinstall",
        )
    return Diagnosis(what=f"Slack: {name} works in {team} (slack:{response.get('team_id', '?')})")


def _granted_scopes(response: AsyncSlackResponse) -> set[str]:
    """The scopes of the token, from a header; empty where Slack does not send it."""
    headers = {name.lower(): value for name, value in response.headers.items()}
    return {scope.strip() for scope in headers.get("x-oauth-scopes", "").split(",") if scope.strip()}


async def _check_app_token(client: AsyncWebClient, token: SecretStr) -> Diagnosis:
    source = f"{_APPS} → Basic Information → App-Level Tokens, with the scope connections:write"
    if (mistake := _malformed_token("SLACK_APP_TOKEN", token, APP_TOKENS, source)) is not None:
        return mistake
    try:
        await client.apps_connections_open(app_token=token.get_secret_value())
    except (SlackApiError, aiohttp.ClientError, TimeoutError, OSError) as error:
        return _token_error("SLACK_APP_TOKEN", error, f"set a token from {source}, and enable Socket Mode")
    return Diagnosis(what="Slack: Socket Mode connects")


def _malformed_token(name: str, token: SecretStr, prefixes: tuple[str, ...], source: str) -> Diagnosis | None:
    """The two tokens are easily confused."""
    fault = malformed(name, token, *prefixes)
    if fault is None:
        return None
    return Diagnosis(what=f"Slack: {fault}", level=Severity.FAULT, remedy=f"copy it from {source}")


def _token_error(name: str, error: Exception, remedy: str) -> Diagnosis:
    if isinstance(error, SlackApiError) and not is_transient(error):
        return Diagnosis(
            what=f"Slack does not accept {name}: {error_reason(error)}",
            level=Severity.FAULT,
            remedy=remedy,
        )
    return Diagnosis(
        what=f"Slack could not be reached to check {name}: {type(error).__name__}",
        level=Severity.FAULT,
        remedy="check the network, HTTPS_PROXY, SSL_CERT_FILE and SLACK_API_BASE",
    )


def _manifest_advice(settings: Settings, slack: SlackSettings, *, ok: bool) -> Diagnosis:
    """How to create the app, or to update its commands, which no API can read."""
    url = settings.public_url if slack.signing_secret is not None else None
    command = " ".join(["python -m adapters.slack.oauth.manifest", *([url] if url else [])])
    if ok:
        return Diagnosis(
            what=f"Slack: after an upgrade, update the app manifest with the output of {command}"
        )
    return Diagnosis(
        what="Slack: the app manifest",
        remedy=f"{_APPS} → Create New App → From a manifest → JSON, and paste this:\n\n{manifest_json(url)}",
    )
