"""The application and its commands."""

from typing import Any

from tests.platforms.fake_discord.rest.routing import Call, Created, Routes
from tests.platforms.fake_discord.rules.refusals import Refusal
from tests.platforms.fake_discord.state.events import Intents
from tests.platforms.fake_discord.state.payloads import Json, own_user_json, user_json

routes = Routes()

_FLAGS = {
    Intents.GUILD_PRESENCES: 1 << 13,
    Intents.GUILD_MEMBERS: 1 << 15,
    Intents.MESSAGE_CONTENT: 1 << 19,
}
_EVERYWHERE = "/applications/{application_id}/commands"
_IN_GUILD = "/applications/{application_id}/guilds/{guild_id}/commands"


@routes.on("GET", "/users/@me")
def show_myself(call: Call) -> Json:
    return own_user_json(call.world.bot)


@routes.on("GET", "/applications/@me")
@routes.on("GET", "/oauth2/applications/@me")
def show_application(call: Call) -> Json:
    world = call.world
    flags = sum(bit for intent, bit in _FLAGS.items() if intent in world.allowed_intents)
    in_guilds = sum(world.bot.id in guild.members for guild in world.guilds.values())
    return {
        "id": str(world.application_id),
        "name": world.bot.name,
        "icon": None,
        "description": "",
        "type": None,
        "bot": user_json(world.bot),
        "bot_public": True,
        "bot_require_code_grant": False,
        "integration_types_config": {"0": {}, "1": {}},
        "verify_key": "0" * 64,
        "flags": flags,
        "flags_new": str(flags),
        "redirect_uris": [],
        "interactions_endpoint_url": None,
        "role_connections_verification_url": None,
        "owner": user_json(world.bot),
        "approximate_guild_count": in_guilds,
        "approximate_user_install_count": sum(user.installed for user in world.users.values()),
        "approximate_user_authorization_count": 0,
        "explicit_content_filter": 0,
        "team": None,
        "eligible_oauth2_scopes": ["applications.commands", "bot"],
    }


@routes.on("GET", _EVERYWHERE)
@routes.on("GET", _IN_GUILD)
def list_commands(call: Call) -> list[Json]:
    commands = call.world.commands.all(_scope(call))
    if call.flag("with_localizations"):
        return commands
    return [_without_localisations(command) for command in commands]


@routes.on("PUT", _EVERYWHERE)
@routes.on("PUT", _IN_GUILD)
def replace_commands(call: Call) -> list[Json]:
    commands = call.world.commands.replace(_scope(call), call.body or [])
    call.world.changes.notify()
    return commands


@routes.on("POST", _EVERYWHERE)
@routes.on("POST", _IN_GUILD)
def put_command(call: Call) -> Json | Created:
    scope = _scope(call)
    known = {command["id"] for command in call.world.commands.all(scope)}
    command = call.world.commands.put(scope, call.body)
    call.world.changes.notify()
    return command if command["id"] in known else Created(body=command)


@routes.on("GET", _EVERYWHERE + "/{command_id}")
@routes.on("GET", _IN_GUILD + "/{command_id}")
def show_command(call: Call) -> Json:
    return call.world.commands.one(_scope(call), call.path["command_id"])


@routes.on("PATCH", _EVERYWHERE + "/{command_id}")
@routes.on("PATCH", _IN_GUILD + "/{command_id}")
def change_command(call: Call) -> Json:
    return call.world.commands.change(_scope(call), call.path["command_id"], call.body)


@routes.on("DELETE", _EVERYWHERE + "/{command_id}")
@routes.on("DELETE", _IN_GUILD + "/{command_id}")
def remove_command(call: Call) -> None:
    call.world.commands.remove(_scope(call), call.path["command_id"])


def _scope(call: Call) -> int | None:
    """Return the guild, or nothing for everywhere; another app's commands are not ours to touch."""
    if call.path["application_id"] != str(call.world.application_id):
        raise Refusal(20012)
    if "guild_id" not in call.path:
        return None
    guild = call.world.guilds.get(int(call.path["guild_id"]))
    if guild is None or call.world.bot.id not in guild.members:
        raise Refusal(50001)
    return guild.id


def _without_localisations(entry: Any) -> Any:
    if isinstance(entry, list):
        return [_without_localisations(each) for each in entry]
    if isinstance(entry, dict):
        return {
            key: _without_localisations(value)
            for key, value in entry.items()
            if not key.endswith("_localizations")
        }
    return entry
