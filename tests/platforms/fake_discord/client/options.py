"""Converts what a person typed to command options, as the Discord app does."""

from collections.abc import Mapping
from enum import IntEnum
from typing import Any

from tests.platforms.fake_discord.rules.drafts import Upload
from tests.platforms.fake_discord.state.message_payloads import attachment_json
from tests.platforms.fake_discord.state.payloads import (
    Json,
    member_json,
    partial_channel_json,
    role_json,
    user_json,
)
from tests.platforms.fake_discord.state.places import Channel, Role, User
from tests.platforms.fake_discord.state.world import World
from tests.platforms.fake_discord.state.writing import attach


class NotOffered(Exception):
    """Discord's client would not allow this."""


class Option(IntEnum):
    SUBCOMMAND = 1
    GROUP = 2
    STRING = 3
    INTEGER = 4
    BOOLEAN = 5
    USER = 6
    CHANNEL = 7
    ROLE = 8
    MENTIONABLE = 9
    NUMBER = 10
    ATTACHMENT = 11


_PYTHON: dict[Option, tuple[type, ...]] = {
    Option.STRING: (str,),
    Option.INTEGER: (int,),
    Option.BOOLEAN: (bool,),
    Option.USER: (User,),
    Option.CHANNEL: (Channel,),
    Option.ROLE: (Role,),
    Option.MENTIONABLE: (User, Role),
    Option.NUMBER: (int, float),
    Option.ATTACHMENT: (Upload,),
}


class CommandInput:
    """One command being filled in by one person in one place."""

    def __init__(self, world: World, channel: Channel) -> None:
        self._world = world
        self._channel = channel
        #: what the options point to, as the event carries it
        self.resolved: dict[str, Json] = {}

    def options(
        self, known: list[Json], path: list[str], values: Mapping[str, Any], focused: str | None = None
    ) -> list[Json]:
        """Return the event's options; a subcommand's lie inside its own."""
        if path:
            inner = _named(known, path[0])
            options = self.options(inner.get("options") or [], path[1:], values, focused)
            return [{"name": inner["name"], "type": inner["type"], "options": options}]
        for name in values:
            _named(known, name)
        missing = [each["name"] for each in known if each.get("required") and each["name"] not in values]
        if missing and focused is None:
            raise NotOffered(f"{', '.join(missing)} must be given")
        return [
            self._option(option, values[option["name"]], typing=option["name"] == focused)
            for option in known
            if option["name"] in values
        ]

    def _option(self, option: Json, value: Any, *, typing: bool) -> Json:
        if typing:
            return {"name": option["name"], "type": option["type"], "value": str(value), "focused": True}
        _check(option, value)
        return {"name": option["name"], "type": option["type"], "value": self.value(value)}

    def value(self, value: Any) -> Any:
        """Return what the event says about a value, and resolve what it points to."""
        if isinstance(value, User):
            self.resolve_user(value)
        elif isinstance(value, Role):
            self._resolve("roles", value.id, role_json(value))
        elif isinstance(value, Channel):
            shown = partial_channel_json(value, value.allows(self._world.bot))
            told = {key: shown[key] for key in _RESOLVED_CHANNEL if shown.get(key) is not None}
            self._resolve("channels", value.id, told)
        elif isinstance(value, Upload):
            stored = attach(self._world, self._world.application_id, value, ephemeral=True)
            self._resolve("attachments", stored.id, attachment_json(stored, self._world))
            return str(stored.id)
        else:
            return value
        return str(value.id)

    def resolve_user(self, user: User) -> None:
        self._resolve("users", user.id, user_json(user))
        guild = self._channel.guild
        member = guild.members.get(user.id) if guild else None
        if member is not None:
            shown = member_json(member, with_user=False) | {
                "permissions": str(int(self._channel.allows(user)))
            }
            for hidden in ("deaf", "mute"):
                del shown[hidden]
            self._resolve("members", user.id, shown)

    def _resolve(self, kind: str, number: int, shown: Json) -> None:
        self.resolved.setdefault(kind, {})[str(number)] = shown


_RESOLVED_CHANNEL = ("id", "name", "type", "permissions", "parent_id", "thread_metadata")


def _named(known: list[Json], name: str) -> Json:
    for option in known:
        if option["name"] == name:
            return option
    raise NotOffered(f"there is no option {name}, only {[option['name'] for option in known]}")


def _check(option: Json, value: Any) -> None:
    kind = Option(option["type"])
    fits = isinstance(value, _PYTHON[kind]) and (isinstance(value, bool) is (kind is Option.BOOLEAN))
    if not fits:
        raise NotOffered(f"{option['name']} takes no {type(value).__name__}")
    if isinstance(value, Channel) and int(value.kind) not in option.get("channel_types", [int(value.kind)]):
        raise NotOffered(f"{option['name']} takes no channel like {value.name}")
    choices = [choice["value"] for choice in option.get("choices") or []]
    if choices and value not in choices:
        raise NotOffered(f"{option['name']} offers {choices}, not {value!r}")
    size = len(value) if isinstance(value, str) else value
    least = option.get("min_length" if isinstance(value, str) else "min_value")
    most = option.get("max_length" if isinstance(value, str) else "max_value")
    if (least is not None and size < least) or (most is not None and size > most):
        raise NotOffered(f"{option['name']} takes {least} to {most}, not {size}")
