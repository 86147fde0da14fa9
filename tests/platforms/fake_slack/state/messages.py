"""Stored messages."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tests.platforms.fake_slack.rules.blocks import elements
from tests.platforms.fake_slack.rules.refusals import Json

if TYPE_CHECKING:
    from tests.platforms.fake_slack.state.files import File
    from tests.platforms.fake_slack.state.places import Channel, User


@dataclass(frozen=True, slots=True, kw_only=True)
class Revision:
    """A message as it once stood."""

    text: str
    blocks: tuple[Json, ...]


@dataclass(slots=True, kw_only=True, eq=False)
class Message:
    ts: str
    channel: "Channel"
    author: "User"
    text: str = ""
    blocks: list[Json] = field(default_factory=list)
    metadata: Json | None = None
    #: the stamp of the thread's first message; its own is the same once others have answered it
    thread_ts: str | None = None
    #: a thread's answer that the channel shows too
    broadcast: bool = False
    files: list["File"] = field(default_factory=list)
    #: of messages that it forwards, for example
    attachments: list[Json] = field(default_factory=list)
    reactions: dict[str, list["User"]] = field(default_factory=dict)
    #: what each person has chosen in its lists, by their id, then by block_id and action_id
    chosen: dict[str, dict[tuple[str, str], Json]] = field(default_factory=dict)
    #: what was asked for links in it, `unfurl_links` and `unfurl_media`
    unfurl: dict[str, bool] = field(default_factory=dict)
    edited_ts: str | None = None
    #: how it stood before each edit, the oldest first
    revisions: list[Revision] = field(default_factory=list)
    deleted: bool = False
    #: the only one who sees it
    only_for: "User | None" = None

    @property
    def ephemeral(self) -> bool:
        return self.only_for is not None

    @property
    def in_thread(self) -> bool:
        return self.thread_ts not in (None, self.ts)

    @property
    def parts(self) -> list[Json]:
        """Everything in it that can be used."""
        return [element for _, element in elements(self.blocks)]

    def visible_to(self, user: "User") -> bool:
        return not self.deleted and self.only_for in (None, user)

    def keep_revision(self) -> None:
        self.revisions.append(Revision(text=self.text, blocks=tuple(self.blocks)))
