"""What somebody may see: asked for every job that a person names."""

from collections.abc import Iterable

from bot.domain.access import require_visible
from bot.domain.errors import JobNotFound
from bot.domain.identity import Caller, Place, is_direct_workspace
from bot.domain.jobs import Job
from bot.services import Services
from bot.store.cards import was_sent
from bot.store.job_search import jobs_shown_at
from bot.store.jobs import find_job


async def visible(services: Services, job: str, caller: Caller, place: Place) -> Job:
    """A job that the caller may see where they are, or that they had sent to their direct messages.

    Raises JobNotFound.
    """
    return await require_seen(services, await find_job(services.database, job), caller, place)


async def require_seen(services: Services, found: Job | None, caller: Caller, place: Place) -> Job:
    """The same for a job that has been read already."""
    try:
        return require_visible(found, caller)
    except JobNotFound:
        if found is None or found.deleted:
            raise
        # People who share a conversation, but no workspace, see what is shown there.
        together = not found.private and is_direct_workspace(found.workspace)
        if together and await jobs_shown_at(services.database, [found.id], place, caller.person):
            return found
        if not await was_sent(services.database, found.id, caller.person):
            raise
        return found


async def must_be_private(services: Services, sources: Iterable[Job], caller: Caller, place: Place) -> bool:
    """Whether a card at a place would tell others of sources that they may not see."""
    kept = list(sources)
    if any(job.private for job in kept):
        return True
    direct = [job.id for job in kept if is_direct_workspace(job.workspace)]
    return bool(direct) and await jobs_shown_at(services.database, direct, place, caller.person) != set(
        direct
    )
