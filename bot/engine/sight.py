"""What somebody may see: asked for every job that a person names."""

from bot.domain.errors import JobNotFound
from bot.domain.jobs import Job
from bot.domain.people import Caller
from bot.domain.policy import require_visible
from bot.engine.core import Core
from bot.store.cards import was_sent
from bot.store.jobs import find_job


async def visible(core: Core, job: str, caller: Caller) -> Job:
    """A job that the caller may see where they are, or that they had sent to their direct messages.

    Raises JobNotFound.
    """
    found = await find_job(core.database, job)
    try:
        return require_visible(found, caller)
    except JobNotFound:
        if found is None or found.deleted or not await was_sent(core.database, job, caller.person):
            raise
        return found
