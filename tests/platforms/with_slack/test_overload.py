"""More than can be done at once: everybody is answered in time, and nothing is charged for a refusal."""

import asyncio
from pathlib import Path
from typing import cast

import pytest

from adapters.slack.events.event_tasks import EventTasks
from adapters.slack.socket_mode import PING_S
from tests.platforms.fake_slack import Message
from tests.platforms.with_slack.studio_house import Slow, StudioHouse, before, open_studio, words

_BUSY = "Too many requests"
_CROWD = 60


@pytest.mark.parametrize("http", [False, True], ids=["socket", "http"])
async def test_whoever_comes_too_many_is_told_so_and_the_others_are_answered(
    tmp_path: Path, *, http: bool
) -> None:
    """The core takes nothing meanwhile, so that all that is let in stays in hand."""
    async with open_studio(tmp_path, http=http, wrap=before(Slow), max_tasks=20, ack_timeout_s=0.5) as house:
        slow = cast("Slow", house.context.service)
        asked = [house.ada.slash("/quota") for _ in range(_CROWD)]
        for one in asked:
            await one.acknowledged()
        refused = [one for one in asked if one.responses]
        assert all(_BUSY in words(one.responses[0]) for one in refused)
        slow.gate.set()
        for one in asked:
            await one.response()
        after = await house.ada.slash("/quota").response()

    assert 0 < len(refused) < _CROWD
    assert not any(one.did_not_respond for one in asked)
    for one in asked:
        (told,) = one.responses
        assert "nothing was charged" in words(told) if one in refused else _BUSY not in words(told)
    assert "left of $25" in words(after)


async def test_buttons_forms_mentions_and_reactions_are_answered_too(tmp_path: Path) -> None:
    async with open_studio(tmp_path, wrap=before(Slow), max_tasks=12, ack_timeout_s=0.2) as house:
        slow = cast("Slow", house.context.service)
        slow.gate.set()
        card = await house.imagine()
        form = await house.ada.slash("/imagine").view()
        await house.router.tasks.drain()
        slow.gate.clear()
        crowd = [house.boss.slash("/quota") for _ in range(12)]
        for one in crowd:
            await one.acknowledged()
        while len(house.router.tasks) < 12:
            await house.boss.slash("/quota").acknowledged()
        sent = house.ada.submit(form, {"prompt": "a teal owl"})
        pressed = house.ada.press(card, "rv:variation")
        used = house.ada.use_on(card, "Details")
        house.ada.mention("imagine a fox")
        house.ada.react(card, "repeat")
        house.ada.react(card, "thumbsup")
        await sent.acknowledged()
        await pressed.response()
        await used.response()
        # The reaction is refused in the same words as the mention, of which one message is enough.
        await house.slack.until(lambda: len(_whispers(house)) >= 3)
        slow.gate.set()
        await house.router.tasks.drain()
        house.ada.slash("/imagine", "a teal owl")
        other = await house.card(until=lambda one: one is not card)

    assert _BUSY in next(iter(sent.errors.values()))
    assert 3 == len([one for one in _whispers(house) if _BUSY in words(one)])
    assert [card, other] == house.mine()
    assert "a teal owl" in other.text


def _whispers(house: StudioHouse) -> list[Message]:
    return [one for one in house.general.messages.values() if one.only_for is house.ada.user]


async def test_where_not_even_that_can_be_told_slack_hears_nothing() -> None:
    """Then it sends an event again, and tells people that their button did not work."""
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


async def test_a_burst_of_1200_is_answered_whole_and_looks_nobody_up_twice(tmp_path: Path) -> None:
    async with open_studio(tmp_path, validates=False, ping_s=PING_S) as house:
        with house.slack.clock.held():
            asked = [house.ada.slash("/quota") for _ in range(1_200)]
            for one in asked:
                await one.response()
                await one.acknowledged()
        looked_up = [house.slack.requests(name) for name in ("auth.test", "users.info")]

    assert {1} == {len(one.responses) for one in asked}
    assert [1, 1] == [len(requests) for requests in looked_up]
