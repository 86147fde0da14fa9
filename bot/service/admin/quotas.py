"""The admins' use cases about quotas: rules, grants, pace. Rights are checked here on every call."""

from collections.abc import Iterable
from dataclasses import dataclass

from bot.domain.access import Pace
from bot.domain.commands import (
    QuotasGrant,
    QuotasPace,
    QuotasRemove,
    QuotasReset,
    QuotasSet,
    QuotasShow,
)
from bot.domain.errors import InvalidRequest
from bot.domain.identity import Caller, Named
from bot.domain.money.quota import WHOLE_LEVELS, Allowance, Level, Limit, Period, Rule
from bot.service.admin.rights import audit_entry, caller_of, named_member, require_rights, store_rule
from bot.service.durable_writes import until_known
from bot.service.queries.member_queries import describe_limit, describe_limits, limits_with_meters
from bot.service.replies import PrivateReply
from bot.services import ALL_JOBS, Services, Topic
from bot.store.admin.workspaces import find_workspace, set_pace
from bot.store.quotas.limits import (
    grant,
    of_level,
    remove_rules,
    reset_meter,
    workspace_rules,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Target:
    """Whom a rule applies to."""

    level: Level
    subject: str
    label: str = ""
    #: as a reply names them
    whom: str

    def rule(self, caller: Caller, allowance: Allowance) -> Rule:
        return Rule(
            level=self.level,
            subject=self.subject,
            workspace=caller.workspace,
            allowance=allowance,
            label=self.label,
        )


async def _target(services: Services, command: QuotasSet | QuotasRemove, caller: Caller) -> _Target:
    if command.workspace:
        return _Target(level=Level.WORKSPACE, subject=caller.workspace, whom="The workspace together")
    if command.role is not None:
        return _subject(Level.ROLE, command.role, "Each holder of {}")
    if command.channel is not None:
        return _subject(Level.CHANNEL, command.channel, "Everybody in {} together")
    if command.member:
        member = await named_member(services, caller, command.member)
        return _Target(level=Level.MEMBER, subject=member.id, label=member.name, whom=member.name)
    return _Target(
        level=Level.MEMBER, subject="", whom="Every member of this workspace, each for themselves,"
    )


def _subject(level: Level, named: Named, whom: str) -> _Target:
    return _Target(level=level, subject=named.id, label=named.name, whom=whom.format(named.name))


async def set_quota(services: Services, command: QuotasSet, caller: Caller) -> PrivateReply:
    """Set the allowance of one member, a role, a channel, every member, or the workspace as a whole."""
    require_rights(services, caller)
    target = await _target(services, command, caller)
    allowance = Allowance(amount=command.counted, period=command.period, unit=command.unit)
    rule = target.rule(caller, allowance)
    entry = audit_entry(services, caller, command.name, f"{target.level}:{target.subject}")
    replaced = await until_known(services, lambda: store_rule(services, rule, entry))
    # A cap that was raised lets queued jobs go on.
    services.wake(*ALL_JOBS, Topic.CARDS)
    before = _listed(one.allowance for one in replaced if one.allowance != allowance)
    return PrivateReply(
        title="Quota set",
        text=f"{target.whom} may use {allowance}, from now."
        + (f" This replaces {before}." if before else ""),
    )


def _listed(allowances: Iterable[Allowance]) -> str:
    return " and ".join(map(str, allowances))


async def remove_quota(services: Services, command: QuotasRemove, caller: Caller) -> PrivateReply:
    """Remove a rule, so that the next wider one applies."""
    require_rights(services, caller)
    target = await _target(services, command, caller)
    subject = target.rule(caller, Allowance(amount=0, period=Period.DAY, unit=command.unit))
    entry = audit_entry(services, caller, command.name, f"{target.level}:{target.subject}")
    removed = await until_known(
        services,
        lambda: services.database.transact(
            remove_rules, subject, period=command.period, default=None, audit=entry
        ),
    )
    if not removed:
        raise InvalidRequest(
            f"There is no quota in {command.unit} to remove for this; /quotas show lists all rules"
        )
    services.wake(*ALL_JOBS, Topic.CARDS)
    return PrivateReply(
        title="Quota removed", text=f"{target.whom}: {_listed(one.allowance for one in removed)} is removed."
    )


async def grant_quota(services: Services, command: QuotasGrant, caller: Caller) -> PrivateReply:
    """Give a member an extra amount for the current period of their quota."""
    require_rights(services, caller)
    member = await named_member(services, caller, command.member)
    found = of_level(
        await limits_with_meters(services, caller_of(caller.workspace, member)), Level.MEMBER, command.unit
    )
    if not found:
        raise InvalidRequest(f"{member.name} has no limit in {command.unit}, so there is nothing to add to")
    limit, _ = found[0]
    entry = audit_entry(services, caller, command.name, limit.scope)
    identifier = services.new_id()
    meter = await until_known(
        services,
        lambda: services.database.transact(
            grant, identifier, limit, command.counted, reason=command.reason.strip(), audit=entry
        ),
    )
    return PrivateReply(
        title="Granted",
        text=f"{member.name} gets {limit.unit.show(command.counted)} extra for {limit.period.current}: "
        f"{command.reason.strip()}",
        fields=tuple(describe_limit(limit, meter, name=member.name)),
    )


async def set_member_pace(services: Services, command: QuotasPace, caller: Caller) -> PrivateReply:
    """Limit how fast each member may ask for jobs, or show the limits."""
    require_rights(services, caller)
    if command.cooldown is not None or command.running is not None:
        cooldown_ms = None if command.cooldown is None else command.cooldown * 1000
        entry = audit_entry(services, caller, command.name, caller.workspace)
        await until_known(
            services,
            lambda: services.database.transact(
                set_pace, caller.workspace, cooldown_ms=cooldown_ms, max_open=command.running, audit=entry
            ),
        )
    workspace = await find_workspace(services.database, caller.workspace)
    return PrivateReply(title="Pace of each member", fields=tuple(_pace_fields(workspace.pace)))


def _pace_fields(pace: Pace) -> list[tuple[str, str]]:
    cooldown = f"{pace.cooldown_ms // 1000} s between two commands" if pace.cooldown_ms else "none"
    return [
        ("Cool-down of each member", cooldown),
        ("Unfinished jobs of each member", f"{pace.max_open} at once" if pace.max_open else "no limit here"),
    ]


async def show_quotas(services: Services, command: QuotasShow, caller: Caller) -> PrivateReply:
    """Show a member's limits, or the workspace's own and all of its rules."""
    require_rights(services, caller)
    if command.member:
        member = await named_member(services, caller, command.member)
        counted = await limits_with_meters(services, caller_of(caller.workspace, member))
        # The operator's limit for a person counts what they and their linked accounts spend elsewhere.
        fields = [
            line
            for limit, meter in counted
            if limit.level is not Level.PERSON
            for line in describe_limit(
                limit, meter, name=member.name if limit.level is Level.MEMBER else None
            )
        ]
        return PrivateReply(title=f"Quota of {member.name}", fields=tuple(fields))
    workspace = await find_workspace(services.database, caller.workspace)
    whole = [one for one in await limits_with_meters(services, caller) if one[0].level in WHOLE_LEVELS]
    fields = await describe_limits(services, whole, workspace)
    fields.append(("Every member, unless a rule says otherwise", str(services.settings.defaults.member)))
    for rule in await workspace_rules(services.database, caller.workspace):
        fields.append((f"Rule: {_name(rule, caller.workspace)}", str(rule.allowance)))
    if workspace.pace != Pace():
        fields += _pace_fields(workspace.pace)
    return PrivateReply(title="Quotas of this workspace", fields=tuple(fields))


def _name(rule: Rule, workspace: str) -> str:
    name = rule.label or rule.subject.removeprefix(f"{workspace}:")
    match rule.level:
        case Level.WORKSPACE:
            return "The workspace together"
        case Level.ROLE:
            return f"Each holder of {name}"
        case Level.CHANNEL:
            return f"Everybody in {name} together"
        case _:
            return name or "Every member"


async def reset_quota(services: Services, command: QuotasReset, caller: Caller) -> PrivateReply:
    """Set what was used in this period back to zero; reserved money stays reserved."""
    require_rights(services, caller)
    if bool(command.member) == command.workspace:
        raise InvalidRequest("Name one member, or --workspace")
    asked, level, whom = caller, Level.WORKSPACE, "This workspace"
    if command.member:
        member = await named_member(services, caller, command.member)
        asked, level, whom = caller_of(caller.workspace, member), Level.MEMBER, member.name
    found = of_level(await limits_with_meters(services, asked), level, command.unit)
    if not found:
        raise InvalidRequest(
            f"There is no limit in {command.unit} to reset yet; /quotas set makes one"
            if command.member
            else "The workspace has no quota of its own yet; /quotas set --workspace makes one"
        )
    given_back = [limit.unit.show(await _reset(services, command, caller, limit)) for limit, _ in found]
    services.wake(*ALL_JOBS, Topic.CARDS)
    return PrivateReply(
        title="Quota reset", text=f"{whom}: reset to zero; {' and '.join(given_back)} was used."
    )


async def _reset(services: Services, command: QuotasReset, caller: Caller, limit: Limit) -> int:
    entry = audit_entry(services, caller, command.name, limit.scope)
    return await until_known(
        services, lambda: services.database.transact(reset_meter, limit.meter, audit=entry)
    )
