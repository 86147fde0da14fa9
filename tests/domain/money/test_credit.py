"""Forecasts of an account's credit, and deviations of prices."""

from datetime import UTC, date, datetime

import pytest

from bot.domain.money.credit import (
    DAY_MS,
    PriceDeviation,
    Reading,
    Spendable,
    compared_since,
    days_left,
    spent_per_day,
)


def readings(*pairs: tuple[float, int]) -> list[Reading]:
    return [Reading(at=round(day * DAY_MS), balance=balance) for day, balance in pairs]


def test_the_pace_is_what_was_spent_per_day_whatever_was_topped_up() -> None:
    found = readings((0, 1_000), (1, 700), (1.5, 5_000), (2, 4_900))
    assert 100 == spent_per_day(found, 4 * DAY_MS)


def test_a_short_time_gives_no_forecast() -> None:
    assert spent_per_day(readings((0, 1_000), (0.1, 1)), DAY_MS // 5) is None
    assert spent_per_day([], DAY_MS) is None


def test_days_left_follow_from_the_pace() -> None:
    assert 3 == days_left(300, 100)
    assert 0 == days_left(-5, 100)
    assert days_left(300, None) is None
    assert days_left(300, 0) is None


@pytest.mark.parametrize(
    ("expected", "actual", "matters"),
    [
        (1_000_000, 1_040_000, False),
        (1_000_000, 1_060_000, True),
        (1_000_000, 900_000, True),
        (17_000, 24_000, False),
        (17_000, 28_000, True),
    ],
)
def test_a_deviation_matters_above_a_cent_and_five_percent(
    *, expected: int, actual: int, matters: bool
) -> None:
    found = PriceDeviation(duration_class="x", jobs=1, expected=expected, actual=actual)
    assert matters is found.matters


def test_jobs_are_compared_from_the_day_after_the_rates_were_dated() -> None:
    now = round(datetime(2026, 3, 10, 12, tzinfo=UTC).timestamp() * 1000)
    month, next_day = now - 30 * DAY_MS, now + DAY_MS // 2
    assert next_day == compared_since(date(2026, 3, 10), now)
    assert next_day - 3 * DAY_MS == compared_since(date(2026, 3, 7), now)
    assert month == compared_since(date(2025, 3, 7), now)
    assert month == compared_since(date(2027, 3, 7), now), "it cannot have been corrected then"


def test_a_shortage_names_what_limits_and_the_price() -> None:
    spendable = Spendable(amount=400_000, limit="its credit")
    assert not spendable.shortage(400_000)
    assert "its credit is $0.40, and the next job costs $0.41" == spendable.shortage(410_000)
    assert spendable.less(100_000).shortage(400_000)
