"""Quotas: rules set limits, limits bound meters, reservations change meters.

Every level limits. Within a level the most specific rule sets the number. A meter counts one scope in one
calendar period; `used + reserved` never passes its limit.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, tzinfo
from enum import StrEnum
from functools import lru_cache
from zoneinfo import ZoneInfo

from bot.domain.errors import QuotaExhausted
from bot.domain.identity import Caller
from bot.domain.pricing import show_left, show_money


class Period(StrEnum):
    """A calendar period in a time zone; a week begins on Monday."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"

    @property
    def current(self) -> str:
        """The period that is now, as people say it."""
        return "today" if self is Period.DAY else f"this {self}"


class Level(StrEnum):
    """What a rule applies to, from the narrowest to the widest."""

    #: one member in one workspace; set by its admins
    MEMBER = "member"
    #: one person everywhere; set by the operator
    PERSON = "person"
    #: a whole workspace; set by its admins
    WORKSPACE = "workspace"
    #: the budget of a whole workspace; set by the operator, who pays
    CEILING = "ceiling"
    #: everything that this bot spends; set by the operator
    EVERYTHING = "everything"


#: levels that only the operator may set
OPERATOR_LEVELS = frozenset({Level.PERSON, Level.CEILING, Level.EVERYTHING})


#: levels that count what one person spends; what the workspace pays passes over them
PERSONAL_LEVELS = frozenset({Level.MEMBER, Level.PERSON})


class Settlement(StrEnum):
    """How a reservation was settled."""

    CAPTURED = "captured"
    RELEASED = "released"
    REFUNDED = "refunded"


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowance:
    """An amount of money per period."""

    #: micro-dollars
    amount: int
    period: Period


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """An allowance that somebody set."""

    level: Level
    #: whom it applies to; empty: every member of the workspace
    subject: str
    #: workspace whose admins set it; empty if the operator did
    workspace: str
    allowance: Allowance


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """One meter that a job counts on, and its maximum."""

    level: Level
    #: `<level>:<subject>`
    scope: str
    period: Period
    #: milliseconds UTC
    period_start: int
    period_end: int
    #: time zone of the period
    zone: str
    #: micro-dollars
    amount: int

    @property
    def resets(self) -> str:
        """When the period ends, for people."""
        end = datetime.fromtimestamp(self.period_end / 1000, ZoneInfo(self.zone))
        return f"{end:%a %d %b %Y, %H:%M} {end.tzname()}"

    @property
    def meter(self) -> str:
        """Id of the meter: one scope in one period."""
        return f"{self.scope}/{self.period}/{self.period_start}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Meter:
    """What was used and reserved, in micro-dollars."""

    used: int = 0
    reserved: int = 0

    def reserve(self, amount: int, limit: Limit) -> "Meter":
        if self.used + self.reserved + amount > limit.amount:
            raise QuotaExhausted(_exhausted(self, amount, limit))
        return replace(self, reserved=self.reserved + amount)

    def settle(self, amount: int, settlement: Settlement) -> "Meter":
        """Settle an amount that was reserved here or, for a refund, captured here."""
        if settlement is Settlement.REFUNDED:
            return replace(self, used=self.used - amount)
        used = self.used + amount if settlement is Settlement.CAPTURED else self.used
        return replace(self, used=used, reserved=self.reserved - amount)


#: which settlement may follow which; None: an open reservation
SETTLEMENTS: Mapping[Settlement | None, frozenset[Settlement]] = {
    None: frozenset({Settlement.CAPTURED, Settlement.RELEASED}),
    Settlement.CAPTURED: frozenset({Settlement.REFUNDED}),
    Settlement.RELEASED: frozenset(),
    Settlement.REFUNDED: frozenset(),
}


def bounds(now: int, period: Period, zone: tzinfo) -> tuple[int, int]:
    """Start and end of the calendar period around `now`, in milliseconds UTC."""
    return _bounds(now // 1000, period, zone)


# Many commands in one second ask for the same period.
@lru_cache(maxsize=256)
def _bounds(second: int, period: Period, zone: tzinfo) -> tuple[int, int]:
    local = datetime.fromtimestamp(second, zone)
    # Where the clocks go back over midnight, a day begins at the first of its two midnights.
    start = local.replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
    if period is Period.WEEK:
        start -= timedelta(days=start.weekday())
    elif period is Period.MONTH:
        start = start.replace(day=1)
    # Wall-clock arithmetic: across a change of the clocks a day has 23 or 25 hours.
    if period is Period.MONTH:
        end = (start + timedelta(days=32)).replace(day=1)
    else:
        end = start + timedelta(days=7 if period is Period.WEEK else 1)
    return _millis(start), _millis(end)


def _millis(moment: datetime) -> int:
    return round(moment.astimezone(UTC).timestamp() * 1000)


@dataclass(frozen=True, slots=True, kw_only=True)
class Defaults:
    """The allowances where no rule is set."""

    #: for each member of a workspace
    member: Allowance
    #: for each workspace, of the operator's money
    ceiling: Allowance


def limits_for(
    caller: Caller, rules: Iterable[Rule], defaults: Defaults, *, now: int, zone: str, own_key: bool = False
) -> tuple[Limit, ...]:
    """Every limit on what `caller` spends now, the narrowest first.

    `rules` may hold rules about others; member and workspace periods are counted in the workspace's time
    zone, the operator's in UTC. A guest has no allowance of their own but one that names them: a rule for
    every member is made with the workspace's own people in mind. What a workspace pays with its own key is
    outside of the operator's limits.
    """
    member = replace(defaults.member, amount=0) if caller.is_guest else defaults.member
    chosen: dict[Level, Allowance] = {Level.MEMBER: member, Level.CEILING: defaults.ceiling}
    specific = False
    for rule in rules:
        if rule.workspace != ("" if rule.level in OPERATOR_LEVELS else caller.workspace):
            continue
        if rule.level is Level.MEMBER:
            if rule.subject == caller.member:
                chosen[Level.MEMBER], specific = rule.allowance, True
            elif not rule.subject and not specific and not caller.is_guest:
                chosen[Level.MEMBER] = rule.allowance
        elif rule.subject == _subject(rule.level, caller):
            chosen[rule.level] = rule.allowance
    found = []
    for level in Level:
        if own_key and level in OPERATOR_LEVELS:
            continue
        if allowance := chosen.get(level):
            counted_in = "UTC" if level in OPERATOR_LEVELS else zone
            start, end = bounds(now, allowance.period, ZoneInfo(counted_in))
            found.append(
                Limit(
                    level=level,
                    scope=f"{level}:{_subject(level, caller)}",
                    period=allowance.period,
                    period_start=start,
                    period_end=end,
                    zone=counted_in,
                    amount=allowance.amount,
                )
            )
    return tuple(found)


def _subject(level: Level, caller: Caller) -> str:
    match level:
        case Level.MEMBER:
            return caller.member
        case Level.PERSON:
            return caller.person
        case Level.WORKSPACE | Level.CEILING:
            return caller.workspace
        case Level.EVERYTHING:
            return ""


def _exhausted(meter: Meter, amount: int, limit: Limit) -> str:
    left = limit.amount - meter.used - meter.reserved
    needs = f"This needs {show_money(amount)}"
    until = f"It resets {limit.resets}"
    match limit.level:
        case Level.CEILING if limit.amount == 0:
            return "This workspace has no budget yet. Ask the operator of the bot for a budget."
        case Level.CEILING | Level.EVERYTHING:
            return f"{needs}, but the budget that the operator gave has {show_left(left)} left. {until}."
        case Level.WORKSPACE:
            return (
                f"{needs}, but this workspace has {show_left(left)} left for {limit.period.current}. "
                f"{until}, or an admin can raise it with /quotas set."
            )
        case Level.MEMBER if limit.amount == 0:
            return "You have no quota here. Ask an admin to give you one with /quotas set."
        case Level.PERSON:
            return (
                f"{needs}, but you have {show_left(left)} of {show_money(limit.amount)} left everywhere for "
                f"{limit.period.current}. {until}, or the operator of the bot can raise it."
            )
        case Level.MEMBER:
            return (
                f"{needs}, but you have {show_left(left)} of {show_money(limit.amount)} left for "
                f"{limit.period.current}. {until}, or an admin can raise it with /quotas set."
            )
