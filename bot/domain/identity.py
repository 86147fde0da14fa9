"""Who asks, and where to answer."""

from dataclasses import dataclass, field

from bot.domain.errors import InvalidRequest
from bot.domain.text import storable

#: longest id of a workspace, member or channel that is taken from a platform
_ID_MAX = 200


#: what the workspace of a platform's direct messages ends with
_DIRECT = ":@dm"


def is_direct_workspace(workspace: str) -> bool:
    """Whether a workspace holds direct messages, whose people have nothing else in common."""
    return workspace.endswith(_DIRECT)


def _require_storable(*ids: str) -> None:
    """Raises InvalidRequest for an id that no database can hold: cleaned, it could be somebody else's."""
    if any(storable(one) != one for one in ids):
        raise InvalidRequest("This id holds characters that no platform uses; nothing was started")


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """A member as the platform's own event names them, never as a custom id or a text claims."""

    #: platform-qualified workspace: Discord guild, Slack team, the playground's one, `<platform>:@dm`
    workspace: str
    #: the person on their platform, the same in every workspace
    person: str
    #: the person in this workspace: `<workspace>:<user>`
    member: str
    #: as shown to others
    name: str
    #: manages this workspace, says the platform
    is_admin: bool = False
    #: was invited into some of its channels only; spends nothing unless an admin names them in a rule
    is_guest: bool = False

    def __post_init__(self) -> None:
        for value in (self.workspace, self.person, self.member):
            if not 0 < len(value) <= _ID_MAX:
                raise InvalidRequest("This id is not one that a platform gives")
        _require_storable(self.workspace, self.person, self.member)
        object.__setattr__(self, "name", storable(self.name))

    @property
    def platform(self) -> str:
        return self.workspace.partition(":")[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a card is shown, and how its adapter reaches it."""

    #: name of the adapter whose outlet shows cards here
    adapter: str
    workspace: str
    #: the platform's id; `@` and a person: the direct messages between them and the bot
    channel: str
    thread: str | None = None
    #: the card's one message; None until it is posted
    message: str | None = None
    #: shown to the asker alone
    private: bool = False
    #: direct messages with the bot, where nobody but the asker reads along; known while a command is accepted
    direct: bool = False
    #: what only the adapter reads (an interaction token, for example); encrypted where it is stored
    reply_token: str = field(default="", repr=False)

    def __post_init__(self) -> None:
        ids = (self.adapter, self.workspace, self.channel, self.thread or "", self.message or "")
        _require_storable(*ids, self.reply_token)
