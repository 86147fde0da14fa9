"""Taking back: cancelling what waits, and deleting what is done once that has been confirmed."""

from dataclasses import replace
from functools import partial

from bot.domain.access import is_operator, require_own
from bot.domain.commands import Cancel, Delete
from bot.domain.errors import InvalidRequest
from bot.domain.identity import Caller, is_direct_workspace
from bot.domain.ids import id_created_at, parse_job_id, short_id
from bot.domain.jobs import FINAL, WAITING, Job, State
from bot.domain.pricing import show_money
from bot.jobs.stored_files import remove_unreferenced
from bot.jobs.transitions import transition_job
from bot.service.durable_writes import write_until_known
from bot.service.replies import ConfirmationButton, PrivateReply
from bot.services import Services, Topic, log
from bot.store.jobs import Deletion, delete_job, find_job


async def cancel(services: Services, command: Cancel, caller: Caller) -> PrivateReply:
    """Take back a job that has not left yet; its money is free again at once."""
    found = await _own(services, command.job, caller)
    if found.state is State.CANCELLED:
        return PrivateReply(title="Taken back already", text="Nothing was charged.")
    _require_waiting(found)
    write = partial(write_until_known, services)
    if not await transition_job(services, found, State.CANCELLED, "cancelled", write=write):
        # It moved while we looked: say what is true now.
        return await cancel(services, command, caller)
    return PrivateReply(title="Taken back", text=f"Not charged: {show_money(found.price)} is free again.")


def _require_waiting(job: Job) -> None:
    if job.state in FINAL:
        raise InvalidRequest("This job has already ended")
    if job.state not in WAITING:
        raise InvalidRequest(
            "This job is already running, so it cannot be taken back. /delete removes its result."
        )


async def ask_to_delete(services: Services, command: Delete, caller: Caller) -> PrivateReply:
    """Ask before a finished job's message and media are removed, naming what would go."""
    found = await _deletable(services, command.job, caller)
    question = services.new_id()
    choices = (
        ConfirmationButton(label="Keep", confirms=False, job=found.id, question=question),
        ConfirmationButton(label="Delete", confirms=True, job=found.id, question=question),
    )
    return PrivateReply(
        title="Delete this?",
        text=(
            f"#{short_id(found.id)} · {found.title}\n"
            "Its message, its files and the generation are removed for good, here and at the provider."
        ),
        choices=choices,
        media=None if found.expired else found.result,
    )


async def decide(
    services: Services, job: str, caller: Caller, *, question: str, confirmed: bool
) -> PrivateReply:
    """Delete what was asked about, or keep it; the same answer again changes nothing."""
    if not confirmed:
        return PrivateReply(title="Kept", text="Nothing was deleted.")
    asked = parse_job_id(question)
    if asked is None or not 0 <= services.clock() - id_created_at(asked) <= services.times.confirmation:
        raise InvalidRequest(
            "This question is too old to be answered; nothing was deleted. Use /delete again."
        )
    found = await find_job(services.database, job)
    if found is not None and found.deleted and found.person == caller.person:
        return PrivateReply(title="Deleted already", text="It is gone; nothing more was done.")
    await _delete(services, await _deletable(services, job, _where_asked(services, found, caller)))
    return PrivateReply(title="Deleted", text="Its message and media are removed, here and at the provider.")


def _where_asked(services: Services, job: Job | None, caller: Caller) -> Caller:
    """The caller as they were asked: a reaction's question is answered in direct messages.

    The operator rules everywhere, but there the job's workspace is not the one that they answer in.
    """
    operates = is_operator(caller, frozenset(services.settings.operators))
    if job is None or not operates or is_direct_workspace(job.workspace):
        return caller
    return replace(caller, workspace=job.workspace)


async def _deletable(services: Services, job: str, caller: Caller) -> Job:
    found = await _own(services, job, caller, or_admin=True)
    if not found.is_final:
        raise InvalidRequest(
            "This job has not ended yet. /cancel takes back one that waits; else wait for its end."
        )
    return found


async def _delete(services: Services, job: Job) -> None:
    unused = await write_until_known(services, delete_job, Deletion(job=job.id, now=services.clock()))
    services.wake(Topic.CARDS)
    log.info("job_deleted", job_id=job.id)
    await remove_unreferenced(services, unused or ())


async def _own(services: Services, job: str, caller: Caller, *, or_admin: bool = False) -> Job:
    operators = frozenset(services.settings.operators)
    return require_own(await find_job(services.database, job), caller, operators, or_admin=or_admin)
