"""The credit of provider accounts: how fast it is spent, and whether our prices are the provider's."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from typing import Self

from bot.domain.money.pricing import show_left, show_money

DAY_MS = 86_400_000
#: the readings that a forecast is made from
FORECAST_WINDOW_MS = 7 * DAY_MS
#: a shorter time says nothing about a day
_SHORTEST_MS = DAY_MS // 4
#: prices are compared over this time at most
_COMPARED_MS = 30 * DAY_MS
#: deviations below a part of the expected cost, or below a cent, are rounding
_TOLERATED_PERCENT, _TOLERATED_MICROUSD = 5, 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """The balance that an account had at a time."""

    #: milliseconds UTC
    at: int
    #: micro-dollars
    balance: int


def spent_per_day(readings: Sequence[Reading], now: int) -> int | None:
    """Micro-dollars spent per day over readings in order of time; None if they cover too short a time.

    A balance that rises was topped up, which is no spending.
    """
    if not readings or now - readings[0].at < _SHORTEST_MS:
        return None
    spent = sum(max(0, before.balance - after.balance) for before, after in pairwise(readings))
    return spent * DAY_MS // (now - readings[0].at)


def days_left(balance: int, per_day: int | None) -> float | None:
    """Days until a balance is spent at this pace; None if nothing is known to be spent."""
    return max(0, balance) / per_day if per_day else None


def compared_since(dated: date, now: int) -> int:
    """From when on jobs are compared with rates of this date.

    What was charged up to that day may have been charged by the rates before. A date that is still to come
    says nothing about when the rates were changed.
    """
    after = datetime.combine(dated, time(), UTC) + timedelta(days=1)
    after_ms = round(after.timestamp() * 1000)
    known = after_ms - DAY_MS <= now
    return max(now - _COMPARED_MS, after_ms if known else 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceDeviation:
    """What jobs of one class were expected to cost, and what the provider took for them."""

    duration_class: str
    jobs: int
    #: micro-dollars of all of them
    expected: int
    actual: int

    @property
    def matters(self) -> bool:
        """Whether the operator should correct the rates."""
        difference = abs(self.actual - self.expected)
        return difference > max(self.expected * _TOLERATED_PERCENT // 100, _TOLERATED_MICROUSD)


@dataclass(frozen=True, slots=True, kw_only=True)
class Spendable:
    """What an account may still spend, and what limits it."""

    #: micro-dollars
    amount: int
    #: such as "its credit"
    limit: str

    def less(self, price: int) -> Self:
        return replace(self, amount=self.amount - price)

    def shortage(self, price: int) -> str:
        """Why a job of this price cannot be paid; empty if it can."""
        if price <= self.amount:
            return ""
        return f"{self.limit} is {show_left(self.amount)}, and the next job costs {show_money(price)}"
