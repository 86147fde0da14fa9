"""The conversations of the playground: the studio that everybody sees, and each person's direct messages."""

from dataclasses import dataclass
from enum import StrEnum

from bot.domain.identity import Caller, Invocation, Place

ADAPTER = "playground"
WORKSPACE = f"{ADAPTER}:main"
#: the workspace of everybody's direct messages with the bot
DIRECT_WORKSPACE = f"{ADAPTER}:@dm"
_PERSON = f"{ADAPTER}:"


class Channel(StrEnum):
    """A conversation as a page names it."""

    STUDIO = "studio"
    DIRECT = "dm"


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody one can be; the first one manages the workspace."""

    name: str
    is_admin: bool

    @property
    def id(self) -> str:
        return _PERSON + self.name


@dataclass(frozen=True, slots=True, kw_only=True)
class Talk:
    """One conversation: the studio's, or the direct messages of one person."""

    #: whose direct messages these are; None for the studio
    owner: str | None = None

    @property
    def channel(self) -> Channel:
        return Channel.STUDIO if self.owner is None else Channel.DIRECT

    @property
    def key(self) -> str:
        """What names it in the vault; no person's name begins with `@`."""
        return "studio" if self.owner is None else f"@{self.owner}"

    @classmethod
    def at(cls, place: Place) -> "Talk":
        """The conversation that a place is in."""
        if not place.channel.startswith("@"):
            return cls()
        return cls(owner=place.channel.removeprefix("@").removeprefix(_PERSON))


@dataclass(frozen=True, slots=True, kw_only=True)
class Seat:
    """A person in a conversation: who asks, and where the answer goes."""

    person: Person
    channel: Channel = Channel.STUDIO

    @property
    def name(self) -> str:
        return self.person.name

    @property
    def talk(self) -> Talk:
        return Talk(owner=self.name if self.channel is Channel.DIRECT else None)

    @property
    def caller(self) -> Caller:
        direct = self.channel is Channel.DIRECT
        workspace = DIRECT_WORKSPACE if direct else WORKSPACE
        return Caller(
            workspace=workspace,
            person=self.person.id,
            member=f"{workspace}:{self.name}",
            name=self.name,
            # Everybody's direct messages are one workspace, which the operator alone manages.
            is_admin=self.person.is_admin and not direct,
        )

    def place(self, *, private: bool = False) -> Place:
        if self.channel is Channel.DIRECT:
            return Place(
                adapter=ADAPTER,
                workspace=DIRECT_WORKSPACE,
                channel=f"@{self.person.id}",
                private=True,
                direct=True,
            )
        return Place(adapter=ADAPTER, workspace=WORKSPACE, channel=self.channel, private=private)

    def invocation(self, key: str = "", *, private: bool = False) -> Invocation:
        """What the core is told about a request; a query has no key."""
        return Invocation(caller=self.caller, place=self.place(private=private), key=self.key(key))

    def key(self, key: str) -> str:
        """The core's name for what this person asked under `key`."""
        return f"{self.person.id}:{key}"


def name_of(member: str) -> str:
    """The name under which a member of the playground is known here."""
    return member.rpartition(":")[2]
