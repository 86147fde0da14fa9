"""Cancels the jobs that wait for a workspace's API key which was removed."""

from bot.domain.jobs.failures import FailureCategory, failure
from bot.domain.jobs.job import State
from bot.jobs.transitions import transition_job
from bot.services import Services
from bot.store.operator.workspace_keys import stranded_by_removal

_BATCH = 200


async def cancel_stranded(services: Services) -> None:
    """Cancel every job that waits for a removed key. They are not charged."""
    while jobs := await stranded_by_removal(services.database, count=_BATCH):
        why = failure(FailureCategory.KEY_REMOVED)
        moved = [
            await transition_job(services, job, State.CANCELLED, why.category, failure=why) for job in jobs
        ]
        if not any(moved):
            return  # Others have moved them meanwhile.
