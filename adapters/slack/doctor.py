"""What `reverie doctor` looks at: the tokens and what they may do, and how the app is made in one paste."""

from collections.abc import AsyncIterator
from urllib.parse import urlsplit

import aiohttp
from pydantic import SecretStr
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from adapters.slack.oauth.errors import error_reason, is_transient
from adapters.slack.oauth.manifest import INSTALL_PATH, SCOPES, as_yaml, manifest
from adapters.slack.settings import APP_TOKENS, BOT_TOKENS, SlackSettings
from adapters.slack.web_api.client import web_client
from bot.service.plugin import Diagnosis, Severity
from bot.settings import Settings, malformed

_APPS = "https://api.slack.com/apps"
_TIMEOUT_S = 10


async def diagnose(settings: Settings) -> AsyncIterator[Diagnosis]:
    """Look at all that Slack is reached by; where the app is not as it must be, tell how to make it."""
    slack = SlackSettings()
    client = web_client(slack.api_base, proxy=settings.https_proxy)
    client.timeout = _TIMEOUT_S
    findings = [*_ways(settings, slack)]
    if slack.bot_token is not None:
        findings.append(await _bot(client, slack.bot_token))
    if slack.app_token is not None:
        findings.append(await _socket(client, slack.app_token))
    for finding in findings:
        yield finding
    yield _paste(settings, slack, sound=all(finding.ok for finding in findings))


def _ways(settings: Settings, slack: SlackSettings) -> list[Diagnosis]:
    """How events come in: by sockets that we open, or over HTTP to an address of ours."""
    found = []
    if slack.app_token is not None and slack.bot_token is None:
        found.append(
            Diagnosis(
                what="Slack: SLACK_APP_TOKEN without SLACK_BOT_TOKEN",
                level=Severity.FAULT,
                remedy=f"set the Bot User OAuth Token of {_APPS} → OAuth & Permissions",
            )
        )
    if slack.signing_secret is not None:
        found.append(_http(settings))
        found.append(_oauth(settings, slack))
    return found


def _http(settings: Settings) -> Diagnosis:
    url = settings.public_url
    if url is None or urlsplit(url).scheme != "https":
        return Diagnosis(
            what="Slack: SLACK_SIGNING_SECRET is set, but Slack cannot send anything here",
            level=Severity.FAULT,
            remedy="set REVERIE_PUBLIC_URL to an address that begins with https:// and leads here, or use "
            "Socket Mode: SLACK_BOT_TOKEN and SLACK_APP_TOKEN",
        )
    return Diagnosis(what=f"Slack: requests are verified, and come to {url}/slack/events")


def _oauth(settings: Settings, slack: SlackSettings) -> Diagnosis:
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
            what="Slack: no workspace can be reached",
            level=Severity.FAULT,
            remedy="set SLACK_CLIENT_ID and SLACK_CLIENT_SECRET for many workspaces, or SLACK_BOT_TOKEN "
            "for one",
        )
    return Diagnosis(what="Slack: over HTTP, for one workspace")


async def _bot(client: AsyncWebClient, token: SecretStr) -> Diagnosis:
    where = f"{_APPS} → OAuth & Permissions → Bot User OAuth Token"
    if (wrong := _mistaken("SLACK_BOT_TOKEN", token, BOT_TOKENS, where)) is not None:
        return wrong
    try:
        answer = await client.auth_test(token=token.get_secret_value())
    except (SlackApiError, aiohttp.ClientError, TimeoutError, OSError) as error:
        return _refused("SLACK_BOT_TOKEN", error, f"install the app anew and set the token of {where}")
    granted = _granted(answer)
    missing = sorted(SCOPES.keys() - granted) if granted else []
    name, team = answer.get("user", "?"), answer.get("team", "?")
    if missing:
        return Diagnosis(
            what=f"Slack: {name} in {team} lacks {', '.join(missing)}",
            level=Severity.FAULT,
            remedy=f"put the manifest below into {_APPS} → App Manifest, then Install App → Reinstall",
        )
    return Diagnosis(what=f"Slack: {name} works in {team} (slack:{answer.get('team_id', '?')})")


def _granted(answer: AsyncSlackResponse) -> set[str]:
    """The scopes of the token that asked, which Slack tells beside its answer; none where it does not."""
    told = {name.lower(): value for name, value in answer.headers.items()}.get("x-oauth-scopes", "")
    return {scope.strip() for scope in told.split(",") if scope.strip()}


async def _socket(client: AsyncWebClient, token: SecretStr) -> Diagnosis:
    where = f"{_APPS} → Basic Information → App-Level Tokens, with the scope connections:write"
    if (wrong := _mistaken("SLACK_APP_TOKEN", token, APP_TOKENS, where)) is not None:
        return wrong
    try:
        await client.apps_connections_open(app_token=token.get_secret_value())
    except (SlackApiError, aiohttp.ClientError, TimeoutError, OSError) as error:
        return _refused("SLACK_APP_TOKEN", error, f"set a token of {where}, and turn Socket Mode on")
    return Diagnosis(what="Slack: Socket Mode opens")


def _mistaken(name: str, token: SecretStr, beginnings: tuple[str, ...], where: str) -> Diagnosis | None:
    """Two tokens beside each other are easily taken for each other."""
    fault = malformed(name, token, *beginnings)
    if fault is None:
        return None
    return Diagnosis(what=f"Slack: {fault}", level=Severity.FAULT, remedy=f"take the one of {where}")


def _refused(name: str, error: Exception, remedy: str) -> Diagnosis:
    if isinstance(error, SlackApiError) and not is_transient(error):
        return Diagnosis(
            what=f"Slack does not accept {name}: {error_reason(error)}", level=Severity.FAULT, remedy=remedy
        )
    return Diagnosis(
        what=f"Slack cannot be asked about {name}: {type(error).__name__}",
        level=Severity.FAULT,
        remedy="check the network, HTTPS_PROXY, SSL_CERT_FILE and SLACK_API_BASE",
    )


def _paste(settings: Settings, slack: SlackSettings, *, sound: bool) -> Diagnosis:
    """How the app is made, or brought up to this version's commands, which Slack lets nobody read."""
    url = settings.public_url if slack.signing_secret is not None else None
    command = " ".join(["python -m adapters.slack.oauth.manifest", *([url] if url else [])])
    if sound:
        return Diagnosis(what=f"Slack: after an update bring its App Manifest up to date: {command}")
    return Diagnosis(
        what="Slack: how the app is made",
        remedy=f"{_APPS} → Create New App → From a manifest, and paste what follows\n\n"
        f"{as_yaml(manifest(url))}",
    )
