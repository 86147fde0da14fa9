"""What is expected of jobs that have not ended: their place in the queue and how long they will take."""

import asyncio
from collections.abc import Awaitable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TypeVar

from bot.domain.cards import Card, CardView, card_view
from bot.domain.durations import DurationStats, typical_duration
from bot.domain.errors import ReverieError, StoreError
from bot.domain.estimates import Estimate, stabilised
from bot.domain.jobs import Job, State
from bot.services import EstimateInputs, Services, log
from bot.store.accept import NewCard
from bot.store.accounts import ReadyAccount, ready_accounts
from bot.store.jobs import QueuePosition, duration_stats, jobs_by_id, jobs_of_cards, queue_positions
from bot.store.rows import UNREADABLE, log_unreadable

_T = TypeVar("_T")

#: how old what is known may be when a new card is shown; it is looked at anew with the next progress
_LATELY_MS = 1_000
#: how long an answer that is ready waits for what is asked beside it
_BESIDE_S = 0.25


async def known_now(services: Services, kinds: Iterable[str]) -> EstimateInputs:
    learned, ready = await asyncio.gather(
        duration_stats(services.database, kinds), ready_accounts(services.database)
    )
    return EstimateInputs(duration_stats=learned, ready=ready)


async def with_known(services: Services, work: Awaitable[_T], pace: str) -> tuple[_T, EstimateInputs]:
    """Await something, and have at hand what is known of a kind of job, at most a second old.

    Commands come by the hundred and this changes slowly. Where it is too old it is asked for meanwhile; where
    it cannot be read, or not soon, what was known last has to do: the read never fails what was done.
    """
    at, known = services.estimate_cache.get(pace, (0, None))
    if known is not None and services.monotonic() - at < _LATELY_MS:
        return await work, known
    learning = asyncio.create_task(_learn(services, pace), name="learn")
    try:
        done = await work
        await asyncio.wait([learning], timeout=_BESIDE_S)
    finally:
        learning.cancel()
    _, learned = services.estimate_cache.get(pace, (0, None))
    return done, learned or EstimateInputs()


async def _learn(services: Services, pace: str) -> None:
    try:
        services.estimate_cache[pace] = (services.monotonic(), await known_now(services, [pace]))
    except StoreError as error:
        log.warning("estimate_not_read", error=repr(error))


class Unreadable(ReverieError):
    """No job of this card can be read."""


async def views_now(services: Services, *cards: Card) -> list[CardView | None]:
    """Cards as they are now, in keeping with what their messages say: many for as few questions as one.

    Jobs that cannot be read are left out; None stands for a card of which no job is left.
    """
    shown = await jobs_of_cards(services.database, [card.id for card in cards])
    every = list({job.id: job for jobs in shown.values() for job in jobs}.values())
    sources = await sources_of(services, every)
    now = services.clock()
    expected = await _expected(services, every, now)
    return [_view_of_some(card, shown.get(card.id, []), expected, now, sources) for card in cards]


def _view_of_some(
    card: Card,
    jobs: Sequence[Job],
    expected: Mapping[str, Estimate],
    now: int,
    sources: Mapping[str, Job],
) -> CardView | None:
    if not jobs:
        return None
    try:
        return _view(card, jobs, expected, now, sources)
    except UNREADABLE as error:
        # Read, but of a kind that cannot be shown here.
        log_unreadable("card", card.id, type(error).__name__)
        return None


async def view_of(services: Services, card: Card, jobs: Sequence[Job]) -> CardView:
    """A card that shows these jobs, as it is now; without an estimate where that cannot be read."""
    now = services.clock()
    sources: Mapping[str, Job] = {}
    try:
        async with asyncio.timeout(_BESIDE_S):
            sources = await sources_of(services, jobs)
            expected = await _expected(services, jobs, now)
    except (StoreError, TimeoutError) as error:
        log.warning("estimate_not_read", error=repr(error))
        expected = _outlooks(services, [job for job in jobs if not job.is_final], {}, EstimateInputs(), now)
    return _view(card, jobs, expected, now, sources)


def view_of_new(
    services: Services, new: NewCard, known: EstimateInputs, sources: Mapping[str, Job]
) -> CardView:
    """A card as it was accepted, without asking for anything more; `sources` hold what it builds on."""
    now = services.clock()
    return _view(
        new.card, new.jobs, _outlooks(services, new.jobs, new.queue_positions, known, now), now, sources
    )


async def sources_of(services: Services, jobs: Iterable[Job]) -> Mapping[str, Job]:
    """The jobs that these were made from, by id."""
    parents = {job.parent for job in jobs if job.parent is not None}
    return await jobs_by_id(services.database, parents) if parents else {}


def _view(
    card: Card,
    jobs: Sequence[Job],
    expected: Mapping[str, Estimate],
    now: int,
    sources: Mapping[str, Job],
) -> CardView:
    """What a card shows, in keeping with what its message says already.

    One moment for both: what was told must come out to the millisecond, or looks different for nothing.
    """
    kept = {
        job.id: _once_more(job, stabilised(expected[job.id], card.shown_estimates.get(job.id), now))
        for job in jobs
        if job.id in expected
    }
    return card_view(card, jobs, kept, now, sources)


async def estimates(services: Services, jobs: Sequence[Job], now: int) -> Mapping[str, Estimate]:
    """An outlook at `now` for each job that has not ended."""
    expected = await _expected(services, jobs, now)
    return {job.id: _once_more(job, expected[job.id]) for job in jobs if job.id in expected}


async def _expected(services: Services, jobs: Iterable[Job], now: int) -> Mapping[str, Estimate]:
    """What was learned of each job's kind, and what stands in its way."""
    open_jobs = [job for job in jobs if not job.is_final]
    if not open_jobs:
        return {}
    known, before = await asyncio.gather(
        known_now(services, {job.request.duration_class for job in open_jobs}),
        queue_positions(services.database, [job for job in open_jobs if job.state is State.QUEUED]),
    )
    return _outlooks(services, open_jobs, before, known, now)


def _outlooks(
    services: Services,
    jobs: Iterable[Job],
    before: Mapping[str, QueuePosition],
    known: EstimateInputs,
    now: int,
) -> Mapping[str, Estimate]:
    found = {}
    for job in jobs:
        pace = known.duration_stats.get(job.request.duration_class) or typical_duration(
            job.request, speed=_speed(services, job)
        )
        standing = before.get(job.id)
        position = standing.ahead + 1 if standing else None
        found[job.id] = Estimate(
            position=position,
            wait_ms=_wait(job, pace, _until_its_turn(services, job, position or 1, pace.p50, known), now),
            generation_ms=pace.p50,
            late=job.submitted_at is not None and now - job.submitted_at > pace.p95,
            finishing=_finishing(services, job),
            blocked_reason=_obstacle(job, standing, known.ready) if standing else "",
        )
    return found


def _once_more(job: Job, estimate: Estimate) -> Estimate:
    """Whoever was told that it is on its way, and finds it in the queue again, is told why."""
    if job.state is State.QUEUED and job.attempt and not estimate.delay_reason:
        return replace(estimate, delay_reason="it has to be sent once more")
    return estimate


def _wait(job: Job, pace: DurationStats, until_its_turn: int, now: int) -> int:
    """Milliseconds until it is expected to be done."""
    if job.state is State.SUBMITTED and job.submitted_at is not None:
        return job.submitted_at + pace.p50 - now
    return pace.p50 + until_its_turn


def _until_its_turn(services: Services, job: Job, position: int, took: int, known: EstimateInputs) -> int:
    """Milliseconds until a place in the lane is free: by generations at once, or by creates a minute."""
    limits = _limits(services, job, known)
    at_once = sum(concurrent for concurrent, _ in limits) or 1
    per_window = sum(per_minute for _, per_minute in limits) or 1
    return max((position - 1) // at_once * took, (position - 1) // per_window * services.times.lane_window)


def _limits(services: Services, job: Job, known: EstimateInputs) -> list[tuple[int, int]]:
    """The limits of the job's lane of all accounts that take it; of our own where nothing else is known."""
    ready = (known.ready or {}).values()
    limits = [one.lanes[job.lane] for one in ready if one.provider == job.provider and job.lane in one.lanes]
    own = (provider.limits[job.lane] for provider in services.providers_of(job.provider))
    return limits or [(limit.concurrent, limit.per_minute) for limit in own]


def _finishing(services: Services, job: Job) -> bool:
    """Whether it has a later deadline than any generation: it is for what our own processing fails on."""
    longest = services.times.generation_deadline + services.times.unknown_deadline
    return (
        job.state is State.SUBMITTED
        and job.submitted_at is not None
        and job.deadline - job.submitted_at > longest
    )


def _speed(services: Services, job: Job) -> float:
    return services.settings.simulator_speed if job.provider == "simulator" else 1.0


def _obstacle(job: Job, standing: QueuePosition, ready: Mapping[str, ReadyAccount] | None) -> str:
    """Why a queued job does not get on, if so; `ready` are the accounts that take something, where known."""
    if standing.paused:
        return "paused by an admin"
    if ready is None:
        return ""
    if job.provider not in {one.provider for one in ready.values()}:
        return "the generation service takes nothing right now; the operator has been told"
    if job.account_required is not None and job.account_required not in ready:
        return (
            "only the account that made its video can go on from it, and takes nothing right now; "
            "the operator has been told"
        )
    return ""
