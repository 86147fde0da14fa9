"""Rights, checked in the core on every call."""

from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from bot.domain.errors import JobNotFound, NotAllowed, NotYours, QuotaExhausted
from bot.domain.identity import Caller, is_direct_workspace
from bot.domain.jobs import Job


@dataclass(frozen=True, slots=True, kw_only=True)
class Workspace:
    """What admins and the operator have decided for a workspace."""

    id: str
    #: IANA name of the zone in which its periods are counted
    timezone: str = "UTC"
    paused: bool = False
    pause_reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueLimits:
    """How many jobs may wait at once."""

    member: int
    workspace: int


def is_operator(caller: Caller, operators: AbstractSet[str]) -> bool:
    return caller.member in operators or caller.person in operators


def require_admin(caller: Caller, operators: AbstractSet[str]) -> None:
    if not caller.is_admin and not is_operator(caller, operators):
        raise NotAllowed("Only an admin of this workspace may do that")


def check_open(workspace: Workspace, blocked: AbstractSet[str], caller: Caller) -> None:
    """Refuse new jobs where the operator or an admin has closed the door."""
    if blocked & {caller.member, caller.person}:
        raise NotAllowed("You have been blocked by the operator of this bot")
    if workspace.id in blocked:
        raise NotAllowed("This workspace has been blocked by the operator of this bot")
    if workspace.paused:
        because = f": {workspace.pause_reason}" if workspace.pause_reason else ""
        raise NotAllowed(f"New jobs are paused here by an admin{because}. Waiting jobs keep their place.")


def check_queue_limits(patience: QueueLimits, *, member: int, workspace: int) -> None:
    """Refuse one more job when too many wait already; `member` and `workspace` count those waiting."""
    if member >= patience.member:
        raise QuotaExhausted(
            f"You have {member} jobs waiting, which is the most at once. Try again when some are done, "
            "or take one back with /cancel."
        )
    if workspace >= patience.workspace:
        raise QuotaExhausted(
            f"{workspace} jobs wait in this workspace, which is the most at once. Try later."
        )


def require_visible(job: Job | None, caller: Caller) -> Job:
    """Let people see the jobs of their workspace, and their own wherever they are; private ones stay so.

    Direct messages are no workspace that people share.
    """
    if job is None or job.deleted:
        raise JobNotFound("There is no such job; /history lists yours")
    mine = job.person == caller.person
    shared = job.workspace == caller.workspace and not is_direct_workspace(job.workspace)
    if not mine and (job.private or not shared):
        # The same answer as for a job that is not there, so that ids cannot be tried out.
        raise JobNotFound("There is no such job; /history lists yours")
    return job


def require_own(job: Job | None, caller: Caller, operators: AbstractSet[str], *, or_admin: bool) -> Job:
    """Let only its owner touch a job, and the admins of its workspace where `or_admin` says so."""
    found = require_visible(job, caller)
    if found.person == caller.person:
        return found
    if or_admin and (
        is_operator(caller, operators) or (caller.is_admin and found.workspace == caller.workspace)
    ):
        return found
    raise NotYours(f"This job belongs to {found.member_name}")
