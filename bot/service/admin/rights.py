"""The admins' use cases: pause, time zone. Rights are checked here on every call."""

from zoneinfo import ZoneInfo

from bot.domain.access import is_operator, require_admin
from bot.domain.commands import StudioPause, StudioResume, StudioTimezone
from bot.domain.errors import InvalidRequest, StoreError
from bot.domain.identity import Caller
from bot.domain.quota import Level, Period, Rule, bounds, limit_of
from bot.domain.text import moment
from bot.domain.timezones import read_timezone
from bot.service.durable_writes import until_known
from bot.service.replies import PrivateReply
from bot.services import ALL_JOBS, Services, Topic, log
from bot.store.limits import set_rule, set_workspace_cap
from bot.store.workspaces import (
    AuditEntry,
    MemberName,
    SetUp,
    find_members,
    find_workspace,
    remember_member,
    set_pause,
    set_up,
)


def require_rights(services: Services, caller: Caller) -> None:
    """Refuse a caller who neither manages the workspace nor operates the bot."""
    require_admin(caller, frozenset(services.settings.operators))


def is_admin_here(services: Services, caller: Caller) -> bool:
    """Whether the caller is an admin of their workspace, or an operator."""
    return caller.is_admin or is_operator(caller, frozenset(services.settings.operators))


def audit_entry(services: Services, caller: Caller, action: str, subject: str) -> AuditEntry:
    """What the audit records of a decision, which is logged too."""
    log.info(
        "admin_decision", actor=caller.member, workspace=caller.workspace, action=action, subject=subject
    )
    return AuditEntry(
        actor=caller.member,
        workspace=caller.workspace,
        action=action,
        subject=subject,
        now=services.clock(),
    )


async def remember_admin(services: Services, caller: Caller) -> None:
    """Make known who decides here: the audit names also those who have never asked for a result."""
    try:
        await services.database.transact(remember_member, caller, now=services.clock())
    except StoreError as error:
        # What they have decided is stored.
        log.warning("admin_not_remembered", member=caller.member, error=repr(error))


async def store_rule(services: Services, rule: Rule, entry: AuditEntry) -> list[Rule]:
    """Set a rule, and return those that it replaces."""
    if rule.level is not Level.WORKSPACE:
        return await services.database.transact(set_rule, rule, audit=entry)
    zone = (await find_workspace(services.database, rule.workspace)).timezone
    limit = limit_of(rule, now=services.clock(), zone=zone)
    return await services.database.transact(set_workspace_cap, rule, limit, audit=entry)


async def named_member(services: Services, caller: Caller, text: str) -> MemberName:
    """The member of the caller's workspace with this name or id."""
    found = await find_members(services.database, caller.workspace, text)
    if not found:
        raise InvalidRequest(
            f"Nobody called {text!r} is known here yet; mention them, or check the name", option="member"
        )
    if len(found) > 1:
        ids = " and ".join(member.id for member in found)
        raise InvalidRequest(f"More than one member is called {text!r}: {ids}. Give the id.", option="member")
    return found[0]


def caller_of(workspace: str, member: MemberName) -> Caller:
    """A member as a caller, so that the same limits apply as to their own commands."""
    return Caller(
        workspace=workspace,
        person=member.person,
        member=member.id,
        name=member.name,
        is_guest=member.guest,
        roles=member.roles,
    )


async def pause_or_resume(
    services: Services, command: StudioPause | StudioResume, caller: Caller
) -> PrivateReply:
    """Pause or resume a workspace: no job is accepted or submitted; running jobs end, queued ones stay."""
    require_rights(services, caller)
    paused = isinstance(command, StudioPause)
    reason = command.reason if isinstance(command, StudioPause) else ""
    entry = audit_entry(services, caller, command.name, caller.workspace)
    await until_known(
        services,
        lambda: services.database.transact(
            set_pause, caller.workspace, paused=paused, reason=reason, audit=entry
        ),
    )
    services.wake(*ALL_JOBS, Topic.CARDS)
    if paused:
        return PrivateReply(
            title="Paused", text="No new jobs are accepted or started here until /studio resume."
        )
    return PrivateReply(title="Resumed", text="Queued jobs are started again.")


async def set_timezone(services: Services, command: StudioTimezone, caller: Caller) -> PrivateReply:
    """Set the time zone in which the periods of a workspace begin; the operator's begin in UTC."""
    require_rights(services, caller)
    zone = read_timezone(command.timezone)
    entry = audit_entry(services, caller, command.name, caller.workspace)
    await until_known(
        services,
        lambda: services.database.transact(set_up, caller.workspace, SetUp(timezone=zone), audit=entry),
    )
    _, midnight = bounds(services.clock(), Period.DAY, ZoneInfo(zone))
    return PrivateReply(
        title="Time zone set",
        text=f"Days, weeks and months of this workspace begin in {zone}; the next day begins "
        f"{moment(midnight)} of your time. What was used today counts in the earlier time zone.",
    )
