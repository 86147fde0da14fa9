"""Stored users, guilds and channels."""

from dataclasses import dataclass, field
from enum import IntEnum

from tests.platforms.fake_discord.rules.permissions import (
    EVERYTHING,
    USUAL,
    Permissions,
    effective,
    overwritten,
)
from tests.platforms.fake_discord.state.messages import Message

_MIB = 1024 * 1024
#: premium tier → largest file
_FILE_LIMITS = {0: 10 * _MIB, 1: 10 * _MIB, 2: 50 * _MIB, 3: 100 * _MIB}


class Kind(IntEnum):
    TEXT = 0
    DM = 1
    VOICE = 2
    GROUP = 3
    CATEGORY = 4
    NEWS = 5
    THREAD = 11
    PRIVATE_THREAD = 12
    STAGE = 13
    FORUM = 15


@dataclass(slots=True, kw_only=True, eq=False)
class User:
    id: int
    name: str
    bot: bool = False
    #: speaks for the service itself
    system: bool = False
    #: takes messages from apps
    dms_open: bool = True
    #: has the app installed for themselves
    installed: bool = False
    locale: str = "en-US"
    #: largest file that this person may upload by what they pay for
    file_limit: int = _FILE_LIMITS[0]


@dataclass(slots=True, kw_only=True, eq=False)
class Role:
    id: int
    name: str
    permissions: Permissions
    position: int
    mentionable: bool = False


@dataclass(slots=True, kw_only=True, eq=False)
class Member:
    user: User
    guild: "Guild"
    joined_ms: int
    roles: list[Role] = field(default_factory=list)
    nick: str | None = None

    @property
    def permissions(self) -> Permissions:
        """What holds in the whole guild."""
        if self.guild.owner is self.user:
            return EVERYTHING
        held = self.guild.everyone.permissions
        for role in self.roles:
            held |= role.permissions
        return EVERYTHING if Permissions.ADMINISTRATOR in held else held


@dataclass(slots=True, kw_only=True, eq=False)
class Channel:
    id: int
    kind: Kind
    name: str
    guild: "Guild | None" = None
    #: a thread's channel
    parent: "Channel | None" = None
    #: id of a role or person → (allow, deny)
    overwrites: dict[int, tuple[Permissions, Permissions]] = field(default_factory=dict)
    recipients: list[User] = field(default_factory=list)
    owner: User | None = None
    created_ms: int = 0
    archived: bool = False
    locked: bool = False
    nsfw: bool = False
    #: people in a private thread
    joined: set[int] = field(default_factory=set)
    messages: dict[int, Message] = field(default_factory=dict)

    @property
    def is_thread(self) -> bool:
        return self.kind in (Kind.THREAD, Kind.PRIVATE_THREAD)

    @property
    def takes_messages(self) -> bool:
        return self.kind not in (Kind.CATEGORY, Kind.FORUM)

    @property
    def file_limit(self) -> int:
        return _FILE_LIMITS[self.guild.tier if self.guild else 0]

    def allows(self, user: User) -> Permissions:
        """Say what a person may do here."""
        if self.guild is None:
            return EVERYTHING if user in self.recipients else Permissions.NONE
        member = self.guild.members.get(user.id)
        if member is None:
            return Permissions.NONE
        if self.kind is Kind.PRIVATE_THREAD and not self._has_let_in(member):
            return Permissions.NONE
        place = self.parent if self.is_thread and self.parent is not None else self
        held = overwritten(
            member.permissions,
            place.overwrites.get(self.guild.id),
            [place.overwrites[role.id] for role in member.roles if role.id in place.overwrites],
            place.overwrites.get(user.id),
        )
        return held if held == EVERYTHING else effective(held, in_thread=self.is_thread)

    def _has_let_in(self, member: Member) -> bool:
        return member.user.id in self.joined or Permissions.MANAGE_THREADS in member.permissions


@dataclass(slots=True, kw_only=True, eq=False)
class Guild:
    id: int
    name: str
    owner: User
    everyone: Role
    #: 0 to 3, by which the file limit rises
    tier: int = 0
    locale: str = "en-US"
    roles: dict[int, Role] = field(default_factory=dict)
    members: dict[int, Member] = field(default_factory=dict)
    channels: dict[int, Channel] = field(default_factory=dict)

    def first_channel(self) -> Channel:
        return next(channel for channel in self.channels.values() if channel.takes_messages)


def new_guild(*, guild_id: int, name: str, owner: User, tier: int, now_ms: int) -> Guild:
    """Make a guild with its owner in it; its role for everyone has its own id."""
    everyone = Role(id=guild_id, name="@everyone", permissions=USUAL, position=0)
    guild = Guild(
        id=guild_id, name=name, owner=owner, everyone=everyone, tier=tier, roles={guild_id: everyone}
    )
    guild.members[owner.id] = Member(user=owner, guild=guild, joined_ms=now_ms)
    return guild
