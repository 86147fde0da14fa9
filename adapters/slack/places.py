"""How Slack's teams, members, channels and messages are named in the core's records. Pure."""

from typing import Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from bot.domain.identity import Caller, Place

ADAPTER = "slack"
#: lifetime of a response_url
RESPONSE_URL_MS = 30 * 60_000
#: a request sent shortly before the end may arrive after it
_MARGIN_MS = 5_000
#: ids of direct messages with the bot begin with it; everything in them is private
_DIRECT = "D"


class ReplyToken(BaseModel):
    """Stored in `Place.reply_token`, encrypted by the core: what is needed to answer an event later."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    #: the organisation that the workspace belongs to
    enterprise: str | None = None
    response_url: str | None = Field(default=None, repr=False)
    #: when the response_url expires, in milliseconds UTC
    until: int = 0

    @classmethod
    def parse(cls, text: str) -> Self:
        """Parse what `dump` wrote; a card with an unreadable token is delivered without it."""
        try:
            return cls.model_validate_json(text) if text else cls()
        except ValidationError:
            return cls()

    def dump(self) -> str:
        return self.model_dump_json()

    def live_url(self, now: int) -> str | None:
        """The response_url while it can be used."""
        return self.response_url if now < self.until - _MARGIN_MS else None


class EventLocation(BaseModel):
    """Where an event happened, and its response_url. A modal keeps it in its private_metadata."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    #: empty where the modal itself asks for a conversation
    channel: str = ""
    #: empty where the event does not say it
    channel_name: str = ""
    thread: str | None = None
    response_url: str | None = Field(default=None, repr=False)
    #: when the response_url expires, in milliseconds UTC
    until: int = 0


def member_caller(team: str, user: str, name: str) -> Caller:
    """A member of a workspace. Nothing says here that they are an admin, so they are not."""
    workspace = f"{ADAPTER}:{team}"
    member = f"{workspace}:{user}"
    return Caller(workspace=workspace, person=member, member=member, name=name)


def is_direct(channel: str) -> bool:
    """Whether a channel is the direct messages with the bot."""
    return channel.startswith(_DIRECT)


def posts_in_channel(place: Place) -> bool:
    """Whether everybody in the channel may see the card, so that it is posted there."""
    return not place.channel.startswith("@") and (not place.private or is_direct(place.channel))


def team_of(place: Place) -> str:
    """The id of the workspace; for direct messages the one of the person."""
    return (place.channel if place.channel.startswith("@") else place.workspace).split(":")[1]


def user_of(place: Place) -> str:
    """The user whose direct messages a place names."""
    return place.channel.rpartition(":")[2]


def enterprise_of(place: Place) -> str | None:
    return ReplyToken.parse(place.reply_token).enterprise


def message_id(channel: str, ts: str) -> str:
    """The id under which the core stores a message."""
    return f"{channel}/{ts}"


def parse_message_id(message: str) -> tuple[str, str]:
    """The channel and timestamp of a message id."""
    channel, _, ts = message.partition("/")
    return channel, ts
