"""The use cases of usage: what the jobs of a workspace, or of all workspaces, came to.

An admin gets their own workspace, and the operator all of them. Members see their own use with /quota.
"""

from typing import Any

from bot.domain.access import is_operator
from bot.domain.commands import StudioUsage
from bot.domain.errors import InvalidRequest, MediaError
from bot.domain.identity import Caller
from bot.domain.money.quota import Period
from bot.domain.reports.usage import (
    Dimension,
    Fact,
    Format,
    Group,
    Span,
    UsageReport,
    group_days,
    group_values,
    read_span,
    sum_facts,
)
from bot.domain.reports.usage_views import (
    alt_text,
    chart,
    csv_file,
    file_name,
    lines,
    summary,
    usage_record,
)
from bot.service.admin.rights import require_rights
from bot.service.queries.account_reports import account_reports
from bot.service.replies import PrivateReply, ReplyFile
from bot.services import Services, log
from bot.store.admin.workspaces import find_workspace
from bot.store.database.base import Database
from bot.store.quotas.usage import names_of, usage_facts, workspaces_with_jobs

#: lines below a chart, and of a table
_LINES = {Format.CHART: 10, Format.TABLE: 20}
_DAY_MS = 86_400_000


async def workspace_usage(
    database: Database, workspace: str, *, by: Dimension, period: Period, days: int | None, now: int
) -> UsageReport:
    """The report on one workspace, in days of its time zone."""
    zone = (await find_workspace(database, workspace)).timezone
    span = read_span(now, zone, period, days)
    return await _report(database, workspace, span, [(workspace, span)], by)


async def total_usage(
    database: Database, *, by: Dimension, period: Period, days: int | None, now: int
) -> UsageReport:
    """The report on all workspaces, each in days of its own time zone."""
    span = read_span(now, "UTC", period, days)
    # Days begin up to fourteen hours earlier elsewhere.
    known = await workspaces_with_jobs(database, since=span.since - _DAY_MS)
    spans = [(workspace, read_span(now, zone, period, days)) for workspace, zone in known]
    return await _report(database, "", span, spans, by)


async def _report(
    database: Database, workspace: str, span: Span, spans: list[tuple[str, Span]], by: Dimension
) -> UsageReport:
    facts: list[tuple[Span, Fact]] = []
    total: list[Fact] = []
    for one, own in spans:
        found = await usage_facts(database, one, own, by)
        facts += [(own, fact) for fact in found]
        # Members have no waits.
        total += found if by is not Dimension.MEMBER else await usage_facts(database, one, own, Dimension.DAY)
    alone = [fact for _, fact in facts]
    groups: tuple[Group, ...]
    if by is Dimension.DAY:
        groups = group_days(facts, span)
    else:
        groups = group_values(alone, await names_of(database, alone, by), by)
    return UsageReport(workspace=workspace, span=span, by=by, total=sum_facts(total), groups=groups)


async def usage_answer(
    database: Database,
    workspace: str,
    *,
    now: int,
    by: str = Dimension.DAY,
    period: str = Period.MONTH,
    days: int | None = None,
    as_csv: bool = False,
) -> dict[str, Any]:
    """The report on a workspace, or on all where it is empty, as tables or as the text of a CSV file."""
    asked: Any = {"by": Dimension(by), "period": Period(period), "days": days, "now": now}
    if workspace:
        report = await workspace_usage(database, workspace, **asked)
    else:
        report = await total_usage(database, **asked)
    return {"csv": csv_file(report)} if as_csv else dict(usage_record(report))


async def usage_report(services: Services, command: StudioUsage, caller: Caller) -> UsageReport:
    """The report that a command asks for; raises NotAllowed for who is no admin."""
    require_rights(services, caller)
    return await workspace_usage(
        services.database,
        caller.workspace,
        by=command.by,
        period=command.period,
        days=command.days,
        now=services.clock(),
    )


async def usage_chart(services: Services, report: UsageReport, caller: Caller) -> ReplyFile:
    """A report as a picture, with what it shows in words; raises MediaError where it cannot be drawn."""
    content = await services.library.draw_chart(chart(report), member=caller.member)
    return ReplyFile(name=file_name(report, "png"), mime="image/png", content=content, alt=alt_text(report))


def usage_csv(report: UsageReport) -> ReplyFile:
    """A report as CSV with every group."""
    # The mark tells spreadsheets that the names are UTF-8.
    content = csv_file(report).encode("utf-8-sig")
    return ReplyFile(name=file_name(report, "csv"), mime="text/csv", content=content)


async def show_usage(services: Services, command: StudioUsage, caller: Caller) -> PrivateReply:
    """Show what the jobs of a workspace came to in a period."""
    report = await usage_report(services, command, caller)
    if command.post and command.format is Format.CSV:
        raise InvalidRequest("A CSV file is sent to you alone; post a chart or a table instead")
    text, file = summary(report), None
    if command.format is Format.CSV:
        file = usage_csv(report)
    elif command.format is Format.CHART:
        try:
            file = await usage_chart(services, report, caller)
        except MediaError as error:
            log.warning("chart_not_drawn", error=str(error))
            text = f"{text}\nThe chart could not be drawn; here are its figures."
    shown = () if command.format is Format.CSV else lines(report, _LINES[command.format])
    accounts = [] if command.post else await _account_fields(services, caller)
    return PrivateReply(
        title=report.title,
        text=text,
        fields=(*shown, *accounts),
        file=file,
        posted=command.post,
    )


async def _account_fields(services: Services, caller: Caller) -> list[tuple[str, str]]:
    """The credit of the shared accounts, for operators only."""
    if not is_operator(caller, frozenset(services.settings.operators)):
        return []
    reports = await account_reports(
        services.database, monthly_limit=services.settings.monthly_limit, now=services.clock()
    )
    return [(f"Account {report.account} ({report.provider})", report.credit_line) for report in reports]
