"""Spending caps: when admins are warned, when a workspace pauses, and what a week costs at most."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from bot.domain.money.pricing import show_money
from bot.domain.money.quota import Level, Limit, Period

#: percent of a cap at which admins are warned
WARN_PERCENT = 80
#: how many of a period are in a week; a month's budget may be spent in one
_IN_WEEK = {Period.DAY: 7, Period.WEEK: 1, Period.MONTH: 1}
_OWNERS = {
    Level.WORKSPACE: "the cap of this workspace",
    Level.CEILING: "the budget that the operator gave this workspace",
    Level.GROUP: "the budget that this workspace shares with others",
    Level.EVERYTHING: "the budget of the whole bot",
}


class CapState(StrEnum):
    OPEN = "open"
    #: admins are warned
    NEAR = "near"
    #: no new job fits
    REACHED = "reached"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cap:
    """The current meter of a spending cap; amounts are micro-dollars."""

    meter: str
    level: Level
    #: the workspace or the group; empty for everything
    subject: str
    period: Period
    period_end: int
    #: with what was granted
    amount: int
    used: int
    reserved: int

    def state(self, cheapest: int) -> CapState:
        """How much is left, for jobs that cost at least `cheapest`."""
        spoken_for = self.used + self.reserved
        if self.amount - spoken_for < max(cheapest, 1):
            return CapState.REACHED
        near = spoken_for * 100 >= self.amount * WARN_PERCENT
        return CapState.NEAR if near else CapState.OPEN

    @property
    def is_paused(self) -> bool:
        """Whether queued jobs wait: everything is spent, not only reserved."""
        return self.used >= self.amount

    def describe(self, resets: str) -> str:
        """What was spent of which cap, and when it resets."""
        return (
            f"{show_money(self.used)} used and {show_money(self.reserved)} reserved of "
            f"{show_money(self.amount)}, {_OWNERS[self.level]} for {self.period.current}. It resets {resets}"
        )


def near_notice(cap: Cap, resets: str) -> str:
    """The warning for admins."""
    return f"⚠️ More than {WARN_PERCENT} % of the budget: {cap.describe(resets)}."


def reached_notice(cap: Cap, resets: str) -> str:
    """What admins are told once no new job fits."""
    return (
        f"⛔ The budget is reached: {cap.describe(resets)}. New jobs are refused until then, or until "
        f"{_raised_by(cap)}. Queued jobs keep their place."
    )


def paused_notice(cap: Cap, resets: str) -> str:
    """What a conversation with queued jobs is told, and what a page shows."""
    return (
        f"Paused: {_OWNERS[cap.level]} for {cap.period.current} is used up. Queued jobs keep their place and "
        f"continue by themselves: {resets}, or when {_raised_by(cap)}."
    )


def _raised_by(cap: Cap) -> str:
    return "an admin raises it" if cap.level is Level.WORKSPACE else "the operator raises it"


def week_at_most(limits: Iterable[Limit]) -> int:
    """Micro-dollars that a workspace can spend in a week at most; its limits hold one cap at least."""
    return min(limit.amount * _IN_WEEK[limit.period] for limit in limits if limit.is_cap)
