"""Permission checks of the bot's requests."""

from tests.platforms.fake_discord.rest.routing import Call
from tests.platforms.fake_discord.rules.permissions import Permissions
from tests.platforms.fake_discord.rules.refusals import Refusal
from tests.platforms.fake_discord.state.messages import Message
from tests.platforms.fake_discord.state.places import Channel, Kind


def visible_channel(call: Call) -> Channel:
    """Find the path's channel, which the bot must be able to see."""
    channel = call.world.channel(call.path["channel_id"])
    if Permissions.VIEW_CHANNEL not in channel.allows(call.world.bot):
        raise Refusal(50001)
    return channel


def require(call: Call, channel: Channel, needed: Permissions) -> None:
    if needed & ~channel.allows(call.world.bot):
        raise Refusal(50013)


def require_sending(call: Call, channel: Channel, more: Permissions) -> None:
    """Check that the bot may post here, with what its message holds."""
    if not channel.takes_messages:
        raise Refusal(50008)
    if channel.kind is Kind.DM:
        person = next(user for user in channel.recipients if user is not call.world.bot)
        if not person.dms_open:
            raise Refusal(50007)
        if not (person.installed or call.world.shares_guild(person)):
            raise Refusal(50278)
        return
    sending = Permissions.SEND_MESSAGES_IN_THREADS if channel.is_thread else Permissions.SEND_MESSAGES
    require(call, channel, sending | more)
    if channel.locked and Permissions.MANAGE_THREADS not in channel.allows(call.world.bot):
        raise Refusal(50083)


def require_unarchived(channel: Channel) -> None:
    if channel.archived:
        raise Refusal(50083)


def public_message(call: Call, channel: Channel) -> Message:
    """Find the path's message; what one person alone sees is unknown to this way."""
    message = channel.messages.get(int(call.path["message_id"]))
    if message is None or message.only_for is not None:
        raise Refusal(10008)
    return message
