"""The job: our durable record of one generation asked for, its states and legal moves."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from bot.domain.failures import Failure
from bot.domain.media import Media, MediaKind
from bot.domain.models import Lane
from bot.domain.requests import AnyRequest


class State(StrEnum):
    """Where a job stands."""

    #: waits for a confirmation or an approval; reserved
    HELD = "held"
    #: its inputs are checked or copied first; reserved
    PREPARING = "preparing"
    #: waits for a free place in its lane
    QUEUED = "queued"
    #: claimed; the create may be on its way
    SUBMITTING = "submitting"
    #: the create left and nobody knows what became of it
    UNKNOWN = "unknown"
    #: the provider has it
    SUBMITTED = "submitted"
    #: the result lies in our storage and is paid
    COMPLETED = "completed"
    #: ended without a result, not charged
    FAILED = "failed"
    #: taken back by its member, not charged
    CANCELLED = "cancelled"


#: every legal move; whatever is not here cannot happen
TRANSITIONS: Mapping[State, frozenset[State]] = {
    State.HELD: frozenset({State.PREPARING, State.QUEUED, State.CANCELLED, State.FAILED}),
    State.PREPARING: frozenset({State.QUEUED, State.CANCELLED, State.FAILED}),
    State.QUEUED: frozenset({State.SUBMITTING, State.SUBMITTED, State.CANCELLED, State.FAILED}),
    State.SUBMITTING: frozenset({State.SUBMITTED, State.QUEUED, State.UNKNOWN, State.FAILED}),
    State.UNKNOWN: frozenset({State.SUBMITTED, State.QUEUED, State.FAILED}),
    # Back to the queue when the service stumbled over the prompt: it is asked once more.
    State.SUBMITTED: frozenset({State.COMPLETED, State.FAILED, State.QUEUED}),
    State.COMPLETED: frozenset(),
    State.FAILED: frozenset(),
    State.CANCELLED: frozenset(),
}

FINAL = frozenset(state for state, onward in TRANSITIONS.items() if not onward)
#: can still be taken back
WAITING = frozenset(state for state, onward in TRANSITIONS.items() if State.CANCELLED in onward)
#: hold a place in their lane
IN_FLIGHT = frozenset(State) - FINAL - WAITING


#: titles of results that nobody has put into words
UNTITLED: Mapping[MediaKind, str] = {kind: f"A {kind} from what was sent" for kind in MediaKind}


def can_transition(before: State, after: State) -> bool:
    return after in TRANSITIONS[before]


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One generation asked for."""

    id: str
    card: str
    #: position among the card's jobs, from 0
    position: int
    workspace: str
    member: str
    person: str
    #: the member as shown to others when they asked
    member_name: str
    provider: str
    lane: Lane
    #: what shares one virtual time: the pool's lane, or that of a workspace's own key
    queue: str
    request: AnyRequest
    #: what the result shows in words: its prompt, or that of what it was made from
    title: str
    #: micro-dollars, reserved at accept; at most lowered later
    price: int
    state: State
    #: virtual time of its place in the queue, in millionths of a turn
    virtual_time: int
    #: creates tried, each with a marker of its own
    attempt: int = 0
    #: the account that has or had it
    account: str | None = None
    #: id of the generation at the provider
    remote_id: str | None = None
    #: all times are milliseconds UTC
    created_at: int
    #: when its newest attempt took a place in the lane
    claimed_at: int | None = None
    #: when the provider had it
    submitted_at: int | None = None
    finished_at: int | None = None
    #: when waiting, or once submitted the generation, is given up
    deadline: int
    result: Media | None = None
    failure: Failure | None = None
    #: job whose result this one builds on
    parent: str | None
    private: bool
    stars: int = 0
    deleted: bool = False
    #: captured, and given back by the operator later
    refunded: bool = False
    #: its media were removed when their time was over
    expired: bool = False
    #: the account that must take it; None: any
    account_required: str | None = None

    @property
    def is_final(self) -> bool:
        return self.state in FINAL

    @property
    def prompt_text(self) -> str:
        """What the result shows, as good as a prompt; empty where nobody has said it."""
        return "" if self.title in UNTITLED.values() else self.title
