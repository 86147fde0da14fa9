"""The routes by which a card can be delivered to a place, best first. Pure."""

from dataclasses import dataclass

from discord.http import Route

from adapters.discord.delivery.interactions import InteractionToken, is_public, response_route
from bot.domain.identity import Place


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookRoute:
    """Edit with the interaction token; needs no permission in the channel."""

    token: InteractionToken
    #: None: the original response
    message: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelRoute:
    """Edit or post with the bot token."""

    channel: str
    #: None: a new message
    message: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DirectMessageRoute:
    """Post to a user's direct messages."""

    user: str


DeliveryRoute = WebhookRoute | ChannelRoute | DirectMessageRoute
#: where a message is, or will be
MessageTarget = WebhookRoute | ChannelRoute


def routes_for(
    place: Place, asker: str | None, token: InteractionToken | None, now: int
) -> tuple[DeliveryRoute, ...]:
    """All routes for a card of `asker`, a user's id. A private card never has a route to a channel.

    What only the moderators may see has no asker, and no route to direct messages.
    """
    directly = () if asker is None else (DirectMessageRoute(user=asker),)
    if place.message is not None and (posted := parse_message_name(place.message)):
        return (posted, *directly)
    if place.channel.startswith("@"):
        return (DirectMessageRoute(user=user_of(place)),)
    found: list[DeliveryRoute] = []
    if token is not None and token.is_valid(now):
        found.append(WebhookRoute(token=token, message=place.message))
    if is_public(place, token):
        found.append(ChannelRoute(channel=place.thread or place.channel, message=place.message))
    return (*found, *directly)


def user_of(place: Place) -> str:
    """The user whose direct messages a place names."""
    return place.channel.rpartition(":")[2].lstrip("@")


def message_endpoint(method: str, target: MessageTarget) -> Route:
    """The endpoint of an existing message."""
    if isinstance(target, WebhookRoute):
        return response_route(method, target.token, target.message)
    path = "/channels/{channel_id}/messages/{message_id}"
    return Route(method, path, channel_id=target.channel, message_id=target.message)


def message_name(channel: str, message: str) -> str:
    """Name a message that the bot token can edit, wherever it is, as `Place.message` stores it."""
    return f"{channel}/{message}"


def parse_message_name(name: str) -> ChannelRoute | None:
    """Parse what `message_name` wrote; None for a plain id, which an interaction's response has."""
    channel, _, message = name.rpartition("/")
    return ChannelRoute(channel=channel, message=message) if channel else None


def guild_id(place: Place) -> str | None:
    """The guild's id; None in direct messages."""
    name = place.workspace.rpartition(":")[2]
    return name if name.isdecimal() else None
