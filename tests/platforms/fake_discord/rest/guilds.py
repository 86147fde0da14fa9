"""Guilds, members, roles, and opening direct-message channels."""

from tests.platforms.fake_discord.rest.access import visible_channel
from tests.platforms.fake_discord.rest.routing import Call, Routes
from tests.platforms.fake_discord.rules.permissions import Permissions
from tests.platforms.fake_discord.rules.refusals import Refusal
from tests.platforms.fake_discord.state.events import Event
from tests.platforms.fake_discord.state.payloads import (
    Json,
    channel_json,
    guild_json,
    member_json,
    role_json,
    user_json,
)
from tests.platforms.fake_discord.state.places import Guild

routes = Routes()


@routes.on("GET", "/users/@me/guilds")
def list_my_guilds(call: Call) -> list[Json]:
    after = int(call.query.get("after", 0))
    mine = [guild for guild in call.world.guilds.values() if call.world.bot.id in guild.members]
    page = sorted((guild for guild in mine if guild.id > after), key=lambda guild: guild.id)
    return [
        {
            "id": str(guild.id),
            "name": guild.name,
            "icon": None,
            "banner": None,
            "owner": guild.owner is call.world.bot,
            "permissions": str(int(guild.members[call.world.bot.id].permissions)),
            "features": [],
        }
        for guild in page[: int(call.query.get("limit", 200))]
    ]


@routes.on("DELETE", "/users/@me/guilds/{guild_id}")
def leave_guild(call: Call) -> None:
    guild = call.world.guild(call.path["guild_id"])
    del guild.members[call.world.bot.id]
    call.world.announce(Event(name="GUILD_DELETE", data={"id": str(guild.id)}, guild_id=guild.id))


@routes.on("GET", "/guilds/{guild_id}")
def show_guild(call: Call) -> Json:
    guild = call.world.guild(call.path["guild_id"])
    if not call.flag("with_counts"):
        return guild_json(guild)
    people = len(guild.members)
    return guild_json(guild) | {"approximate_member_count": people, "approximate_presence_count": people}


@routes.on("GET", "/guilds/{guild_id}/channels")
def list_channels(call: Call) -> list[Json]:
    guild = call.world.guild(call.path["guild_id"])
    return [channel_json(channel) for channel in guild.channels.values() if not channel.is_thread]


@routes.on("GET", "/guilds/{guild_id}/roles")
def list_roles(call: Call) -> list[Json]:
    return [role_json(role) for role in call.world.guild(call.path["guild_id"]).roles.values()]


@routes.on("GET", "/guilds/{guild_id}/threads/active")
def list_active_threads(call: Call) -> Json:
    guild = call.world.guild(call.path["guild_id"])
    threads = [each for each in guild.channels.values() if each.is_thread and not each.archived]
    return {"threads": [channel_json(thread) for thread in threads], "members": []}


@routes.on("GET", "/guilds/{guild_id}/members/{user_id}")
def show_member(call: Call) -> Json:
    guild = call.world.guild(call.path["guild_id"])
    member = guild.members.get(call.world.user(call.path["user_id"]).id)
    if member is None:
        raise Refusal(10007)
    return member_json(member)


@routes.on("GET", "/users/{user_id}")
def show_user(call: Call) -> Json:
    return user_json(call.world.user(call.path["user_id"]))


@routes.on("POST", "/users/@me/channels")
def open_direct_channel(call: Call) -> Json:
    person = call.world.user(str(call.body.get("recipient_id")))
    if person.bot:
        raise Refusal(50007)
    return channel_json(call.world.direct_channel(person))


@routes.on("GET", "/channels/{channel_id}")
def show_channel(call: Call) -> Json:
    return channel_json(visible_channel(call))


@routes.on("DELETE", "/channels/{channel_id}")
def delete_channel(call: Call) -> Json:
    channel = visible_channel(call)
    needed = Permissions.MANAGE_THREADS if channel.is_thread else Permissions.MANAGE_CHANNELS
    if needed & ~channel.allows(call.world.bot):
        raise Refusal(50013)
    gone = channel_json(channel)
    del call.world.channels[channel.id]
    if isinstance(channel.guild, Guild):
        del channel.guild.channels[channel.id]
        name = "THREAD_DELETE" if channel.is_thread else "CHANNEL_DELETE"
        call.world.announce(Event(name=name, data=gone, guild_id=channel.guild.id))
    return gone
