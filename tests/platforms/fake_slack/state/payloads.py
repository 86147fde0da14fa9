"""Users, channels, messages, files and views as JSON."""

from urllib.parse import quote

from tests.platforms.fake_slack.rules.refusals import Json
from tests.platforms.fake_slack.state.files import File, Stage
from tests.platforms.fake_slack.state.messages import Message
from tests.platforms.fake_slack.state.places import Channel, Kind, Team, User
from tests.platforms.fake_slack.state.views import View
from tests.platforms.fake_slack.state.world import World


def user_json(user: User) -> Json:
    told = _account_json(user)
    organisation = user.team.enterprise
    if user.is_stranger:
        told["is_stranger"] = True
    if organisation is not None:
        account = {"id": user.id, "enterprise_id": organisation.id, "teams": [user.team.id]}
        told |= {"enterprise_user": {**account, "enterprise_name": organisation.name}}
    return told


def _account_json(user: User) -> Json:
    return {
        "id": user.id,
        "team_id": user.team.id,
        "name": user.name,
        "deleted": user.deleted,
        "real_name": user.name,
        "tz": "Europe/Vienna",
        "tz_label": "Central European Time",
        "tz_offset": 3600,
        "locale": user.locale,
        "profile": {"real_name": user.name, "display_name": user.name, "team": user.team.id},
        "is_admin": user.is_admin or user.is_owner,
        "is_owner": user.is_owner,
        "is_primary_owner": False,
        "is_restricted": user.is_restricted or user.is_ultra_restricted,
        "is_ultra_restricted": user.is_ultra_restricted,
        "is_bot": user.is_bot or user.bot_id is not None,
        "is_app_user": False,
        "updated": 0,
    }


def actor_json(user: User) -> Json:
    """Return a person as interactions name them."""
    return {"id": user.id, "username": user.name, "name": user.name, "team_id": user.team.id}


def team_json(team: Team) -> Json:
    told: Json = {"id": team.id, "domain": team.domain}
    if team.enterprise is not None:
        told |= {"enterprise_id": team.enterprise.id, "enterprise_name": team.enterprise.name}
    return told


def enterprise_json(team: Team) -> Json:
    """Return the part of every interaction that says for whom the app is installed."""
    whole = team.installation is not None and team.installation.team is None
    organisation = team.enterprise
    return {
        "enterprise": None if organisation is None else {"id": organisation.id, "name": organisation.name},
        "is_enterprise_install": whole,
    }


def channel_json(channel: Channel, viewer: User) -> Json:
    told: Json = {
        "id": channel.id,
        "created": channel.created_ms // 1000,
        "is_archived": channel.archived,
        "is_channel": channel.kind is Kind.PUBLIC,
        "is_group": channel.kind is Kind.PRIVATE,
        "is_im": channel.kind is Kind.DIRECT,
        "is_mpim": False,
        "is_private": channel.kind is not Kind.PUBLIC,
        "context_team_id": channel.team.id,
    }
    if channel.kind is Kind.DIRECT:
        return told | {"user": channel.other.id, "is_open": True}
    return told | {
        "name": channel.name,
        "name_normalized": channel.name,
        "is_member": viewer in channel.members,
        "num_members": len(channel.members),
    }


def message_json(message: Message, world: World, *, with_metadata: bool = False) -> Json:
    author = message.author
    told: Json = {
        "type": "message",
        "user": author.id,
        "team": author.team.id,
        "ts": message.ts,
        "text": message.text,
        **_author_json(message, world),
    }
    if author.is_webhook:
        del told["user"]
    if message.attachments:
        told["attachments"] = message.attachments
    if message.blocks:
        told["blocks"] = message.blocks
    if message.files:
        told |= {"files": [file_json(file, world) for file in message.files], "upload": True}
    if message.edited_ts is not None:
        told["edited"] = {"user": author.id, "ts": message.edited_ts}
    if message.reactions:
        told["reactions"] = reactions_json(message)
    if with_metadata and message.metadata:
        told["metadata"] = message.metadata
    if message.thread_ts is not None:
        told |= {"thread_ts": message.thread_ts, **_thread_json(message)}
    return told


def _author_json(message: Message, world: World) -> Json:
    """Return what is told of an author beside their id: which app it is, and which other workspace."""
    author = message.author
    told: Json = {}
    if author.is_bot:
        installation = author.team.installation
        assert installation is not None
        told = {"bot_id": installation.bot_id, "app_id": world.app.id}
    elif author.bot_id is not None:
        profile: Json = {"id": author.bot_id, "name": author.name, "app_id": "A0OTHER", "icons": {}}
        profile |= {"team_id": author.team.id, "deleted": False, "updated": 0}
        told = {"bot_id": author.bot_id, "bot_profile": profile}
    if author.is_webhook:
        told |= {"subtype": "bot_message", "username": author.name}
    if author.team is not message.channel.team:
        told |= {"user_team": author.team.id, "source_team": author.team.id}
    return told


def reactions_json(message: Message) -> list[Json]:
    return [
        {"name": name, "users": [user.id for user in users], "count": len(users)}
        for name, users in message.reactions.items()
    ]


def _thread_json(message: Message) -> Json:
    thread = message.channel.messages
    if message.in_thread:
        first = thread.get(message.thread_ts or "")
        return {} if first is None else {"parent_user_id": first.author.id}
    answers = [each for each in thread.values() if each.in_thread and each.thread_ts == message.ts]
    authors = list(dict.fromkeys(each.author.id for each in answers))
    return {"reply_count": len(answers), "reply_users": authors, "reply_users_count": len(authors)}


def file_json(file: File, world: World) -> Json:
    """Return a file; until the service has looked at it nobody learns what it is."""
    path = f"/files-pri/{file.team.id}-{file.id}/{quote(file.name)}"
    url = world.addresses.of("files.slack.com", path)
    ready = file.stage is Stage.READY
    kind = file.name.rpartition(".")[2].lower() if ready else ""
    told: Json = {
        "id": file.id,
        "created": file.created_ms // 1000,
        "timestamp": file.created_ms // 1000,
        "name": file.name,
        "title": file.title or file.name,
        "mimetype": file.mimetype if ready else "",
        "filetype": kind,
        "pretty_type": kind.upper(),
        "user": file.owner.id,
        "user_team": file.team.id,
        "editable": False,
        "size": len(file.content),
        "mode": "hosted",
        "is_external": False,
        "external_type": "",
        "is_public": bool(file.channels_of("channel")),
        "public_url_shared": False,
        "display_as_bot": False,
        "username": "",
        "media_display_type": "unknown",
        "url_private": url,
        "url_private_download": url,
        "permalink": f"https://{file.team.domain}.slack.com/files/{file.owner.id}/{file.id}/{quote(file.name)}",
        "permalink_public": f"https://slack-files.com/{file.team.id}-{file.id}",
        "is_starred": False,
        "has_rich_preview": False,
        "file_access": "visible",
        "shares": file.shares_json(),
        "channels": file.channels_of("channel"),
        "groups": file.channels_of("group"),
        "ims": file.channels_of("im"),
    }
    if not world.tells_shares:
        told |= {"shares": {}, "channels": [], "groups": [], "ims": []}
    return told if file.alt_text is None else {**told, "alt_txt": file.alt_text}


def view_json(view: View, world: World) -> Json:
    told = view.told
    installation = view.team.installation
    assert installation is not None
    return {
        "id": view.id,
        "team_id": view.team.id,
        "type": told["type"],
        "blocks": view.blocks,
        "private_metadata": told.get("private_metadata", ""),
        "callback_id": told.get("callback_id", ""),
        "external_id": told.get("external_id", ""),
        "state": {"values": state_json(view.typed)},
        "hash": view.hash,
        "title": told.get("title"),
        "submit": told.get("submit"),
        "close": told.get("close"),
        "clear_on_close": told.get("clear_on_close", False),
        "notify_on_close": told.get("notify_on_close", False),
        "previous_view_id": None if view.previous is None else view.previous.id,
        "root_view_id": view.root.id,
        "app_id": world.app.id,
        "app_installed_team_id": view.team.id,
        "bot_id": installation.bot_id,
    }


def state_json(typed: dict[tuple[str, str], Json]) -> Json:
    values: Json = {}
    for (block_id, action_id), state in typed.items():
        values.setdefault(block_id, {})[action_id] = state
    return values
