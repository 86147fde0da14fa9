"""Preparing: what a job builds on is checked before it waits in line."""

from bot.domain.errors import MediaError
from bot.domain.failures import Failure, FailureCategory, failure
from bot.domain.jobs import Job, State
from bot.engine.core import JOBS, Core, log
from bot.engine.moves import move
from bot.store.jobs import jobs_by_id, preparing

#: the largest picture that the API takes as an input, in bytes
INPUT_MAX_BYTES = 10_000_000
_AT_ONCE = 50


async def prepare(core: Core) -> None:
    """Prepare jobs until the process stops."""
    async for _ in core.rounds(JOBS, core.times.poll):
        await core.steadily("prepare", lambda: prepare_due(core))


async def prepare_due(core: Core) -> None:
    """Send every job whose inputs are there on its way, and end those whose inputs are not."""
    for job in await preparing(core.database, now=core.clock(), count=_AT_ONCE):
        try:
            problem = await _problem(core, job)
        except MediaError as error:
            # The storage is in trouble, not the job: it is looked at again in the next round.
            log.warning("input_not_checked", job_id=job.id, error=repr(error))
            continue
        if problem is None:
            await move(core, job, State.QUEUED, "prepared")
        else:
            await move(core, job, State.FAILED, "input_unusable", failure=problem)


async def _problem(core: Core, job: Job) -> Failure | None:
    sources = await jobs_by_id(core.database, [reference.job for reference in job.request.references])
    for reference in job.request.references:
        source = sources.get(reference.job)
        if source is None or source.deleted or source.result is None:
            return failure(FailureCategory.INPUT_UNREACHABLE, "the picture has been deleted")
        if not await core.storage.exists(source.result.file):
            return failure(FailureCategory.INPUT_UNREACHABLE, "the picture is no longer stored")
        if source.result.size > INPUT_MAX_BYTES:
            return failure(
                FailureCategory.REJECTED,
                f"the picture has {source.result.size / 1e6:.0f} MB, and 10 MB is the most; use jpg",
            )
    return None
