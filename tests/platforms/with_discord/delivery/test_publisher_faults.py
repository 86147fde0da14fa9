"""Failures at Discord or on the way there: retried later, never twice, and no error holds a secret."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from adapters.discord.delivery.attachments import AttachmentPlanner
from adapters.discord.rest.client import RestClient
from bot.domain.cards.card import JobPhase
from bot.domain.errors import Delayed, Undeliverable
from tests.platforms.fake_discord import Drop, FakeDiscord
from tests.platforms.with_discord.cards import job_view
from tests.platforms.with_discord.delivery.delivery_env import DeliveryEnv, open_delivery_env, publisher_for

_POST = "POST /channels/*/messages"
_RUNNING = job_view(phase=JobPhase.RUNNING)


@pytest.fixture
async def env(tmp_path: Path, fake: FakeDiscord) -> AsyncIterator[DeliveryEnv]:
    async with open_delivery_env(tmp_path, fake) as opened:
        yield opened


async def test_a_rate_limit_raises_at_once_and_is_kept(env: DeliveryEnv) -> None:
    env.fake.fault(_POST, status=429, retry_after_s=30)
    for _ in range(2):
        with pytest.raises(Delayed) as delayed:
            await env.publisher.show(env.view(), env.place())
        assert 25_000 < (delayed.value.retry_after_ms or 0) <= 30_000
    assert 1 == len(env.fake.requests(_POST))


async def test_a_short_rate_limit_is_waited_for(env: DeliveryEnv) -> None:
    env.fake.fault(_POST, status=429, retry_after_s=0.05)
    with pytest.raises(Delayed):
        await env.publisher.show(env.view(), env.place())
    await env.publisher.show(env.view(), env.place())
    assert 1 == len(env.cards())


async def test_a_global_rate_limit_stops_everything(env: DeliveryEnv) -> None:
    env.fake.fault(_POST, status=429, retry_after_s=30, scope="global")
    with pytest.raises(Delayed):
        await env.publisher.show(env.view(), env.place())
    before = len(env.fake.requests())
    with pytest.raises(Delayed):
        await env.publisher.show(env.view(), env.direct())
    assert before == len(env.fake.requests())


async def test_a_cloudflare_ban_is_waited_for(env: DeliveryEnv) -> None:
    env.fake.fault(_POST, status=429, banned=True)
    with pytest.raises(Delayed) as delayed:
        await env.publisher.show(env.view(), env.place())
    assert 60_000 == delayed.value.retry_after_ms


async def test_announced_limits_are_kept(env: DeliveryEnv) -> None:
    env.fake.limits.be_strict()
    for number in range(5):
        await env.publisher.show(env.view(_RUNNING, number=600 + number), env.place())
    with pytest.raises(Delayed):
        await env.publisher.show(env.view(_RUNNING, number=700), env.place())
    assert 0 == env.fake.limits.invalid_requests
    assert 5 == len(env.fake.requests(_POST))


@pytest.mark.parametrize(
    "fault",
    [
        {"status": 500},
        {"status": 502},
        {"status": 503},
        {"drop": Drop.BEFORE},
        {"drop": Drop.AFTER},
        {"status": 500, "done": True},
        {"cut_after": 20},
    ],
    ids=str,
)
async def test_a_fault_delays_and_the_next_delivery_posts_one_message(
    env: DeliveryEnv, fault: dict[str, Any]
) -> None:
    env.fake.fault(_POST, **fault)
    view = env.view()
    with pytest.raises(Delayed):
        await env.publisher.show(view, env.place())
    await env.publisher.show(view, env.place())
    [message] = env.cards()
    assert 1 == len(message.attachments)


async def test_a_message_that_was_edited_too_often_waits(env: DeliveryEnv) -> None:
    _, place = await env.answered(env.view(_RUNNING))
    env.fake.clock.advance(16 * 60)
    env.fake.fault("PATCH /channels/*/messages/*", status=400, code=30046)
    with pytest.raises(Delayed) as delayed:
        await env.publisher.show(env.view(), place)
    assert 60_000 == delayed.value.retry_after_ms


@pytest.mark.parametrize(
    ("pattern", "code"),
    [
        ("POST /users/@me/channels", 40003),
        (_POST, 40004),
        (_POST, 40006),
        (_POST, 20016),
        (_POST, 20028),
    ],
)
async def test_what_discord_refuses_for_now_is_delivered_later(
    env: DeliveryEnv, pattern: str, code: int
) -> None:
    """Discord answers these with 400, like a message that is invalid for good."""
    env.fake.fault(pattern, status=400, code=code)
    place = env.direct() if "users" in pattern else env.place()
    with pytest.raises(Delayed) as delayed:
        await env.publisher.show(env.view(), place)
    assert 60_000 == delayed.value.retry_after_ms
    await env.publisher.show(env.view(), place)
    assert 1 == len(env.cards() + env.sent_directly())


async def test_an_edit_in_an_announcement_channel_waits_as_long_as_discord_says(env: DeliveryEnv) -> None:
    _, place = await env.answered(env.view(_RUNNING))
    env.fake.clock.advance(16 * 60)
    env.fake.fault("PATCH /channels/*/messages/*", raw='{"code": 20022, "retry_after": 7}', status=400)
    with pytest.raises(Delayed) as delayed:
        await env.publisher.show(env.view(), place)
    assert 7_000 == delayed.value.retry_after_ms


async def test_a_picture_that_counts_as_explicit_is_linked(env: DeliveryEnv) -> None:
    env.fake.fault(_POST, status=400, code=20009)
    await env.publisher.show(env.view(), env.place())
    [message] = env.cards()
    assert not message.attachments
    assert "https://bot.example.org/media/" in str(message.embeds)


async def test_a_link_that_counts_as_harmful_is_explained_directly(env: DeliveryEnv) -> None:
    env.fake.fault("POST /channels/*/messages", times=2, status=400, code=240000)
    await env.publisher.show(env.view(), env.place())
    [message] = env.sent_directly()
    assert "filter for harmful links" in str(message.embeds)
    assert 1 == len(message.attachments)


async def test_an_invalid_message_is_undeliverable(env: DeliveryEnv) -> None:
    env.fake.fault(_POST, status=400, code=50035, message="Invalid Form Body")
    with pytest.raises(Undeliverable, match="Invalid Form Body"):
        await env.publisher.show(env.view(), env.place())


async def test_a_rejected_token_is_reported_with_a_remedy(env: DeliveryEnv) -> None:
    rest = RestClient(SecretStr("wrong.token.here"), connector=env.fake.connector)
    planner = AttachmentPlanner(env.library, lambda _: None)
    publisher = publisher_for(env, rest, planner)
    assert rest.not_ready_reason() is None
    try:
        with pytest.raises(Delayed) as delayed:
            await publisher.show(env.view(), env.place())
    finally:
        await rest.close()
    assert "DISCORD_TOKEN" in (rest.not_ready_reason() or "")
    assert (
        "wrong.token.here" not in f"{rest.not_ready_reason()} {delayed.value!r} {delayed.value.__cause__!r}"
    )


async def test_webhook_routes_send_no_authorization(env: DeliveryEnv) -> None:
    """They work while the bot token is being replaced."""
    _, place = await env.answered(env.view(_RUNNING), limit=10 * 2**20)
    await env.publisher.show(env.view(), place)
    assert [False] * 2 == [one.authorised for one in env.fake.requests("* /webhooks/*")]


async def test_no_error_names_the_token_of_an_interaction(env: DeliveryEnv) -> None:
    invocation, place = await env.answered(env.view(_RUNNING))
    env.fake.fault("PATCH /webhooks/*", drop=Drop.BEFORE)
    with pytest.raises(Delayed) as delayed:
        await env.publisher.show(env.view(), place)
    assert invocation.interaction.token not in f"{delayed.value!r} {delayed.value}"


async def test_an_unreachable_discord_delays(env: DeliveryEnv) -> None:
    rest = RestClient(SecretStr("a.b.c"), proxy="http://127.0.0.1:9")
    publisher = publisher_for(env, rest, env.planner)
    try:
        with pytest.raises(Delayed, match="cannot be reached"):
            await publisher.show(env.view(), env.place())
    finally:
        await rest.close()


async def test_everything_goes_through_the_proxy_that_the_operator_names(
    env: DeliveryEnv, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(env.fake.certificates.authority))
    async with env.fake.proxy() as proxy:
        rest = RestClient(SecretStr(env.fake.token), proxy=proxy.url)
        try:
            assert str(env.fake.world.bot.id) == await rest.bot_id()
        finally:
            await rest.close()
