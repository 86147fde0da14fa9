"""Socket Mode reconnects, reports why it cannot, and acknowledges every envelope."""

import asyncio
from pathlib import Path
from typing import cast

import pytest

from tests.patience import until
from tests.platforms.with_slack.bot_harness import Slow, before, run_bot, words


async def test_the_socket_reconnects(tmp_path: Path) -> None:
    async with run_bot(tmp_path) as bot:
        sockets = bot.slack.sockets
        for leave in (sockets.disconnect, sockets.kill):
            before = sockets.greeted
            if (left := leave()) is not None:
                await left
            asked = bot.ada.slash("/quota")
            await asked.response()
            assert sockets.greeted > before
        await until(lambda: bot.receiver.not_ready_reason() is None)


@pytest.mark.parametrize(
    ("error", "told"), [("invalid_auth", "SLACK_APP_TOKEN"), ("internal_error", "cannot be reached")]
)
async def test_a_failed_connection_is_reported_while_the_rest_works(
    tmp_path: Path, error: str, told: str
) -> None:
    async with run_bot(tmp_path, trouble=error) as bot:
        await until(lambda: told in (bot.receiver.not_ready_reason() or ""))


async def test_too_many_sockets_are_not_retried_at_once(tmp_path: Path) -> None:
    async with run_bot(tmp_path) as bot:
        refused = await bot.ada.slash("/reverie", "too_many_websockets").response()
        assert "no /too_many_websockets" in words(refused)
        assert bot.receiver.not_ready_reason() is None
        await bot.slack.sockets.disconnect("too_many_websockets")
        await until(lambda: "ten sockets" in (bot.receiver.not_ready_reason() or ""))
        opened = len(bot.slack.requests("apps.connections.open"))

    assert opened < 5


async def test_events_without_a_listener_are_acknowledged(tmp_path: Path) -> None:
    async with run_bot(tmp_path) as bot:
        card = await bot.imagine()
        foreign = {"type": "plain_text", "text": "?"}
        card.blocks[-1]["elements"].append({"type": "button", "action_id": "other", "text": foreign})
        asked = bot.ada.press(card, "other")

        assert {} == await asked.acknowledged()


async def test_running_requests_are_answered_before_the_bot_stops(tmp_path: Path) -> None:
    async with run_bot(tmp_path, wrap=before(Slow)) as bot:
        slow = cast("Slow", bot.context.service)
        asked = bot.ada.slash("/quota")
        await slow.begun.wait()
        bot.app.stop()
        await asyncio.sleep(0)
        slow.gate.set()
        told = await asked.response()

    assert "left of $25" in words(told)
