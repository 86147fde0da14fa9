"""Deletes the data of persons who asked for it.

Their jobs come first, as if each were deleted by itself. Once the messages are gone, the rows lose their
words and their member. What they spent stays in the books under a pseudonym, and the meters of running
periods keep counting until they end, so that asking for this gives nobody a new allowance.
"""

from collections.abc import Awaitable, Callable, Mapping
from functools import partial

from bot.domain.jobs.job import State
from bot.domain.links import LINKED_MAX
from bot.jobs.media import remove_unreferenced
from bot.jobs.transitions import transition_job
from bot.services import Services, Topic, log
from bot.store.admin.workspaces import AuditEntry
from bot.store.members.erasure import (
    Erasure,
    clear_jobs,
    clear_meters,
    clear_rest,
    has_jobs,
    jobs_to_delete,
    open_erasures,
    waiting_jobs,
)
from bot.store.members.linking import Change, forget_links
from bot.store.queue.jobs import delete_job, jobs_by_id

#: removes what one adapter stores about a person
Forget = Callable[[str], Awaitable[None]]

_BATCH = 50
#: a platform may send an event again for so long; until then it finds its card: two hours
_SETTLED_MS = 7_200_000


async def erase(services: Services, forget: Mapping[str, Forget]) -> None:
    """Delete data until the process stops; `forget` is by platform."""
    async for _ in services.ticks(Topic.ERASURE, services.times.retention_interval):
        await services.guarded("erasure", lambda: erase_due(services, forget))


async def erase_due(services: Services, forget: Mapping[str, Forget]) -> None:
    for erasure in await open_erasures(services.database):
        await services.guarded(f"erasure {erasure.pseudonym}", partial(_advance, services, erasure, forget))


async def _advance(services: Services, erasure: Erasure, forget: Mapping[str, Forget]) -> None:
    """Do what can be done now; later ticks go on."""
    if erasure.cleared_at is None and not await _clear(services, erasure, forget):
        return
    done = await services.database.transact(
        clear_meters, erasure, services.new_id, now=services.clock(), count=_BATCH
    )
    if done:
        log.info("erasure_finished", pseudonym=erasure.pseudonym)


async def _clear(services: Services, erasure: Erasure, forget: Mapping[str, Forget]) -> bool:
    """Delete everything but meters; returns whether nothing else is left."""
    await cancel_waiting(services, erasure)
    await _delete_jobs(services, erasure)
    ended_before = services.clock() - _SETTLED_MS
    while await services.database.transact(clear_jobs, erasure, ended_before=ended_before, count=_BATCH):
        if services.stopping.is_set():
            return False
    if await has_jobs(services.database, erasure):
        # Some are running, or their messages are still to be deleted.
        return False
    adapter = erasure.person.partition(":")[0]
    if adapter in forget:
        await forget[adapter](erasure.person)
    await services.database.transact(forget_links, erasure.person, _unlinking(services, erasure))
    freed = await services.database.transact(clear_rest, erasure, now=services.clock(), count=_BATCH)
    if freed is None:
        services.wake(Topic.ERASURE)
        return False
    await remove_unreferenced(services, freed)
    return True


def _unlinking(services: Services, erasure: Erasure) -> Change:
    """What everybody is told who is linked with a person, without their name."""
    now = services.clock()
    return Change(
        id=services.new_id(),
        now=now,
        notice="🔗 An account is no longer linked with yours, because its data was deleted.",
        ids=tuple(services.new_id() for _ in range(LINKED_MAX)),
        audit=AuditEntry(actor=erasure.person, workspace="", action="unlink", subject="", now=now),
    )


async def cancel_waiting(services: Services, erasure: Erasure) -> None:
    """Cancel the jobs that were not submitted yet; nothing is charged for them."""
    ids = await waiting_jobs(services.database, erasure, count=_BATCH)
    for job in (await jobs_by_id(services.database, ids)).values():
        await transition_job(
            services, job, State.CANCELLED, "its member asked for the deletion of their data"
        )


async def _delete_jobs(services: Services, erasure: Erasure) -> None:
    while ids := await jobs_to_delete(services.database, erasure, count=_BATCH):
        for job in ids:
            freed = await services.database.transact(delete_job, job, now=services.clock())
            await remove_unreferenced(services, freed)
        services.wake(Topic.CARDS)
        if services.stopping.is_set():
            return
