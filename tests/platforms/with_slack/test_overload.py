"""Under overload every event is answered in time, and a refused one costs nothing."""

import asyncio
from pathlib import Path
from typing import cast

import pytest

from adapters.slack.events.event_tasks import EventTasks
from adapters.slack.socket_mode import PING_S
from tests.patience import PATIENCE_S
from tests.platforms.fake_slack import Message
from tests.platforms.with_slack.bot_harness import BotHarness, Slow, before, run_bot, words

_BUSY = "Too many requests"
_CROWD = 60


@pytest.mark.parametrize("http", [False, True], ids=["socket", "http"])
async def test_commands_above_the_limit_are_refused_and_the_others_answered(
    tmp_path: Path, *, http: bool
) -> None:
    """The core is blocked meanwhile, so that accepted requests stay unfinished."""
    async with run_bot(tmp_path, http=http, wrap=before(Slow), max_tasks=20, ack_timeout_s=0.5) as bot:
        slow = cast("Slow", bot.context.service)
        asked = [bot.ada.slash("/quota") for _ in range(_CROWD)]
        for one in asked:
            await one.acknowledged()
        refused = [one for one in asked if one.responses]
        assert all(_BUSY in words(one.responses[0]) for one in refused)
        slow.gate.set()
        for one in asked:
            await one.response()
        after = await bot.ada.slash("/quota").response()

    assert 0 < len(refused) < _CROWD
    assert not any(one.did_not_respond for one in asked)
    for one in asked:
        (told,) = one.responses
        assert "nothing was charged" in words(told) if one in refused else _BUSY not in words(told)
    assert "left of $25" in words(after)


async def test_every_kind_of_event_is_refused_with_a_message(tmp_path: Path) -> None:
    async with run_bot(tmp_path, wrap=before(Slow), max_tasks=12, ack_timeout_s=0.2) as bot:
        slow = cast("Slow", bot.context.service)
        slow.gate.set()
        card = await bot.imagine()
        form = await bot.ada.slash("/imagine").view()
        await bot.router.tasks.drain()
        slow.gate.clear()
        crowd = [bot.boss.slash("/quota") for _ in range(12)]
        for one in crowd:
            await one.acknowledged()
        while len(bot.router.tasks) < 12:
            await bot.boss.slash("/quota").acknowledged()
        sent = bot.ada.submit(form, {"prompt": "a teal owl"})
        pressed = bot.ada.press(card, "rv:variation")
        used = bot.ada.use_on(card, "Details")
        bot.ada.mention("imagine a fox")
        bot.ada.react(card, "repeat")
        bot.ada.react(card, "thumbsup")
        await sent.acknowledged()
        await pressed.response()
        await used.response()
        # The reaction's refusal has the text of the mention's, and is not repeated.
        await bot.slack.until(lambda: len(_whispers(bot)) >= 3)
        slow.gate.set()
        await bot.router.tasks.drain()
        bot.ada.slash("/imagine", "a teal owl")
        other = await bot.card(until=lambda one: one is not card)

    assert _BUSY in next(iter(sent.errors.values()))
    assert 3 == len([one for one in _whispers(bot) if _BUSY in words(one)])
    assert [card, other] == bot.mine()
    assert "a teal owl" in other.text


def _whispers(bot: BotHarness) -> list[Message]:
    return [one for one in bot.general.messages.values() if one.only_for is bot.ada.user]


async def test_above_the_limit_of_notices_nothing_is_acknowledged() -> None:
    """Slack then sends events again, and shows people that their button did not work."""
    tasks, gate = EventTasks(max_tasks=1), asyncio.Event()
    answers = [tasks.refuse({"type": "block_actions"}, lambda: _wait(gate)) for _ in range(1_100)]
    gate.set()
    await tasks.drain()
    again = tasks.refuse({"type": "block_actions"}, lambda: _wait(gate))
    await tasks.drain()

    assert [200] * 1_000 + [503] * 100 == [one.status for one in answers]
    assert 200 == again.status
    assert not tasks.is_full


async def _wait(gate: asyncio.Event) -> None:
    await gate.wait()


async def test_a_burst_of_1200_commands_is_answered_with_one_look_up(tmp_path: Path) -> None:
    async with run_bot(tmp_path, validates=False, ping_s=PING_S) as bot:
        with bot.slack.clock.held():
            asked = [bot.ada.slash("/quota") for _ in range(1_200)]
            for one in asked:
                # Each waits for those before it, too.
                await one.response(timeout=4 * PATIENCE_S)
                await one.acknowledged(timeout=4 * PATIENCE_S)
        looked_up = [bot.slack.requests(name) for name in ("auth.test", "users.info")]

    assert {1} == {len(one.responses) for one in asked}
    assert [1, 1] == [len(requests) for requests in looked_up]
