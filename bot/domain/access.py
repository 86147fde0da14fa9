"""Access rules: who may see, change and create jobs. Checked in the core on every call."""

from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field

from bot.domain.errors import JobNotFound, NotAllowed, NotYours, QuotaExhausted
from bot.domain.identity import Caller, is_direct_workspace
from bot.domain.jobs import Job
from bot.domain.policy.record import Policy
from bot.domain.workspace_keys import OwnAccount


@dataclass(frozen=True, slots=True, kw_only=True)
class Workspace:
    """The settings of a workspace."""

    id: str
    #: IANA name of the time zone of its periods
    timezone: str = "UTC"
    paused: bool = False
    pause_reason: str = ""
    #: the account of its own key; None: it uses the operator's accounts
    own_account: OwnAccount | None = None
    #: what its admins have decided about new jobs
    policy: Policy = field(default_factory=Policy)
    #: False: its stored policy is damaged, so that nothing may be accepted without its rules
    policy_readable: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueLimits:
    """How many jobs may wait at the same time."""

    member: int
    workspace: int


def is_operator(caller: Caller, operators: AbstractSet[str]) -> bool:
    return caller.member in operators or caller.person in operators


def require_admin(caller: Caller, operators: AbstractSet[str]) -> None:
    if not caller.is_admin and not is_operator(caller, operators):
        raise NotAllowed("Only an admin of this workspace may do that")


#: what a subject in the table of blocks begins with if the admins of the member's workspace have blocked them
_BY_ADMINS = "by-admins/"


def blocked_by_admins(member: str) -> str:
    """The subject under which the admins of a workspace block a member."""
    return f"{_BY_ADMINS}{member}"


def blockable_subjects(caller: Caller) -> tuple[str, ...]:
    """Everything that may be blocked so that a caller gets nothing."""
    return caller.member, caller.person, caller.workspace, blocked_by_admins(caller.member)


def check_open(workspace: Workspace, blocked: AbstractSet[str], caller: Caller) -> None:
    """Refuse new jobs of blocked callers, and in blocked or paused workspaces."""
    if blocked & {caller.member, caller.person}:
        raise NotAllowed("You have been blocked by the operator of this bot")
    if blocked_by_admins(caller.member) in blocked:
        raise NotAllowed(
            "An admin of this workspace has blocked you from this bot. Ask an admin to unblock you."
        )
    if workspace.id in blocked:
        raise NotAllowed("This workspace has been blocked by the operator of this bot")
    if not workspace.policy_readable:
        raise NotAllowed(
            "The rules of this workspace are damaged, so nothing is accepted. An admin can set them again "
            "with /rules."
        )
    if workspace.paused:
        because = f": {workspace.pause_reason}" if workspace.pause_reason else ""
        raise NotAllowed(f"New jobs are paused here by an admin{because}. Queued jobs keep their place.")


def check_queue_limits(limits: QueueLimits, *, member: int, workspace: int) -> None:
    """Refuse one more job where too many wait; `member` and `workspace` are the numbers of waiting jobs."""
    if member >= limits.member:
        raise QuotaExhausted(
            f"You have {member} jobs waiting, the most allowed at once. Try again when some are done, "
            "or cancel one with /cancel."
        )
    if workspace >= limits.workspace:
        raise QuotaExhausted(
            f"{workspace} jobs are waiting in this workspace, the most allowed at once. Try again later."
        )


def require_visible(job: Job | None, caller: Caller) -> Job:
    """Let people see their own jobs anywhere, and the public jobs of their workspace.

    Direct messages are not a workspace that people share.
    """
    if job is None or job.deleted:
        raise JobNotFound("There is no such job; /history lists yours")
    mine = job.person == caller.person
    shared = job.workspace == caller.workspace and not is_direct_workspace(job.workspace)
    if not mine and (job.private or not shared):
        # The same answer as for an unknown job, so that nobody can probe ids.
        raise JobNotFound("There is no such job; /history lists yours")
    return job


def require_own(job: Job | None, caller: Caller, operators: AbstractSet[str], *, or_admin: bool) -> Job:
    """Let only its owner change a job; with `or_admin` also the admins of its workspace and operators."""
    found = require_visible(job, caller)
    if found.person == caller.person:
        return found
    if or_admin and (
        is_operator(caller, operators) or (caller.is_admin and found.workspace == caller.workspace)
    ):
        return found
    raise NotYours(f"This job belongs to {found.member_name}")
