"""What admins have decided: the rules as they are now, and the audit."""

from dataclasses import dataclass

from bot.domain.access import Access
from bot.domain.identity import Caller
from bot.domain.policy.reactions import ReactionRule, reaction_map
from bot.domain.policy.record import Policy
from bot.domain.reports.audit import AuditRecord
from bot.service.admin.audit import days_kept, find_entries
from bot.service.admin.queries.paging import PAGE, Page, page_of, skipped
from bot.services import Services
from bot.store.admin.workspaces import find_workspace


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleSet:
    """The rules of a workspace."""

    policy: Policy
    #: what the set-up allows, before any rule
    access: Access
    #: what every emoji with a meaning does, the defaults among them
    reactions: tuple[ReactionRule, ...]
    #: False: the stored rules are damaged, and nothing is accepted until they are set again
    readable: bool


async def rule_set(services: Services, caller: Caller) -> RuleSet:
    workspace = await find_workspace(services.database, caller.workspace)
    silenced = tuple(rule for rule in workspace.policy.reactions if rule.action is None)
    return RuleSet(
        policy=workspace.policy,
        access=workspace.access,
        reactions=(*reaction_map(workspace.policy.reactions).values(), *silenced),
        readable=workspace.policy_readable,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditPage:
    """A page of the audit."""

    entries: Page[AuditRecord]
    #: for how many days entries are kept
    days: int


async def audit_page(
    services: Services, caller: Caller, *, member: str, action: str, words: str, page: int
) -> AuditPage:
    found = await find_entries(
        services,
        caller,
        member=member,
        action=action,
        words=words,
        count=PAGE + 1,
        skip=skipped(page),
    )
    return AuditPage(entries=page_of(found, page), days=await days_kept(services, caller))
