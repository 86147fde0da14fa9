"""Estimates for unfinished jobs, and the views of cards that show them."""

import asyncio
from collections.abc import Awaitable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TypeVar

from bot.domain.access import blocked_by_admins
from bot.domain.cards.card import Card, CardView, card_view
from bot.domain.cards.decisions import Purpose
from bot.domain.cards.gallery import GalleryEntry, gallery_view
from bot.domain.cards.moderation import moderators_view
from bot.domain.errors import ReverieError, StoreError
from bot.domain.generations.estimates import DurationStats, Estimate, stabilised, typical_duration
from bot.domain.jobs.actions import ActionPrices
from bot.domain.jobs.failures import one_line
from bot.domain.jobs.job import Job, State
from bot.jobs.action_prices import action_prices
from bot.services import EstimateInputs, Services, log
from bot.store.admin.workspaces import blocked_subjects
from bot.store.listings.gallery import gallery_entries
from bot.store.operator.accounts import ready_accounts, stopped_workspace_accounts
from bot.store.queue.acceptance import NewCard
from bot.store.queue.jobs import jobs_by_id, jobs_of_cards
from bot.store.queue.queue_stats import QueuePosition, duration_stats, queue_positions
from bot.store.quotas.caps import waiting_for_caps
from bot.store.rows import UNREADABLE, log_unreadable

_T = TypeVar("_T")

#: purposes of cards that a gallery's entry decides about
_ABOUT_GALLERY = (Purpose.GALLERY, Purpose.CONSENT)

_ASK_ADMIN = "an admin sees more in /studio key"

#: how old the inputs of a new card's estimate may be; the next progress reads them again
_MAX_AGE_MS = 1_000
#: how long a finished reply waits for the inputs of its estimate
_MAX_WAIT_S = 0.25


async def _read_inputs(services: Services, classes: Iterable[str]) -> EstimateInputs:
    stats, ready, stopped_keys = await asyncio.gather(
        duration_stats(services.database, classes),
        ready_accounts(services.database),
        stopped_workspace_accounts(services.database),
    )
    return EstimateInputs(duration_stats=stats, ready=ready, stopped_keys=stopped_keys)


async def with_inputs(
    services: Services, work: Awaitable[_T], duration_class: str
) -> tuple[_T, EstimateInputs]:
    """Await `work`, and return the inputs of an estimate beside its result.

    The inputs change slowly and are needed for every command, so they are cached for a second. Old ones are
    read again while `work` runs; if they cannot be read in time, the last known ones are used. Reading them
    never fails the work.
    """
    read_at, cached = services.estimate_cache.get(duration_class, (0, None))
    if cached is not None and services.monotonic() - read_at < _MAX_AGE_MS:
        return await work, cached
    reading = asyncio.create_task(_refresh_inputs(services, duration_class), name="read estimate inputs")
    try:
        done = await work
        await asyncio.wait([reading], timeout=_MAX_WAIT_S)
    finally:
        reading.cancel()
    _, inputs = services.estimate_cache.get(duration_class, (0, None))
    return done, inputs or EstimateInputs()


async def _refresh_inputs(services: Services, duration_class: str) -> None:
    try:
        inputs = await _read_inputs(services, [duration_class])
        services.estimate_cache[duration_class] = (services.monotonic(), inputs)
    except StoreError as error:
        log.warning("estimate_not_read", error=repr(error))


class Unreadable(ReverieError):
    """No job of this card can be read."""


async def views_now(services: Services, *cards: Card) -> list[CardView | None]:
    """The views of cards now, with estimates that fit what their messages say; as many queries as for one.

    Jobs that cannot be read are left out; None stands for a card without a readable job.
    """
    shown = await jobs_of_cards(services.database, [card.id for card in cards])
    all_jobs = list({job.id: job for jobs in shown.values() for job in jobs}.values())
    sources = await sources_of(services, all_jobs)
    prices = await _prices_of(services, cards, shown)
    now = services.clock()
    expected = await _expected(services, all_jobs, now)
    entries = await _gallery_entries(services, cards)
    reported = [card.copy_of for card in cards if card.purpose is Purpose.REPORT]
    makers = {blocked_by_admins(job.member) for job in all_jobs if job.id in reported}
    blocked = await blocked_subjects(services.database, makers) if makers else frozenset()
    return [
        _view_of_some(
            card,
            shown.get(card.id, []),
            expected,
            now,
            sources,
            prices=prices.get(card.place.workspace, {}),
            blocked=blocked,
            entry=entries.get(card.copy_of or ""),
        )
        for card in cards
    ]


async def _prices_of(
    services: Services, cards: Iterable[Card], shown: Mapping[str, Sequence[Job]]
) -> Mapping[str, Mapping[str, ActionPrices]]:
    """What the actions on the jobs of cards cost, by the workspaces in which they are shown."""
    by_workspace: dict[str, list[Job]] = {}
    for card in cards:
        by_workspace.setdefault(card.place.workspace, []).extend(shown.get(card.id, ()))
    return {
        workspace: await action_prices(services, jobs, workspace) for workspace, jobs in by_workspace.items()
    }


async def _gallery_entries(services: Services, cards: Sequence[Card]) -> Mapping[str, GalleryEntry]:
    """The gallery's entries of the jobs that these cards show for it, by job."""
    jobs = [card.copy_of for card in cards if card.purpose in _ABOUT_GALLERY and card.copy_of is not None]
    return await gallery_entries(services.database, jobs) if jobs else {}


def _view_of_some(
    card: Card,
    jobs: Sequence[Job],
    expected: Mapping[str, Estimate],
    now: int,
    sources: Mapping[str, Job],
    *,
    prices: Mapping[str, ActionPrices],
    blocked: frozenset[str],
    entry: GalleryEntry | None,
) -> CardView | None:
    if not jobs:
        return None
    try:
        is_blocked = blocked_by_admins(jobs[0].member) in blocked
        view = _view(card, jobs, expected, now, sources, prices=prices)
        if card.purpose in _ABOUT_GALLERY:
            return gallery_view(view, card, entry)
        return view if card.purpose is None else moderators_view(view, card, jobs[0], blocked=is_blocked)
    except UNREADABLE as error:
        # It can be read, but this version cannot show it.
        log_unreadable("card", card.id, type(error).__name__)
        return None


async def view_of(services: Services, card: Card, jobs: Sequence[Job]) -> CardView:
    """The view of a card with these jobs now; with typical estimates if no others can be read in time."""
    now = services.clock()
    sources: Mapping[str, Job] = {}
    prices: Mapping[str, ActionPrices] = {}
    try:
        async with asyncio.timeout(_MAX_WAIT_S):
            sources = await sources_of(services, jobs)
            prices = await action_prices(services, jobs, card.place.workspace)
            expected = await _expected(services, jobs, now)
    except (StoreError, TimeoutError) as error:
        log.warning("estimate_not_read", error=repr(error))
        expected = _estimates_of(
            services, [job for job in jobs if not job.is_final], {}, EstimateInputs(), now
        )
    return _view(card, jobs, expected, now, sources, prices=prices)


def view_of_new(
    services: Services, new: NewCard, inputs: EstimateInputs, sources: Mapping[str, Job]
) -> CardView:
    """The view of a card as it was accepted, without a query; `sources` has the jobs it was made from."""
    now = services.clock()
    return _view(
        new.card, new.jobs, _estimates_of(services, new.jobs, new.queue_positions, inputs, now), now, sources
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
    *,
    prices: Mapping[str, ActionPrices] | None = None,
) -> CardView:
    """The view of a card, with estimates that fit what its message says.

    Both use the same `now`: an unchanged time must be equal to the millisecond, or the card would be edited.
    """
    adjusted = {
        job.id: _with_resubmission(job, stabilised(expected[job.id], card.shown_estimates.get(job.id), now))
        for job in jobs
        if job.id in expected
    }
    return card_view(card, jobs, adjusted, now, sources, prices=prices)


async def estimates(services: Services, jobs: Sequence[Job], now: int) -> Mapping[str, Estimate]:
    """An estimate at `now` for each unfinished job."""
    expected = await _expected(services, jobs, now)
    return {job.id: _with_resubmission(job, expected[job.id]) for job in jobs if job.id in expected}


async def _expected(services: Services, jobs: Iterable[Job], now: int) -> Mapping[str, Estimate]:
    open_jobs = [job for job in jobs if not job.is_final]
    if not open_jobs:
        return {}
    queued = [job for job in open_jobs if job.state is State.QUEUED]
    inputs, positions, capped = await asyncio.gather(
        _read_inputs(services, {job.request.duration_class for job in open_jobs}),
        queue_positions(services.database, queued),
        waiting_for_caps(services.database, queued, now=now),
    )
    positions |= {job: replace(positions[job], capped=True) for job in capped}
    return _estimates_of(services, open_jobs, positions, inputs, now)


def _estimates_of(
    services: Services,
    jobs: Iterable[Job],
    positions: Mapping[str, QueuePosition],
    inputs: EstimateInputs,
    now: int,
) -> Mapping[str, Estimate]:
    found = {}
    for job in jobs:
        stats = inputs.duration_stats.get(job.request.duration_class) or typical_duration(
            job.request, speed=_speed(services, job)
        )
        queued = positions.get(job.id)
        position = queued.ahead + 1 if queued else None
        found[job.id] = Estimate(
            position=position,
            wait_ms=_wait(job, stats, _until_slot(services, job, position or 1, stats.p80, inputs), now),
            generation_ms=stats.p80,
            late=job.submitted_at is not None and now - job.submitted_at > stats.p95,
            finishing=_finishing(services, job),
            undo=job.can_be_undone(now),
            blocked_reason=_blocked_reason(job, queued, inputs) if queued else "",
        )
    return found


def _with_resubmission(job: Job, estimate: Estimate) -> Estimate:
    """Give a reason where a job is in the queue again after it was submitted."""
    if job.state is State.QUEUED and job.attempt and not estimate.delay_reason:
        return replace(estimate, delay_reason="it has to be submitted again")
    return estimate


def _wait(job: Job, stats: DurationStats, until_slot: int, now: int) -> int:
    """Milliseconds until the job is expected to be done."""
    if job.state is State.SUBMITTED and job.submitted_at is not None:
        ran = now - job.submitted_at
        # What outlasts the estimate gets another one, so that no card names a time that has passed.
        return (stats.p80 if ran < stats.p80 else stats.p95) - ran
    return stats.p80 + until_slot


def _until_slot(services: Services, job: Job, position: int, took: int, inputs: EstimateInputs) -> int:
    """Milliseconds until the job gets a slot: the longer of both limits, in flight and per minute."""
    limits = _limits(services, job, inputs)
    at_once = sum(concurrent for concurrent, _ in limits) or 1
    per_window = sum(per_minute for _, per_minute in limits) or 1
    return max((position - 1) // at_once * took, (position - 1) // per_window * services.times.lane_window)


def _limits(services: Services, job: Job, inputs: EstimateInputs) -> list[tuple[int, int]]:
    """The lane limits of all accounts that accept the job; of our own accounts if no others are known."""
    if job.has_own_key:
        return [services.settings.lane_limits(job.lane)]
    ready = (inputs.ready or {}).values()
    limits = [one.lanes[job.lane] for one in ready if one.provider == job.provider and job.lane in one.lanes]
    own = (provider.limits[job.lane] for provider in services.providers_of(job.provider))
    return limits or [(limit.concurrent, limit.per_minute) for limit in own]


def _finishing(services: Services, job: Job) -> bool:
    """Whether the job's deadline is later than any generation's: the bot is still processing its file."""
    longest = services.times.generation_deadline + services.times.unknown_deadline
    return (
        job.state is State.SUBMITTED
        and job.submitted_at is not None
        and job.deadline - job.submitted_at > longest
    )


def _speed(services: Services, job: Job) -> float:
    return services.settings.simulator_speed if job.provider == "simulator" else 1.0


def _paused_reason(queued: QueuePosition) -> str:
    """Why nothing of its workspace is claimed; empty where it is."""
    if queued.paused:
        return "paused by an admin"
    budget = "the budget is used up; it continues in the next period or when the budget is raised"
    return budget if queued.capped else ""


def _blocked_reason(job: Job, queued: QueuePosition, inputs: EstimateInputs) -> str:
    """Why a queued job does not move; empty where nothing is known."""
    ready = inputs.ready
    if paused := _paused_reason(queued):
        return paused
    if job.has_own_key:
        stopped = inputs.stopped_keys.get(job.account_required or "")
        return (
            ""
            if stopped is None
            else f"this workspace's own API key is stopped ({one_line(stopped)}); {_ASK_ADMIN}"
        )
    if ready is None:
        return ""
    if job.provider not in {one.provider for one in ready.values()}:
        return "the generation service accepts no jobs right now; the operator has been told"
    if job.account_required is not None and job.account_required not in ready:
        return (
            "only the account that made its video can build on it, and it accepts no jobs right now; "
            "the operator has been told"
        )
    return ""
