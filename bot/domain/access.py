"""Access rules: who may see, change and create jobs. Checked in the core on every call."""

from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field

from bot.domain.errors import JobNotFound, NotAllowed, NotYours, QuotaExhausted, ServiceUnavailable
from bot.domain.identity import Caller, Named, Place, is_direct_workspace
from bot.domain.jobs.job import Job
from bot.domain.money.groups import Group
from bot.domain.money.limits import ROLES_UNKNOWN
from bot.domain.policy.record import Policy
from bot.domain.workspace.workspace_keys import OwnAccount


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How fast one member may ask for jobs."""

    #: milliseconds between two commands that make jobs
    cooldown_ms: int = 0
    #: jobs that have not ended at the same time; 0: no limit of the workspace's own
    max_open: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """Who may make jobs in a workspace, and where; an empty list allows all."""

    channels: tuple[Named, ...] = ()
    roles: tuple[Named, ...] = ()
    #: reactions start jobs
    reactions: bool = True


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
    #: with which it shares a budget of the operator
    group: Group | None = None
    pace: Pace = Pace()
    access: Access = Access()
    #: where warnings for admins are posted, and by which adapter; None: nowhere
    admin_channel: Named | None = None
    admin_adapter: str = ""
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
    """Everything that may be blocked so that a caller gets nothing; for linked persons a block of any."""
    return caller.member, *sorted(caller.persons), caller.workspace, blocked_by_admins(caller.member)


def check_unblocked(blocked: AbstractSet[str]) -> None:
    """Refuse changes of links while the operator blocks anybody: they are no way around it."""
    if blocked:
        raise NotAllowed(
            "The operator of this bot has blocked one of these accounts, so its links cannot be changed"
        )


def check_open(workspace: Workspace, blocked: AbstractSet[str], caller: Caller) -> None:
    """Refuse new jobs of blocked callers, and in blocked or paused workspaces."""
    if blocked & {caller.member, *caller.persons}:
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
        raise NotAllowed(paused_by_admin(workspace))


def paused_by_admin(workspace: Workspace) -> str:
    """What members of a paused workspace are told."""
    because = f": {workspace.pause_reason}" if workspace.pause_reason else ""
    return f"New jobs are paused here by an admin{because}. Queued jobs keep their place."


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


def check_access(access: Access, caller: Caller, place: Place) -> None:
    """Refuse jobs outside of the workspace's channels, and of those without any of its roles.

    Admins need no role. Direct messages with the bot are no channel.
    """
    if access.channels and not place.direct and place.channel not in {one.id for one in access.channels}:
        raise NotAllowed(f"I make nothing in this channel. Use {_listed(access.channels)}. {_CHANGED_BY}")
    if not access.roles or caller.is_admin:
        return
    if caller.roles is None:
        raise ServiceUnavailable(ROLES_UNKNOWN)
    if caller.roles.isdisjoint(one.id for one in access.roles):
        raise NotAllowed(f"Only members with the role {_listed(access.roles)} may use me here. {_CHANGED_BY}")


def _listed(subjects: tuple[Named, ...]) -> str:
    """A few names; more would make a reply too long."""
    names = [one.name for one in subjects[:_LISTED]]
    return " or ".join(names) + (f" or {len(subjects) - _LISTED} others" if len(subjects) > _LISTED else "")


#: channels or roles that a refusal names
_LISTED = 5
_CHANGED_BY = "An admin can change it with /studio setup."


def check_pace(pace: Pace, *, unfinished: int, last_at: int | None, now: int) -> None:
    """Refuse one more job of a member who has too many unfinished ones, or who asks again too soon."""
    if pace.max_open and unfinished >= pace.max_open:
        raise QuotaExhausted(
            f"You have {unfinished} unfinished jobs, the most that a member may have here at once. Try again "
            "when one is done, or cancel one with /cancel."
        )
    if last_at is not None and (wait := last_at + pace.cooldown_ms - now) > 0:
        raise QuotaExhausted(
            f"Members wait {pace.cooldown_ms // 1000} s between two commands here. Try again in "
            f"{-(-wait // 1000)} s."
        )


def require_visible(job: Job | None, caller: Caller) -> Job:
    """Let people see their own jobs anywhere, and the public jobs of their workspace.

    Direct messages are not a workspace that people share.
    """
    if job is None or job.deleted:
        raise JobNotFound("There is no such job; /history lists yours")
    mine = job.person in caller.persons
    shared = job.workspace == caller.workspace and not is_direct_workspace(job.workspace)
    if not mine and (job.private or not shared):
        # The same answer as for an unknown job, so that nobody can probe ids.
        raise JobNotFound("There is no such job; /history lists yours")
    return job


def require_own(job: Job | None, caller: Caller, operators: AbstractSet[str]) -> Job:
    """Let only its owner, the admins of its workspace and operators cancel or delete a job."""
    found = require_visible(job, caller)
    if found.person in caller.persons:
        return found
    if is_operator(caller, operators) or (caller.is_admin and found.workspace == caller.workspace):
        return found
    raise NotYours(f"This job belongs to {found.member_name}")
