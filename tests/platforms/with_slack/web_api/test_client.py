"""Every request is sent once, and every error says what to do."""

import traceback
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from adapters.slack.web_api.client import SingleToken, WebApi
from adapters.slack.web_api.errors import ApiError, ErrorAction
from adapters.slack.web_api.rate_limits import RateLimiter, RateLimitKey
from bot.domain.errors import Delayed, NotPosted
from tests.platforms.fake_slack import Drop
from tests.platforms.with_slack.delivery.publisher_harness import PublisherHarness, open_publisher


@pytest.fixture
async def harness(tmp_path: Path) -> AsyncIterator[PublisherHarness]:
    async with open_publisher(tmp_path) as opened:
        yield opened


async def _say(harness: PublisherHarness, text: str = "hello") -> None:
    await harness.slack.call("chat.postMessage", harness.team.id, channel=harness.channel.id, text=text)


@pytest.mark.parametrize(
    ("fault", "certain"),
    [
        ({"status": 429, "retry_after_s": 3}, True),
        ({"error": "ratelimited"}, True),
        ({"error": "message_limit_exceeded"}, True),
        ({"error": "org_login_required"}, True),
        ({"error": "accesslimited"}, True),
        ({"error": "token_revoked"}, True),
        ({"status": 503}, False),
        ({"error": "internal_error"}, False),
        ({"drop": Drop.AFTER}, False),
        ({"cut_after": 5}, False),
    ],
)
async def test_requests_that_were_certainly_not_carried_out_are_distinguished(
    harness: PublisherHarness, fault: dict[str, object], *, certain: bool
) -> None:
    harness.fake.fault("chat.postMessage", **fault)
    with pytest.raises(Delayed) as delayed:
        await _say(harness)
    assert certain is isinstance(delayed.value, NotPosted)
    assert 1 == len(harness.fake.requests("chat.postMessage")), "nothing goes out twice"


async def test_nothing_is_sent_before_retry_after_has_passed(harness: PublisherHarness) -> None:
    harness.fake.fault("chat.update", status=429, retry_after_s=30)
    for _ in range(2):
        with pytest.raises(NotPosted) as held:
            await harness.slack.call("chat.update", harness.team.id, channel="C1", ts="1.1", text="x")
        assert 29_000 < (held.value.retry_after_ms or 0) <= 30_000
    assert 1 == len(harness.fake.requests("chat.update"))
    await _say(harness)


async def test_a_refused_connection_was_certainly_not_carried_out() -> None:
    slack = WebApi(SingleToken(SecretStr("xoxb-1")), "http://127.0.0.1:9/api/")
    with pytest.raises(NotPosted):
        await slack.call("auth.test", "T1")
    await slack.close()


async def test_a_refused_token_makes_the_adapter_not_ready_until_it_works(harness: PublisherHarness) -> None:
    harness.fake.fault("chat.postMessage", error="token_revoked")
    with pytest.raises(NotPosted):
        await _say(harness)
    assert "SLACK_BOT_TOKEN" in (harness.slack.not_ready_reason() or "")
    await harness.slack.call("auth.test", harness.team.id)
    assert harness.slack.not_ready_reason() is None


async def test_no_error_contains_the_token(harness: PublisherHarness) -> None:
    token = harness.fake.bot_token(harness.team)
    for fault in (
        {"error": "invalid_auth"},
        {"status": 500},
        {"error": "is_archived"},
        {"drop": Drop.BEFORE},
    ):
        harness.fake.fault("chat.getPermalink", **fault)
        with pytest.raises((Delayed, ApiError)) as failed:
            await harness.slack.call("chat.getPermalink", harness.team.id, channel="C1", message_ts="1.1")
        told = "".join(traceback.format_exception(failed.value))
        assert token not in told
        # Python from 3.13 on shows the whole statement, in which the header is written.
        assert f"Bearer {token[:5]}" not in told


async def test_a_missing_scope_is_named_with_the_remedy(harness: PublisherHarness) -> None:
    bare = harness.fake.team("Bare", installed=False)
    harness.fake.let_app_in(bare, scopes=["users:read"])
    slack = WebApi(SingleToken(SecretStr(harness.fake.bot_token(bare))), harness.fake.api)
    with pytest.raises(ApiError) as refused:
        await slack.call("chat.postMessage", bare.id, channel=bare.general.id, text="x")
    await slack.close()
    assert ErrorAction.FORBIDDEN is refused.value.action
    assert "chat:write" in refused.value.reason


@pytest.mark.parametrize(
    ("code", "meaning"),
    [
        ("channel_not_found", ErrorAction.GONE),
        ("invalid_channel", ErrorAction.GONE),
        ("team_access_not_granted", ErrorAction.GONE),
        ("not_installed", ErrorAction.GONE),
        ("restricted_action_read_only_channel", ErrorAction.FORBIDDEN),
        ("slack_connect_file_link_sharing_blocked", ErrorAction.FORBIDDEN),
        ("file_upload_size_restricted", ErrorAction.TOO_LARGE),
        ("storage_limit_reached", ErrorAction.NO_FILE),
        ("invalid_blocks", ErrorAction.INVALID),
    ],
)
def test_an_error_code_maps_to_an_action(code: str, meaning: ErrorAction) -> None:
    assert meaning is ApiError(method="x", code=code).action


def test_an_error_about_a_picture_is_distinguished_from_invalid_blocks() -> None:
    details = ("[ERROR] invalid slack file [json-pointer:/blocks/1/slack_file]",)
    assert ErrorAction.IMAGE is ApiError(method="x", code="invalid_blocks", details=details).action


class TestThrottle:
    """Time is an argument, so nothing waits."""

    def test_a_channel_gets_one_message_per_second(self) -> None:
        throttle = RateLimiter()
        here, there = (RateLimitKey.of("chat.postMessage", "T1", channel) for channel in ("C1", "C2"))
        assert [0, 1_000] == [throttle.reserve(here, 0), throttle.reserve(here, 0)]
        with pytest.raises(NotPosted) as held:
            throttle.reserve(here, 0)
        assert 2_000 == held.value.retry_after_ms
        assert 0 == throttle.reserve(there, 0)
        assert 0 == throttle.reserve(here, 2_000)

    def test_low_priority_requests_leave_a_share_to_others(self) -> None:
        throttle, lane = RateLimiter(), RateLimitKey.of("chat.update", "T1", "C1")
        taken = [throttle.reserve(lane, 0, low_priority=True) for _ in range(30)]
        assert [0] * 30 == taken
        with pytest.raises(NotPosted):
            throttle.reserve(lane, 0, low_priority=True)
        assert [0] * 20 == [throttle.reserve(lane, 0) for _ in range(20)]
        with pytest.raises(NotPosted) as held:
            throttle.reserve(lane, 30_000)
        assert 30_000 == held.value.retry_after_ms
        assert 0 == throttle.reserve(lane, 60_000, low_priority=True)
