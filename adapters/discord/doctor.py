"""What `reverie doctor` finds out about Discord: the token, the commands, the servers, and how to invite."""

import re
from collections.abc import AsyncIterator, Mapping
from typing import Any
from urllib.parse import urlencode

from discord.http import Route
from pydantic import SecretStr

from adapters.discord.gateway.command_sync import is_registered
from adapters.discord.rest.client import Connector, Rest
from adapters.discord.rest.errors import Refusal
from adapters.discord.rest.permissions import INVITED, listed, missing
from adapters.discord.rest.responses import Unexpected, expecting, id_of, object_of, objects_of
from adapters.discord.settings import DiscordSettings
from bot.domain.errors import Delayed
from bot.service.plugin import Diagnosis, Severity
from bot.settings import Settings

_AUTHORIZE = "https://discord.com/oauth2/authorize"
#: a connection that starts anew takes one; below this a loop of restarts would lock the bot out for a day
_FEW_STARTS = 50
#: servers on one page of Discord's list, and those that are named
_PAGE, _NAMED = 200, 20
_BY_USER = "1"
_PERMISSIONS = re.compile(r"[0-9]{1,40}")


async def examine(
    settings: Settings, own: DiscordSettings | None = None, *, connector: Connector | None = None
) -> AsyncIterator[Diagnosis]:
    """Look at everything that Discord tells about the bot."""
    own = own or DiscordSettings()
    rest = Rest(own.token or SecretStr(""), proxy=settings.https_proxy, connector=connector)
    try:
        async for finding in _look(rest, own):
            yield finding
    except Refusal as refusal:
        yield Diagnosis(
            what=f"Discord refuses: {refusal.told}", level=Severity.FAULT, remedy="check DISCORD_TOKEN"
        )
    except Delayed as error:
        if obstacle := rest.obstacle():
            yield Diagnosis(what="DISCORD_TOKEN is not accepted", level=Severity.FAULT, remedy=obstacle)
        else:
            remedy = "check the network, HTTPS_PROXY and SSL_CERT_FILE, and try again"
            yield Diagnosis(what=f"Discord cannot be asked: {error}", level=Severity.FAULT, remedy=remedy)
    finally:
        await rest.close()


async def _look(rest: Rest, settings: DiscordSettings) -> AsyncIterator[Diagnosis]:
    for finding in await _part("the bot's own account", _account(rest)):
        yield finding
    application = await rest.request(Route("GET", "/applications/@me"))
    for finding in await _part("the application", _application(application)):
        yield finding
    for finding in await _part("the starts that are left", _starts(rest, settings)):
        yield finding
    for finding in await _part("the commands", _commands(rest, application, settings)):
        yield finding
    for finding in await _part("the servers", _guilds(rest)):
        yield finding
    for finding in await _part("how the bot is invited", _links(application)):
        yield finding


async def _part(what: str, findings: AsyncIterator[Diagnosis]) -> list[Diagnosis]:
    """The findings about one thing; an answer that lacks something ends none of the others."""
    found = []
    try:
        with expecting("field"):
            async for finding in findings:
                found.append(finding)  # noqa: PERF401 - what was found before an odd answer counts
    except Unexpected as error:
        remedy = (
            "run doctor again; if it stays so, see whether a proxy answers in Discord's place (HTTPS_PROXY), "
            "and whether there is a newer version of this bot"
        )
        found.append(Diagnosis(what=f"Discord: {what}: {error}", level=Severity.FAULT, remedy=remedy))
    return found


async def _account(rest: Rest) -> AsyncIterator[Diagnosis]:
    me = await rest.request(Route("GET", "/users/@me"))
    yield Diagnosis(what=f"Discord: the token is that of {_name(me, id_of(me, 'user'))}")


async def _links(application: object) -> AsyncIterator[Diagnosis]:
    own = id_of(application, "application")
    yield Diagnosis(what=f"Discord: invite it to a server by {invite_link(own)}")
    if _BY_USER in (object_of(application, "application").get("integration_types_config") or {}):
        yield Diagnosis(what=f"Discord: add it to your own account by {own_link(own)}")


def _name(told: Mapping[str, Any], instead: str) -> str:
    """What something is called, or its id."""
    return str(told.get("username") or told.get("name") or instead)


async def _application(answer: object) -> AsyncIterator[Diagnosis]:
    """What can be set in the developer portal and would keep the bot from hearing or being invited."""
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


async def _starts(rest: Rest, settings: DiscordSettings) -> AsyncIterator[Diagnosis]:
    told = await rest.request(Route("GET", "/gateway/bot"))
    limit, advised = told["session_start_limit"], int(told["shards"])
    left = int(limit["remaining"])
    what = f"Discord: {left} of {limit.get('total', '?')} starts are left today"
    remedy = "find out why the bot starts so often, then start it again"
    enough = left >= max(_FEW_STARTS, 2 * advised)
    yield Diagnosis(
        what=what, level=Severity.OK if enough else Severity.FAULT, remedy="" if enough else remedy
    )
    if settings.shards is not None:
        few = settings.shards.count < advised
        yield Diagnosis(
            what=f"Discord: {len(settings.shards.ids)} of {settings.shards.count} shards are this "
            f"process's, and Discord advises {advised} in all",
            level=Severity.WARNING if few else Severity.OK,
            remedy="raise the number behind the / in REVERIE_DISCORD_SHARDS, everywhere at once"
            if few
            else "",
        )


async def _commands(rest: Rest, application: object, settings: DiscordSettings) -> AsyncIterator[Diagnosis]:
    own = id_of(application, "application")
    where = f"in {len(settings.guilds)} servers" if settings.guilds else "everywhere"
    try:
        registered = await is_registered(rest, own, settings.guilds)
    except Refusal as refusal:
        yield Diagnosis(
            what=f"Discord: the commands {where} cannot be read: {refusal.told}",
            level=Severity.FAULT,
            remedy="invite the bot there by the link below, or correct REVERIE_DISCORD_GUILDS",
        )
        return
    if registered:
        yield Diagnosis(what=f"Discord: the commands of this version are registered {where}")
    else:
        yield Diagnosis(what=f"Discord: the commands are not registered {where} yet; run does it by itself")


async def _guilds(rest: Rest) -> AsyncIterator[Diagnosis]:
    count = poor = unread = 0
    async for guild in _each_guild(rest):
        count += 1
        known = id_of(guild, "server")
        permissions = guild.get("permissions")
        if not isinstance(permissions, str) or not _PERMISSIONS.fullmatch(permissions):
            unread += 1
            continue
        lacking = _lacking(int(permissions))
        poor += bool(lacking)
        if lacking and poor <= _NAMED:
            yield Diagnosis(
                what=f"Discord: in {_name(guild, '?')} ({known}) the bot lacks {listed(lacking)}",
                level=Severity.FAULT,
                remedy="allow it in the server's settings, under Roles, or invite the bot anew",
            )
    if poor > _NAMED:
        yield Diagnosis(
            what=f"Discord: the same holds for {poor - _NAMED} more servers",
            level=Severity.FAULT,
            remedy="invite the bot anew by the link below",
        )
    if unread:
        yield Diagnosis(
            what=f"Discord: of {unread} servers it does not say what the bot may do there",
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


async def _each_guild(rest: Rest) -> AsyncIterator[Mapping[str, Any]]:
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
            raise Unexpected("Discord lists the same servers again")
        params |= {"after": last}


def _lacking(permissions: int) -> tuple[str, ...]:
    """What the bot needs in channels or in threads and has not; single channels may differ."""
    names = (*missing(permissions, thread=False), *missing(permissions, thread=True))
    return tuple(dict.fromkeys(names))


def invite_link(application: str) -> str:
    """Where an admin lets the bot into a server, with all that it needs there."""
    query = {
        "client_id": application,
        "scope": "bot applications.commands",
        "permissions": str(INVITED.value),
    }
    return f"{_AUTHORIZE}?{urlencode(query)}"


def own_link(application: str) -> str:
    """Where people add the bot to their own account, for use in every conversation."""
    query = {"client_id": application, "integration_type": _BY_USER, "scope": "applications.commands"}
    return f"{_AUTHORIZE}?{urlencode(query)}"
