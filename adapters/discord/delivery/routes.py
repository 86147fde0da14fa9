"""The ways on which a card can be shown at a place, best first. Pure."""

from dataclasses import dataclass, field

from adapters.discord.delivery.interaction_token import Reach
from bot.domain.identity import Place

#: the response to an interaction, in the routes of its token
ORIGINAL = "@original"


@dataclass(frozen=True, slots=True, kw_only=True)
class ByToken:
    """Edit what the interaction's token can reach; needs no permission in the channel."""

    application: str
    token: str = field(repr=False)
    message: str
    #: bytes of one file; None where the interaction did not say
    limit: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class InChannel:
    """Edit or post with the bot's own token."""

    channel: str
    #: None: a new message
    message: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ToPerson:
    """Post into somebody's direct messages."""

    user: str


Way = ByToken | InChannel | ToPerson


def ways(place: Place, asker: str, reach: Reach | None, now: int) -> tuple[Way, ...]:
    """All ways for a card of `asker`, a user's id. What is private is never on a way to a channel."""
    if place.message is not None and (elsewhere := read_message(place.message)):
        return (elsewhere, ToPerson(user=asker))
    if place.channel.startswith("@"):
        return (ToPerson(user=place.channel.rpartition(":")[2].lstrip("@")),)
    found: list[Way] = []
    if reach is not None and reach.lives(now) and (place.message or reach.original):
        found.append(
            ByToken(
                application=reach.application,
                token=reach.token,
                message=place.message or ORIGINAL,
                limit=reach.limit,
            )
        )
    if is_open(place, reach):
        found.append(InChannel(channel=place.thread or place.channel, message=place.message))
    found.append(ToPerson(user=asker))
    return tuple(found)


def is_open(place: Place, reach: Reach | None) -> bool:
    """Everybody at the place may see the card, and the bot reaches it there without an interaction."""
    hidden = place.private or place.channel.startswith("@")
    return not hidden and (reach is None or (reach.lasting and not reach.ephemeral))


def name_message(channel: str, message: str) -> str:
    """The id of a message of the bot's own, which its token alone reaches, wherever it lies."""
    return f"{channel}/{message}"


def read_message(name: str) -> InChannel | None:
    """Read what `name_message` wrote; None for a plain id, which an interaction's response has."""
    channel, _, message = name.rpartition("/")
    return InChannel(channel=channel, message=message) if channel else None


def guild_of(place: Place) -> str | None:
    """The guild's id; None in direct messages."""
    name = place.workspace.rpartition(":")[2]
    return name if name.isdecimal() else None
