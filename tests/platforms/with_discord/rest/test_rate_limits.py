"""Known rate limits are kept before a request is sent."""

import pytest
from discord.http import Route

from adapters.discord.rest.rate_limits import RateLimiter

_POST = "/channels/{channel_id}/messages"


def _route(channel: int = 1, method: str = "POST") -> Route:
    return Route(method, _POST, channel_id=channel)


def _told(left: int, reset_s: float = 5, bucket: str = "abc") -> dict[str, str]:
    return {
        "X-RateLimit-Bucket": bucket,
        "X-RateLimit-Remaining": str(left),
        "X-RateLimit-Reset-After": str(reset_s),
    }


def test_an_unknown_bucket_may_be_used() -> None:
    assert 0 == RateLimiter().acquire(_route(), 0)


def test_an_empty_bucket_waits_for_its_reset() -> None:
    limiter = RateLimiter()
    limiter.update(_route(), _told(0), 1_000)
    assert 5_000 == limiter.acquire(_route(), 1_000)
    assert 1 == limiter.acquire(_route(), 5_999)
    assert 0 == limiter.acquire(_route(), 6_000)


def test_requests_in_flight_count() -> None:
    limiter = RateLimiter()
    limiter.update(_route(), _told(1), 0)
    assert 0 == limiter.acquire(_route(), 0)
    assert 5_000 == limiter.acquire(_route(), 0)


def test_a_late_answer_does_not_refill_a_bucket() -> None:
    limiter = RateLimiter()
    limiter.update(_route(), _told(0), 0)
    limiter.update(_route(), _told(1), 10)
    assert limiter.acquire(_route(), 20) > 4_000


def test_the_next_window_is_full() -> None:
    limiter = RateLimiter()
    limiter.update(_route(), _told(0), 0)
    limiter.update(_route(), _told(4), 5_000)
    assert 0 == limiter.acquire(_route(), 5_001)


def test_each_channel_has_its_own_and_routes_of_one_bucket_share_it() -> None:
    limiter = RateLimiter()
    limiter.update(_route(1, "GET"), _told(3), 0)
    limiter.update(_route(1), _told(0), 0)
    assert 0 == limiter.acquire(_route(2), 0)
    assert 5_000 == limiter.acquire(_route(1, "GET"), 0)


def test_a_429_blocks_its_route_and_a_global_one_everything() -> None:
    limiter = RateLimiter()
    limiter.block(_route(1), 700, 0, everything=False)
    assert (700, 0) == (limiter.acquire(_route(1), 0), limiter.acquire(_route(2), 0))
    limiter.block(_route(1), 300, 0, everything=True)
    assert (700, 300) == (limiter.acquire(_route(1), 0), limiter.acquire(_route(2), 0))
    assert 0 == limiter.acquire(_route(2), 300)


def test_interactions_are_blocked_only_by_a_ban() -> None:
    limiter = RateLimiter()
    answer = Route("POST", "/webhooks/{webhook_id}/{webhook_token}", webhook_id=1, webhook_token="t")
    limiter.block(_route(1), 300, 0, everything=True)
    assert (300, 0) == (limiter.acquire(_route(2), 0), limiter.acquire(answer, 0))
    limiter.block(answer, 500, 0, everything=True)
    assert (300, 500) == (limiter.acquire(_route(2), 0), limiter.acquire(answer, 0))
    limiter.block(_route(1), 900, 0, everything=True, banned=True)
    assert (900, 900) == (limiter.acquire(_route(2), 0), limiter.acquire(answer, 0))


def test_only_the_newest_ten_thousand_buckets_are_tracked() -> None:
    limiter = RateLimiter()
    for number in range(20_000):
        limiter.block(_route(number), 100, 0, everything=False)
    assert (0, 100) == (limiter.acquire(_route(9_999), 0), limiter.acquire(_route(19_999), 0))
    limiter = RateLimiter()
    for number in range(20_000):
        limiter.update(_route(number), _told(0, 0.1), 0)
    assert (0, 100) == (limiter.acquire(_route(9_999), 0), limiter.acquire(_route(19_999), 0))


def test_a_clock_that_is_set_back_blocks_nobody_for_long() -> None:
    hour = 3_600_000
    limiter = RateLimiter()
    limiter.update(_route(1), _told(0), hour)
    limiter.block(_route(2), 900, hour, everything=False)
    limiter.block(_route(3), 900, hour, everything=True)
    limiter.block(_route(3), 900, hour, everything=True, banned=True)
    assert [0, 0, 0] == [limiter.acquire(_route(number), 0) for number in (1, 2, 3)]


@pytest.mark.parametrize("reset", ["soon", "nan", "inf", "-5", ""])
@pytest.mark.parametrize("left", ["many", "1e9", ""])
def test_malformed_headers_are_ignored(left: str, reset: str) -> None:
    limiter = RateLimiter()
    told = {"X-RateLimit-Bucket": "b", "X-RateLimit-Remaining": left, "X-RateLimit-Reset-After": reset}
    limiter.update(_route(), told, 0)
    limiter.update(_route(), told | {"X-RateLimit-Remaining": "0"}, 0)
    assert 0 == limiter.acquire(_route(), 0)
