"""Diagnoses the Discord set-up for `reverie doctor`: token, application, commands, servers, invite links."""

import re
from collections.abc import AsyncIterator, Mapping
from typing import Any
from urllib.parse import urlencode

from discord.http import Route
from pydantic import SecretStr

from adapters.discord.gateway.command_sync import are_commands_synced
from adapters.discord.rest.client import (
    Connector,
    RestClient,
    UnexpectedResponse,
    id_of,
    object_of,
    objects_of,
    reading_response,
)
from adapters.discord.rest.errors import ApiError
from adapters.discord.rest.permissions import INVITE_PERMISSIONS, join_names, missing_permissions
from adapters.discord.settings import DiscordSettings
from bot.domain.errors import Delayed
from bot.service.plugin import Diagnosis, Severity
from bot.settings import Settings

_AUTHORIZE_URL = "https://discord.com/oauth2/authorize"
#: every new session takes one start; with fewer left, a restart loop would lock the bot out for a day
_FEW_STARTS = 50
#: servers on one page of Discord's list, and servers that are named
_PAGE, _MAX_NAMED = 200, 20
_USER_INSTALL = "1"
_PERMISSIONS = re.compile(r"[0-9]{1,40}")


async def diagnose(
    settings: Settings, own: DiscordSettings | None = None, *, connector: Connector | None = None
) -> AsyncIterator[Diagnosis]:
    """Check everything that Discord says about the bot."""
    own = own or DiscordSettings()
    rest = RestClient(own.token or SecretStr(""), proxy=settings.https_proxy, connector=connector)
    try:
        async for finding in _findings(rest, own):
            yield finding
    except ApiError as error:
        yield Diagnosis(
            what=f"Discord refuses: {error.reason}", level=Severity.FAULT, remedy="check DISCORD_TOKEN"
        )
    except Delayed as error:
        if reason := rest.not_ready_reason():
            yield Diagnosis(what="DISCORD_TOKEN is not accepted", level=Severity.FAULT, remedy=reason)
        else:
            remedy = "check the network, HTTPS_PROXY and SSL_CERT_FILE, and try again"
            yield Diagnosis(what=f"Discord cannot be reached: {error}", level=Severity.FAULT, remedy=remedy)
    finally:
        await rest.close()


async def _findings(rest: RestClient, settings: DiscordSettings) -> AsyncIterator[Diagnosis]:
    for finding in await _part("the bot's account", _account(rest)):
        yield finding
    application = await rest.request(Route("GET", "/applications/@me"))
    parts = (
        ("the application", _application(application)),
        ("the session starts", _session_starts(rest, settings)),
        ("the commands", _commands(rest, application, settings)),
        ("the servers", _guilds(rest)),
        ("the invite links", _links(application)),
    )
    for name, part in parts:
        for finding in await _part(name, part):
            yield finding


async def _part(name: str, findings: AsyncIterator[Diagnosis]) -> list[Diagnosis]:
    """The findings about one thing; an unexpected answer does not end the others."""
    found = []
    try:
        with reading_response("field"):
            async for finding in findings:
                found.append(finding)  # noqa: PERF401 - findings before an unexpected answer are kept
    except UnexpectedResponse as error:
        remedy = (
            "run doctor again; if it stays so, check whether a proxy answers in place of Discord "
            "(HTTPS_PROXY), and whether there is a newer version of this bot"
        )
        found.append(Diagnosis(what=f"Discord: {name}: {error}", level=Severity.FAULT, remedy=remedy))
    return found


async def _account(rest: RestClient) -> AsyncIterator[Diagnosis]:
    me = await rest.request(Route("GET", "/users/@me"))
    yield Diagnosis(what=f"Discord: the token belongs to {_name(me, id_of(me, 'user'))}")


async def _application(answer: object) -> AsyncIterator[Diagnosis]:
    """Settings of the developer portal that keep the bot from receiving events or being invited."""
    yield Diagnosis(what="Discord: no privileged intents are needed")
    application = object_of(answer, "application")
    if application.get("interactions_endpoint_url"):
        yield Diagnosis(
            what="Discord: commands and buttons are sent to an Interactions Endpoint URL, not to this bot",
            level=Severity.FAULT,
            remedy="empty that field in the developer portal, under General Information",
        )
    if application.get("bot_require_code_grant"):
        yield Diagnosis(
            what="Discord: the invite link does not work",
            level=Severity.FAULT,
            remedy="turn off Requires OAuth2 Code Grant in the developer portal, under Bot",
        )


async def _session_starts(rest: RestClient, settings: DiscordSettings) -> AsyncIterator[Diagnosis]:
    answer = await rest.request(Route("GET", "/gateway/bot"))
    limit, recommended = answer["session_start_limit"], int(answer["shards"])
    remaining = int(limit["remaining"])
    what = f"Discord: {remaining} of {limit.get('total', '?')} session starts are left today"
    if remaining >= max(_FEW_STARTS, 2 * recommended):
        yield Diagnosis(what=what)
    else:
        remedy = "find out why the bot starts so often, then start it again"
        yield Diagnosis(what=what, level=Severity.FAULT, remedy=remedy)
    shards = settings.shards
    if shards is None:
        return
    what = f"Discord: this process has {len(shards.ids)} of {shards.count} shards, and Discord recommends "
    if shards.count < recommended:
        remedy = "raise the number after the / in REVERIE_DISCORD_SHARDS, on all processes at once"
        yield Diagnosis(what=f"{what}{recommended} in all", level=Severity.WARNING, remedy=remedy)
    else:
        yield Diagnosis(what=f"{what}{recommended} in all")


async def _commands(
    rest: RestClient, application: object, settings: DiscordSettings
) -> AsyncIterator[Diagnosis]:
    where = f"in {len(settings.guilds)} servers" if settings.guilds else "globally"
    try:
        synced = await are_commands_synced(rest, id_of(application, "application"), settings.guilds)
    except ApiError as error:
        yield Diagnosis(
            what=f"Discord: the commands registered {where} cannot be read: {error.reason}",
            level=Severity.FAULT,
            remedy="invite the bot there by the link below, or correct REVERIE_DISCORD_GUILDS",
        )
        return
    if synced:
        yield Diagnosis(what=f"Discord: the commands of this version are registered {where}")
    else:
        yield Diagnosis(what=f"Discord: the commands are not registered {where} yet; `run` registers them")


async def _guilds(rest: RestClient) -> AsyncIterator[Diagnosis]:
    count = lacking = unknown = 0
    async for guild in _each_guild(rest):
        count += 1
        guild_id = id_of(guild, "server")
        permissions = guild.get("permissions")
        if not isinstance(permissions, str) or not _PERMISSIONS.fullmatch(permissions):
            unknown += 1
            continue
        missing = _missing(int(permissions))
        lacking += bool(missing)
        if missing and lacking <= _MAX_NAMED:
            yield Diagnosis(
                what=f"Discord: in {_name(guild, '?')} ({guild_id}) the bot lacks {join_names(missing)}",
                level=Severity.FAULT,
                remedy="allow it in the server's settings, under Roles, or invite the bot again",
            )
    if lacking > _MAX_NAMED:
        yield Diagnosis(
            what=f"Discord: the bot also lacks permissions in {lacking - _MAX_NAMED} more servers",
            level=Severity.FAULT,
            remedy="invite the bot again by the link below",
        )
    if unknown:
        yield Diagnosis(
            what=f"Discord: the bot's permissions in {unknown} servers are unknown",
            level=Severity.WARNING,
            remedy="run doctor again later",
        )
    if count:
        yield Diagnosis(what=f"Discord: the bot is in {count} servers")
    else:
        yield Diagnosis(
            what="Discord: the bot is in no server yet",
            level=Severity.WARNING,
            remedy="open the link below",
        )


async def _links(application: object) -> AsyncIterator[Diagnosis]:
    application_id = id_of(application, "application")
    yield Diagnosis(what=f"Discord: invite the bot to a server: {invite_link(application_id)}")
    config = object_of(application, "application").get("integration_types_config") or {}
    if _USER_INSTALL in config:
        yield Diagnosis(what=f"Discord: add the bot to your own account: {user_install_link(application_id)}")


async def _each_guild(rest: RestClient) -> AsyncIterator[Mapping[str, Any]]:
    params = {"limit": str(_PAGE)}
    while True:
        answer = await rest.request(Route("GET", "/users/@me/guilds"), params=params)
        page = objects_of(answer, "server")
        for guild in page:
            yield guild
        if len(page) < _PAGE:
            return
        last = id_of(page[-1], "server")
        if int(last) <= int(params.get("after", "0")):
            raise UnexpectedResponse("Discord lists the same servers again")
        params |= {"after": last}


def _missing(permissions: int) -> tuple[str, ...]:
    """What the bot lacks in channels or in threads; single channels may differ."""
    names = (*missing_permissions(permissions, thread=False), *missing_permissions(permissions, thread=True))
    return tuple(dict.fromkeys(names))


def _name(answer: Mapping[str, Any], default: str) -> str:
    return str(answer.get("username") or answer.get("name") or default)


def invite_link(application: str) -> str:
    """The link by which an admin adds the bot to a server, with the permissions that it needs."""
    query = {
        "client_id": application,
        "scope": "bot applications.commands",
        "permissions": str(INVITE_PERMISSIONS.value),
    }
    return f"{_AUTHORIZE_URL}?{urlencode(query)}"


def user_install_link(application: str) -> str:
    """The link by which people add the bot to their own account, for use in every conversation."""
    query = {
        "client_id": application,
        "integration_type": _USER_INSTALL,
        "scope": "applications.commands",
    }
    return f"{_AUTHORIZE_URL}?{urlencode(query)}"
