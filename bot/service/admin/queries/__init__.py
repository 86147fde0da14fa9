"""What the admins' pages show, as data. They change nothing; changes are made by the admins' commands.

Rights are checked here on every call.
"""

from collections.abc import Sequence

from bot.domain.identity import Caller
from bot.service.admin.queries.decisions import AuditPage, RuleSet, audit_page, rule_set
from bot.service.admin.queries.keys import Keys, keys
from bot.service.admin.queries.members import MemberLine, members
from bot.service.admin.queries.paging import Page
from bot.service.admin.queries.queue import QueuedJob, QueueGroup, ReportedJob, queue, reports
from bot.service.admin.queries.spending import Allowances, Overview, allowances, overview
from bot.service.admin.rights import is_admin_here, require_rights
from bot.services import Services

__all__ = [
    "AdminQueries",
    "Allowances",
    "AuditPage",
    "Keys",
    "MemberLine",
    "Overview",
    "Page",
    "QueueGroup",
    "QueuedJob",
    "ReportedJob",
    "RuleSet",
]


class AdminQueries:
    """Each raises NotAllowed for a caller who is no admin of their workspace. Pages count from 1."""

    def __init__(self, services: Services) -> None:
        self._services = services

    def allows(self, caller: Caller) -> bool:
        """Whether the caller may see the pages."""
        return is_admin_here(self._services, caller)

    def require(self, caller: Caller) -> None:
        """Refuse a caller who may not see the pages."""
        require_rights(self._services, caller)

    async def overview(self, caller: Caller) -> Overview:
        """Whether the workspace is paused, what it spent, what waits and runs, and how it is set up."""
        return await overview(self._allowed(caller), caller)

    async def members(
        self, caller: Caller, *, words: str, page: int, others: Sequence[Caller] = ()
    ) -> Page[MemberLine]:
        """The members whose name contains the words.

        Of `others`, whom the platform knows, those come first who have not used the bot yet.
        """
        return await members(self._allowed(caller), caller, words=words, page=page, others=others)

    async def allowances(self, caller: Caller, *, page: int) -> Allowances:
        """All quota rules, caps, the pace and the time zone."""
        return await allowances(self._allowed(caller), caller, page=page)

    async def rules(self, caller: Caller) -> RuleSet:
        """What the admins have decided about new jobs, and what every reaction does."""
        return await rule_set(self._allowed(caller), caller)

    async def audit(self, caller: Caller, *, member: str, action: str, words: str, page: int) -> AuditPage:
        """Who decided what, and who was refused what; empty filters leave nothing out."""
        services = self._allowed(caller)
        return await audit_page(services, caller, member=member, action=action, words=words, page=page)

    async def keys(self, caller: Caller) -> Keys:
        """The workspace's own key and the state of its account; of the shared accounts for operators only."""
        return await keys(self._allowed(caller), caller)

    async def queue(self, caller: Caller, group: QueueGroup | None, *, page: int) -> Page[QueuedJob]:
        """The jobs that have not ended, those that wait for a decision first."""
        return await queue(self._allowed(caller), caller, group, page=page)

    async def reports(self, caller: Caller, *, page: int) -> Page[ReportedJob]:
        """What members have reported, the newest first."""
        return await reports(self._allowed(caller), caller, page=page)

    def _allowed(self, caller: Caller) -> Services:
        self.require(caller)
        return self._services
