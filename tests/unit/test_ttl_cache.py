"""The bounded cache of the adapters, and waits as platforms tell them."""

import pytest

from adapters.chat.ttl_cache import TtlCache, parse_retry_after


def test_the_oldest_goes_first_and_the_rest_stays() -> None:
    cache: TtlCache[int, int] = TtlCache(100)
    for number in range(250):
        cache.put(number, number)
    assert 100 == len(cache)
    assert [None, 150, 249] == [cache.get(key) for key in (149, 150, 249)]


def test_what_is_put_again_is_the_newest_and_pushes_nobody_out() -> None:
    cache: TtlCache[str, int] = TtlCache(2)
    cache.put("a", 1)
    cache.put("b", 1)
    cache.put("a", 2)
    assert (2, 1) == (cache.get("a"), cache.get("b"))
    cache.put("c", 1)
    assert [2, None, 1] == [cache.get(key) for key in "abc"]


def test_an_entry_ends_by_itself_and_by_a_clock_that_was_set_back() -> None:
    cache: TtlCache[str, str] = TtlCache(10)
    for at, later, found in ((1_000, 1_099, "x"), (1_000, 1_100, None), (1_000, 999, None)):
        cache.put("a", "x", at, ttl_ms=100)
        assert found == cache.get("a", later)
    cache.put("a", "x", 5, ttl_ms=100)
    assert [100, 1, 0, 0] == [cache.remaining_ms("a", now) for now in (5, 104, 105, 5)]


@pytest.mark.parametrize(
    ("told", "milliseconds"),
    [
        ("1.5", 1_500),
        (0, 0),
        (2, 2_000),
        ("1e9", 3_600_000),
    ],
)
def test_a_wait_is_read_in_seconds(told: object, milliseconds: int) -> None:
    assert milliseconds == parse_retry_after(told)


@pytest.mark.parametrize("told", ["", "soon", "nan", "inf", "-1", None, True, [], {"a": 1}, 10**400])
def test_a_wait_that_makes_no_sense_is_none(told: object) -> None:
    assert parse_retry_after(told) is None
