"""What the bot may do in a channel, found out before money is spent and named as Discord names it."""

from collections.abc import Iterable, Mapping
from typing import Any

from discord import Permissions
from discord.http import Route

from adapters.discord.rest.client import Rest
from adapters.discord.rest.responses import expecting, id_of, object_of
from bot.domain.errors import NotAllowed

_NAMES: Mapping[str, str] = {
    "view_channel": "View Channel",
    "send_messages": "Send Messages",
    "send_messages_in_threads": "Send Messages in Threads",
    "embed_links": "Embed Links",
    "attach_files": "Attach Files",
    "read_message_history": "Read Message History",
}
#: types of channels that are threads
_THREADS = frozenset({10, 11, 12})
_ROLE, _MEMBER = 0, 1

#: of all that the bot asks for when it is invited
INVITED = Permissions(**dict.fromkeys(_NAMES, True), add_reactions=True)


class Lacking(NotAllowed):
    """The bot may not show anything there; the text is in Discord's own formatting."""


def missing(permissions: int, *, thread: bool) -> tuple[str, ...]:
    """What a card needs and the bot has not, by the names that Discord's settings show.

    `permissions` is what an interaction brings as `app_permissions`, or what `permissions_in` answers.
    """
    has = Permissions(permissions)
    if has.administrator:
        return ()
    sending = "send_messages" if thread else "send_messages_in_threads"
    return tuple(name for flag, name in _NAMES.items() if flag != sending and not getattr(has, flag))


def require(permissions: int, *, thread: bool, channel: str) -> None:
    """Raise Lacking where a card could not be shown, with the remedy."""
    names = missing(permissions, thread=thread)
    if names:
        raise lacking(names, channel=channel)


def lacking(names: tuple[str, ...], *, channel: str) -> Lacking:
    """The refusal that names what is missing."""
    return Lacking(
        f"I could not show the result in <#{channel}>: I lack {listed(names)} there. Nothing was "
        "charged. An admin can allow it in the channel's settings, or ask again with `private`."
    )


def permissions_in(
    guild: Mapping[str, Any], channel: Mapping[str, Any], member: Mapping[str, Any], user: str
) -> int:
    """What a member may do in a channel; of a thread its parent is asked for.

    The order is Discord's: https://discord.com/developers/docs/topics/permissions#permission-overwrites
    """
    everyone = str(guild["id"])
    held = {everyone, *map(str, member.get("roles", ()))}
    base = 0
    for role in guild.get("roles", ()):
        if str(role["id"]) in held:
            base |= int(role["permissions"])
    if str(guild.get("owner_id")) == user or Permissions(base).administrator:
        return Permissions.all().value
    overwrites = list(channel.get("permission_overwrites") or ())
    base = _overwritten(base, (one for one in overwrites if str(one["id"]) == everyone))
    roles = held - {everyone}
    base = _overwritten(base, (one for one in overwrites if one["type"] == _ROLE and str(one["id"]) in roles))
    return _overwritten(
        base, (one for one in overwrites if one["type"] == _MEMBER and str(one["id"]) == user)
    )


def _overwritten(base: int, overwrites: Iterable[Mapping[str, Any]]) -> int:
    allow = deny = 0
    for one in overwrites:
        allow |= int(one["allow"])
        deny |= int(one["deny"])
    return (base & ~deny) | allow


async def look_up(rest: Rest, guild: str, channel: str) -> tuple[str, ...]:
    """Ask Discord what the bot lacks in a channel; for events that do not bring `app_permissions`.

    Raises Refusal where the bot cannot even see it, Delayed where Discord does not say.
    """
    found = object_of(
        await rest.request(Route("GET", "/channels/{channel_id}", channel_id=channel)), "channel"
    )
    thread = found.get("type") in _THREADS
    if thread:
        parent = Route("GET", "/channels/{channel_id}", channel_id=id_of(found, "thread", "parent_id"))
        found = object_of(await rest.request(parent), "channel")
    me = await rest.me()
    server = await rest.request(Route("GET", "/guilds/{guild_id}", guild_id=guild))
    member = await rest.request(
        Route("GET", "/guilds/{guild_id}/members/{member_id}", guild_id=guild, member_id=me)
    )
    with expecting("permissions"):
        return missing(permissions_in(server, found, member, me), thread=thread)


def listed(names: tuple[str, ...]) -> str:
    """Names as a part of a sentence."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
