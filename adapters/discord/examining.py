"""What `reverie doctor` finds out about Discord: the token, the commands, the servers, and how to invite."""

from collections.abc import AsyncIterator, Iterator, Mapping
from typing import Any
from urllib.parse import urlencode

from discord.http import Route
from pydantic import SecretStr

from adapters.discord.api.answers import expecting, objects_of
from adapters.discord.api.permissions import INVITED, listed, missing
from adapters.discord.api.refusals import Refusal
from adapters.discord.api.rest import Connector, Rest
from adapters.discord.inlet.registering import is_registered
from adapters.discord.settings import DiscordSettings
from bot.domain.errors import Delayed
from bot.engine.adapter import Finding, Level
from bot.settings import Settings

_AUTHORIZE = "https://discord.com/oauth2/authorize"
#: a connection that starts anew takes one; below this a loop of restarts would lock the bot out for a day
_FEW_STARTS = 50
#: servers on one page of Discord's list, and those that are named
_PAGE, _NAMED = 200, 20
_BY_USER = "1"


async def examine(
    settings: Settings, own: DiscordSettings | None = None, *, connector: Connector | None = None
) -> AsyncIterator[Finding]:
    """Look at everything that Discord tells about the bot."""
    own = own or DiscordSettings()
    rest = Rest(own.token or SecretStr(""), proxy=settings.https_proxy, connector=connector)
    try:
        with expecting("field"):
            async for finding in _look(rest, own):
                yield finding
    except Refusal as refusal:
        yield Finding(
            what=f"Discord refuses: {refusal.told}", level=Level.FAULT, remedy="check DISCORD_TOKEN"
        )
    except Delayed as error:
        if obstacle := rest.obstacle():
            yield Finding(what="DISCORD_TOKEN is not accepted", level=Level.FAULT, remedy=obstacle)
        else:
            remedy = "check the network, HTTPS_PROXY and SSL_CERT_FILE, and try again"
            yield Finding(what=f"Discord cannot be asked: {error}", level=Level.FAULT, remedy=remedy)
    finally:
        await rest.close()


async def _look(rest: Rest, settings: DiscordSettings) -> AsyncIterator[Finding]:
    me = await rest.request(Route("GET", "/users/@me"))
    yield Finding(what=f"Discord: the token is that of {me['username']}")
    application = await rest.request(Route("GET", "/applications/@me"))
    for finding in _application(application):
        yield finding
    for finding in await _starts(rest, settings):
        yield finding
    yield await _commands(rest, str(application["id"]), settings)
    async for finding in _guilds(rest):
        yield finding
    yield Finding(what=f"Discord: invite it to a server by {invite_link(str(application['id']))}")
    if _BY_USER in (application.get("integration_types_config") or {}):
        yield Finding(what=f"Discord: add it to your own account by {own_link(str(application['id']))}")


def _application(application: Mapping[str, Any]) -> Iterator[Finding]:
    """What can be set in the developer portal and would keep the bot from hearing or being invited."""
    yield Finding(what="Discord: no privileged intents are needed")
    if application.get("interactions_endpoint_url"):
        yield Finding(
            what="Discord: commands and buttons are sent to an Interactions Endpoint URL, not to this bot",
            level=Level.FAULT,
            remedy="empty that field in the developer portal, under General Information",
        )
    if application.get("bot_require_code_grant"):
        yield Finding(
            what="Discord: the invite link does not work",
            level=Level.FAULT,
            remedy="turn off Requires OAuth2 Code Grant in the developer portal, under Bot",
        )


async def _starts(rest: Rest, settings: DiscordSettings) -> list[Finding]:
    told = await rest.request(Route("GET", "/gateway/bot"))
    limit, advised = told["session_start_limit"], int(told["shards"])
    left = int(limit["remaining"])
    what = f"Discord: {left} of {limit['total']} starts are left today"
    remedy = "find out why the bot starts so often, then start it again"
    enough = left >= max(_FEW_STARTS, 2 * advised)
    found = [Finding(what=what, level=Level.FINE if enough else Level.FAULT, remedy="" if enough else remedy)]
    if settings.shards is not None:
        few = settings.shards.count < advised
        found.append(
            Finding(
                what=f"Discord: {len(settings.shards.ids)} of {settings.shards.count} shards are this "
                f"process's, and Discord advises {advised} in all",
                level=Level.WARNING if few else Level.FINE,
                remedy="raise the number behind the / in REVERIE_DISCORD_SHARDS, everywhere at once"
                if few
                else "",
            )
        )
    return found


async def _commands(rest: Rest, application: str, settings: DiscordSettings) -> Finding:
    where = f"in {len(settings.guilds)} servers" if settings.guilds else "everywhere"
    try:
        registered = await is_registered(rest, application, settings.guilds)
    except Refusal as refusal:
        return Finding(
            what=f"Discord: the commands {where} cannot be read: {refusal.told}",
            level=Level.FAULT,
            remedy="invite the bot there by the link below, or correct REVERIE_DISCORD_GUILDS",
        )
    if registered:
        return Finding(what=f"Discord: the commands of this version are registered {where}")
    return Finding(what=f"Discord: the commands are not registered {where} yet; run does it by itself")


async def _guilds(rest: Rest) -> AsyncIterator[Finding]:
    count = poor = 0
    async for guild in _each_guild(rest):
        count += 1
        lacking = _lacking(int(guild["permissions"]))
        poor += bool(lacking)
        if lacking and poor <= _NAMED:
            yield Finding(
                what=f"Discord: in {guild['name']} ({guild['id']}) the bot lacks {listed(lacking)}",
                level=Level.FAULT,
                remedy="allow it in the server's settings, under Roles, or invite the bot anew",
            )
    if poor > _NAMED:
        yield Finding(
            what=f"Discord: the same holds for {poor - _NAMED} more servers",
            level=Level.FAULT,
            remedy="invite the bot anew by the link below",
        )
    if count:
        yield Finding(what=f"Discord: the bot is in {count} servers")
    else:
        yield Finding(
            what="Discord: the bot is in no server yet",
            level=Level.WARNING,
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
        params |= {"after": str(page[-1]["id"])}


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
