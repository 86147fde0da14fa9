"""The card: the one message that shows one or more jobs, in revisions.

A view says what is to be seen; each adapter says it in its platform's own way.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from enum import StrEnum

import orjson

from bot.domain.actions import Action, offered
from bot.domain.jobs import FINAL, WAITING, Job, Picture, State
from bot.domain.people import Place
from bot.domain.pricing import is_estimate, show_money


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """Our durable record of one message."""

    id: str
    place: Place
    #: member who asked
    member: str
    person: str
    #: the revision that the jobs' state asks for, and the one that people see
    wanted_rev: int
    shown_rev: int
    #: digest of what people see
    shown_digest: str
    #: since when a first message has been on its way without a known outcome
    posting_since: int | None
    #: shows in a row that failed
    tries: int
    created_at: int


class Tone(StrEnum):
    """How a job on a card stands, as far as its looks go."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    GONE = "gone"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """What is expected of a job that has not ended."""

    #: place in the queue from 1; None once it is with the provider
    position: int | None = None
    #: milliseconds until it is expected to be done
    wait_ms: int = 0
    #: milliseconds that the generation itself is expected to take
    generation_ms: int = 0
    #: why nothing moves, where that is known
    obstacle: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class JobView:
    """One job on a card."""

    id: str
    tone: Tone
    #: one line: where it stands
    headline: str
    #: label and value, in order
    facts: tuple[tuple[str, str], ...]
    #: when the provider took it, for a progress bar; None before
    running_since: int | None
    #: milliseconds that it is expected to run
    expected_ms: int
    picture: Picture | None
    #: the picture in words
    alt: str
    actions: tuple[Action, ...]
    #: can still be taken back
    cancellable: bool
    stars: int
    #: job that it was made from
    parent: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CardView:
    """One revision of a card."""

    card: str
    rev: int
    member: str
    member_name: str
    title: str
    private: bool
    jobs: tuple[JobView, ...]
    created_at: int

    @property
    def settled(self) -> bool:
        """Nothing on it will change by itself."""
        return all(job.tone not in (Tone.WAITING, Tone.RUNNING) for job in self.jobs)

    @property
    def gone(self) -> bool:
        """Nothing is left to show."""
        return all(job.tone is Tone.GONE for job in self.jobs)

    @property
    def digest(self) -> str:
        """Equal for revisions that look the same."""
        looks = orjson.dumps(asdict(replace(self, rev=0)))
        return hashlib.sha256(looks).hexdigest()[:32]


def view(card: Card, jobs: Sequence[Job], outlooks: Mapping[str, Outlook]) -> CardView:
    """What the card shows now; `outlooks` holds an entry for every job that has not ended."""
    first = jobs[0]
    return CardView(
        card=card.id,
        rev=card.wanted_rev,
        member=first.member,
        member_name=first.member_name,
        title=first.title,
        private=first.private,
        created_at=card.created_at,
        jobs=tuple(view_job(job, outlooks.get(job.id, Outlook())) for job in jobs),
    )


def view_job(job: Job, outlook: Outlook) -> JobView:
    return JobView(
        id=job.id,
        tone=_tone(job),
        headline=headline(job, outlook),
        facts=_facts(job),
        running_since=job.submitted_at if job.state is State.SUBMITTED else None,
        expected_ms=outlook.generation_ms,
        picture=None if job.deleted else job.result,
        alt=job.title,
        actions=offered(job),
        cancellable=job.state in WAITING,
        stars=job.stars,
        parent=job.parent,
    )


def _tone(job: Job) -> Tone:
    if job.deleted:
        return Tone.GONE
    if job.state not in FINAL:
        return Tone.RUNNING if job.state is State.SUBMITTED else Tone.WAITING
    return Tone.DONE if job.state is State.COMPLETED else Tone.FAILED


def headline(job: Job, outlook: Outlook) -> str:
    """One line that tells where a job stands."""
    if job.deleted:
        return "Deleted"
    if job.failure is not None:
        return job.failure.told
    if job.state is State.QUEUED and outlook.obstacle:
        return f"Waiting: {outlook.obstacle}"
    place = "In the queue" if outlook.position is None else f"Place {outlook.position} in the queue"
    lines = {
        State.HELD: "Waits for a confirmation",
        State.PREPARING: "Preparing what it builds on",
        State.QUEUED: f"{place} · {show_wait(outlook.wait_ms)}",
        State.SUBMITTING: f"On its way · {show_wait(outlook.wait_ms)}",
        State.UNKNOWN: "The answer got lost on the way; finding out what became of it",
        State.SUBMITTED: f"Dreaming · {show_wait(outlook.generation_ms)} in all",
        State.COMPLETED: "Done",
        State.FAILED: "This did not work; not charged",
        State.CANCELLED: f"Taken back; not charged ({show_money(job.price)} returned)",
    }
    return lines[job.state]


def _facts(job: Job) -> tuple[tuple[str, str], ...]:
    facts = [("Model", str(job.request.model)), ("Aspect ratio", str(job.request.aspect_ratio))]
    if job.state in (State.FAILED, State.CANCELLED):
        facts.append(("Price", "not charged"))
    elif job.refunded:
        facts.append(("Price", f"{show_money(job.price)}, refunded"))
    else:
        facts.append(("Price", show_money(job.price, estimate=is_estimate(job.request) and not job.is_final)))
    if job.result:
        facts.append(("Size", f"{job.result.width} × {job.result.height}"))
    if job.state is State.COMPLETED and job.finished_at and job.submitted_at:
        facts.append(("Took", show_duration(job.finished_at - job.submitted_at)))
    return tuple(facts)


def show_wait(milliseconds: int) -> str:
    """An expected time, rough on purpose: nobody can know the seconds."""
    seconds = max(0, milliseconds) / 1000
    if seconds < 10:  # noqa: PLR2004
        return "a few seconds"
    if seconds < 90:  # noqa: PLR2004
        return f"about {round(seconds / 5) * 5} s"
    if seconds < 90 * 60:
        return f"about {round(seconds / 60)} min"
    return f"about {round(seconds / 3600)} h"


def show_duration(milliseconds: int) -> str:
    seconds = milliseconds / 1000
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"  # noqa: PLR2004
