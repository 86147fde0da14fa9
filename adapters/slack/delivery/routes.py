"""Where a card lies on Slack, read from its place, and the ways there, best first. Pure."""

from dataclasses import dataclass

from adapters.slack.delivery.response_url import ReplyToken
from bot.domain.identity import Place

#: what ids of direct messages with the bot begin with; everything in them is private
_DIRECT = "D"


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelRoute:
    """Edit a message, or post one."""

    channel: str
    thread: str | None = None
    #: its stamp; None: a new message
    message: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DirectMessageRoute:
    """Post into somebody's direct messages with the bot."""

    user: str


Route = ChannelRoute | DirectMessageRoute


def routes_to(place: Place, asker: str) -> tuple[Route, ...]:
    """All ways for a card of `asker`, a user's id. What is private is never on a way to a channel."""
    if place.message is not None:
        channel, message = read_message(place.message)
        # What came to direct messages instead left its thread behind.
        thread = place.thread if channel == place.channel else None
        return (ChannelRoute(channel=channel, thread=thread, message=message), DirectMessageRoute(user=asker))
    if place.channel.startswith("@"):
        return (DirectMessageRoute(user=user_of(place)),)
    if is_open(place):
        return (ChannelRoute(channel=place.channel, thread=place.thread), DirectMessageRoute(user=asker))
    return (DirectMessageRoute(user=asker),)


def is_open(place: Place) -> bool:
    """Whoever reads along at the place may see the card."""
    return not place.channel.startswith("@") and (not place.private or is_direct(place.channel))


def is_direct(channel: str) -> bool:
    return channel.startswith(_DIRECT)


def team_of(place: Place) -> str:
    """The workspace's own id; direct messages lie in the one of the person."""
    return (place.channel if place.channel.startswith("@") else place.workspace).split(":")[1]


def user_of(place: Place) -> str:
    """Whose direct messages are meant."""
    return place.channel.rpartition(":")[2]


def enterprise_of(place: Place) -> str | None:
    return ReplyToken.read(place.reply_token).enterprise


def name_message(channel: str, ts: str) -> str:
    """The id of a message, by which it is found again wherever it lies."""
    return f"{channel}/{ts}"


def read_message(name: str) -> tuple[str, str]:
    """Channel and stamp, as `name_message` wrote them."""
    channel, _, ts = name.partition("/")
    return channel, ts
