"""Slack's rate limits with many keys, idle times, refusals and clock jumps."""

import random

import pytest

from adapters.slack.web_api.rate_limits import RateLimiter, RateLimitKey
from bot.domain.errors import NotPosted

_HOUR = 3_600_000


def _post(number: int = 1) -> RateLimitKey:
    return RateLimitKey.of("chat.postMessage", "T1", f"C{number}")


def _edit(team: int = 1) -> RateLimitKey:
    return RateLimitKey.of("chat.update", f"T{team}", "C1")


def _wait(throttle: RateLimiter, lane: RateLimitKey, now: int, *, low_priority: bool) -> int:
    """Milliseconds to wait for a slot, reserved or not."""
    try:
        return throttle.reserve(lane, now, low_priority=low_priority)
    except NotPosted as held:
        return held.retry_after_ms or -1


def test_expired_keys_are_dropped_while_one_is_blocked() -> None:
    """A key without requests while it is blocked must not break the clean-up of the others."""
    throttle = RateLimiter()
    throttle.reserve(_edit(1), 0)
    throttle.block(_edit(1), 2 * _HOUR, 0)
    with pytest.raises(NotPosted):
        throttle.reserve(_edit(1), _HOUR)
    waits = [throttle.reserve(_edit(team), _HOUR) for team in range(2, 12_000)]
    assert {0} == set(waits)
    with pytest.raises(NotPosted) as held:
        throttle.reserve(_edit(1), _HOUR + 1)
    assert _HOUR - 1 == held.value.retry_after_ms, "the refusal is still kept"


def test_the_number_of_keys_is_limited() -> None:
    throttle = RateLimiter()
    for number in range(20_000):
        throttle.reserve(_post(number), 1_000)
        throttle.block(_edit(number), 1_000, 1_000)
    assert len(throttle._sent) <= 10_000
    assert len(throttle._blocked) <= 10_000


def test_a_blocked_key_is_open_after_its_wait() -> None:
    throttle = RateLimiter()
    throttle.block(_post(), 30_000, 0)
    assert 0 == throttle.reserve(_post(), 10_000 * _HOUR)


def test_a_clock_that_jumps_back_blocks_nothing() -> None:
    throttle = RateLimiter()
    for _ in range(50):
        throttle.reserve(_edit(), 10 * _HOUR)
    throttle.reserve(_post(), 10 * _HOUR)
    throttle.block(_post(2), 30_000, 10 * _HOUR)
    assert [0, 0, 0] == [throttle.reserve(lane, _HOUR) for lane in (_edit(), _post(), _post(2))]


def test_random_requests_and_jumps_never_wait_too_long() -> None:
    """Random requests, refusals and jumps give a short wait, or NotPosted with a time to retry."""
    chance = random.Random(11)  # noqa: S311 - a seed, not a secret
    throttle, now = RateLimiter(), 0
    for _ in range(30_000):
        now = max(0, now + chance.choice((0, 1, 50, 61_000, -120_000, _HOUR)))
        lane = chance.choice((_post, _edit))(chance.randrange(9_000))
        if chance.random() < 0.3:
            throttle.block(lane, chance.randrange(90_000), now)
        assert 0 <= _wait(throttle, lane, now, low_priority=chance.random() < 0.5) <= 90_000


def test_those_who_wait_for_a_channel_come_back_one_at_a_time_in_their_order() -> None:
    throttle, cards = RateLimiter(), [f"card{number}" for number in range(100)]
    throttle.reserve(_post(), 0, caller="first")
    turns, sent, asked = [(10, card) for card in cards], list[tuple[int, str]](), 0
    while turns:
        now, card = turns.pop(0)
        asked += 1
        try:
            sent.append((now + throttle.reserve(_post(), now, caller=card), card))
        except NotPosted as held:
            turns.append((now + (held.retry_after_ms or 0), card))
            turns.sort(key=lambda turn: turn[0])
    assert cards == [card for _, card in sent]
    assert [number * 1_000 for number in range(1, 101)] == [at for at, _ in sent]
    assert asked < 2 * len(cards), "each asks once and comes back once"


def test_who_comes_anew_or_too_early_takes_no_turn_of_another() -> None:
    throttle = RateLimiter()
    assert [0, 1_000] == [throttle.reserve(_post(), 0, caller=card) for card in ("a", "b")]
    assert [2_000, 3_000] == [_turn(throttle, card, 0) for card in ("c", "d")]
    assert 3_000 == 500 + _turn(throttle, "d", 500), "asking again costs no turn"
    assert 4_000 == 1_500 + _turn(throttle, "e", 1_500)
    assert 0 == throttle.reserve(_post(), 2_000, caller="c")


def test_a_turn_that_nobody_takes_holds_up_the_others_for_a_second_only() -> None:
    throttle = RateLimiter()
    for _ in range(2):
        throttle.reserve(_post(), 0)
    assert [2_000, 3_000] == [_turn(throttle, card, 0) for card in ("gone", "well")]
    assert 0 == throttle.reserve(_post(), 3_000, caller="well")
    assert 0 == throttle.reserve(_post(), 4_000, caller="new")
    assert {"gone": 2_000} == throttle._turns.get(_post(), 4_000)
    throttle.reserve(_post(), 13_000)
    assert not throttle._turns.get(_post(), 13_000)


def _turn(throttle: RateLimiter, card: str, now: int) -> int:
    with pytest.raises(NotPosted) as held:
        throttle.reserve(_post(), now, caller=card)
    return held.value.retry_after_ms or 0
