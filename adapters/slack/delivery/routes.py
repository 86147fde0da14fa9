"""The routes by which a card can be delivered, best first. Pure."""

from dataclasses import dataclass

from adapters.slack.places import (
    ReplyToken,
    is_direct,
    parse_message_id,
    posts_in_channel,
    user_of,
)
from adapters.slack.web_api.client import WorkspaceApi
from bot.domain.cards.card import CardView
from bot.domain.identity import Place


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelRoute:
    """Edit a message in a channel, or post a new one."""

    channel: str
    thread: str | None = None
    #: the message's timestamp; None posts a new one
    ts: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DirectMessageRoute:
    """Post into a user's direct messages with the bot."""

    user: str


Route = ChannelRoute | DirectMessageRoute


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One delivery of one revision of a card."""

    api: WorkspaceApi
    view: CardView
    place: Place
    reply_token: ReplyToken
    #: why it is sent to direct messages instead of the place; empty where it is not
    moved_because: str = ""

    @property
    def asker(self) -> str:
        """The user who asked."""
        return self.view.member.rpartition(":")[2]

    @property
    def was_moved(self) -> bool:
        """Whether the message has to say that it was to appear in a channel."""
        return bool(self.moved_because) and not is_direct(self.place.channel)


def routes_to(place: Place, asker: str | None) -> tuple[Route, ...]:
    """All routes for a card that `asker` asked for. A private card never has a route to a channel.

    What only the moderators may see has no asker, and no route to direct messages.
    """
    directly = () if asker is None else (DirectMessageRoute(user=asker),)
    if place.message is not None:
        channel, ts = parse_message_id(place.message)
        # A card that was moved to direct messages left the thread of its place.
        thread = place.thread if channel == place.channel else None
        return (ChannelRoute(channel=channel, thread=thread, ts=ts), *directly)
    if place.channel.startswith("@"):
        return (DirectMessageRoute(user=user_of(place)),)
    if posts_in_channel(place):
        return (ChannelRoute(channel=place.channel, thread=place.thread), *directly)
    return directly
