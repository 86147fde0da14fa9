"""Quotas: rules set limits, limits bound meters, reservations change meters.

Every level limits. Within a level the most specific rule sets the number. A meter counts one scope in one
calendar period and unit; `used + reserved` never passes its limit and what was granted.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, tzinfo
from enum import StrEnum
from functools import lru_cache
from zoneinfo import ZoneInfo

from bot.domain.errors import NotEnoughLeft
from bot.domain.generations.media import MediaKind
from bot.domain.money.pricing import show_left, show_money


class Period(StrEnum):
    """A calendar period in a time zone; a week begins on Monday."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"

    @property
    def current(self) -> str:
        """The period that is now, as people say it."""
        return "today" if self is Period.DAY else f"this {self}"


class Unit(StrEnum):
    """What a limit counts: what jobs cost, or the pictures or videos that they make."""

    #: amounts are micro-dollars
    MONEY = "money"
    PICTURES = "pictures"
    VIDEOS = "videos"

    def show(self, amount: int) -> str:
        """An amount, for people."""
        if self is Unit.MONEY:
            return show_money(amount)
        return f"{amount} {self.value.removesuffix('s') if amount == 1 else self}"

    def show_left(self, amount: int) -> str:
        """A remaining amount, for people; never more than there is."""
        return show_left(amount) if self is Unit.MONEY else self.show(max(0, amount))


#: what one picture or video counts as, by what a job makes
_UNITS: Mapping[MediaKind, Unit] = {MediaKind.PICTURE: Unit.PICTURES, MediaKind.VIDEO: Unit.VIDEOS}


class Level(StrEnum):
    """What a rule applies to, from the narrowest to the widest."""

    #: one member in one workspace; set by its admins
    MEMBER = "member"
    #: each holder of a role by themselves: it sets the number of the member's limit; set by admins
    ROLE = "role"
    #: one person everywhere; set by the operator
    PERSON = "person"
    #: everything that is made in one channel; set by admins
    CHANNEL = "channel"
    #: a whole workspace; set by its admins
    WORKSPACE = "workspace"
    #: the budget of a whole workspace; set by the operator, who pays
    CEILING = "ceiling"
    #: several workspaces together, beside the budget of each; set by the operator
    GROUP = "group"
    #: everything that this bot spends; set by the operator
    EVERYTHING = "everything"


#: levels that only the operator may set
OPERATOR_LEVELS = frozenset({Level.PERSON, Level.CEILING, Level.GROUP, Level.EVERYTHING})
#: levels whose limits of different periods hold beside each other; elsewhere the newest rule is the only one
CAP_LEVELS = frozenset({Level.WORKSPACE, Level.EVERYTHING})


#: levels that limit a workspace as a whole, alone or together with others
WHOLE_LEVELS = frozenset({Level.WORKSPACE, Level.CEILING, Level.GROUP})


#: levels that count what one person spends; what the workspace pays passes over them
PERSONAL_LEVELS = frozenset({Level.MEMBER, Level.ROLE, Level.PERSON})


class Settlement(StrEnum):
    """How a reservation was settled."""

    CAPTURED = "captured"
    RELEASED = "released"
    REFUNDED = "refunded"


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowance:
    """An amount per period."""

    #: in its unit
    amount: int
    period: Period
    unit: Unit = Unit.MONEY

    def __str__(self) -> str:
        return f"{self.unit.show(self.amount)} each {self.period}"

    @property
    def generosity(self) -> tuple[int, int]:
        """Compares allowances of one unit: by the amount in 30 days, then by the length of the period."""
        return self.amount * _TIMES_IN_MONTH[self.period], -_TIMES_IN_MONTH[self.period]


#: of 210 days, so that all are whole numbers
_TIMES_IN_MONTH: Mapping[Period, int] = {Period.DAY: 210, Period.WEEK: 30, Period.MONTH: 7}


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """An allowance that somebody set."""

    level: Level
    #: whom it applies to; empty: every member of the workspace
    subject: str
    #: workspace whose admins set it; empty if the operator did
    workspace: str
    allowance: Allowance
    #: name of the subject when the rule was set
    label: str = ""

    @property
    def scope(self) -> str:
        """The scope of the meters that it limits; empty for a rule about several members."""
        if self.level is Level.ROLE or (self.level is Level.MEMBER and not self.subject):
            return ""
        return scope_of(self.level, self.workspace, self.subject)


class Rules:
    """Rules by what they apply to."""

    def __init__(self, rules: Iterable[Rule] = ()) -> None:
        self._found: dict[tuple[str, Level, str], list[Rule]] = defaultdict(list)
        #: the units of each workspace's rules for roles
        self.role_units: dict[str, set[Unit]] = defaultdict(set)
        for rule in rules:
            self._found[rule.workspace, rule.level, rule.subject].append(rule)
            if rule.level is Level.ROLE:
                self.role_units[rule.workspace].add(rule.allowance.unit)

    def of(self, level: Level, subject: str, workspace: str) -> Sequence[Allowance]:
        """The allowances of one subject; an operator's rule belongs to no workspace."""
        owner = "" if level in OPERATOR_LEVELS else workspace
        return [rule.allowance for rule in self._found.get((owner, level, subject), ())]


def show_end(at: int, zone: str) -> str:
    """The end of a period, in milliseconds UTC, as people of a time zone read it."""
    end = datetime.fromtimestamp(at / 1000, ZoneInfo(zone))
    return f"{end:%a %d %b %Y, %H:%M} {end.tzname()}"


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
    #: in its unit
    amount: int
    unit: Unit = Unit.MONEY

    @property
    def resets(self) -> str:
        """When the period ends, for people."""
        return show_end(self.period_end, self.zone)

    @property
    def meter(self) -> str:
        """Id of the meter: one scope in one period."""
        unit = "" if self.unit is Unit.MONEY else f"{self.unit}/"
        return f"{self.scope}/{unit}{self.period}/{self.period_start}"

    @property
    def is_cap(self) -> bool:
        """Whether it is a spending cap of a whole workspace, of a group or of the bot."""
        budget = self.level in (Level.CEILING, Level.GROUP)
        return self.unit is Unit.MONEY and (budget or self.level in CAP_LEVELS)

    def counted(self, price: int, makes: MediaKind) -> int | None:
        """What a job of this price counts here; None where it does not count at all."""
        if self.unit is Unit.MONEY:
            return price
        return 1 if self.unit is _UNITS[makes] else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Meter:
    """What was used and reserved, in the unit of its limit."""

    used: int = 0
    reserved: int = 0
    #: added to the limit for this period
    granted: int = 0

    def left(self, limit: Limit) -> int:
        """What may still be reserved; negative after the limit was lowered."""
        return limit.amount + self.granted - self.used - self.reserved

    def reserve(self, amount: int, limit: Limit) -> "Meter":
        if amount > self.left(limit):
            for_admins = _PERSON_EXHAUSTED if limit.level is Level.PERSON else ""
            raise NotEnoughLeft(_exhausted(self, amount, limit), for_admins=for_admins)
        return Meter(used=self.used, reserved=self.reserved + amount, granted=self.granted)

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
    #: for everything that is spent with the operator's accounts, one of each period at most
    everything: tuple[Allowance, ...] = ()


def limit_of(rule: Rule, *, now: int, zone: str) -> Limit:
    """The limit that a rule with a scope sets now."""
    return limit_on(rule.level, rule.scope, rule.allowance, now=now, zone=zone)


def limit_on(level: Level, scope: str, allowance: Allowance, *, now: int, zone: str) -> Limit:
    """The limit of an allowance now; `zone` is the workspace's, the operator's periods are counted in UTC."""
    counted_in = "UTC" if level in OPERATOR_LEVELS else zone
    start, end = bounds(now, allowance.period, ZoneInfo(counted_in))
    return Limit(
        level=level,
        scope=scope,
        period=allowance.period,
        period_start=start,
        period_end=end,
        zone=counted_in,
        amount=allowance.amount,
        unit=allowance.unit,
    )


def scope_of(level: Level, workspace: str, subject: str) -> str:
    """The scope of a limit's meters; ids of members and persons are unique by themselves."""
    return f"{level}:{workspace}/{subject}" if level is Level.CHANNEL else f"{level}:{subject}"


def personal_scopes(person: str, members: Iterable[str]) -> list[str]:
    """The scopes of the meters that count one person: everywhere, and as each of their members."""
    levels = ((Level.PERSON, person), *((Level.MEMBER, member) for member in members))
    return [scope_of(level, "", subject) for level, subject in levels]


def _nothing_given(limit: Limit) -> str:
    """What to say where a limit allows nothing at all; empty where that is said like any other amount."""
    match limit.level:
        case Level.CEILING:
            return "This workspace has no budget yet. Ask the operator of the bot for a budget."
        case Level.WORKSPACE if limit.unit is Unit.MONEY:
            return "This workspace has no budget yet. Ask an admin to choose one with /studio setup."
        case Level.MEMBER:
            what = "" if limit.unit is Unit.MONEY else f" for {limit.unit}"
            return f"You have no quota{what} here. Ask an admin to give you one with /quotas set."
        case _:
            return ""


#: the amounts are what the person and their linked accounts have spent anywhere
_PERSON_EXHAUSTED = "Too little is left of the limit that the operator has set for this person"


def _exhausted(meter: Meter, amount: int, limit: Limit) -> str:
    if limit.amount + meter.granted == 0 and (refusal := _nothing_given(limit)):
        return refusal
    show = limit.unit.show
    left, most = limit.unit.show_left(meter.left(limit)), show(limit.amount + meter.granted)
    period = limit.period.current
    by_admin = "or an admin can raise it with /quotas set."
    match limit.level:
        case Level.CEILING | Level.EVERYTHING:
            has, remedy = f"the budget that the operator gave has {left} left", ""
        case Level.GROUP:
            has, remedy = f"the budget that this workspace shares with others has {left} left", ""
        case Level.WORKSPACE:
            has = f"this workspace has {left} of its {most} left for {period}"
            remedy = f"{by_admin} Queued jobs keep their place."
        case Level.CHANNEL:
            has, remedy = f"this channel has {left} of its {most} left for {period}", by_admin
        case Level.PERSON:
            has = f"you have {left} of {most} left everywhere for {period}"
            remedy = "or the operator of the bot can raise it."
        case Level.MEMBER | Level.ROLE:
            has, remedy = f"you have {left} of {most} left for {period}", by_admin
    until = f"It resets {limit.resets}"
    return f"This needs {show(amount)}, but {has}. {f'{until}, {remedy}' if remedy else f'{until}.'}"
