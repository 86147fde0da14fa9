"""Dollars as people read and type them."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.money.pricing import MICROUSD, read_money, show_left, show_money

_DOLLARS = st.integers(0, 10**12)


@given(_DOLLARS)
def test_what_is_shown_reads_as_at_least_the_amount(amount: int) -> None:
    shown = read_money(show_money(amount)) if amount <= 10**6 * MICROUSD - 10_000 else amount
    assert 0 <= shown - amount < 10_000


@given(_DOLLARS, _DOLLARS)
def test_a_larger_amount_is_never_shown_as_a_smaller_one(one: int, other: int) -> None:
    low, high = sorted((one, other))
    assert _number(show_money(low)) <= _number(show_money(high))


def _number(shown: str) -> Fraction:
    return Fraction(shown.removeprefix("$").replace(",", ""))


@given(st.integers(-(10**9), 10**12))
def test_what_is_left_is_never_promised_in_excess(amount: int) -> None:
    assert 0 <= _number(show_left(amount)) * MICROUSD <= max(0, amount)


@pytest.mark.parametrize(
    ("amount", "shown"),
    [
        (0, "$0.00"),
        (1, "$0.001"),
        (17_223, "$0.018"),
        (99_999, "$0.100"),
        (100_000, "$0.10"),
        (100_001, "$0.11"),
        (1_234_567_890, "$1,234.57"),
        (-1_500_000, "-$1.50"),
    ],
)
def test_money_is_shown_in_dollars_rounded_up(amount: int, shown: str) -> None:
    assert shown == show_money(amount)
    assert f"≈{shown}" == show_money(amount, estimate=True)


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("5", 5_000_000),
        ("$5", 5_000_000),
        (" $ 0.25 ", 250_000),
        (".5", 500_000),
        ("1,000", 10**9),
        ("0.000001", 1),
    ],
)
def test_dollars_are_read_as_people_type_them(text: str, amount: int) -> None:
    assert amount == read_money(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "$",
        ".",
        "5.",
        "-1",
        "0,25",
        "1,00",
        "1,0000",
        "1.0000001",
        "1e3",
        "٣",
        "5 5",
        "1000001",
        "9" * 5000,
        "nan",
    ],
)
def test_what_is_no_amount_is_refused(text: str) -> None:
    """`0,25` above all: as thousands it would be a hundred times what was meant."""
    with pytest.raises(ValueError, match=r"write it like|The most") as refusal:
        read_money(text)
    assert len(str(refusal.value)) < 200


@given(st.text(max_size=20))
def test_any_text_is_an_amount_or_is_refused(text: str) -> None:
    try:
        amount = read_money(text)
    except ValueError:
        return
    assert 0 <= amount <= 10**12
