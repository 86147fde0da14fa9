"""Stored messages with their files and reactions."""

from dataclasses import dataclass, field
from enum import IntEnum, IntFlag
from typing import TYPE_CHECKING, Any

from tests.platforms.fake_discord.rules.components import walk

if TYPE_CHECKING:
    from tests.platforms.fake_discord.state.interactions import Interaction
    from tests.platforms.fake_discord.state.places import Channel, User


class MessageKind(IntEnum):
    DEFAULT = 0
    REPLY = 19
    COMMAND = 20
    CONTEXT_MENU = 23


class MessageFlags(IntFlag):
    NONE = 0
    SUPPRESS_EMBEDS = 1 << 2
    EPHEMERAL = 1 << 6
    LOADING = 1 << 7
    SUPPRESS_NOTIFICATIONS = 1 << 12
    COMPONENTS_V2 = 1 << 15


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Attachment:
    id: int
    channel_id: int
    filename: str
    content: bytes
    content_type: str
    #: alt text
    description: str | None = None
    width: int | None = None
    height: int | None = None
    #: given to a command or shown to one person only: lives under another address
    ephemeral: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Revision:
    """A message as it once stood."""

    content: str
    embeds: tuple[dict[str, Any], ...]
    components: tuple[dict[str, Any], ...]
    attachments: tuple[Attachment, ...]
    at_ms: int


@dataclass(slots=True, kw_only=True, eq=False)
class Message:
    id: int
    channel: "Channel"
    author: "User"
    created_ms: int
    kind: MessageKind = MessageKind.DEFAULT
    flags: MessageFlags = MessageFlags.NONE
    content: str = ""
    embeds: list[dict[str, Any]] = field(default_factory=list)
    components: list[dict[str, Any]] = field(default_factory=list)
    attachments: list[Attachment] = field(default_factory=list)
    #: files that an embed shows, which are not listed with the others
    embedded: dict[str, Attachment] = field(default_factory=dict)
    nonce: str | int | None = None
    #: the interaction that it answers
    interaction: "Interaction | None" = None
    replies_to: "Message | None" = None
    mentioned: list["User"] = field(default_factory=list)
    #: who was notified: ids of people and roles, or "everyone"
    pings: frozenset[int | str] = frozenset()
    reactions: dict[str, list["User"]] = field(default_factory=dict)
    edited_ms: int | None = None
    #: how it stood before each edit, the oldest first
    revisions: list[Revision] = field(default_factory=list)
    deleted: bool = False
    #: the only one who sees it
    only_for: "User | None" = None

    @property
    def loading(self) -> bool:
        return MessageFlags.LOADING in self.flags

    @property
    def ephemeral(self) -> bool:
        return MessageFlags.EPHEMERAL in self.flags

    def visible_to(self, user: "User") -> bool:
        return not self.deleted and self.only_for in (None, user)

    def parts(self) -> list[dict[str, Any]]:
        """Return every component of every level."""
        return [part for _, part in walk(self.components)]

    def custom_id(self, name: str) -> str:
        """Find a button by what it says, its emoji, or the end of either; without its price if need be."""
        for part in self.parts():
            emoji = (part.get("emoji") or {}).get("name") or ""
            said = f"{emoji} {part.get('label') or part.get('placeholder') or ''}".strip()
            unpriced = said.partition(" · ")[0]
            if part.get("custom_id") and (name == emoji or said.endswith(name) or unpriced.endswith(name)):
                return str(part["custom_id"])
        raise LookupError(f"no {name!r} among {[part.get('label') for part in self.parts()]}")

    def keep_revision(self, now_ms: int) -> None:
        self.revisions.append(
            Revision(
                content=self.content,
                embeds=tuple(self.embeds),
                components=tuple(self.components),
                attachments=tuple(self.attachments),
                at_ms=now_ms,
            )
        )
