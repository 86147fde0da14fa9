"""Users, guilds and channels as JSON."""

from typing import Any

from tests.platforms.fake_discord.rules.permissions import Permissions
from tests.platforms.fake_discord.state.clock import iso
from tests.platforms.fake_discord.state.places import Channel, Guild, Kind, Member, Role, User
from tests.platforms.fake_discord.state.world import World

Json = dict[str, Any]


def user_json(user: User) -> Json:
    more: Json = {"system": True} if user.system else {}
    return more | {
        "id": str(user.id),
        "username": user.name,
        "discriminator": "0",
        "global_name": None,
        "avatar": None,
        "bot": user.bot,
        "public_flags": 0,
        "flags": 0,
        "banner": None,
        "accent_color": None,
        "avatar_decoration_data": None,
        "collectibles": None,
        "primary_guild": None,
    }


def own_user_json(user: User) -> Json:
    return {**user_json(user), "mfa_enabled": True, "locale": user.locale, "verified": True, "email": None}


def member_json(member: Member, *, with_user: bool = True) -> Json:
    answer: Json = {
        "avatar": None,
        "banner": None,
        "communication_disabled_until": None,
        "deaf": False,
        "flags": 0,
        "joined_at": iso(member.joined_ms),
        "mute": False,
        "nick": member.nick,
        "pending": False,
        "premium_since": None,
        "roles": [str(role.id) for role in member.roles],
    }
    return {**answer, "user": user_json(member.user)} if with_user else answer


def role_json(role: Role) -> Json:
    return {
        "id": str(role.id),
        "name": role.name,
        "color": 0,
        "colors": {"primary_color": 0, "secondary_color": None, "tertiary_color": None},
        "hoist": False,
        "icon": None,
        "unicode_emoji": None,
        "position": role.position,
        "permissions": str(int(role.permissions)),
        "managed": False,
        "mentionable": role.mentionable,
        "flags": 0,
    }


def channel_json(channel: Channel) -> Json:
    last = next(reversed(channel.messages), None)
    answer: Json = {
        "id": str(channel.id),
        "type": int(channel.kind),
        "flags": 0,
        "last_message_id": None if last is None else str(last),
    }
    if channel.guild is None:
        people = [user_json(user) for user in channel.recipients if not user.bot]
        if channel.kind is Kind.GROUP:
            more = {"name": channel.name, "icon": None, "owner_id": people[0]["id"] if people else "0"}
            return {**answer, **more, "recipients": people}
        return {**answer, "recipients": people}
    answer |= {
        "guild_id": str(channel.guild.id),
        "name": channel.name,
        "rate_limit_per_user": 0,
        "parent_id": str(channel.parent.id) if channel.parent else None,
    }
    if channel.is_thread:
        return {**answer, **_thread_json(channel)}
    answer |= {
        "position": 0,
        "nsfw": channel.nsfw,
        "permission_overwrites": [
            {
                "id": str(target),
                "type": 0 if target in channel.guild.roles else 1,
                "allow": str(int(allow)),
                "deny": str(int(deny)),
            }
            for target, (allow, deny) in channel.overwrites.items()
        ],
    }
    if channel.kind in (Kind.TEXT, Kind.NEWS, Kind.FORUM):
        answer["topic"] = None
    if channel.kind in (Kind.VOICE, Kind.STAGE):
        answer |= {"bitrate": 64_000, "user_limit": 0, "rtc_region": None}
    if channel.kind is Kind.FORUM:
        answer |= {
            "available_tags": [],
            "default_forum_layout": 0,
            "default_reaction_emoji": None,
            "default_sort_order": None,
        }
    return answer


def _thread_json(thread: Channel) -> Json:
    return {
        "owner_id": str(thread.owner.id if thread.owner else 0),
        "message_count": len(thread.messages),
        "member_count": max(1, len(thread.joined)),
        "total_message_sent": len(thread.messages),
        "thread_metadata": {
            "archived": thread.archived,
            "archive_timestamp": iso(thread.created_ms),
            "auto_archive_duration": 1440,
            "locked": thread.locked,
            "create_timestamp": iso(thread.created_ms),
        },
    }


def partial_channel_json(channel: Channel, permissions: Permissions) -> Json:
    """Return what an interaction says about its channel."""
    answer = channel_json(channel)
    if channel.guild is None:
        return answer
    for hidden in ("permission_overwrites", "default_forum_layout", "default_sort_order"):
        answer.pop(hidden, None)
    return {**answer, "permissions": str(int(permissions))}


def guild_json(guild: Guild) -> Json:
    return {
        "id": str(guild.id),
        "name": guild.name,
        "icon": None,
        "description": None,
        "home_header": None,
        "splash": None,
        "discovery_splash": None,
        "features": [],
        "banner": None,
        "owner_id": str(guild.owner.id),
        "application_id": None,
        "region": "deprecated",
        "afk_channel_id": None,
        "afk_timeout": 300,
        "system_channel_id": next((str(each) for each in guild.channels), None),
        "system_channel_flags": 0,
        "widget_enabled": False,
        "widget_channel_id": None,
        "verification_level": 0,
        "roles": [role_json(role) for role in guild.roles.values()],
        "default_message_notifications": 1,
        "mfa_level": 0,
        "explicit_content_filter": 0,
        "max_presences": None,
        "max_members": 500_000,
        "max_stage_video_channel_users": 50,
        "max_video_channel_users": 25,
        "vanity_url_code": None,
        "premium_tier": guild.tier,
        "premium_subscription_count": 0,
        "preferred_locale": guild.locale,
        "rules_channel_id": None,
        "safety_alerts_channel_id": None,
        "public_updates_channel_id": None,
        "premium_progress_bar_enabled": False,
        "nsfw": False,
        "nsfw_level": 0,
        "emojis": [],
        "stickers": [],
        "incidents_data": None,
    }


def guild_event_json(guild: Guild, world: World) -> Json:
    """Return a guild as the gateway tells of it when the bot has just come in."""
    me = guild.members[world.bot.id]
    channels = [channel for channel in guild.channels.values() if not channel.is_thread]
    threads = [channel for channel in guild.channels.values() if channel.is_thread]
    answer = guild_json(guild)
    for rest_only in ("home_header", "nsfw"):
        del answer[rest_only]
    return answer | {
        "joined_at": iso(me.joined_ms),
        "large": False,
        "member_count": len(guild.members),
        "hub_type": None,
        "voice_states": [],
        "members": [member_json(me)],
        "channels": [channel_json(channel) for channel in channels],
        "threads": [channel_json(thread) for thread in threads if not thread.archived],
        "presences": [],
        "stage_instances": [],
        "guild_scheduled_events": [],
        "soundboard_sounds": [],
    }
