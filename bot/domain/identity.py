"""Who asks, where to answer, and the event in which somebody asked."""

from dataclasses import dataclass, field

from bot.domain.errors import InvalidRequest
from bot.domain.text import storable

#: longest id of a workspace, member or channel that a platform may give
_ID_MAX = 200
#: what the workspace of a platform's direct messages ends with
_DIRECT = ":@dm"


def is_direct_workspace(workspace: str) -> bool:
    """Whether a workspace stands for direct messages, whose people share nothing else."""
    return workspace.endswith(_DIRECT)


def _require_storable(*ids: str) -> None:
    """Raise InvalidRequest for an id that no database can store: cleaned, it could be somebody else's."""
    if any(storable(one) != one for one in ids):
        raise InvalidRequest("This id contains characters that no platform uses; nothing was started")


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """A member as the platform's event names them, never as a custom id or a text claims."""

    #: platform-qualified workspace: Discord guild, Slack team, the playground's one, `<platform>:@dm`
    workspace: str
    #: the person on their platform, the same in every workspace
    person: str
    #: the person in this workspace: `<workspace>:<user>`
    member: str
    #: as shown to others
    name: str
    #: the platform says that they manage this workspace
    is_admin: bool = False
    #: was invited to some channels only; may spend nothing unless a rule of an admin names them
    is_guest: bool = False
    #: the platform's ids of their roles in this workspace; None: the platform does not say now
    roles: frozenset[str] | None = frozenset()
    #: False: whoever opens the platform's page may be this person
    is_authenticated: bool = True
    #: persons on any platform who are the same; filled in by the core alone, on every call
    linked: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        for value in (self.workspace, self.person, self.member):
            if not 0 < len(value) <= _ID_MAX:
                raise InvalidRequest("This id is not valid on any platform")
        _require_storable(self.workspace, self.person, self.member)
        object.__setattr__(self, "name", storable(self.name))

    @property
    def persons(self) -> frozenset[str]:
        """The person and all whom they have linked: what belongs to one of them belongs to the caller."""
        return self.linked | {self.person}

    @property
    def platform(self) -> str:
        return self.workspace.partition(":")[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """A role or a channel of a workspace, by the platform's id, with its name."""

    id: str
    name: str

    def __post_init__(self) -> None:
        if not 0 < len(self.id) <= _ID_MAX:
            raise InvalidRequest("This id is not valid on any platform")
        _require_storable(self.id)
        object.__setattr__(self, "name", storable(self.name)[:_ID_MAX])


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a card is shown, and how its adapter can answer there."""

    #: name of the adapter whose publisher shows cards here
    adapter: str
    workspace: str
    #: the platform's id; `@` and a person: the direct messages between them and the bot
    channel: str
    thread: str | None = None
    #: the card's one message; None until it is posted
    message: str | None = None
    #: shown to the caller alone
    private: bool = False
    #: direct messages with the bot, which only the caller reads; known while a command is accepted
    direct: bool = False
    #: read by the adapter alone, for example an interaction token; encrypted where it is stored
    reply_token: str = field(default="", repr=False)
    #: only adults can see it; None where the platform has no such channels; known while a command is accepted
    age_restricted: bool | None = None
    #: the channel's name, where the event says it; known while a command is accepted
    channel_name: str = ""
    #: a reply token for other channels of the workspace; known while a command is accepted
    channel_token: str = field(default="", repr=False)

    def __post_init__(self) -> None:
        ids = (self.adapter, self.workspace, self.channel, self.thread or "", self.message or "")
        _require_storable(*ids, self.reply_token)
        object.__setattr__(self, "channel_name", storable(self.channel_name)[:_ID_MAX])


@dataclass(frozen=True, slots=True, kw_only=True)
class Invocation:
    """One event in which somebody asked for something."""

    caller: Caller
    place: Place
    #: the platform's id of the event; the same event again has no second effect
    key: str
    #: the adapter shows a new card's first revision itself within this time; 0: the publisher shows it
    answer_window_ms: int = 0

    def __post_init__(self) -> None:
        object.__setattr__(self, "key", storable(self.key))

    @property
    def event(self) -> str:
        """The event's id among those of all platforms."""
        return f"{self.place.adapter}:{self.key}"
