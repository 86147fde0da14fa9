"""What is known about the providers' accounts: state, credit with a forecast, spending, true prices."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC

from bot.domain.conditions import Condition, ConditionKind
from bot.domain.credit import DAY_MS, PriceDeviation, days_left, spent_per_day
from bot.domain.pricing import show_left, show_money
from bot.domain.quota import Period, bounds
from bot.services import Services
from bot.store.accounts import AccountState, list_accounts, list_workspace_accounts
from bot.store.credit import account_spending, price_deviations, recent_readings
from bot.store.database.base import Database

#: prices are compared over this time
_PRICES_MS = 30 * DAY_MS
#: a credit that ends sooner is told, and the part of the month's limit from which that is told
_SOON_DAYS, _NEAR_PERCENT = 7, 80


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountReport:
    """One account; amounts are micro-dollars."""

    account: str
    provider: str
    #: the workspace whose own key opens it; None: it is the operator's
    workspace: str | None
    state: AccountState
    #: why it is stopped
    reason: str
    in_flight: int
    #: None: the provider does not tell
    credit: int | None
    #: when the credit was read, in milliseconds UTC
    credit_at: int | None
    #: spent per day lately; None: unknown
    per_day: int | None
    days_left: float | None
    spent_this_month: int
    #: None: no limit
    monthly_limit: int | None

    @property
    def forecast(self) -> str:
        """When the credit ends at the present pace; empty if that is unknown."""
        if self.days_left is None:
            return ""
        if self.days_left < 1:
            return "empty within a day at this pace"
        return f"empty in about {round(self.days_left)} days at this pace"

    @property
    def credit_line(self) -> str:
        """The credit and its forecast in words."""
        if self.credit is None:
            return "credit unknown"
        return ", ".join(filter(None, (f"{show_left(self.credit)} left", self.forecast)))


async def account_reports(
    database: Database, *, monthly_limit: int | None, now: int, of_workspaces: bool = False
) -> list[AccountReport]:
    """The operator's accounts that are not retired or still have jobs in flight.

    With `of_workspaces` those of workspaces' own keys follow.
    """
    readings = await recent_readings(database, now=now)
    since, _ = bounds(now, Period.MONTH, UTC)
    reports = []
    rows = await list_accounts(database)
    if of_workspaces:
        rows += await list_workspace_accounts(database)
    spent = await account_spending(database, (row.id for row in rows), since=since)
    for row in rows:
        if row.state is AccountState.RETIRED and not row.in_flight:
            continue
        found = readings.get(row.id, [])
        last = found[-1] if found else None
        per_day = spent_per_day(found, now)
        reports.append(
            AccountReport(
                account=row.id,
                provider=row.provider,
                workspace=row.workspace,
                state=row.state,
                reason=row.reason,
                in_flight=row.in_flight,
                credit=last.balance if last else None,
                credit_at=last.at if last else None,
                per_day=per_day,
                days_left=days_left(last.balance, per_day) if last else None,
                spent_this_month=spent[row.id],
                monthly_limit=monthly_limit if row.workspace is None else None,
            )
        )
    return reports


async def wrong_prices(database: Database, *, now: int) -> list[PriceDeviation]:
    """The classes of jobs for which the provider lately took another price than ours."""
    checked = await price_deviations(database, since=now - _PRICES_MS)
    return [deviation for deviation in checked if deviation.matters]


async def money_warnings(services: Services) -> list[str]:
    """What the operator should know about credit, limits and prices, each with its remedy."""
    conditions = await balance_conditions(services)
    wrong = await wrong_prices(services.database, now=services.clock())
    return [*map(str, conditions), *_price_warnings(wrong)]


async def balance_conditions(services: Services) -> list[Condition]:
    """The operator's accounts whose credit or monthly limit is nearly spent."""
    reports = await account_reports(
        services.database, monthly_limit=services.settings.monthly_limit, now=services.clock()
    )
    return list(_balance_conditions(reports))


def _balance_conditions(reports: Sequence[AccountReport]) -> Iterator[Condition]:
    for report in reports:
        if report.days_left is not None and report.days_left < _SOON_DAYS:
            yield Condition(
                kind=ConditionKind.BALANCE_LOW,
                subject=report.account,
                text=f"Account {report.account} of {report.provider}: {report.credit_line}.",
                remedy="Add credit.",
            )
        limit = report.monthly_limit
        if limit and report.spent_this_month * 100 >= limit * _NEAR_PERCENT:
            yield Condition(
                kind=ConditionKind.BALANCE_LOW,
                subject=f"{report.account}/month",
                text=f"Account {report.account} of {report.provider} has spent "
                f"{show_money(report.spent_this_month)} of its {show_money(limit)} for this month.",
                remedy="At the limit it stops until the month ends; REVERIE_ACCOUNT_MONTHLY_LIMIT sets it.",
            )


def _price_warnings(wrong: Sequence[PriceDeviation]) -> Iterator[str]:
    for one in wrong:
        yield (
            f"{one.jobs} jobs of {one.duration_class} cost {show_money(one.actual)}, and "
            f"{show_money(one.expected)} was charged for them. Correct the rates in REVERIE_RATES_FILE."
        )
