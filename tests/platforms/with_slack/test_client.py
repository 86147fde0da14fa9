"""Each request goes out once; what Slack says against it is told by what is to be done about it."""

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
from tests.platforms.with_slack.house import House, open_house


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with open_house(tmp_path) as opened:
        yield opened


async def _say(house: House, text: str = "hello") -> None:
    await house.slack.call("chat.postMessage", house.team.id, channel=house.channel.id, text=text)


@pytest.mark.parametrize(
    ("fault", "certain"),
    [
        ({"status": 429, "retry_after_s": 3}, True),
        ({"error": "ratelimited"}, True),
        ({"error": "message_limit_exceeded"}, True),
        ({"error": "token_revoked"}, True),
        ({"status": 503}, False),
        ({"error": "internal_error"}, False),
        ({"drop": Drop.AFTER}, False),
        ({"cut_after": 5}, False),
    ],
)
async def test_what_may_have_been_done_is_told_from_what_certainly_was_not(
    house: House, fault: dict[str, object], *, certain: bool
) -> None:
    house.fake.fault("chat.postMessage", **fault)
    with pytest.raises(Delayed) as delayed:
        await _say(house)
    assert certain is isinstance(delayed.value, NotPosted)
    assert 1 == len(house.fake.requests("chat.postMessage")), "nothing goes out twice"


async def test_after_a_no_for_some_time_nothing_is_sent_until_it_is_over(house: House) -> None:
    house.fake.fault("chat.update", status=429, retry_after_s=30)
    for _ in range(2):
        with pytest.raises(NotPosted) as held:
            await house.slack.call("chat.update", house.team.id, channel="C1", ts="1.1", text="x")
        assert 29_000 < (held.value.retry_after_ms or 0) <= 30_000
    assert 1 == len(house.fake.requests("chat.update"))
    await _say(house)


async def test_where_nobody_listens_nothing_was_done() -> None:
    slack = WebApi(SingleToken(SecretStr("xoxb-1")), "http://127.0.0.1:9/api/")
    with pytest.raises(NotPosted):
        await slack.call("auth.test", "T1")
    await slack.close()


async def test_a_token_that_is_no_longer_good_is_an_obstacle_until_it_is(house: House) -> None:
    house.fake.fault("chat.postMessage", error="token_revoked")
    with pytest.raises(NotPosted):
        await _say(house)
    assert "SLACK_BOT_TOKEN" in (house.slack.not_ready_reason() or "")
    await house.slack.call("auth.test", house.team.id)
    assert house.slack.not_ready_reason() is None


async def test_the_token_stands_in_no_error(house: House) -> None:
    token = house.fake.bot_token(house.team)
    for fault in (
        {"error": "invalid_auth"},
        {"status": 500},
        {"error": "is_archived"},
        {"drop": Drop.BEFORE},
    ):
        house.fake.fault("chat.getPermalink", **fault)
        with pytest.raises((Delayed, ApiError)) as failed:
            await house.slack.call("chat.getPermalink", house.team.id, channel="C1", message_ts="1.1")
        told = "".join(traceback.format_exception(failed.value))
        assert token not in told
        assert "Bearer" not in told


async def test_a_missing_scope_is_named_with_the_remedy(house: House) -> None:
    bare = house.fake.team("Bare", installed=False)
    house.fake.let_app_in(bare, scopes=["users:read"])
    slack = WebApi(SingleToken(SecretStr(house.fake.bot_token(bare))), house.fake.api)
    with pytest.raises(ApiError) as refused:
        await slack.call("chat.postMessage", bare.id, channel=bare.general.id, text="x")
    await slack.close()
    assert ErrorAction.FORBIDDEN is refused.value.action
    assert "chat:write" in refused.value.reason


@pytest.mark.parametrize(
    ("code", "meaning"),
    [
        ("channel_not_found", ErrorAction.GONE),
        ("not_installed", ErrorAction.GONE),
        ("restricted_action_read_only_channel", ErrorAction.FORBIDDEN),
        ("file_upload_size_restricted", ErrorAction.TOO_LARGE),
        ("storage_limit_reached", ErrorAction.NO_FILE),
        ("invalid_blocks", ErrorAction.INVALID),
    ],
)
def test_a_code_means_what_is_to_be_done(code: str, meaning: ErrorAction) -> None:
    assert meaning is ApiError(method="x", code=code).action


def test_blocks_with_a_picture_that_cannot_be_shown_are_told_from_wrong_ones() -> None:
    details = ("[ERROR] invalid slack file [json-pointer:/blocks/1/slack_file]",)
    assert ErrorAction.IMAGE is ApiError(method="x", code="invalid_blocks", details=details).action


class TestThrottle:
    """Time is given in, so nothing is waited for."""

    def test_a_channel_takes_a_message_a_second(self) -> None:
        throttle = RateLimiter()
        here, there = (RateLimitKey.of("chat.postMessage", "T1", channel) for channel in ("C1", "C2"))
        assert [0, 1_000] == [throttle.reserve(here, 0), throttle.reserve(here, 0)]
        with pytest.raises(NotPosted) as held:
            throttle.reserve(here, 0)
        assert 2_000 == held.value.retry_after_ms
        assert 0 == throttle.reserve(there, 0)
        assert 0 == throttle.reserve(here, 2_000)

    def test_edits_that_only_tell_progress_leave_room_to_results(self) -> None:
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
