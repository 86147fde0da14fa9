"""Sessions with their sent events, so that they can be resumed."""

from collections import deque
from dataclasses import dataclass, field
from typing import Any, Protocol

from tests.platforms.fake_discord.state.clock import shard_of
from tests.platforms.fake_discord.state.events import Event, Intents

#: how long a session without a connection can be resumed
RESUMABLE_MS = 180_000
_KEPT_EVENTS = 5000

Payload = dict[str, Any]


class SessionConnection(Protocol):
    """The connection that a session sends through."""

    def tell(self, payload: Payload) -> None: ...


@dataclass(slots=True, kw_only=True, eq=False)
class Session:
    id: str
    shard: int
    shards: int
    intents: Intents
    line: SessionConnection | None = None
    sequence: int = 0
    #: what was sent, for a replay
    told: deque[Payload] = field(default_factory=lambda: deque(maxlen=_KEPT_EVENTS))
    #: when its connection broke
    lost_ms: int | None = None
    presence: dict[str, Any] | None = None

    def hears(self, event: Event) -> bool:
        if event.intent and not event.intent & self.intents:
            return False
        if event.guild_id is None:
            return self.shard == 0
        return shard_of(event.guild_id, self.shards) == self.shard

    def tell(self, name: str, data: Any) -> None:
        """Number and store an event, and send it if connected."""
        self.sequence += 1
        payload = {"op": 0, "t": name, "s": self.sequence, "d": data}
        self.told.append(payload)
        if self.line is not None:
            self.line.tell(payload)

    def can_resume(self, sequence: int, now_ms: int) -> bool:
        if self.lost_ms is not None and now_ms - self.lost_ms > RESUMABLE_MS:
            return False
        first_kept = self.told[0]["s"] if self.told else self.sequence + 1
        return first_kept - 1 <= sequence <= self.sequence

    def replay(self, sequence: int, line: SessionConnection) -> None:
        """Send all events after a sequence number, then RESUMED."""
        self.line, self.lost_ms = line, None
        for payload in self.told:
            if payload["s"] > sequence:
                line.tell(payload)
        self.tell("RESUMED", {"_trace": []})
