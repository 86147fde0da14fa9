"""The members of a workspace with what each of them has spent and may still spend."""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.domain.access import blocked_by_admins
from bot.domain.identity import Caller
from bot.domain.money.quota import Level, Limit, Meter
from bot.service.admin.queries.paging import PAGE, Page, page_of, skipped
from bot.service.admin.rights import caller_of
from bot.services import Services
from bot.store.admin.workspaces import (
    blocked_subjects,
    find_workspace,
    list_members,
    unknown_members,
)
from bot.store.quotas.limits import rules_for, usage_of_each


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberLine:
    """One member."""

    id: str
    name: str
    #: their own limits with what was counted, one for each unit
    limits: tuple[tuple[Limit, Meter], ...]
    #: a rule names them
    has_own_rule: bool
    #: the workspace's admins have blocked them; the operator has
    blocked: bool
    blocked_by_operator: bool


async def members(
    services: Services, caller: Caller, *, words: str, page: int, others: Sequence[Caller]
) -> Page[MemberLine]:
    database, now = services.database, services.clock()
    words, start = words.strip(), skipped(page)
    unknown = [one for one in await unknown_members(database, others) if words.lower() in one.name.lower()]
    callers = unknown[start : start + PAGE + 1]
    found = await list_members(
        database,
        caller.workspace,
        words,
        count=PAGE + 1 - len(callers),
        skip=max(0, start - len(unknown)),
    )
    callers += [caller_of(caller.workspace, member) for member in found]
    workspace = await find_workspace(database, caller.workspace)
    counted = await usage_of_each(database, workspace, callers, services.settings.defaults, now=now)
    named = {rule.subject for rule in await rules_for(database, callers) if rule.level is Level.MEMBER}
    blocked = await blocked_subjects(
        database,
        (subject for one in callers for subject in (*_operators(one), blocked_by_admins(one.member))),
    )
    lines = [
        MemberLine(
            id=one.member,
            name=one.name,
            limits=tuple((limit, meter) for limit, meter in its if limit.level is Level.MEMBER),
            has_own_rule=one.member in named,
            blocked=blocked_by_admins(one.member) in blocked,
            blocked_by_operator=bool(blocked.intersection(_operators(one))),
        )
        for one, its in zip(callers, counted, strict=True)
    ]
    return page_of(lines, page)


def _operators(member: Caller) -> tuple[str, str]:
    """What the operator blocks a member by."""
    return member.member, member.person
