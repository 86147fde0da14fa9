"""Which roles the library keeps of servers: those that say who is an admin, and the bot's own.

A server may have hundreds of roles, a third of a kilobyte each. A role that is left out has no permission
that is read here: who manages the server, and where the bot may write its welcome.
"""

from collections.abc import Collection, Mapping
from typing import Any

import discord

_READ = discord.Permissions(administrator=True, manage_guild=True).value

Json = Mapping[str, Any]


def makes_admins(role: Json) -> bool:
    """Whether those with a role manage the server."""
    return int(role.get("permissions", 0)) & _READ != 0


def is_of_bot(role: Json, bot: int) -> bool:
    """Whether a role is the one that the bot got with its invitation."""
    return int(role.get("tags", {}).get("bot_id", 0)) == bot


def roles_of_bot(guild: Json, bot: int) -> frozenset[int]:
    """The ids of the bot's roles, from the event that announces a server."""
    own = [member for member in guild.get("members", ()) if int(member["user"]["id"]) == bot]
    return frozenset(int(role) for member in own for role in member["roles"])


def with_read_roles(guild: Json, kept: Collection[int]) -> Json:
    """An event with a whole server, without the roles that are not read.

    Those with the ids in `kept` stay, and the one that everybody has.
    """
    everybody = int(guild["id"])
    read = [
        role for role in guild.get("roles", ()) if int(role["id"]) in {everybody, *kept} or makes_admins(role)
    ]
    return {**guild, "roles": read}
