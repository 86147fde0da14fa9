"""Stored files: announced, uploaded, completed, and processed asynchronously."""

import mimetypes
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING

from tests.platforms.fake_slack.rules.refusals import Json

if TYPE_CHECKING:
    from tests.platforms.fake_slack.state.messages import Message
    from tests.platforms.fake_slack.state.places import Channel, Team, User

#: kinds that blocks can show
PICTURES = {"image/png", "image/jpeg", "image/gif"}


class Stage(Enum):
    ANNOUNCED = "an address to send it to has been given out"
    SENT = "its bytes have arrived"
    PROCESSING = "completed, but nobody knows yet what it is"
    READY = "known and shared"
    DELETED = "gone"


@dataclass(slots=True, kw_only=True, eq=False)
class File:
    id: str
    team: "Team"
    owner: "User"
    name: str
    length: int
    created_ms: int
    title: str = ""
    alt_text: str | None = None
    content: bytes = b""
    stage: Stage = Stage.ANNOUNCED
    #: the secret part of the address that its bytes are sent to
    ticket: str = ""
    #: messages that carry it
    shares: list["Message"] = field(default_factory=list)

    @property
    def mimetype(self) -> str:
        return mimetypes.guess_type(self.name)[0] or "application/octet-stream"

    @property
    def can_be_shown(self) -> bool:
        """Whether a block may show it by now; alt text given with the upload keeps it from that."""
        return self.stage is Stage.READY and self.mimetype in PICTURES and self.alt_text is None

    def visible_to(self, user: "User") -> bool:
        """Whether it is one's own, or lies in a channel that one is in."""
        return self.owner is user or any(user in share.channel.members for share in self.shares)

    def shares_json(self) -> Json:
        told: Json = {}
        for message in self.shares:
            kind = "public" if message.channel.kind.value == "channel" else "private"
            share: Json = {
                "ts": message.ts,
                "channel_name": message.channel.name,
                "team_id": message.channel.team.id,
                "reply_users": [],
                "reply_users_count": 0,
                "reply_count": 0,
            }
            if message.thread_ts is not None:
                share["thread_ts"] = message.thread_ts
            told.setdefault(kind, {}).setdefault(message.channel.id, []).append(share)
        return told

    def channels_of(self, kind: str) -> list[str]:
        found: list[Channel] = [message.channel for message in self.shares]
        return [channel.id for channel in found if channel.kind.value == kind]
