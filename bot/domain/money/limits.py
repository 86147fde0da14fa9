"""The limits on a caller: which rules apply to what they spend, and where nothing is set the defaults."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from bot.domain.errors import ServiceUnavailable
from bot.domain.identity import Caller
from bot.domain.money.groups import Group
from bot.domain.money.quota import (
    OPERATOR_LEVELS,
    Allowance,
    Defaults,
    Level,
    Limit,
    Meter,
    Period,
    Rules,
    Unit,
    limit_on,
    scope_of,
)

ROLES_UNKNOWN = (
    "Your roles cannot be looked up right now, and what you may spend here depends on them. Nothing was "
    "started and nothing was charged. Try again in a moment."
)


#: of a workspace with its own key whose admins have chosen none
_NO_BUDGET = Allowance(amount=0, period=Period.MONTH)


def limits_for(
    caller: Caller,
    rules: Rules,
    defaults: Defaults,
    *,
    now: int,
    zone: str,
    channel: str = "",
    own_key: bool = False,
    group: Group | None = None,
) -> tuple[Limit, ...]:
    """Every limit on what `caller` spends in a channel now, the narrowest first.

    `rules` may hold rules about others; member, channel and workspace periods are counted in the workspace's
    time zone, the operator's in UTC. A guest has no allowance of their own but one that names them or a role
    of theirs: a rule for every member is made with the workspace's own people in mind. What a workspace pays
    with its own key is outside of the operator's limits, and is nothing before its admins have chosen a
    budget. `group` is the one that the workspace is in. Raises
    ServiceUnavailable where a limit depends on roles that are not known.
    """
    found = []
    chosen = _chosen(caller, rules, defaults, channel=channel, own_key=own_key, group=group)
    for level, subject, allowance in chosen:
        if own_key and level in OPERATOR_LEVELS:
            continue
        found.append(
            limit_on(level, scope_of(level, caller.workspace, subject), allowance, now=now, zone=zone)
        )
    return tuple(found)


def strictest_personal(counted: Iterable[tuple[Limit, Meter]]) -> list[tuple[Limit, Meter]]:
    """Limits as people are shown them: of those of linked persons the one with the least left."""
    found: dict[object, tuple[Limit, Meter]] = {}
    for limit, meter in counted:
        personal = limit.level is Level.PERSON
        key = (limit.level, limit.unit, limit.period) if personal else limit.meter
        before = found.get(key)
        if before is None or meter.left(limit) < before[1].left(before[0]):
            found[key] = (limit, meter)
    return list(found.values())


def group_limit(group: Group, *, now: int) -> Limit:
    """The limit that a group's budget sets now."""
    return limit_on(Level.GROUP, group.scope, group.allowance, now=now, zone="UTC")


def _chosen(
    caller: Caller, rules: Rules, defaults: Defaults, *, channel: str, own_key: bool, group: Group | None
) -> Iterator[tuple[Level, str, Allowance]]:
    """The allowances that apply, with the level and subject of each, the narrowest first."""
    workspace = caller.workspace
    for allowance in _of_member(caller, rules, defaults).values():
        yield Level.MEMBER, caller.member, allowance
    for level, subject in (
        # Linked persons count on the meters of all.
        *((Level.PERSON, person) for person in (caller.person, *sorted(caller.linked))),
        (Level.CHANNEL, channel),
        (Level.WORKSPACE, workspace),
    ):
        for allowance in rules.of(level, subject, workspace):
            yield level, subject, allowance
    if own_key and all(one.unit is not Unit.MONEY for one in rules.of(Level.WORKSPACE, workspace, workspace)):
        yield Level.WORKSPACE, workspace, _NO_BUDGET
    for allowance in rules.of(Level.CEILING, workspace, workspace) or (defaults.ceiling,):
        yield Level.CEILING, workspace, allowance
    if group is not None:
        yield Level.GROUP, group.id, group.allowance
    total = {allowance.period: allowance for allowance in defaults.everything}
    total |= {allowance.period: allowance for allowance in rules.of(Level.EVERYTHING, "", workspace)}
    for allowance in total.values():
        yield Level.EVERYTHING, "", allowance


def _of_member(caller: Caller, rules: Rules, defaults: Defaults) -> Mapping[Unit, Allowance]:
    """The member's own allowance in each unit.

    It is that of the rule that names them, else of their most generous role, else of the rule for every
    member.
    """
    workspace = caller.workspace
    named = {one.unit: one for one in rules.of(Level.MEMBER, caller.member, workspace)}
    everybody = [] if caller.is_guest else rules.of(Level.MEMBER, "", workspace)
    default = replace(defaults.member, amount=0) if caller.is_guest else defaults.member
    chosen = {default.unit: default} | {one.unit: one for one in everybody}
    if caller.roles is None and rules.role_units.get(workspace, set()) - named.keys():
        # Neither the most generous nor the strictest allowance may be assumed.
        raise ServiceUnavailable(ROLES_UNKNOWN)
    by_role: dict[Unit, Allowance] = {}
    for role in caller.roles or ():
        for one in rules.of(Level.ROLE, role, workspace):
            by_role[one.unit] = max(one, by_role.get(one.unit, one), key=lambda it: it.generosity)
    return chosen | by_role | named
