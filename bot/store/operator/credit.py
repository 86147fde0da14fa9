"""Balances of provider accounts over time, what their jobs cost, and where that differs from our prices."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby, pairwise
from operator import itemgetter

from bot.domain.jobs.job import State
from bot.domain.money.credit import DAY_MS, FORECAST_WINDOW_MS, PriceDeviation, Reading
from bot.store.database.base import Database, Transaction
from bot.store.database.named_sql import load

sql = load("operator/credit")

#: how long readings and price checks are kept
_KEPT_MS = 90 * DAY_MS


@dataclass(frozen=True, slots=True, kw_only=True)
class Activity:
    """What an account has done since a time."""

    in_flight: int
    #: a job was claimed for it
    claimed: bool


async def account_activity(database: Database, account: str, *, since: int) -> Activity:
    running = await database.one(sql.in_flight, account=account)
    claimed = await database.one(sql.any_claimed, account=account, since=since)
    return Activity(in_flight=running["jobs"] if running else 0, claimed=claimed is not None)


async def record_balance(tx: Transaction, account: str, balance: int, *, now: int) -> None:
    """Record a balance if it changed, and compare what was taken with the prices of the jobs in between."""
    last = await tx.one(sql.last_reading, account=account)
    running = await tx.one(sql.in_flight, account=account)
    in_flight = running["jobs"] if running else 0
    if last is not None and (last["balance"], last["in_flight"]) == (balance, in_flight):
        return
    if not in_flight:
        await _compare(tx, account, balance, now=now)
    await tx.run(sql.insert_reading, account=account, now=now, balance=balance, in_flight=in_flight)
    await tx.run(sql.forget_readings, account=account, before=now - _KEPT_MS)
    await tx.run(sql.forget_price_checks, account=account, before=now - _KEPT_MS)


async def _compare(tx: Transaction, account: str, balance: int, *, now: int) -> None:
    """Compare what was taken since nothing was in flight the last time; not after a rise, as by a top-up."""
    before = await tx.fetch(sql.readings_since_idle, account=account)
    balances = [*(row["balance"] for row in before), balance]
    rises = any(later > earlier for earlier, later in pairwise(balances))
    if before and not rises and balance < balances[0]:
        await _check_prices(tx, account, since=before[0]["at"], now=now, actual=balances[0] - balance)


async def _check_prices(tx: Transaction, account: str, *, since: int, now: int, actual: int) -> None:
    """Compare a drop of the balance with the jobs that caused it, if it is certain which these were.

    It is certain only for jobs of one class that were each sent once. Failed generations cost nothing.
    """
    rows = await tx.fetch(sql.sent_between, account=account, since=since, until=now)
    completed = [row for row in rows if row["state"] == State.COMPLETED]
    classes = {row["duration_class"] for row in completed}
    ended = all(row["latest"] and row["state"] in (State.COMPLETED, State.FAILED) for row in rows)
    if len(classes) != 1 or not ended:
        return
    await tx.run(
        sql.insert_price_check,
        account=account,
        now=now,
        duration_class=classes.pop(),
        jobs=len(completed),
        expected=sum(row["price"] for row in completed),
        actual=actual,
    )


async def recent_readings(database: Database, *, now: int) -> dict[str, list[Reading]]:
    """The readings that forecasts are made from, by account; of each account at least the last one."""
    rows = await database.fetch(sql.readings, since=now - FORECAST_WINDOW_MS)
    return {
        account: [Reading(at=row["at"], balance=row["balance"]) for row in found]
        for account, found in groupby(rows, key=itemgetter("account"))
    }


async def account_spending(database: Database, accounts: Iterable[str], *, since: int) -> dict[str, int]:
    """Micro-dollars that each account's jobs cost since a time, including those in flight."""
    items = [{"account": account} for account in accounts]
    rows = await database.fetch(sql.spent, items=items, since=since) if items else ()
    return {row["account"]: row["spent"] for row in rows}


async def price_deviations(database: Database, *, since: int) -> list[PriceDeviation]:
    """Expected and actual cost of all checked jobs since a time, by class."""
    return [
        PriceDeviation(
            duration_class=row["duration_class"],
            jobs=row["jobs"],
            expected=row["expected"],
            actual=row["actual"],
        )
        for row in await database.fetch(sql.price_checks, since=since)
    ]
