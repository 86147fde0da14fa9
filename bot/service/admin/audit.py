"""The admins' use case of the audit. Rights are checked here on every call."""

from zoneinfo import ZoneInfo

from bot.domain.commands import StudioAudit
from bot.domain.identity import Caller
from bot.domain.reports.audit import AuditRecord
from bot.service.admin.rights import audit_entry, require_rights
from bot.service.durable_writes import until_known
from bot.service.replies import PrivateReply
from bot.services import Services
from bot.store.admin.audit import AuditSearch, audit_days, search_audit, set_audit_days
from bot.store.admin.workspaces import find_members, find_workspace

#: entries on a page, which one reply holds on every platform
_PAGE = 8


async def show_audit(services: Services, command: StudioAudit, caller: Caller) -> PrivateReply:
    """Show a page of the workspace's audit, after changing how long it is kept where that is asked for."""
    require_rights(services, caller)
    if command.keep is not None:
        await _keep(services, command.keep, caller)
    found = await find_entries(
        services,
        caller,
        member=command.member,
        action=command.action,
        words=command.words,
        count=_PAGE + 1,
        skip=(command.page - 1) * _PAGE,
    )
    zone = ZoneInfo((await find_workspace(services.database, caller.workspace)).timezone)
    days = await days_kept(services, caller)
    more = f" --page {command.page + 1} shows older ones." if len(found) > _PAGE else ""
    text = f"The newest first, in {zone.key}; kept for {days} days.{more}"
    if not found:
        text = f"No entry matches. Entries are kept for {days} days."
    return PrivateReply(
        title="Audit" if command.page == 1 else f"Audit, page {command.page}",
        text=text,
        fields=tuple((record.heading(zone), record.sentence) for record in found[:_PAGE]),
    )


async def find_entries(
    services: Services, caller: Caller, *, member: str, action: str, words: str, count: int, skip: int
) -> list[AuditRecord]:
    """The newest entries of the caller's workspace; an empty filter leaves nothing out."""
    search = AuditSearch(
        workspace=caller.workspace,
        member=await _member(services, caller, member) if member else "",
        action=action,
        words=words,
    )
    return await search_audit(services.database, search, count=count, skip=skip)


async def days_kept(services: Services, caller: Caller) -> int:
    """For how many days the entries of the caller's workspace are kept."""
    return await audit_days(services.database, caller.workspace) or services.settings.audit_days


async def _member(services: Services, caller: Caller, text: str) -> str:
    """The id of a member; somebody who is not known any more is found by their id."""
    found = await find_members(services.database, caller.workspace, text)
    return found[0].id if found else text.removeprefix("@")


async def _keep(services: Services, days: int, caller: Caller) -> None:
    entry = audit_entry(services, caller, "studio audit keep", caller.workspace)
    await until_known(
        services,
        lambda: services.database.transact(set_audit_days, caller.workspace, days, audit=entry),
    )
