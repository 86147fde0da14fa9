"""Deliveries to the app and their responses."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING
from uuid import uuid4

from tests.platforms.fake_slack.rules.refusals import Json

if TYPE_CHECKING:
    from tests.platforms.fake_slack.state.messages import Message
    from tests.platforms.fake_slack.state.places import Channel, Team, User
    from tests.platforms.fake_slack.state.views import View

#: how long the app may take to acknowledge
ACK_WITHIN_MS = 3000
#: waits before an event is sent again, in seconds
RETRIES_S = (0, 60, 300)

_TRIGGER_LIFE_MS = 3000
_URL_LIFE_MS, _URL_USES = 30 * 60_000, 5


class DeliveryKind(Enum):
    """What it is; the value is what Socket Mode calls it."""

    COMMAND = "slash_commands"
    INTERACTIVE = "interactive"
    EVENT = "events_api"


@dataclass(slots=True, kw_only=True, eq=False)
class Delivery:
    kind: DeliveryKind
    #: for people who read what went wrong: `/imagine`, `block_actions`, `app_mention`
    name: str
    payload: Json
    created_ms: int
    #: where it is sent without a socket; nowhere, where the manifest names no address
    url: str | None
    #: what is done with the app's answer
    settle: Callable[[Json], None]
    id: str = field(default_factory=lambda: str(uuid4()))
    takes_answer: bool = False
    #: the app's answer, which may be empty; nothing until there is one
    answer: Json | None = None
    acknowledged_ms: int | None = None
    #: when an answer came that nobody waited for any more
    acknowledged_late_ms: int | None = None
    #: why each try came to nothing, as `x-slack-retry-reason` says it
    failures: list[str] = field(default_factory=list)
    given_up: bool = False

    @property
    def settled(self) -> bool:
        return self.answer is not None


@dataclass(slots=True, kw_only=True, eq=False)
class Trigger:
    """Opens one form within three seconds."""

    team: "Team"
    user: "User"
    created_ms: int
    #: the form from which it comes
    view_id: str | None = None
    used: bool = False
    #: the form that it has opened
    opened: "View | None" = None
    id: str = field(
        default_factory=lambda: (
            f"{secrets.randbelow(10**13)}.{secrets.randbelow(10**12)}.{secrets.token_hex(16)}"
        )
    )

    def is_over(self, now_ms: int) -> bool:
        return now_ms - self.created_ms > _TRIGGER_LIFE_MS


@dataclass(slots=True, kw_only=True, eq=False)
class ResponseUrl:
    """An address that takes five answers in half an hour."""

    channel: "Channel"
    user: "User"
    created_ms: int
    #: the message whose button was pressed
    source: "Message | None" = None
    thread_ts: str | None = None
    uses: int = 0
    #: what came by it
    responses: list["Message"] = field(default_factory=list)
    path: str = field(
        default_factory=lambda: f"/hooks/{secrets.randbelow(10**12)}/{secrets.token_urlsafe(18)}"
    )

    def is_over(self, now_ms: int) -> bool:
        return now_ms - self.created_ms > _URL_LIFE_MS

    @property
    def is_used_up(self) -> bool:
        return self.uses >= _URL_USES
