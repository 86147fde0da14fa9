"""The conversations of the playground: the studio, which everybody sees, and direct messages."""

from dataclasses import dataclass
from enum import StrEnum

from bot.domain.identity import Place

ADAPTER = "playground"
WORKSPACE = f"{ADAPTER}:main"
#: the workspace of everybody's direct messages with the bot
DIRECT_WORKSPACE = f"{ADAPTER}:@dm"
_PERSON_PREFIX = f"{ADAPTER}:"


class Channel(StrEnum):
    """The kind of a conversation, as a page names it."""

    STUDIO = "studio"
    DIRECT = "dm"


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """A user of the playground. The first one is the admin of its workspace."""

    name: str
    is_admin: bool

    @property
    def id(self) -> str:
        return _PERSON_PREFIX + self.name


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation:
    """The studio, or the direct messages of one person."""

    channel: Channel
    #: its part of the keys in the adapter data; no person's name begins with `@`
    key: str
    #: whose direct messages these are; None for the studio
    owner: str | None = None


STUDIO = Conversation(channel=Channel.STUDIO, key="studio")


def direct_messages(name: str) -> Conversation:
    return Conversation(channel=Channel.DIRECT, key=f"@{name}", owner=name)


def conversation_at(place: Place) -> Conversation:
    """Return the conversation that a place of the core is in."""
    if not place.channel.startswith("@"):
        return STUDIO
    return direct_messages(place.channel.removeprefix("@").removeprefix(_PERSON_PREFIX))


def name_of(member: str) -> str:
    """Return the playground's own name of a member."""
    return member.rpartition(":")[2]
