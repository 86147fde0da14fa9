"""Registering: Discord is told of the commands, where it knows others than ours.

A write counts against a daily limit and makes people's clients read everything anew, so nothing is written
that is there already. Several processes that start at once write the same, which is harmless.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import structlog
from discord.http import Route

from adapters.discord.gateway.command_payloads import Localisations, Payload, payloads
from adapters.discord.rest.client import Rest
from adapters.discord.rest.responses import expecting, objects_of

_log = structlog.get_logger(__name__)

_BY_LANGUAGE = frozenset({"name_localizations", "description_localizations"})
#: where a command is offered; of those in one guild alone Discord does not say it
_WHERE = frozenset({"contexts", "integration_types"})
#: all else that can be registered; what Discord adds of its own, now or one day, is no difference
_WORDS = _BY_LANGUAGE | {
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


async def register(
    rest: Rest, application: str, guilds: Sequence[str] = (), localisations: Localisations | None = None
) -> bool:
    """Bring Discord up to what we offer, everywhere or in these guilds alone; answers whether that wrote.

    Raises Delayed where Discord cannot be asked now, Refusal where it does not accept a command.
    """
    ours, wrote = payloads(localisations), False
    for guild in guilds or (None,):
        if await _differs(rest, application, guild, ours):
            objects_of(await rest.request(_route("PUT", application, guild), ours), "command")
            _log.info("commands_registered", guild=guild)
            wrote = True
    return wrote


async def is_registered(
    rest: Rest, application: str, guilds: Sequence[str] = (), localisations: Localisations | None = None
) -> bool:
    """Whether Discord knows the commands of this version; raises like `register`."""
    ours = payloads(localisations)
    return not any([await _differs(rest, application, guild, ours) for guild in guilds or (None,)])


def _route(method: str, application: str, guild: str | None) -> Route:
    if guild is None:
        return Route(method, "/applications/{application_id}/commands", application_id=application)
    path = "/applications/{application_id}/guilds/{guild_id}/commands"
    return Route(method, path, application_id=application, guild_id=guild)


async def _differs(rest: Rest, application: str, guild: str | None, ours: Sequence[Payload]) -> bool:
    answer = await rest.request(_route("GET", application, guild), params={"with_localizations": "true"})
    theirs = objects_of(answer, "command")
    keys = _WORDS if guild is not None else _WORDS | _WHERE
    with expecting("command"):
        return _by_name(theirs, keys) != _by_name(ours, keys)


def _by_name(commands: Sequence[Mapping[str, Any]], keys: Collection[str]) -> dict[tuple[str, int], Payload]:
    return {(str(one["name"]), int(one["type"])): _said(one, keys) for one in commands}


def _said(value: Any, keys: Collection[str]) -> Any:
    """A value without all that means the same when it is left out, as `required: false` does."""
    if isinstance(value, dict):
        inner = {
            key: one if key in _BY_LANGUAGE else _said(one, keys) for key, one in value.items() if key in keys
        }
        return {key: one for key, one in inner.items() if not _says_nothing(one)}
    if isinstance(value, list):
        several = [_said(one, keys) for one in value]
        # Places are a set; options and choices stand in the order in which people see them.
        return sorted(several) if all(isinstance(one, int) for one in several) else several
    return value


def _says_nothing(value: object) -> bool:
    """Not so 0, which bounds a number."""
    return value is None or value is False or value in ("", [], {})
