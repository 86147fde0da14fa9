"""The card: the one message that shows one or more jobs, in revisions.

A view says what is to be seen; each adapter says it in its platform's own way.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

import orjson

from bot.domain.actions import Action, available_actions
from bot.domain.estimates import Estimate, ShownEstimate
from bot.domain.identity import Place, is_direct_workspace
from bot.domain.ids import short_id
from bot.domain.jobs import FINAL, WAITING, Job, State
from bot.domain.media import Media
from bot.domain.pricing import is_estimate, is_upper_bound, show_money
from bot.domain.requests import ReframeVideoRequest, VideoRequest


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
    #: the one job that it shows, though that belongs to another card
    copy_of: str | None = None
    #: what its message says about jobs that have not ended, by job
    shown_estimates: Mapping[str, ShownEstimate] = field(default_factory=dict)


#: label of what a job costs, and of the job that it was made from
PRICE, SOURCE = "Price", "Building on"
#: characters of a source's words
_SOURCE = 60


class JobPhase(StrEnum):
    """How a job on a card stands, as far as its looks go."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    GONE = "gone"


@dataclass(frozen=True, slots=True, kw_only=True)
class JobView:
    """One job on a card."""

    id: str
    phase: JobPhase
    #: one line: where it stands
    headline: str
    #: label and value, in order
    fields: tuple[tuple[str, str], ...]
    #: when the provider took it, for a progress bar; None before
    running_since: int | None
    #: milliseconds that it is expected to run
    expected_ms: int
    #: place in the queue and when it is expected to be done, as told; None where nothing is told
    position: int | None
    ready_at: int | None
    media: Media | None
    #: the media in words
    alt: str
    actions: tuple[Action, ...]
    #: can still be taken back
    cancellable: bool
    stars: int
    #: job that it was made from
    parent: str | None
    #: why its place or time is worse than told before
    delay_reason: str = ""


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
        return all(job.phase not in (JobPhase.WAITING, JobPhase.RUNNING) for job in self.jobs)

    @property
    def gone(self) -> bool:
        """Nothing is left to show."""
        return all(job.phase is JobPhase.GONE for job in self.jobs)

    @property
    def digest(self) -> str:
        """Equal for revisions that look the same."""
        looks = orjson.dumps(replace(self, rev=0))
        return hashlib.sha256(looks).hexdigest()[:32]


def card_view(
    card: Card,
    jobs: Sequence[Job],
    estimates: Mapping[str, Estimate],
    now: int,
    sources: Mapping[str, Job] | None = None,
) -> CardView:
    """What the card shows at `now`; `estimates` holds an entry for every job that has not ended.

    `sources` are the jobs that these were made from, by id.
    """
    first = jobs[0]
    return CardView(
        card=card.id,
        rev=card.wanted_rev,
        member=first.member,
        member_name=first.member_name,
        title=first.title,
        private=card.place.private,
        created_at=card.created_at,
        jobs=tuple(
            job_view(job, estimates.get(job.id), now, (sources or {}).get(job.parent or "")) for job in jobs
        ),
    )


def job_view(job: Job, estimate: Estimate | None, now: int, source: Job | None = None) -> JobView:
    return JobView(
        id=job.id,
        phase=_tone(job),
        headline=headline(job, estimate or Estimate()),
        fields=(*_facts(job), *_source(job, source)),
        running_since=job.submitted_at if job.state is State.SUBMITTED else None,
        expected_ms=estimate.generation_ms if estimate else 0,
        position=estimate.position if estimate else None,
        ready_at=now + estimate.wait_ms if estimate else None,
        media=None if job.deleted or job.expired else job.result,
        alt=job.title,
        actions=available_actions(job),
        cancellable=job.state in WAITING,
        stars=job.stars,
        parent=job.parent,
        delay_reason=estimate.delay_reason if estimate else "",
    )


def shown_estimates(seen: CardView) -> dict[str, ShownEstimate]:
    """What a revision says about its jobs that have not ended."""
    return {
        job.id: ShownEstimate(position=job.position, ready_at=job.ready_at, delay_reason=job.delay_reason)
        for job in seen.jobs
        if job.ready_at is not None
    }


def _tone(job: Job) -> JobPhase:
    if job.deleted:
        return JobPhase.GONE
    if job.state not in FINAL:
        return JobPhase.RUNNING if job.state is State.SUBMITTED else JobPhase.WAITING
    return JobPhase.DONE if job.state is State.COMPLETED else JobPhase.FAILED


def headline(job: Job, estimate: Estimate) -> str:
    """One line that tells where a job stands."""
    if job.deleted:
        return "Deleted"
    if job.failure is not None:
        return job.failure.message
    if job.state is State.QUEUED and estimate.blocked_reason:
        return f"Waiting: {estimate.blocked_reason}"
    place = "In the queue" if estimate.position is None else f"Place {estimate.position} in the queue"
    because = f" – {estimate.delay_reason}" if estimate.delay_reason else ""
    lines = {
        State.HELD: "Waits for a confirmation",
        State.PREPARING: "Preparing what it builds on",
        State.QUEUED: f"{place} · {show_wait(estimate.wait_ms)}{because}",
        State.SUBMITTING: f"On its way · {show_wait(estimate.wait_ms)}{because}",
        State.UNKNOWN: "The answer got lost on the way; finding out what became of it",
        State.SUBMITTED: _dreaming(estimate, because),
        State.COMPLETED: "Done; its file was removed when its time was over" if job.expired else "Done",
        State.FAILED: "This did not work; not charged",
        State.CANCELLED: f"Taken back; not charged ({show_money(job.price)} returned)",
    }
    return lines[job.state]


def _dreaming(estimate: Estimate, because: str) -> str:
    if estimate.finishing:
        return "Finished; the bot is still working on its file"
    if estimate.late:
        return f"Taking longer than usual; most are done in {show_wait(estimate.generation_ms)}"
    return f"Dreaming · {show_wait(estimate.generation_ms)} in all{because}"


def _facts(job: Job) -> tuple[tuple[str, str], ...]:
    request = job.request
    follows = isinstance(request, VideoRequest) and request.follows_picture
    ratio = "that of its picture" if follows else str(request.aspect_ratio)
    facts = [("Model", str(request.model)), ("Aspect ratio", ratio)]
    if isinstance(request, VideoRequest):
        facts.append(("Resolution", str(request.resolution)))
        facts.append(("Length", show_length(request.duration.ms)))
        if request.loop and request.start is None and request.end is not None:
            facts.append(("Loop", "may not close: it has a picture at its end alone"))
    elif isinstance(request, ReframeVideoRequest) and request.duration_ms is not None:
        facts.append(("Length", show_length(request.duration_ms)))
    if job.state in (State.FAILED, State.CANCELLED):
        facts.append((PRICE, "not charged"))
    elif job.refunded:
        facts.append((PRICE, f"{show_money(job.price)}, refunded"))
    elif is_upper_bound(request):
        facts.append((PRICE, f"up to {show_money(job.price)}"))
    else:
        facts.append((PRICE, show_money(job.price, estimate=is_estimate(request) and not job.is_final)))
    if job.result:
        facts.append(("Size", f"{job.result.width} × {job.result.height}"))
    if job.state is State.COMPLETED and job.finished_at and job.submitted_at:
        facts.append(("Took", show_duration(job.finished_at - job.submitted_at)))
    return tuple(facts)


def _source(job: Job, source: Job | None) -> tuple[tuple[str, str], ...]:
    """What a job was made from: its short id, and its words where whoever sees the card may read them."""
    if job.parent is None:
        return ()
    shown = f"#{short_id(job.parent)}"
    hidden = source is None or source.deleted
    if source is not None and not job.private:
        elsewhere = is_direct_workspace(source.workspace) and source.workspace != job.workspace
        hidden = hidden or source.private or elsewhere
    if source is not None and not hidden:
        words = source.title if len(source.title) <= _SOURCE else f"{source.title[: _SOURCE - 1]}…"
        shown += f" · {words}"
    return ((SOURCE, shown),)


def show_length(milliseconds: int) -> str:
    """The length of a video."""
    return f"{round(milliseconds / 1000, 1):g} s"


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


def show_age(milliseconds: int) -> str:
    """How long ago something was."""
    seconds = max(0, milliseconds) // 1000
    for unit, name in ((86_400, "day"), (3_600, "h"), (60, "min")):
        if count := seconds // unit:
            return f"{count} {name}{'s' if name == 'day' and count > 1 else ''} ago"
    return "just now"


def show_duration(milliseconds: int) -> str:
    seconds = milliseconds / 1000
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"  # noqa: PLR2004
