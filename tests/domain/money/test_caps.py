"""When a cap warns and pauses, what a week costs at most, and how time zones are named."""

import pytest

from bot.domain.errors import InvalidRequest
from bot.domain.money.caps import Cap, CapState, week_at_most
from bot.domain.money.quota import Allowance, Level, Period, Rule, Unit, limit_of
from bot.domain.workspace.timezones import COMMON, read_timezone, timezones_like
from tests.domain.people import NOW


@pytest.mark.parametrize(
    ("used", "reserved", "state", "is_paused"),
    [
        (0, 79, CapState.OPEN, False),
        (40, 40, CapState.NEAR, False),
        (80, 0, CapState.NEAR, False),
        (90, 0, CapState.NEAR, False),
        (0, 91, CapState.REACHED, False),
        (91, 9, CapState.REACHED, False),
        (100, 0, CapState.REACHED, True),
        (130, 0, CapState.REACHED, True),
    ],
)
def test_a_cap_is_reached_when_the_cheapest_job_does_not_fit(
    used: int, reserved: int, state: CapState, *, is_paused: bool
) -> None:
    cap = Cap(
        meter="m",
        level=Level.WORKSPACE,
        subject="chat:home",
        period=Period.DAY,
        period_end=NOW,
        amount=100,
        used=used,
        reserved=reserved,
    )
    assert (state, is_paused) == (cap.state(10), cap.is_paused)


@pytest.mark.parametrize(
    ("rules", "most"),
    [
        ([(Level.WORKSPACE, 3, Period.DAY, Unit.MONEY)], 21),
        (
            [(Level.WORKSPACE, 30, Period.MONTH, Unit.MONEY), (Level.CEILING, 25, Period.MONTH, Unit.MONEY)],
            25,
        ),
        ([(Level.WORKSPACE, 3, Period.DAY, Unit.MONEY), (Level.WORKSPACE, 10, Period.WEEK, Unit.MONEY)], 10),
        ([(Level.WORKSPACE, 3, Period.DAY, Unit.PICTURES), (Level.CEILING, 9, Period.MONTH, Unit.MONEY)], 9),
    ],
)
def test_a_week_costs_what_the_lowest_cap_allows(
    rules: list[tuple[Level, int, Period, Unit]], most: int
) -> None:
    limits = [
        limit_of(
            Rule(
                level=level,
                subject="chat:home",
                workspace="chat:home",
                allowance=Allowance(amount=amount, period=period, unit=unit),
            ),
            now=NOW,
            zone="UTC",
        )
        for level, amount, period, unit in rules
    ]
    assert most == week_at_most(limits)


def test_time_zones_are_found_by_city_and_read_in_any_spelling() -> None:
    assert COMMON == timezones_like("")
    assert "Europe/Berlin" == timezones_like("berl")[0]
    assert ("America/New_York",) == timezones_like("new york")
    for text in ("europe/berlin", "Berlin", " EUROPE/BERLIN "):
        assert "Europe/Berlin" == read_timezone(text)
    assert set(COMMON) == {read_timezone(zone) for zone in COMMON}
    for text in ("", "Berlln", "../../etc/passwd", "EST5EDT", "x" * 5_000):
        with pytest.raises(InvalidRequest, match="is not a time zone"):
            read_timezone(text)
