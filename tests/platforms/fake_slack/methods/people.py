"""Users, workspaces, user groups and reactions."""

import re

from tests.platforms.fake_slack.methods.routing import Call, Methods, Tier
from tests.platforms.fake_slack.rules.refusals import Json, Refusal
from tests.platforms.fake_slack.state.messages import Message
from tests.platforms.fake_slack.state.payloads import message_json, reactions_json, user_json
from tests.platforms.fake_slack.state.writing import react

methods = Methods()

_EMOJI = re.compile(r"[a-z0-9_+\-']+(::skin-tone-[2-6])?")


@methods.on("auth.test", Tier.SPECIAL)
def test_auth(call: Call) -> Json:
    installation = call.installation
    team, organisation = installation.team, installation.enterprise
    named = team or organisation
    assert named is not None
    domain = team.domain if team is not None else named.name.lower().replace(" ", "-")
    told: Json = {
        "url": f"https://{domain}.slack.com/",
        "team": named.name,
        "user": installation.bot.name,
        "team_id": named.id,
        "user_id": installation.bot.id,
        "bot_id": installation.bot_id,
        "is_enterprise_install": team is None,
    }
    return told if organisation is None else {**told, "enterprise_id": organisation.id}


@methods.on("users.info", Tier.FOUR, scope="users:read")
def user_info(call: Call) -> Json:
    user = call.world.user(call.text("user"))
    channels = (each for each in call.world.channels.values() if call.installation.covers(each.team))
    seen = call.installation.covers(user.team) or any(user in each.members for each in channels)
    if not seen or user.is_untold or user.is_webhook:
        raise Refusal("user_not_found")
    return {"user": user_json(user)}


@methods.on("bots.info", Tier.THREE, scope="users:read")
def bot_info(call: Call) -> Json:
    installation = call.installation
    if call.text("bot") != installation.bot_id:
        raise Refusal("bot_not_found")
    return {
        "bot": {
            "id": installation.bot_id,
            "deleted": False,
            "name": installation.bot.name,
            "user_id": installation.bot.id,
            "app_id": call.world.app.id,
            "icons": {},
        }
    }


@methods.on("team.info", Tier.THREE, scope="team:read")
def team_info(call: Call) -> Json:
    named = call.option("team")
    team = call.team if named is None else call.world.teams.get(named)
    if team is None or not call.installation.covers(team):
        raise Refusal("team_not_found")
    told: Json = {"id": team.id, "name": team.name, "domain": team.domain, "icon": {"image_default": True}}
    if team.enterprise is not None:
        told |= {"enterprise_id": team.enterprise.id, "enterprise_name": team.enterprise.name}
    return {"team": told}


@methods.on("usergroups.users.list", Tier.TWO, scope="usergroups:read")
def group_users(call: Call) -> Json:
    group = call.team.groups.get(call.text("usergroup"))
    if group is None:
        raise Refusal("no_such_subteam")
    return {"users": [user.id for user in group.users]}


@methods.on("usergroups.list", Tier.TWO, scope="usergroups:read")
def groups(call: Call) -> Json:
    with_users = call.flag("include_users")
    found: list[Json] = []
    for group in call.team.groups.values():
        told: Json = {"id": group.id, "handle": group.handle, "name": group.handle, "team_id": call.team.id}
        found.append({**told, "users": [user.id for user in group.users]} if with_users else told)
    return {"usergroups": found}


@methods.on("reactions.get", Tier.THREE, scope="reactions:read")
def reactions(call: Call) -> Json:
    message = _message(call)
    shown = {**message_json(message, call.world), "reactions": reactions_json(message)}
    return {"type": "message", "channel": message.channel.id, "message": shown}


@methods.on("reactions.add", Tier.THREE, scope="reactions:write")
def add_reaction(call: Call) -> Json:
    name = call.text("name")
    if _EMOJI.fullmatch(name) is None:
        raise Refusal("invalid_name")
    message = _message(call)
    if message.channel.archived:
        raise Refusal("is_archived")
    react(call.world, message, call.bot, name)
    return {}


def _message(call: Call) -> Message:
    channel = call.channel()
    if call.bot not in channel.members:
        raise Refusal("channel_not_found")
    message = channel.messages.get(call.text("timestamp"))
    if message is None or message.ephemeral:
        raise Refusal("message_not_found")
    return message
