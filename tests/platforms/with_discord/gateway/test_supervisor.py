"""The receiver connects, reports what prevents it, and never affects other platforms."""

import asyncio
from pathlib import Path
from typing import cast

import httpx
import pytest
from pydantic import SecretStr

from adapters.discord.events.router import EventRouter
from adapters.discord.gateway.supervisor import GatewaySupervisor, presence_text
from adapters.discord.rest.client import RestClient
from adapters.discord.settings import DiscordSettings
from tests.patience import until
from tests.platforms.fake_discord import FakeDiscord
from tests.platforms.with_discord.discord_bot import started
from tests.platforms.with_discord.gateway.gateway_env import FakeRouter


async def test_it_is_ready_when_connected_and_registered(fake: FakeDiscord, tmp_path: Path) -> None:
    async with started(fake, tmp_path) as bot:
        assert "not connected" in bot.not_ready_reason
        await until(lambda: not bot.not_ready_reason)
        assert fake.world.commands.named(None, "imagine", 1)


async def test_a_rejected_token_stops_only_discord(fake: FakeDiscord, tmp_path: Path) -> None:
    async with started(fake, tmp_path, token="wrong") as bot, httpx.AsyncClient(trust_env=False) as client:
        await until(lambda: "does not accept DISCORD_TOKEN" in bot.not_ready_reason)
        assert "alive\n" == (await client.get(f"{bot.app.address}/healthz")).text
        (reason,) = (await client.get(f"{bot.app.address}/readyz")).json()["reasons"]
        assert "copy it again" in reason
    fake.violations.clear()


@pytest.mark.parametrize(
    ("code", "remedy"),
    [(4004, "DISCORD_TOKEN"), (4011, "REVERIE_DISCORD_SHARDS"), (4014, "in the developer portal")],
)
async def test_a_close_code_is_reported_with_its_remedy(
    fake: FakeDiscord, tmp_path: Path, code: int, remedy: str
) -> None:
    async with started(fake, tmp_path, operator_retry=60) as bot:
        await until(lambda: not bot.not_ready_reason)
        fake.gateway.close(code)
        await until(lambda: remedy in bot.not_ready_reason)


async def test_a_refused_connection_is_retried(fake: FakeDiscord, tmp_path: Path) -> None:
    async with started(fake, tmp_path) as bot:
        await until(lambda: not bot.not_ready_reason)
        fake.gateway.close(4014)
        await fake.until(lambda: len(fake.gateway.received) == 2)
        await until(lambda: not bot.not_ready_reason)


@pytest.mark.parametrize("status", [200, 502])
async def test_it_reconnects_after_any_error(fake: FakeDiscord, tmp_path: Path, status: int) -> None:
    """A malformed answer is a fault like one within the library."""
    failing = fake.fault("GET /gateway/bot", status=status, times=2)
    async with started(fake, tmp_path) as bot:
        await until(lambda: not bot.not_ready_reason)
    assert failing.spent


async def test_it_does_not_identify_when_no_starts_are_left(fake: FakeDiscord, tmp_path: Path) -> None:
    """Discord resets the token of a bot that exceeds the limit."""
    async with started(fake, tmp_path) as bot:
        await until(lambda: not bot.not_ready_reason)
        fake.gateway.identify_limits.started = 1_000
        fake.gateway.close(4014)
        await until(lambda: "0 of today's 1000 session starts are left" in bot.not_ready_reason)
        assert 1 == len([op for op, _ in fake.gateway.received if op == 2])


async def test_refused_commands_are_reported_and_retried(fake: FakeDiscord, tmp_path: Path) -> None:
    refusing = fake.fault("PUT /applications/*", status=400, code=50035, times=None)
    async with started(fake, tmp_path) as bot:
        await until(lambda: "does not accept the commands" in bot.not_ready_reason)
        refusing.times = refusing.happened
        await until(lambda: not bot.not_ready_reason)


async def test_running_handlers_finish_when_the_bot_stops(fake: FakeDiscord, tmp_path: Path) -> None:
    ada = fake.member(fake.guild("Film club"), "ada")
    message, router = ada.write("look"), FakeRouter(fake)
    router.takes_s = 0.3
    async with started(fake, tmp_path) as bot:
        await until(lambda: not bot.not_ready_reason)
        settings = DiscordSettings(token=SecretStr(fake.token))
        rest = RestClient(SecretStr(fake.token), connector=fake.connector)
        routed = cast("EventRouter", router)
        beside = GatewaySupervisor(bot.context, rest, routed, settings, connector=fake.connector)
        async with asyncio.TaskGroup() as group:
            task = group.create_task(beside.run())
            await until(lambda: beside.not_ready_reason() is None)
            ada.react(message, "🎲")
            await fake.until(lambda: router.started == 1)
            task.cancel()
            await fake.until(lambda: fake.gateway.connected == 1)
            ada.unreact(message, "🎲")
        await rest.close()
    assert [("reaction_added", "🎲")] == router.finished


async def test_the_presence_is_shown_again_in_a_new_session(fake: FakeDiscord, tmp_path: Path) -> None:
    async with started(fake, tmp_path):
        await fake.until(lambda: "for /imagine" in str(fake.gateway.presences))
        fake.gateway.invalidate()
        await fake.until(lambda: "for /imagine" not in str(fake.gateway.presences))
        await fake.until(lambda: "for /imagine" in str(fake.gateway.presences))


def test_the_presence_text_names_running_and_waiting_jobs() -> None:
    assert "3 running, 5 waiting" == presence_text(3, 5)
    assert "for /imagine" == presence_text(0, 0)
