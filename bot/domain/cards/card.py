"""The card: the one message that shows one or more jobs, in revisions.

A view says what is shown; each adapter renders it for its platform.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

import orjson

from bot.domain.cards.decisions import DecisionButton, Purpose, held_buttons
from bot.domain.cards.job_text import (
    NO_FILE,
    PRICE,
    has_time,
    headline,
    is_charged,
    job_fields,
    source_fields,
    with_time,
)
from bot.domain.generations.estimates import Estimate, ShownEstimate
from bot.domain.generations.media import Media, MediaKind
from bot.domain.generations.models import AspectRatio
from bot.domain.identity import Place
from bot.domain.ids import short_id
from bot.domain.jobs.actions import NO_PRICES, WITHOUT_RESULT, Action, ActionPrices, available_actions
from bot.domain.jobs.job import FINAL, WAITING, Job, State
from bot.domain.money.pricing import Price, is_estimate, is_upper_bound
from bot.domain.policy.access import command_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """The durable record of one message."""

    id: str
    place: Place
    #: the member who asked
    member: str
    person: str
    #: the newest revision, and the one that people see
    wanted_rev: int
    shown_rev: int
    #: digest of the revision that people see
    shown_digest: str
    #: when posting the first message began, while its outcome is unknown
    posting_since: int | None
    #: failed tries in a row to show it
    tries: int
    created_at: int
    #: the job of another card that it shows; None for a card with jobs of its own
    copy_of: str | None = None
    #: why it shows a job of another card to others; None for any other card
    purpose: Purpose | None = None
    #: what the moderators read beside it: who reported it and why, or what is to be approved
    note: str = ""
    #: what its message says about unfinished jobs, by job
    shown_estimates: Mapping[str, ShownEstimate] = field(default_factory=dict)


#: cards that say what has become of a job even once it is deleted
_KEPT = (Purpose.REPORT, Purpose.APPROVAL)


class JobPhase(StrEnum):
    """The phase of a job on a card, as far as it changes how the job looks."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    GONE = "gone"


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """One status line: of a job, or of all jobs of a card."""

    phase: JobPhase
    #: without a time, which each platform adds in its own way from `ready_at`
    headline: str
    #: expected end in milliseconds UTC; None where no time is shown
    ready_at: int | None = None
    #: why its place or time is worse than shown before
    delay_reason: str = ""

    def line(self, time: str = "") -> str:
        """The line with the one time that the platform shows."""
        return with_time(self.headline, time, self.delay_reason)


@dataclass(frozen=True, slots=True, kw_only=True)
class JobView:
    """One job on a card."""

    id: str
    phase: JobPhase
    #: its status in one line, without a time
    headline: str
    #: label and value, in order
    fields: tuple[tuple[str, str], ...]
    #: when the provider accepted it, for a progress bar; None before
    running_since: int | None
    #: milliseconds that it is expected to run
    expected_ms: int
    #: place in the queue and expected end, as shown; None where nothing is shown
    position: int | None
    ready_at: int | None
    media: Media | None
    #: what its result is, also while there is none
    makes: MediaKind
    #: a film of its progress, while it runs
    preview: Media | None
    #: alt text of the media
    alt: str
    actions: tuple[Action, ...]
    #: can still be cancelled
    cancellable: bool
    stars: int
    #: job that it was made from
    parent: str | None
    #: what its actions cost; no part of what a revision looks like
    prices: ActionPrices = NO_PRICES
    #: why its place or time is worse than shown before
    delay_reason: str = ""
    #: its media is shown behind a spoiler
    spoiler: bool = False
    #: as requested, for the frame of its progress
    aspect_ratio: AspectRatio = AspectRatio.LANDSCAPE
    #: name of the command that makes such a job
    command: str = ""

    @property
    def facts(self) -> tuple[str, ...]:
        """What a list says about it: short id, command and price."""
        price = next((value for label, value in self.fields if label == PRICE), "")
        named = (f"#{short_id(self.id)}", f"/{self.command}" if self.command else "", price)
        return tuple(one for one in (*named, f"⭐ {self.stars}" if self.stars else "") if one)

    @property
    def status(self) -> Status:
        return Status(
            phase=self.phase,
            headline=self.headline,
            ready_at=self.ready_at,
            delay_reason=self.delay_reason,
        )


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
    #: buttons for what somebody has to decide
    decisions: tuple[DecisionButton, ...] = ()
    #: why it shows a job of another card to others; None for any other card
    purpose: Purpose | None = None

    @property
    def status(self) -> Status:
        """The one status line of the card."""
        shown = [job for job in self.jobs if job.phase is not JobPhase.GONE]
        return _status_of_several(shown) if len(shown) > 1 else (shown or self.jobs)[0].status

    @property
    def settled(self) -> bool:
        """No job on it will change by itself any more."""
        return all(job.phase not in (JobPhase.WAITING, JobPhase.RUNNING) for job in self.jobs)

    @property
    def gone(self) -> bool:
        """All of its jobs are deleted."""
        return self.purpose not in _KEPT and all(job.phase is JobPhase.GONE for job in self.jobs)

    @property
    def digest(self) -> str:
        """Equal for revisions that look the same but for prices: no message is edited for those alone."""
        unpriced = tuple(replace(job, prices=NO_PRICES) for job in self.jobs)
        content = orjson.dumps(replace(self, rev=0, jobs=unpriced))
        return hashlib.sha256(content).hexdigest()[:32]


def _status_of_several(jobs: Sequence[JobView]) -> Status:
    """One line about several jobs: how many are done, and when the last one is expected."""
    phases = [job.phase for job in jobs]
    done, ended = phases.count(JobPhase.DONE), f"{phases.count(JobPhase.DONE)} of {len(jobs)} done"
    unfinished = [job for job in jobs if job.phase in (JobPhase.WAITING, JobPhase.RUNNING)]
    if not unfinished:
        same = len({job.headline for job in jobs}) == 1
        phase = JobPhase.DONE if done else JobPhase.FAILED
        return Status(phase=phase, headline=jobs[0].headline if same else ended)
    # What runs is told before what waits for it.
    first = next((job for job in unfinished if job.phase is JobPhase.RUNNING), unfinished[0])
    times = [job.ready_at for job in unfinished]
    return Status(
        phase=first.phase,
        headline=f"{first.headline} · {ended}" if len(unfinished) < len(jobs) else first.headline,
        ready_at=None if None in times else max(time for time in times if time is not None),
        delay_reason=next((job.delay_reason for job in unfinished if job.delay_reason), ""),
    )


def card_view(
    card: Card,
    jobs: Sequence[Job],
    estimates: Mapping[str, Estimate],
    now: int,
    sources: Mapping[str, Job] | None = None,
    *,
    prices: Mapping[str, ActionPrices] | None = None,
) -> CardView:
    """The view of a card at `now`.

    `estimates` has an entry for every unfinished job; `sources` has the jobs that these were made from, and
    `prices` what can be done with finished ones.
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
        jobs=_with_totals(
            jobs,
            [
                job_view(
                    job,
                    estimates.get(job.id),
                    now,
                    (sources or {}).get(job.parent or ""),
                    prices=(prices or {}).get(job.id, NO_PRICES),
                )
                for job in jobs
            ],
        ),
        decisions=held_buttons(jobs),
    )


def _with_totals(jobs: Sequence[Job], views: Sequence[JobView]) -> tuple[JobView, ...]:
    """Show the total on each of several jobs of one card, of those that are charged the same."""
    charged = [job for job in jobs if is_charged(job) and not job.deleted]
    if len(charged) < 2 or len({job.price for job in charged}) > 1:  # noqa: PLR2004 - several
        return tuple(views)
    total = Price(
        each=charged[0].price,
        count=len(charged),
        estimate=any(is_estimate(job.request) and not job.is_final for job in charged),
        upper_bound=any(is_upper_bound(job.request) for job in charged),
    ).text
    priced = {job.id for job in charged}

    def totalled(view: JobView) -> JobView:
        fields = tuple((label, total if label == PRICE else value) for label, value in view.fields)
        return replace(view, fields=fields)

    return tuple(totalled(view) if view.id in priced else view for view in views)


def job_view(
    job: Job,
    estimate: Estimate | None,
    now: int,
    source: Job | None = None,
    *,
    prices: ActionPrices = NO_PRICES,
) -> JobView:
    timed = estimate is not None and has_time(job, estimate)
    return JobView(
        id=job.id,
        phase=_phase(job),
        headline=headline(job, estimate or Estimate()),
        fields=(*job_fields(job), *source_fields(job, source)),
        running_since=job.submitted_at if job.state is State.SUBMITTED else None,
        expected_ms=estimate.generation_ms if estimate else 0,
        position=estimate.position if estimate else None,
        ready_at=now + estimate.wait_ms if estimate and timed else None,
        makes=job.request.makes,
        media=None if job.deleted or job.expired else job.result,
        preview=job.preview if job.state is State.SUBMITTED and not (job.deleted or job.spoiler) else None,
        alt=job.title,
        actions=available_actions(job),
        cancellable=job.state in WAITING and job.state is not State.HELD,
        stars=job.stars,
        parent=job.parent,
        prices=prices,
        delay_reason=estimate.delay_reason if estimate and timed else "",
        spoiler=job.spoiler,
        aspect_ratio=job.request.aspect_ratio,
        command=command_of(job.request),
    )


def without_file(view: CardView, file: str) -> CardView:
    """The view where a result's file is no longer stored, as it may be found while the card is shown."""
    return replace(
        view,
        jobs=tuple(
            replace(job, media=None, headline=NO_FILE, actions=WITHOUT_RESULT)
            if job.media is not None and job.media.file == file
            else job
            for job in view.jobs
        ),
    )


def shown_estimates(view: CardView) -> dict[str, ShownEstimate]:
    """What a revision says about its unfinished jobs."""
    return {
        job.id: ShownEstimate(position=job.position, ready_at=job.ready_at, delay_reason=job.delay_reason)
        for job in view.jobs
        if job.ready_at is not None
    }


def _phase(job: Job) -> JobPhase:
    if job.deleted:
        return JobPhase.GONE
    if job.state not in FINAL:
        return JobPhase.RUNNING if job.state is State.SUBMITTED else JobPhase.WAITING
    return JobPhase.DONE if job.state is State.COMPLETED else JobPhase.FAILED
