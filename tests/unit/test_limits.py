"""The rate limit in front of all work."""

import re
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.errors import QuotaExhausted, TooManyRequests
from bot.security.rate_limit import RateLimiter
from bot.worker.delivery import ProgressPacer


@dataclass
class _Clock:
    now: int = 0

    def __call__(self) -> int:
        return self.now


def _spend(limit: RateLimiter, member: str = "a") -> int:
    """Seconds to wait; 0 where it went through."""
    try:
        limit.spend(member)
    except QuotaExhausted as refusal:
        return int(re.sub(r"\D", "", str(refusal)))
    return 0


def test_a_burst_goes_through_and_then_one_command_at_a_time() -> None:
    clock = _Clock()
    limit = RateLimiter(per_minute=20, burst=10, monotonic=clock)
    assert [0] * 10 == [_spend(limit) for _ in range(10)]
    assert 3 == _spend(limit)
    clock.now += 3_000
    assert [0, 3] == [_spend(limit), _spend(limit)]


@given(st.integers(1, 100), st.integers(1, 5), st.lists(st.integers(0, 20_000), max_size=30))
def test_who_waits_as_told_gets_through(per_minute: int, burst: int, pauses: list[int]) -> None:
    clock = _Clock()
    limit = RateLimiter(per_minute=per_minute, burst=burst, monotonic=clock)
    for pause in pauses:
        clock.now += pause
        if wait := _spend(limit):
            clock.now += wait * 1000
            assert 0 == _spend(limit)


@given(st.integers(1, 100), st.integers(1, 5), st.lists(st.integers(0, 3_000), max_size=200))
def test_no_more_goes_through_than_burst_and_rate_allow(
    per_minute: int, burst: int, pauses: list[int]
) -> None:
    clock = _Clock()
    limit = RateLimiter(per_minute=per_minute, burst=burst, monotonic=clock)
    passed = 0
    for pause in pauses:
        clock.now += pause
        passed += not _spend(limit)
    assert passed <= burst + clock.now * per_minute / 60_000 + 1e-6


def test_members_do_not_spend_for_each_other() -> None:
    limit = RateLimiter(per_minute=1, burst=1, monotonic=_Clock())
    limit.spend("a")
    limit.spend("b")
    with pytest.raises(QuotaExhausted):
        limit.spend("a")


def test_only_the_ten_thousand_latest_members_are_tracked() -> None:
    limit = RateLimiter(per_minute=1, burst=1, monotonic=_Clock())
    for number in range(10_100):
        limit.spend(str(number))
    with pytest.raises(QuotaExhausted):
        limit.spend("100")
    limit.spend("99")


def test_a_clock_that_jumps_back_takes_nobodys_commands() -> None:
    clock = _Clock(now=3_600_000)
    limit = RateLimiter(per_minute=20, burst=10, monotonic=clock)
    limit.spend("a")
    clock.now = 0
    assert [0] * 9 == [_spend(limit) for _ in range(9)]
    assert 3 == _spend(limit)


def test_a_channel_takes_one_progress_edit_in_an_interval() -> None:
    clock = _Clock()
    pacer = ProgressPacer(interval=3_000, monotonic=clock)
    assert [True, False, True] == [pacer.take("a"), pacer.take("a"), pacer.take("b")]
    clock.now = 2_999
    assert not pacer.take("a")
    clock.now = 3_000
    assert pacer.take("a")


def test_channels_are_paced_after_long_idleness_clock_jumps_and_in_crowds() -> None:
    clock = _Clock(now=10**12)
    pacer = ProgressPacer(interval=3_000, monotonic=clock)
    assert pacer.take("a")
    clock.now = 0
    assert [True, False] == [pacer.take("a"), pacer.take("a")]
    clock.now = 10**15
    assert [True, False] == [pacer.take("a"), pacer.take("a")]
    assert all(pacer.take(number) for number in range(20_000))
    assert 10_000 == len(pacer._taken_at)


def test_processor_time_counts_like_commands() -> None:
    clock = _Clock()
    limit = RateLimiter(per_minute=20, burst=10, monotonic=clock)
    limit.charge("a", 27)
    assert [0, 3] == [_spend(limit), _spend(limit)]
    assert 0 == _spend(limit, "b")


def test_processor_time_holds_a_member_up_for_a_burst_at_most() -> None:
    clock = _Clock()
    limit = RateLimiter(per_minute=20, burst=10, monotonic=clock)
    for _ in range(5):
        limit.charge("a", 240)
    assert 33 == _spend(limit)
    clock.now += 33_000
    assert 0 == _spend(limit)


def test_an_admitted_event_costs_one_token_whatever_comes_of_it() -> None:
    limit = RateLimiter(per_minute=1, burst=2, monotonic=_Clock())
    limit.admit("a", "e1")
    limit.spend("a", "e1")
    limit.spend("a", "e1")
    limit.spend("a", "e2")
    with pytest.raises(TooManyRequests):
        limit.admit("a", "e3")
    with pytest.raises(TooManyRequests):
        limit.spend("a", "e3")


def test_an_event_is_admitted_for_its_member_alone() -> None:
    limit = RateLimiter(per_minute=1, burst=1, monotonic=_Clock())
    limit.admit("a", "e1")
    limit.spend("b", "e1")
    with pytest.raises(TooManyRequests):
        limit.spend("b", "e1")


def test_an_event_without_an_id_is_counted_each_time() -> None:
    limit = RateLimiter(per_minute=1, burst=2, monotonic=_Clock())
    limit.admit("a", "")
    limit.spend("a", "")
    with pytest.raises(TooManyRequests):
        limit.spend("a", "")


def test_who_goes_on_is_told_once_a_minute() -> None:
    clock = _Clock()
    limit = RateLimiter(per_minute=1, burst=1, monotonic=clock)
    limit.spend("a")

    def repeated() -> bool:
        with pytest.raises(TooManyRequests) as refusal:
            limit.spend("a")
        return refusal.value.repeated

    assert [False, True, True] == [repeated() for _ in range(3)]
    clock.now += 59_000
    assert repeated()
    clock.now += 1_000
    limit.spend("a")
    assert [False, True] == [repeated() for _ in range(2)]


def test_questions_are_counted_by_themselves() -> None:
    limit = RateLimiter(per_minute=1, burst=1, monotonic=_Clock())
    for _ in range(15):
        limit.admit_query("a")
    limit.spend("a")
    with pytest.raises(TooManyRequests):
        limit.admit_query("a")
