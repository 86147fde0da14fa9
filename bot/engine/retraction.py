"""Taking back: cancelling what waits, deleting what is done."""

from bot.domain.commands import Cancel, Delete
from bot.domain.errors import InvalidRequest
from bot.domain.jobs import FINAL, WAITING, Job, State
from bot.domain.people import Caller
from bot.domain.policy import require_own
from bot.domain.pricing import show_money
from bot.engine.answers import Note
from bot.engine.core import CARDS, Core, log
from bot.engine.durable import write_until_known
from bot.engine.moves import move
from bot.engine.retention import remove_unused
from bot.store.jobs import Deletion, delete_job, find_job


async def cancel(core: Core, command: Cancel, caller: Caller) -> Note:
    """Take back a job that has not left yet; its money is free again at once."""
    found = await _own(core, command.job, caller)
    if found.state is State.CANCELLED:
        return Note(title="Taken back already", text="Nothing was charged.")
    _require_waiting(found)
    if not await move(core, found, State.CANCELLED, "cancelled", answered=True):
        # It moved while we looked: say what is true now.
        return await cancel(core, command, caller)
    return Note(title="Taken back", text=f"Not charged: {show_money(found.price)} is free again.")


def _require_waiting(job: Job) -> None:
    if job.state in FINAL:
        raise InvalidRequest("This job has already ended")
    if job.state not in WAITING:
        raise InvalidRequest(
            "This job is already running, so it cannot be taken back. /delete removes its result."
        )


async def delete(core: Core, command: Delete, caller: Caller) -> Note:
    """Remove a finished job's message and media, here and at the provider."""
    found = await _own(core, command.job, caller, or_admin=True)
    if not found.is_final:
        raise InvalidRequest(
            "This job has not ended yet. /cancel takes back one that waits; else wait for its end."
        )
    unused = await write_until_known(core, delete_job, Deletion(job=found.id, now=core.clock()))
    core.wake(CARDS)
    log.info("job_deleted", job_id=found.id)
    await remove_unused(core, unused or ())
    return Note(title="Deleted", text="Its message and media are removed, here and at the provider.")


async def _own(core: Core, job: str, caller: Caller, *, or_admin: bool = False) -> Job:
    operators = frozenset(core.settings.operators)
    return require_own(await find_job(core.database, job), caller, operators, or_admin=or_admin)
