"""What is known about the providers' accounts: state, credit with a forecast, spending, true prices."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date

from bot.domain.money.credit import PriceDeviation, compared_since, days_left, spent_per_day
from bot.domain.money.pricing import show_left, show_money
from bot.domain.money.quota import Period, bounds
from bot.domain.reports.alerts import Condition, ConditionKind
from bot.services import Services
from bot.store.database.base import Database
from bot.store.operator.accounts import AccountState, list_accounts, list_workspace_accounts
from bot.store.operator.credit import account_spending, price_deviations, recent_readings

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


async def checked_prices(database: Database, *, dated: date, now: int) -> list[PriceDeviation]:
    """By class of jobs, what the providers lately took and what the rates of this date make of it."""
    return await price_deviations(database, since=compared_since(dated, now))


async def wrong_prices(database: Database, *, dated: date, now: int) -> list[PriceDeviation]:
    """The classes of jobs for which the provider lately took another price than ours."""
    return [one for one in await checked_prices(database, dated=dated, now=now) if one.matters]


async def money_conditions(services: Services) -> list[Condition]:
    """Accounts whose credit or monthly limit is nearly spent, and prices that are not the provider's."""
    now = services.clock()
    reports = await account_reports(services.database, monthly_limit=services.settings.monthly_limit, now=now)
    wrong = await wrong_prices(services.database, dated=services.rates.dated, now=now)
    return [*_balance_conditions(reports), *_price_conditions(wrong)]


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


def _price_conditions(wrong: Sequence[PriceDeviation]) -> Iterator[Condition]:
    for one in wrong:
        yield Condition(
            kind=ConditionKind.PRICE_WRONG,
            subject=one.duration_class,
            text=f"{one.jobs} jobs of {one.duration_class} cost {show_money(one.actual)}, and "
            f"{show_money(one.expected)} was charged for them.",
            remedy="Correct the rates in REVERIE_RATES_FILE, and date it today.",
        )
