"""The bot's permissions in a channel, named as in Discord's settings."""

from pathlib import Path
from typing import Any

import pytest
from discord import Permissions

from adapters.discord.rest.errors import ApiError
from adapters.discord.rest.permissions import (
    INVITE_PERMISSIONS,
    fetch_missing_permissions,
    missing_permissions,
    permissions_in,
    require_permissions,
)
from bot.domain.errors import NotAllowed
from tests.platforms.fake_discord import FakeDiscord
from tests.platforms.fake_discord import Permissions as Rights
from tests.platforms.with_discord.delivery.delivery_env import open_delivery_env

_ALL = Permissions(
    view_channel=True,
    send_messages=True,
    send_messages_in_threads=True,
    embed_links=True,
    attach_files=True,
    read_message_history=True,
)
_GUILD, _ME, _ROLE = "300", "900", "301"


def _bits(**flags: bool) -> str:
    return str(Permissions(**flags).value)


def _guild(**changes: Any) -> dict[str, Any]:
    roles = [{"id": _GUILD, "permissions": str(_ALL.value)}, {"id": _ROLE, "permissions": "0"}]
    return {"id": _GUILD, "owner_id": "1", "roles": roles} | changes


def _lacking(*overwrites: dict[str, Any], guild: dict[str, Any] | None = None) -> tuple[str, ...]:
    channel = {"permission_overwrites": [{"allow": "0", "deny": "0"} | one for one in overwrites]}
    found = permissions_in(guild or _guild(), channel, {"roles": [_ROLE]}, _ME)
    return missing_permissions(found, thread=False)


def test_an_invited_bot_lacks_nothing() -> None:
    assert (
        ()
        == missing_permissions(INVITE_PERMISSIONS.value, thread=False)
        == missing_permissions(INVITE_PERMISSIONS.value, thread=True)
    )


def test_missing_permissions_are_named_as_in_discord() -> None:
    has = Permissions(view_channel=True, send_messages=True, read_message_history=True)
    assert ("Embed Links", "Attach Files") == missing_permissions(has.value, thread=False)
    assert ("Send Messages in Threads", "Embed Links", "Attach Files") == missing_permissions(
        has.value, thread=True
    )


def test_an_administrator_lacks_nothing() -> None:
    assert () == missing_permissions(Permissions(administrator=True).value, thread=True)


def test_a_missing_permission_is_refused_with_channel_and_remedy() -> None:
    has = _ALL.value & ~Permissions(attach_files=True).value
    with pytest.raises(NotAllowed, match=r"<#100>: I lack Attach Files there\. Nothing was charged"):
        require_permissions(has, thread=False, channel="100")
    require_permissions(_ALL.value, thread=False, channel="100")


def test_the_everyone_role_and_own_roles_count() -> None:
    everyone = {"id": _GUILD, "permissions": "0"}
    own = {"id": _ROLE, "permissions": str(_ALL.value)}
    other = {"id": "302", "permissions": str(_ALL.value)}
    assert () == _lacking(guild=_guild(roles=[everyone, own]))
    assert "View Channel" in _lacking(guild=_guild(roles=[everyone, other]))


def test_overwrites_apply_in_the_documented_order() -> None:
    """First everyone, then all roles together, then the member."""
    deny_all = {"id": _GUILD, "type": 0, "deny": _bits(attach_files=True)}
    allow_role = {"id": _ROLE, "type": 0, "allow": _bits(attach_files=True)}
    deny_me = {"id": _ME, "type": 1, "deny": _bits(attach_files=True)}
    assert ("Attach Files",) == _lacking(deny_all)
    assert () == _lacking(deny_all, allow_role)
    assert ("Attach Files",) == _lacking(deny_all, allow_role, deny_me)
    assert () == _lacking(allow_role | {"deny": allow_role["allow"]})
    assert () == _lacking({"id": "302", "type": 0, "deny": _bits(attach_files=True)})


def test_the_owner_has_every_permission() -> None:
    deny = {"id": _GUILD, "type": 0, "deny": _bits(view_channel=True)}
    assert () == _lacking(deny, guild=_guild(owner_id=_ME))


async def test_missing_permissions_are_fetched_where_an_event_does_not_hold_them(
    tmp_path: Path, fake: FakeDiscord
) -> None:
    async with open_delivery_env(tmp_path, fake) as env:
        guild, channel = str(env.guild.id), str(env.channel.id)
        assert () == await fetch_missing_permissions(env.rest, guild, channel)
        thread = env.fake.thread(env.channel, "foxes", env.ada)
        env.fake.overwrite(env.channel, deny=Rights.EMBED_LINKS | Rights.SEND_MESSAGES_IN_THREADS)
        assert ("Embed Links",) == await fetch_missing_permissions(env.rest, guild, channel)
        lacking = await fetch_missing_permissions(env.rest, guild, str(thread.id))
        assert ("Send Messages in Threads", "Embed Links") == lacking
        env.fake.overwrite(env.channel, deny=Rights.VIEW_CHANNEL)
        with pytest.raises(ApiError):
            await fetch_missing_permissions(env.rest, guild, channel)
