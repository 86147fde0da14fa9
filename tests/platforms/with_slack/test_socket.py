"""Socket Mode: kept open, given up where that is of no use, and acknowledged whatever comes."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import cast

import pytest

from tests.patience import PATIENCE_S
from tests.platforms.with_slack.studio_house import Slow, before, open_studio, words


async def test_when_slack_asks_for_it_or_a_line_breaks_another_one_is_opened(tmp_path: Path) -> None:
    async with open_studio(tmp_path) as house:
        sockets = house.slack.sockets
        for leave in (sockets.disconnect, sockets.kill):
            before = sockets.greeted
            if (left := leave()) is not None:
                await left
            asked = house.ada.slash("/quota")
            await asked.response()
            assert sockets.greeted > before
        await until(lambda: house.receiver.not_ready_reason() is None)


@pytest.mark.parametrize(
    ("error", "told"), [("invalid_auth", "SLACK_APP_TOKEN"), ("internal_error", "cannot be reached")]
)
async def test_why_nobody_is_heard_is_told_and_the_rest_goes_on(
    tmp_path: Path, error: str, told: str
) -> None:
    async with open_studio(tmp_path, trouble=error) as house:
        await until(lambda: told in (house.receiver.not_ready_reason() or ""))


async def test_where_slack_has_no_socket_left_it_is_not_pressed(tmp_path: Path) -> None:
    async with open_studio(tmp_path) as house:
        refused = await house.ada.slash("/reverie", "too_many_websockets").response()
        assert "no /too_many_websockets" in words(refused)
        assert house.receiver.not_ready_reason() is None
        await house.slack.sockets.disconnect("too_many_websockets")
        await until(lambda: "ten sockets" in (house.receiver.not_ready_reason() or ""))
        opened = len(house.slack.requests("apps.connections.open"))

    assert opened < 5


async def test_what_nobody_listens_for_is_acknowledged(tmp_path: Path) -> None:
    async with open_studio(tmp_path) as house:
        card = await house.imagine()
        foreign = {"type": "plain_text", "text": "?"}
        card.blocks[-1]["elements"].append({"type": "button", "action_id": "other", "text": foreign})
        asked = house.ada.press(card, "other")

        assert {} == await asked.acknowledged()


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not condition():  # noqa: ASYNC110 - what the inlet knows announces itself to nobody
            await asyncio.sleep(0.02)


async def test_what_is_in_hand_is_answered_before_the_bot_stops(tmp_path: Path) -> None:
    async with open_studio(tmp_path, wrap=before(Slow)) as house:
        slow = cast("Slow", house.context.service)
        asked = house.ada.slash("/quota")
        await slow.begun.wait()
        house.app.stop()
        await asyncio.sleep(0)
        slow.gate.set()
        told = await asked.response()

    assert "left of $25" in words(told)
