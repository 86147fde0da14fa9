"""Unexpected answers of Discord: each is an error of its own request, and ends nothing."""

import contextlib
from pathlib import Path
from typing import Any

import pytest
from discord.http import Route
from pydantic import SecretStr

from adapters.discord.gateway.command_sync import sync_commands
from adapters.discord.rest.attachment_urls import AttachmentResolver
from adapters.discord.rest.channel_lookups import DEFAULT_UPLOAD_LIMIT, ChannelLookups
from adapters.discord.rest.client import LOGIN_REFUSED, RestClient
from adapters.discord.rest.permissions import fetch_missing_permissions
from bot.domain.errors import Delayed, MediaUnavailable
from tests.patience import until
from tests.platforms.fake_discord import FakeDiscord, Fault
from tests.platforms.with_discord.bot_env import open_bot_env
from tests.platforms.with_discord.cards import job_view
from tests.platforms.with_discord.delivery.delivery_env import DeliveryEnv, open_delivery_env
from tests.platforms.with_discord.discord_bot import findings_of, started

#: bodies that a proxy, an outage or another version may send with 200
ODD = ("<html>Sign in</html>", "null", "[]", "{}", '"ok"', "[7]", '{"id": null}', '[{"id": {}}]', "{")
OLD = "https://cdn.discordapp.com/attachments/1/2/a.png?ex=1"


def odd(fake: FakeDiscord, pattern: str, *, times: int | None = 1) -> list[Fault]:
    """Plan each unexpected answer for calls of one kind, one after the other."""
    return [
        fake.fault(pattern, status=200, raw=raw, times=times, content_type=_type_of(raw))
        for raw in ODD
        # Without commands it gets an empty list.
        if raw != "[]" or not pattern.endswith("/commands")
    ]


def _type_of(raw: str) -> str:
    return "text/html" if raw.startswith("<") else "application/json"


@pytest.mark.parametrize(
    "pattern",
    ["GET /applications/@me", "GET /applications/*/commands", "GET /gateway/bot", "GET /users/@me"],
)
async def test_it_connects_after_unexpected_answers(fake: FakeDiscord, tmp_path: Path, pattern: str) -> None:
    planned = odd(fake, pattern)
    async with started(fake, tmp_path, retry_max=0.05) as bot:
        await until(lambda: not bot.not_ready_reason)
    assert [] == [fault.raw for fault in planned if not fault.spent]


async def test_an_unexpected_answer_is_reported_until_it_ends(fake: FakeDiscord, tmp_path: Path) -> None:
    fault = fake.fault(
        "GET /applications/@me", status=200, raw="<html/>", content_type="text/html", times=None
    )
    async with started(fake, tmp_path) as bot:
        await until(lambda: "commands are not registered yet" in bot.not_ready_reason)
        assert "text/html instead of JSON" in bot.not_ready_reason
        fault.times = fault.happened
        await until(lambda: not bot.not_ready_reason)


@pytest.mark.parametrize("token", ["a\nb", "t\u00f6ken", "a\u200bb"])
async def test_a_token_that_no_header_can_hold_is_reported(
    fake: FakeDiscord, tmp_path: Path, token: str
) -> None:
    async with started(fake, tmp_path, token=token) as bot:
        await until(lambda: bot.not_ready_reason == LOGIN_REFUSED)
    assert [] == fake.requests()


async def myself(env: DeliveryEnv) -> str:
    rest = RestClient(SecretStr(env.fake.token), connector=env.fake.connector)
    try:
        return await rest.bot_id()
    finally:
        await rest.close()


async def asks(env: DeliveryEnv) -> dict[str, Any]:
    """Every request whose answer is read, with a function that sends it."""
    guild, channel = str(env.guild.id), str(env.channel.id)
    files = AttachmentResolver(env.rest, env.fake.clock.now_ms)
    clock, user = env.fake.clock.now_ms, str(env.ada.user.id)
    return {
        "GET /channels/*": lambda: fetch_missing_permissions(env.rest, guild, channel),
        "GET /guilds/*/members/*": lambda: fetch_missing_permissions(env.rest, guild, channel),
        "GET /guilds/*": lambda: fetch_missing_permissions(env.rest, guild, channel),
        "POST /users/@me/channels": lambda: ChannelLookups(env.rest, clock).dm_channel(user),
        "GET /users/@me": lambda: myself(env),
        "POST /attachments/refresh-urls": lambda: files.resolve(OLD, env.place()),
        "PUT /applications/*": lambda: sync_commands(env.rest, str(env.fake.world.application_id)),
    }


async def test_an_unexpected_answer_is_retried(tmp_path: Path, fake: FakeDiscord) -> None:
    async with open_delivery_env(tmp_path, fake) as env:
        for pattern, ask in (await asks(env)).items():
            for fault in odd(env.fake, pattern):
                with contextlib.suppress(Delayed, MediaUnavailable):
                    await ask()
                assert fault.spent or fault.raw in ("[]", "{}")
            env.fake.service.faults.clear()
        # An unknown boost tier does not delay a result.
        for fault in odd(env.fake, "GET /guilds/*"):
            assert DEFAULT_UPLOAD_LIMIT == await ChannelLookups(env.rest, env.fake.clock.now_ms).upload_limit(
                str(env.guild.id)
            )
            assert fault.spent


async def test_a_card_is_posted_once_after_unexpected_answers(tmp_path: Path, fake: FakeDiscord) -> None:
    """Discord may have taken the message and answered something else."""
    async with open_delivery_env(tmp_path, fake) as env:
        fake = env.fake
        view = env.view(job_view())
        for done in (False, True):
            planned = [
                fake.fault("POST /channels/*", status=200, raw=raw, content_type=_type_of(raw), done=done)
                for raw in ODD
            ]
            for _ in planned:
                with pytest.raises(Delayed):
                    await env.publisher.show(view, env.place())
            assert all(fault.spent for fault in planned)
        name = await env.publisher.show(view, env.place())
        (card,) = env.cards()
        for raw in ODD:
            fake.fault("GET /channels/*/messages/*", status=200, raw=raw, content_type=_type_of(raw))
            assert name == await env.publisher.show(view, env.place(message=name))
        assert 1 == len(card.attachments)
        for raw in ODD:
            fake.fault("GET /channels/*/messages", status=200, raw=raw, content_type=_type_of(raw))
            with contextlib.suppress(Delayed):
                assert name == (await env.new_publisher().find_message(view.card, env.place()) or name)


async def test_malformed_limits_are_ignored(tmp_path: Path, fake: FakeDiscord) -> None:
    async with open_delivery_env(tmp_path, fake) as env:
        route = Route("GET", "/guilds/{guild_id}", guild_id=env.guild.id)
        for raw in ODD:
            rest = RestClient(SecretStr(env.fake.token), connector=env.fake.connector)
            env.fake.fault("GET /guilds/*", status=429, raw=raw, content_type=_type_of(raw))
            with pytest.raises(Delayed):
                await rest.request(route)
            await rest.close()
        env.fake.fault("GET /guilds/*", status=429, raw='{"retry_after": "soon", "code": [], "global": {}}')
        with pytest.raises(Delayed) as raised:
            await env.rest.request(route)
        assert raised.value.retry_after_ms


async def test_doctor_reports_unexpected_answers(fake: FakeDiscord) -> None:
    for pattern in ("GET /users/@me", "GET /applications/@me", "GET /gateway/bot", "GET /users/@me/guilds"):
        for fault in odd(fake, pattern):
            assert [one for one in await findings_of(fake) if not one.ok] or fault.raw == "[]"
            assert fault.spent
        fake.service.faults.clear()


async def test_an_accepted_command_is_shown_once_whatever_discord_answers(
    tmp_path: Path, fake: FakeDiscord
) -> None:
    """Discord or a proxy has taken each response and edit, and answers something unexpected."""
    async with open_bot_env(tmp_path, fake, times={"answer_window": 2_000}) as env:
        for raw in ODD:
            for pattern in ("POST /interactions/*", "PATCH /webhooks/*"):
                fake.fault(pattern, status=200, raw=raw, content_type=_type_of(raw), done=True)
        for pattern in ("POST /interactions/*", "PATCH /webhooks/*"):
            fake.fault(pattern, status=200, raw="<html/>", content_type="text/html")
        asked = [env.ada.slash("imagine", prompt=f"fox {number}") for number in range(len(ODD) + 1)]
        for one in asked:
            card = await env.done(one)
            assert "unavailable" not in card.content
        assert len(asked) == len(env.mine())
        assert all(fault.spent for fault in fake.service.faults.planned)
