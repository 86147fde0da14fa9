"""What every use case of admins needs: rights, entries of the audit, and members by their name."""

from bot.domain.access import is_operator, require_admin
from bot.domain.errors import InvalidRequest, StoreError
from bot.domain.identity import Caller
from bot.domain.money.quota import Level, Rule, limit_of
from bot.services import Services, log
from bot.store.admin.workspaces import (
    AuditEntry,
    MemberName,
    find_members,
    find_workspace,
    remember_member,
)
from bot.store.quotas.limits import set_rule, set_workspace_cap


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
