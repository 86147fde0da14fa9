"""The admins' use cases: quotas, pause, usage. Rights are checked here on every call."""

from zoneinfo import ZoneInfo

from bot.domain.access import is_operator, require_admin
from bot.domain.commands import QuotasReset, QuotasSet, QuotasShow, StudioPause, StudioResume, StudioUsage
from bot.domain.errors import InvalidRequest
from bot.domain.identity import Caller
from bot.domain.pricing import show_money
from bot.domain.quota import Allowance, Level, Rule, bounds
from bot.service.account_reports import account_reports
from bot.service.durable_writes import until_known
from bot.service.queries import describe_limit, limits_with_meters
from bot.service.replies import PrivateReply
from bot.services import ALL_JOBS, Services, Topic, log
from bot.store.limits import reset_meter, set_rule, workspace_rules
from bot.store.reports import usage
from bot.store.workspaces import AuditEntry, MemberName, find_members, find_workspace, set_pause


def require_admin_here(services: Services, caller: Caller) -> None:
    require_admin(caller, frozenset(services.settings.operators))


def is_admin_here(services: Services, caller: Caller) -> bool:
    """Whether the caller is an admin of their workspace, or an operator."""
    return caller.is_admin or is_operator(caller, frozenset(services.settings.operators))


def audit_entry(services: Services, caller: Caller, action: str, subject: str) -> AuditEntry:
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


async def named_member(services: Services, caller: Caller, text: str) -> MemberName:
    found = await find_members(services.database, caller.workspace, text)
    if not found:
        raise InvalidRequest(f"Nobody called {text!r} has used the bot here yet; check the name")
    if len(found) > 1:
        ids = " and ".join(member.id for member in found)
        raise InvalidRequest(f"More than one member is called {text!r}: {ids}. Give the id.")
    return found[0]


def caller_of(workspace: str, member: MemberName) -> Caller:
    """A member as a caller, so that the same limits apply as to their own commands."""
    return Caller(
        workspace=workspace,
        person=member.person,
        member=member.id,
        name=member.name,
        is_guest=member.guest,
    )


async def set_quota(services: Services, command: QuotasSet, caller: Caller) -> PrivateReply:
    """Set the allowance of one member, of every member, or of the workspace as a whole."""
    require_admin_here(services, caller)
    if command.member and command.workspace:
        raise InvalidRequest("Name a member or --workspace, not both")
    level, subject, whom = Level.MEMBER, "", "Every member"
    if command.workspace:
        level, subject, whom = Level.WORKSPACE, caller.workspace, "The workspace together"
    elif command.member:
        member = await named_member(services, caller, command.member)
        subject, whom = member.id, member.name
    rule = Rule(
        level=level,
        subject=subject,
        workspace=caller.workspace,
        allowance=Allowance(amount=command.amount, period=command.period),
    )
    entry = audit_entry(services, caller, "quotas set", f"{level}:{subject}")
    await until_known(services, lambda: services.database.transact(set_rule, rule, audit=entry))
    return PrivateReply(
        title="Quota set",
        text=f"{whom} may spend {show_money(command.amount)} each {command.period}, from now.",
    )


async def show_quotas(services: Services, command: QuotasShow, caller: Caller) -> PrivateReply:
    """Show a member's limits, or the workspace's own and all of its rules."""
    require_admin_here(services, caller)
    if command.member:
        member = await named_member(services, caller, command.member)
        asked = caller_of(caller.workspace, member)
        limits = await limits_with_meters(services, asked)
        fields = [
            line
            for level, (limit, meter) in limits.items()
            for line in describe_limit(limit, meter, name=member.name if level is Level.MEMBER else None)
        ]
        return PrivateReply(title=f"Quota of {member.name}", fields=tuple(fields))
    fields = []
    for level, (limit, meter) in (await limits_with_meters(services, caller)).items():
        if level in (Level.WORKSPACE, Level.CEILING):
            fields += describe_limit(limit, meter)
    default = services.settings.defaults.member
    fields.append(("Every member, unless a rule says otherwise", _each(default)))
    for rule in await workspace_rules(services.database, caller.workspace):
        whom = "Every member" if not rule.subject else rule.subject.removeprefix(f"{caller.workspace}:")
        if rule.level is Level.WORKSPACE:
            whom = "The workspace together"
        fields.append((f"Rule: {whom}", _each(rule.allowance)))
    return PrivateReply(title="Quotas of this workspace", fields=tuple(fields))


def _each(allowance: Allowance) -> str:
    return f"{show_money(allowance.amount)} each {allowance.period}"


async def reset_quota(services: Services, command: QuotasReset, caller: Caller) -> PrivateReply:
    """Set what was used in this period back to zero; reserved money stays reserved."""
    require_admin_here(services, caller)
    if bool(command.member) == command.workspace:
        raise InvalidRequest("Name one member, or --workspace")
    if command.workspace:
        limits, level, whom = await limits_with_meters(services, caller), Level.WORKSPACE, "This workspace"
    else:
        member = await named_member(services, caller, command.member)
        asked = caller_of(caller.workspace, member)
        limits, level, whom = await limits_with_meters(services, asked), Level.MEMBER, member.name
    if level not in limits:
        raise InvalidRequest("The workspace has no quota of its own yet; /quotas set --workspace makes one")
    limit, _ = limits[level]
    entry = audit_entry(services, caller, "quotas reset", limit.scope)
    given_back = await until_known(
        services, lambda: services.database.transact(reset_meter, limit.meter, audit=entry)
    )
    return PrivateReply(
        title="Quota reset", text=f"{whom}: reset to zero; {show_money(given_back)} was used."
    )


async def pause_or_resume(
    services: Services, command: StudioPause | StudioResume, caller: Caller
) -> PrivateReply:
    """Pause or resume a workspace: no job is accepted or submitted; running jobs end, queued ones stay."""
    require_admin_here(services, caller)
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


async def show_usage(services: Services, command: StudioUsage, caller: Caller) -> PrivateReply:
    """Show what was spent here in a period, by member and model."""
    require_admin_here(services, caller)
    workspace = await find_workspace(services.database, caller.workspace)
    since, _ = bounds(services.clock(), command.period, ZoneInfo(workspace.timezone))
    rows = await usage(services.database, caller.workspace, since=since)
    total = sum(row.spent for row in rows)
    spending = [
        (f"{row.name} · {row.duration_class.partition('/')[2]}", f"{show_money(row.spent)} for {row.jobs}")
        for row in rows
    ]
    return PrivateReply(
        title=f"Spent {command.period.current}: {show_money(total)}",
        text="" if rows else "Nothing yet.",
        fields=(*spending, *await _account_fields(services, caller)),
    )


async def _account_fields(services: Services, caller: Caller) -> list[tuple[str, str]]:
    """The credit of the shared accounts, for operators only."""
    if not is_operator(caller, frozenset(services.settings.operators)):
        return []
    reports = await account_reports(
        services.database, monthly_limit=services.settings.monthly_limit, now=services.clock()
    )
    return [(f"Account {report.account} ({report.provider})", report.credit_line) for report in reports]
