"""Organisations, workspaces, users and channels."""

from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.platforms.fake_slack.state.apps import Installation
    from tests.platforms.fake_slack.state.messages import Message


@dataclass(slots=True, kw_only=True, eq=False)
class Enterprise:
    id: str
    name: str
    installation: "Installation | None" = None


@dataclass(slots=True, kw_only=True, eq=False)
class User:
    id: str
    name: str
    team: "Team"
    is_admin: bool = False
    is_owner: bool = False
    #: the app's own user
    is_bot: bool = False
    #: of another app: what its messages are signed with
    bot_id: str | None = None
    #: writes by an address, and so without being a user
    is_webhook: bool = False
    #: guests, of several channels or of one
    is_restricted: bool = False
    is_ultra_restricted: bool = False
    #: of another organisation, and in no channel that the app sees
    is_stranger: bool = False
    #: the service does not tell who they are
    is_untold: bool = False
    deleted: bool = False
    locale: str = "en-US"


@dataclass(slots=True, kw_only=True, eq=False)
class UserGroup:
    """What the service calls a user group and others a role."""

    id: str
    handle: str
    users: list[User] = field(default_factory=list)


@dataclass(slots=True, kw_only=True, eq=False)
class Team:
    id: str
    name: str
    domain: str
    enterprise: Enterprise | None = None
    users: dict[str, User] = field(default_factory=dict)
    groups: dict[str, UserGroup] = field(default_factory=dict)
    channels: dict[str, "Channel"] = field(default_factory=dict)
    #: for this workspace alone; an organisation has its own
    own_installation: "Installation | None" = None

    @property
    def installation(self) -> "Installation | None":
        """The one that speaks here."""
        if self.own_installation is None and self.enterprise is not None:
            return self.enterprise.installation
        return self.own_installation

    @property
    def bot(self) -> User:
        """The app's own user here."""
        assert self.installation is not None, f"the app is not installed in {self.name}"
        return self.installation.bot

    @property
    def general(self) -> "Channel":
        return next(iter(self.channels.values()))


class Kind(Enum):
    """What a channel is; the value is what events call it."""

    PUBLIC = "channel"
    PRIVATE = "group"
    DIRECT = "im"

    @property
    def scopes(self) -> str:
        """The family of scopes that cover it, as in `channels:read`."""
        return {Kind.PUBLIC: "channels", Kind.PRIVATE: "groups", Kind.DIRECT: "im"}[self]


@dataclass(slots=True, kw_only=True, eq=False)
class Channel:
    id: str
    name: str
    kind: Kind
    team: Team
    created_ms: int
    members: list[User] = field(default_factory=list)
    archived: bool = False
    #: by their stamps, the oldest first
    messages: dict[str, "Message"] = field(default_factory=dict)

    @property
    def is_shared(self) -> bool:
        """Whether people of other workspaces are in it."""
        return any(user.team is not self.team for user in self.members)

    @property
    def other(self) -> User:
        """Whom the bot talks to in direct messages."""
        return next(user for user in self.members if not user.is_bot)
