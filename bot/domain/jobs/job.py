"""The job: the durable record of one requested generation, its states and legal transitions."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from bot.domain.generations.media import Media, MediaKind
from bot.domain.generations.models import Lane
from bot.domain.generations.requests import AnyRequest
from bot.domain.jobs.failures import Failure


class State(StrEnum):
    """The state of a job."""

    #: waits for a confirmation or an approval; money is reserved
    HELD = "held"
    #: its inputs are fetched and checked first; money is reserved
    PREPARING = "preparing"
    #: waits for a free slot in its lane
    QUEUED = "queued"
    #: claimed; the create request may have been sent
    SUBMITTING = "submitting"
    #: the create request was sent, and its outcome is unknown
    UNKNOWN = "unknown"
    #: the provider has it
    SUBMITTED = "submitted"
    #: the result is in our storage and charged
    COMPLETED = "completed"
    #: ended without a result, not charged
    FAILED = "failed"
    #: cancelled by its member, not charged
    CANCELLED = "cancelled"


class Hold(StrEnum):
    """What a held job waits for."""

    #: that whoever asked for it confirms its price
    CONFIRMATION = "confirmation"
    #: that an admin approves it
    APPROVAL = "approval"


#: every legal transition
TRANSITIONS: Mapping[State, frozenset[State]] = {
    State.HELD: frozenset({State.PREPARING, State.QUEUED, State.CANCELLED, State.FAILED}),
    State.PREPARING: frozenset({State.QUEUED, State.CANCELLED, State.FAILED}),
    State.QUEUED: frozenset({State.SUBMITTING, State.SUBMITTED, State.CANCELLED, State.FAILED}),
    State.SUBMITTING: frozenset({State.SUBMITTED, State.QUEUED, State.UNKNOWN, State.FAILED}),
    State.UNKNOWN: frozenset({State.SUBMITTED, State.QUEUED, State.FAILED}),
    # Queued again when the prompt could not be processed: it is submitted once more.
    State.SUBMITTED: frozenset({State.COMPLETED, State.FAILED, State.QUEUED}),
    State.COMPLETED: frozenset(),
    State.FAILED: frozenset(),
    State.CANCELLED: frozenset(),
}

FINAL = frozenset(state for state, onward in TRANSITIONS.items() if not onward)
#: can still be cancelled
WAITING = frozenset(state for state, onward in TRANSITIONS.items() if State.CANCELLED in onward)
#: occupy a slot of their lane
IN_FLIGHT = frozenset(State) - FINAL - WAITING


def queue_name(provider: str, lane: Lane, account: str | None = None) -> str:
    """The name of a queue, whose jobs share one virtual clock.

    `account` is the account of a workspace's own key; None: the operator's accounts.
    """
    return f"{provider}/{lane}" if account is None else f"{provider}/{lane}/{account}"


#: titles of jobs without a prompt
UNTITLED: Mapping[MediaKind, str] = {kind: f"A {kind} from what was sent" for kind in MediaKind}


def can_transition(before: State, after: State) -> bool:
    return after in TRANSITIONS[before]


def state_once_accepted(request: AnyRequest) -> State:
    """The state that a job begins with, unless it is held first."""
    return State.PREPARING if request.references else State.QUEUED


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One requested generation."""

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
    #: the jobs that share one virtual clock: the lane of a pool, or of a workspace's own key
    queue: str
    request: AnyRequest
    #: what the result shows: its prompt, or that of the job it was made from
    title: str
    #: micro-dollars, reserved at accept; may only be lowered later
    price: int
    state: State
    #: its place in the queue, in millionths of a unit
    virtual_time: int
    #: create requests tried, each with its own attempt token
    attempt: int = 0
    #: the account that has or had it
    account: str | None = None
    #: id of the generation at the provider
    remote_id: str | None = None
    #: all times are milliseconds UTC
    created_at: int
    #: when its newest attempt occupied a slot of the lane
    claimed_at: int | None = None
    #: when the provider accepted it
    submitted_at: int | None = None
    finished_at: int | None = None
    #: when the bot stops waiting in the queue, or for the submitted generation
    deadline: int
    #: not claimed before; a costly job can be undone until then
    run_at: int = 0
    #: what a held job waits for; kept afterwards
    hold: Hold | None = None
    result: Media | None = None
    #: a film of its progress; only while it runs, and only from some providers
    preview: Media | None = None
    failure: Failure | None = None
    #: job whose result this one was made from
    parent: str | None
    private: bool
    #: the result is shown behind a spoiler
    spoiler: bool = False
    stars: int = 0
    deleted: bool = False
    #: charged, and refunded by the operator later
    refunded: bool = False
    #: its media were deleted after the retention time
    expired: bool = False
    #: its prompt and title were removed; nothing can be made from it any more
    words_removed: bool = False
    #: the account that must submit it; None: any
    account_required: str | None = None
    #: id of the generation that it changes, which may then be its own generation too
    edited_generation: str | None = None

    @property
    def has_own_key(self) -> bool:
        """It is submitted with the workspace's own key, and billed to its account."""
        return self.queue != queue_name(self.provider, self.lane)

    def can_be_undone(self, now: int) -> bool:
        """It is queued, and waits a few seconds in which it can still be cancelled."""
        return self.state is State.QUEUED and self.attempt == 0 and self.run_at > now

    @property
    def state_once_released(self) -> State:
        """The state that a held job goes on with."""
        return state_once_accepted(self.request)

    @property
    def is_final(self) -> bool:
        return self.state in FINAL

    @property
    def prompt_text(self) -> str:
        """The title as a prompt; empty where the job has no title of its own."""
        return "" if self.words_removed or self.title in UNTITLED.values() else self.title
