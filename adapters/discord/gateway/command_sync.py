"""Registers the commands at Discord, where it has others than ours.

A write counts against a daily limit and makes people's clients reload all commands, so nothing is written
that is registered already. Several processes that start at once write the same, which is harmless.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import structlog
from discord.http import Route

from adapters.discord.gateway.command_payloads import Payload, command_payloads
from adapters.discord.rest.client import RestClient, objects_of, reading_response

_log = structlog.get_logger(__name__)

_LOCALIZATIONS = frozenset({"name_localizations", "description_localizations"})
#: where a command is available; Discord does not return it for the commands of one guild
_AVAILABILITY = frozenset({"contexts", "integration_types"})
#: the other fields that we can register; fields that Discord adds are no difference
_FIELDS = _LOCALIZATIONS | {
    "autocomplete",
    "channel_types",
    "choices",
    "default_member_permissions",
    "description",
    "max_length",
    "max_value",
    "min_length",
    "min_value",
    "name",
    "nsfw",
    "options",
    "required",
    "type",
    "value",
}


async def sync_commands(rest: RestClient, application: str, guilds: Sequence[str] = ()) -> bool:
    """Register our commands, globally or in these guilds only; returns whether anything was written.

    Raises Delayed where Discord cannot be asked now, ApiError where it does not accept a command.
    """
    ours, written = command_payloads(), False
    for guild in guilds or (None,):
        if await _differs(rest, application, guild, ours):
            objects_of(await rest.request(_route("PUT", application, guild), ours), "command")
            _log.info("commands_registered", guild=guild)
            written = True
    return written


async def are_commands_synced(rest: RestClient, application: str, guilds: Sequence[str] = ()) -> bool:
    """Whether Discord has the commands of this version; raises like `sync_commands`."""
    ours = command_payloads()
    return not any([await _differs(rest, application, guild, ours) for guild in guilds or (None,)])


def _route(method: str, application: str, guild: str | None) -> Route:
    if guild is None:
        return Route(method, "/applications/{application_id}/commands", application_id=application)
    path = "/applications/{application_id}/guilds/{guild_id}/commands"
    return Route(method, path, application_id=application, guild_id=guild)


async def _differs(rest: RestClient, application: str, guild: str | None, ours: Sequence[Payload]) -> bool:
    params = {"with_localizations": "true"}
    theirs = objects_of(await rest.request(_route("GET", application, guild), params=params), "command")
    fields = _FIELDS if guild is not None else _FIELDS | _AVAILABILITY
    with reading_response("command"):
        known, wanted = _by_name(theirs), _by_name(ours)
        return known.keys() != wanted.keys() or any(
            _normalized(known[name], fields) != _normalized(wanted[name], fields) for name in wanted
        )


def _by_name(commands: Sequence[Mapping[str, Any]]) -> dict[tuple[str, int], Mapping[str, Any]]:
    return {(str(one["name"]), int(one["type"])): one for one in commands}


def _normalized(value: Any, fields: Collection[str]) -> Any:
    """A value without everything that means the same when it is left out, such as `required: false`."""
    if isinstance(value, dict):
        inner = {
            key: one if key in _LOCALIZATIONS else _normalized(one, fields)
            for key, one in value.items()
            if key in fields
        }
        return {key: one for key, one in inner.items() if not _is_default(one)}
    if isinstance(value, list):
        several = [_normalized(one, fields) for one in value]
        # Contexts are a set; options and choices keep the order in which people see them.
        return sorted(several) if all(isinstance(one, int) for one in several) else several
    return value


def _is_default(value: object) -> bool:
    """Whether a value is the same as none. 0 is not: it limits a number."""
    return value is None or value is False or value in ("", [], {})
