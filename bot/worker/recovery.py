"""Recovery: what a crash, a pause or a lost answer left half done is brought to a good end.

There is no special start-up: these are the same loops that run all the time. A lease that ended is the only
sign of a crash that they need.
"""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from functools import partial

from bot.domain.errors import ProviderError
from bot.domain.failures import FailureCategory, failure
from bot.domain.jobs import Job, State
from bot.jobs.transitions import move
from bot.providers.base import Provider
from bot.services import Services, log
from bot.store.accounts import echoed_at
from bot.store.jobs import (
    Attempt,
    JobRef,
    attempts,
    expired_claims,
    job_refs,
    overdue_in_queue,
    stranded_jobs,
)
from bot.store.orphans import OrphanCause, Removal, due_orphans, record_removal
from bot.store.rows import UNREADABLE
from bot.worker.reconciliation import CLOCK_SKEW_MS, Stock, take_stock

_PAGE = 100
#: how far two pages overlap, because the border moves when something is deleted between them
_OVERLAP = 5
#: pages of a scan; 10,000 generations back
_PAGES_MAX = 100
_AT_ONCE = 200


async def recover(services: Services) -> None:
    """Pick up what other processes dropped, and end what waited too long, until the process stops."""
    async for _ in services.ticks("recovery", services.times.poll):
        await services.guarded("lost claims", lambda: pick_up_claims(services))
        await services.guarded("overdue", lambda: end_overdue(services))
        await services.guarded("stranded_jobs", lambda: end_stranded(services))


async def pick_up_claims(services: Services) -> None:
    """Find out about claimed jobs whose process is gone."""
    lost = dict(await expired_claims(services.database, now=services.clock()))

    async def pick_up(job: JobRef) -> None:
        # The note comes before the request: without the note there was no request.
        if lost[job]:
            await move(services, job, State.UNKNOWN, "lease_ended")
        else:
            await move(services, job, State.QUEUED, "never_left")

    await _each(services, "lost claim", lost, pick_up)


async def end_overdue(services: Services) -> None:
    """Give back the money of jobs that waited longer than anybody should."""

    async def end(job: JobRef) -> None:
        await move(services, job, State.FAILED, "expired", failure=failure(FailureCategory.EXPIRED))

    overdue = await overdue_in_queue(services.database, now=services.clock(), count=_AT_ONCE)
    await _each(services, "overdue job", overdue, end)


async def end_stranded(services: Services) -> None:
    """Give back the money of jobs whose account is gone, with everybody who could tell of their end."""
    now = services.clock()
    lost_before = now - services.times.unknown_deadline

    async def end(job: JobRef) -> None:
        why = failure(FailureCategory.TIMEOUT)
        await move(services, job, State.FAILED, "account_gone", failure=why, orphan_cause=OrphanCause.LATE)

    left = await stranded_jobs(services.database, now=now, lost_before=lost_before, count=_AT_ONCE)
    await _each(services, "stranded_jobs job", left, end)


async def _each(
    services: Services, name: str, jobs: Iterable[JobRef], do: Callable[[JobRef], Awaitable[None]]
) -> None:
    """Do something for each job; one for which it fails holds back none of those behind it."""
    for job in jobs:
        await services.guarded(name, partial(do, job))


async def resolve_unknown(services: Services, provider: Provider, jobs: Sequence[Job | JobRef]) -> None:
    """Find out what became of creates whose answer was lost; raises ProviderError when nobody can tell now.

    What exists is adopted. What is proven absent is asked again. What is neither is given back, and the
    member may press again.
    """
    newest = {
        row.job: row
        for row in await attempts(services.database, [job.id for job in jobs])
        if row.number == row.newest
    }
    started = services.clock()
    ripe = [job for job in jobs if started >= (newest[job.id].sent_at or 0) + services.times.unknown_grace]
    if not ripe:
        if provider.capabilities.lists:
            # Most lost creates stand on the first page already; the earlier one is found, the better.
            await take_stock(services, provider, (await provider.page(limit=_PAGE, offset=0)).generations)
        return
    oldest = min(newest[job.id].claimed_at for job in ripe)
    try:
        complete, stock = await scan(services, provider, back_to=oldest)
    except ProviderError:
        # A list that stays out of reach must not keep anybody's money for good.
        await _give_up(services, *(job for job in ripe if _too_long(services, newest[job.id])))
        raise
    echoed = await echoed_at(services.database, provider.account)
    proven = complete and echoed is not None and services.clock() - echoed < services.times.echo_proof
    for job in await job_refs(services.database, [job.id for job in ripe]):
        attempt = newest[job.id]
        if job.state is not State.UNKNOWN or job.attempt != attempt.number:
            continue
        if proven and attempt.marked and job.id not in stock.named:
            await move(services, job, State.QUEUED, "proven_absent")
        elif _too_long(services, attempt) or (complete and not _undecided(stock, attempt)):
            await _give_up(services, job)


def _too_long(services: Services, attempt: Attempt) -> bool:
    return services.clock() >= (attempt.sent_at or 0) + services.times.unknown_deadline


async def _give_up(services: Services, *jobs: Job | JobRef) -> None:
    for job in jobs:
        await move(services, job, State.FAILED, "lost_answer", failure=failure(FailureCategory.LOST_ANSWER))


def _undecided(stock: Stock, attempt: Attempt) -> bool:
    """Whether a generation that the scan left to nobody may be this attempt's.

    What was seen then counts, not what holds now: the equal job that stood in the way may have moved since.
    """
    return not attempt.marked and attempt.fingerprint in stock.undecided


async def scan(services: Services, provider: Provider, *, back_to: int) -> tuple[bool, Stock]:
    """Take stock of an account's list back to a time; answers whether nothing of it was left out."""
    stock = Stock()
    if not provider.capabilities.lists:
        return False, stock
    offset, whole = 0, True
    for _ in range(_PAGES_MAX):
        page = await provider.page(limit=_PAGE, offset=offset)
        whole &= page.is_complete
        stock.add(await take_stock(services, provider, page.generations))
        times = [one.created_at for one in page.generations if one.created_at is not None]
        # The order of the list is not documented: a page counts as older only when all of it is.
        if not page.has_more or (times and max(times) < back_to - CLOCK_SKEW_MS):
            return whole, stock
        offset += _PAGE - _OVERLAP
    return False, stock


async def sweep(services: Services, provider: Provider) -> None:
    """Look through an account's list now and then for generations that nobody waits for any more."""
    horizon = 2 * (services.times.unknown_deadline + services.times.generation_deadline)

    async def look() -> None:
        await scan(services, provider, back_to=services.clock() - horizon)

    async for _ in services.ticks("sweep", services.times.sweep_interval):
        await services.guarded("sweep", look)


async def remove_orphans(services: Services, provider: Provider) -> None:
    """Delete orphans, and what members deleted, at the provider."""

    async def remove() -> None:
        for remote_id, tries in await due_orphans(services.database, provider.account, now=services.clock()):
            run_at = None
            try:
                await provider.delete(remote_id)
            except (ProviderError, *UNREADABLE) as error:
                log.info("removal_failed", account=provider.account, error=repr(error))
                run_at = services.clock() + services.times.orphan_retry * min(2**tries, 64)
            await services.database.write(
                record_removal,
                Removal(account=provider.account, remote_id=remote_id, now=services.clock(), run_at=run_at),
            )

    async for _ in services.ticks("orphans", services.times.poll):
        await services.guarded("remove orphans", remove)
