"""The permissions that a card needs in a channel, checked before money is spent and named as in Discord."""

from collections.abc import Iterable, Mapping
from typing import Any

from discord import ChannelType, Permissions
from discord.http import Route

from adapters.discord.rest.client import RestClient, id_of, object_of, reading_response
from bot.domain.errors import NotAllowed

_NAMES: Mapping[str, str] = {
    "view_channel": "View Channel",
    "send_messages": "Send Messages",
    "send_messages_in_threads": "Send Messages in Threads",
    "embed_links": "Embed Links",
    "attach_files": "Attach Files",
    "read_message_history": "Read Message History",
}
_THREADS = frozenset(
    kind.value for kind in (ChannelType.news_thread, ChannelType.public_thread, ChannelType.private_thread)
)
_ROLE_OVERWRITE, _MEMBER_OVERWRITE = 0, 1

#: the permissions in the invite link
INVITE_PERMISSIONS = Permissions(**dict.fromkeys(_NAMES, True), add_reactions=True)


class MissingPermissions(NotAllowed):
    """The bot cannot post a card there; the text is Discord markdown."""


def missing_permissions(permissions: int, *, thread: bool) -> tuple[str, ...]:
    """The names of the permissions that a card needs and the bot lacks.

    `permissions` is an interaction's `app_permissions`, or what `permissions_in` returns.
    """
    granted = Permissions(permissions)
    if granted.administrator:
        return ()
    unneeded = "send_messages" if thread else "send_messages_in_threads"
    return tuple(name for flag, name in _NAMES.items() if flag != unneeded and not getattr(granted, flag))


def require_permissions(permissions: int, *, thread: bool, channel: str) -> None:
    """Raise MissingPermissions where a card could not be posted."""
    names = missing_permissions(permissions, thread=thread)
    if names:
        raise permissions_error(names, channel=channel)


def permissions_error(names: tuple[str, ...], *, channel: str) -> MissingPermissions:
    """The refusal that names what is missing, with the remedy."""
    return MissingPermissions(
        f"I could not show the result in <#{channel}>: I lack {join_names(names)} there. Nothing was "
        "charged. An admin can allow it in the channel's settings, or ask again with `private`."
    )


def permissions_in(
    guild: Mapping[str, Any], channel: Mapping[str, Any], member: Mapping[str, Any], user: str
) -> int:
    """A member's permissions in a channel, from REST objects; for a thread, pass its parent.

    discord.py computes them for its own objects only, which exist with a gateway connection. The order is
    Discord's: https://discord.com/developers/docs/topics/permissions#permission-overwrites
    """
    everyone = str(guild["id"])
    roles = set(map(str, member.get("roles", ())))
    granted = Permissions()
    for role in guild.get("roles", ()):
        if str(role["id"]) in roles | {everyone}:
            granted.value |= int(role["permissions"])
    if str(guild.get("owner_id")) == user or granted.administrator:
        return Permissions.all().value
    overwrites = list(channel.get("permission_overwrites") or ())
    _overwrite(granted, (one for one in overwrites if str(one["id"]) == everyone))
    mine = roles - {everyone}
    _overwrite(
        granted, (one for one in overwrites if one["type"] == _ROLE_OVERWRITE and str(one["id"]) in mine)
    )
    _overwrite(
        granted, (one for one in overwrites if one["type"] == _MEMBER_OVERWRITE and str(one["id"]) == user)
    )
    return granted.value


def _overwrite(granted: Permissions, overwrites: Iterable[Mapping[str, Any]]) -> None:
    """Apply the overwrites of one step together: what any of them allows wins."""
    allow = deny = 0
    for one in overwrites:
        allow |= int(one["allow"])
        deny |= int(one["deny"])
    granted.handle_overwrite(allow=allow, deny=deny)


async def fetch_missing_permissions(rest: RestClient, guild: str, channel: str) -> tuple[str, ...]:
    """Ask Discord what the bot lacks in a channel, for events without `app_permissions`.

    Raises ApiError where the bot cannot even see the channel, Delayed where Discord does not answer.
    """
    found = object_of(
        await rest.request(Route("GET", "/channels/{channel_id}", channel_id=channel)), "channel"
    )
    thread = found.get("type") in _THREADS
    if thread:
        parent = Route("GET", "/channels/{channel_id}", channel_id=id_of(found, "thread", "parent_id"))
        found = object_of(await rest.request(parent), "channel")
    bot = await rest.bot_id()
    server = await rest.request(Route("GET", "/guilds/{guild_id}", guild_id=guild))
    member = await rest.request(
        Route("GET", "/guilds/{guild_id}/members/{member_id}", guild_id=guild, member_id=bot)
    )
    with reading_response("permissions"):
        return missing_permissions(permissions_in(server, found, member, bot), thread=thread)


def join_names(names: tuple[str, ...]) -> str:
    """Join names as part of a sentence."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
