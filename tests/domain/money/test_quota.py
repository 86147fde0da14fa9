"""Meters, periods and the choice of limits."""

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.errors import QuotaExhausted
from bot.domain.money.limits import limits_for
from bot.domain.money.quota import (
    OPERATOR_LEVELS,
    SETTLEMENTS,
    Allowance,
    Defaults,
    Level,
    Limit,
    Meter,
    Period,
    Rule,
    Rules,
    Settlement,
    bounds,
)
from tests.domain.people import NOW, caller

_HOUR = 3_600_000
#: among them: half-hour changes, changes at midnight, and midnights that come twice
_ZONES = [
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "America/Havana",
    "America/Santiago",
    "America/Scoresbysund",
    "Atlantic/Azores",
    "Africa/Cairo",
    "Africa/Casablanca",
    "Asia/Beirut",
    "Asia/Kathmandu",
    "Australia/Lord_Howe",
    "Pacific/Apia",
    "Pacific/Kiritimati",
]
_MOMENTS = st.datetimes(datetime(2020, 1, 1), datetime(2036, 1, 1)).map(  # noqa: DTZ001 - made UTC here
    lambda moment: int(moment.replace(tzinfo=UTC).timestamp() * 1000)
)
_DEFAULTS = Defaults(
    member=Allowance(amount=1, period=Period.DAY), ceiling=Allowance(amount=2, period=Period.MONTH)
)


def _limit(amount: int, level: Level = Level.MEMBER) -> Limit:
    return Limit(
        level=level,
        scope=f"{level}:x",
        period=Period.DAY,
        period_start=NOW,
        period_end=NOW + 24 * _HOUR,
        zone="UTC",
        amount=amount,
    )


def _rule(level: Level, subject: str, amount: int, *, workspace: str = "") -> Rule:
    allowance = Allowance(amount=amount, period=Period.DAY)
    return Rule(level=level, subject=subject, workspace=workspace, allowance=allowance)


@given(st.integers(0, 100), st.lists(st.tuples(st.integers(0, 40), st.integers(0, 50)), max_size=60))
def test_a_meter_never_passes_its_limit_and_loses_nothing(amount: int, steps: list[tuple[int, int]]) -> None:
    """What was reserved is captured, released or still open, whatever happens in whatever order."""
    limit, meter = _limit(amount), Meter()
    reservations: list[tuple[int, Settlement | None]] = []
    for cost, choice in steps:
        movable = [at for at, (_, settled) in enumerate(reservations) if SETTLEMENTS[settled]]
        if choice % 2 and movable:
            at = movable[choice % len(movable)]
            reserved, settled = reservations[at]
            settlement = sorted(SETTLEMENTS[settled])[choice // 2 % len(SETTLEMENTS[settled])]
            meter = meter.settle(reserved, settlement)
            reservations[at] = (reserved, settlement)
        else:
            try:
                meter = meter.reserve(cost, limit)
            except QuotaExhausted:
                assert meter.used + meter.reserved + cost > amount
                continue
            reservations.append((cost, None))
        sums: Counter[Settlement | None] = Counter()
        for reserved, settled in reservations:
            sums[settled] += reserved
        assert Meter(used=sums[Settlement.CAPTURED], reserved=sums[None]) == meter
        assert 0 <= meter.used + meter.reserved <= amount


def test_a_refund_follows_a_capture_once_and_nothing_follows_it() -> None:
    assert frozenset({Settlement.CAPTURED, Settlement.RELEASED}) == SETTLEMENTS[None]
    assert frozenset({Settlement.REFUNDED}) == SETTLEMENTS[Settlement.CAPTURED]
    assert not SETTLEMENTS[Settlement.RELEASED] | SETTLEMENTS[Settlement.REFUNDED]


@given(_MOMENTS, st.sampled_from(Period), st.sampled_from(_ZONES))
def test_periods_hold_their_moments_and_adjoin(now: int, period: Period, name: str) -> None:
    zone = ZoneInfo(name)
    start, end = bounds(now, period, zone)
    assert start <= now < end
    assert (start, end) == bounds(start, period, zone) == bounds(end - 1, period, zone)
    assert end == bounds(end, period, zone)[0]
    assert start == bounds(start - 1, period, zone)[1]


@given(_MOMENTS, st.sampled_from(_ZONES))
def test_weeks_begin_on_monday_and_months_on_the_first(now: int, name: str) -> None:
    zone = ZoneInfo(name)
    week = datetime.fromtimestamp(bounds(now, Period.WEEK, zone)[0] / 1000, zone)
    month = datetime.fromtimestamp(bounds(now, Period.MONTH, zone)[0] / 1000, zone)
    assert week.weekday() == 0
    assert month.day == 1


@pytest.mark.parametrize(
    ("moment", "zone", "hours"),
    [
        (datetime(2026, 3, 29, 12, tzinfo=UTC), "Europe/Berlin", 23),
        (datetime(2026, 10, 25, 12, tzinfo=UTC), "Europe/Berlin", 25),
        (datetime(2026, 10, 26, 12, tzinfo=UTC), "Europe/Berlin", 24),
        (datetime(2026, 4, 5, 12, tzinfo=UTC), "Australia/Lord_Howe", 24.5),
        # midnight comes twice: both belong to the same day
        (datetime(2026, 10, 25, 0, 30, tzinfo=UTC), "Atlantic/Azores", 25),
        (datetime(2026, 10, 25, 1, 30, tzinfo=UTC), "Atlantic/Azores", 25),
        # there is no midnight
        (datetime(2026, 4, 24, 12, tzinfo=UTC), "Africa/Cairo", 23),
    ],
)
def test_a_day_on_which_the_clocks_change_is_one_day(moment: datetime, zone: str, hours: float) -> None:
    start, end = bounds(int(moment.timestamp() * 1000), Period.DAY, ZoneInfo(zone))
    assert hours == (end - start) / _HOUR


def test_where_nobody_has_set_a_rule_the_defaults_limit() -> None:
    limits = limits_for(caller(), Rules(), _DEFAULTS, now=NOW, zone="Europe/Berlin")
    assert [Level.MEMBER, Level.CEILING] == [limit.level for limit in limits]
    assert [1, 2] == [limit.amount for limit in limits]
    assert ["member:discord:10:1", "ceiling:discord:10"] == [limit.scope for limit in limits]


@given(st.permutations(range(9)))
def test_the_most_specific_rule_of_a_level_wins_and_every_level_limits(order: list[int]) -> None:
    own = caller()
    rules = [
        _rule(Level.MEMBER, "", 30, workspace=own.workspace),
        _rule(Level.MEMBER, own.member, 31, workspace=own.workspace),
        _rule(Level.MEMBER, "discord:10:2", 32, workspace=own.workspace),
        _rule(Level.MEMBER, "", 33, workspace="discord:99"),
        _rule(Level.WORKSPACE, own.workspace, 34, workspace=own.workspace),
        _rule(Level.PERSON, own.person, 35),
        _rule(Level.PERSON, "discord:2", 36),
        _rule(Level.CEILING, own.workspace, 37),
        _rule(Level.EVERYTHING, "", 38),
    ]
    limits = limits_for(own, Rules(rules[at] for at in order), _DEFAULTS, now=NOW, zone="Asia/Tokyo")
    assert [
        (Level.MEMBER, 31),
        (Level.PERSON, 35),
        (Level.WORKSPACE, 34),
        (Level.CEILING, 37),
        (Level.EVERYTHING, 38),
    ] == [(limit.level, limit.amount) for limit in limits]
    for limit in limits:
        assert ("UTC" if limit.level in OPERATOR_LEVELS else "Asia/Tokyo") == limit.zone
    assert len({limit.meter for limit in limits}) == len(limits)


@pytest.mark.parametrize("named", [False, True], ids=["nobody named them", "an admin named them"])
def test_a_guest_spends_nothing_unless_a_rule_names_them(*, named: bool) -> None:
    """A rule for every member is no permission for people from outside."""
    guest = replace(caller(), is_guest=True)
    rules = [_rule(Level.MEMBER, "", 30, workspace=guest.workspace)]
    if named:
        rules.append(_rule(Level.MEMBER, guest.member, 31, workspace=guest.workspace))
    limits = limits_for(guest, Rules(rules), _DEFAULTS, now=NOW, zone="UTC")
    assert [(Level.MEMBER, 31 if named else 0), (Level.CEILING, 2)] == [
        (limit.level, limit.amount) for limit in limits
    ]


def test_admins_cannot_set_what_is_the_operators() -> None:
    own = caller()
    rules = [
        _rule(Level.CEILING, own.workspace, 999, workspace=own.workspace),
        _rule(Level.MEMBER, own.member, 999),
    ]
    limits = limits_for(own, Rules(rules), _DEFAULTS, now=NOW, zone="UTC")
    assert [1, 2] == [limit.amount for limit in limits]


@pytest.mark.parametrize(
    ("level", "amount", "words"),
    [
        (Level.MEMBER, 20_000, ["$0.05", "$0.02", "today", "resets", "UTC", "admin", "/quotas set"]),
        (Level.MEMBER, 0, ["no quota here", "Ask an admin", "/quotas set"]),
        (Level.PERSON, 20_000, ["everywhere", "operator", "resets"]),
        (Level.WORKSPACE, 20_000, ["this workspace", "resets", "/quotas set"]),
        (Level.CEILING, 20_000, ["operator gave", "resets"]),
        (Level.CEILING, 0, ["no budget yet", "operator"]),
        (Level.EVERYTHING, 20_000, ["operator gave", "resets"]),
    ],
)
def test_a_refusal_tells_what_is_left_and_who_can_help(level: Level, amount: int, words: list[str]) -> None:
    with pytest.raises(QuotaExhausted) as refusal:
        Meter().reserve(50_000, _limit(amount, level))
    assert all(word in str(refusal.value) for word in words), str(refusal.value)


def test_only_who_may_help_is_named() -> None:
    with pytest.raises(QuotaExhausted) as refusal:
        Meter().reserve(2, _limit(1, Level.PERSON))
    assert "/quotas" not in str(refusal.value)
