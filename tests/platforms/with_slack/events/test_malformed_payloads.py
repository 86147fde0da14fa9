"""Malformed payloads start nothing, and later events still work."""

import copy
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.platforms.fake_slack.state.deliveries import Delivery
from tests.platforms.with_slack.bot_harness import BotHarness, run_bot, words

_SEED = 20_261_128
#: changed payloads of each kind of delivery
_EACH = 20
#: what stands where something else is due; not "x": that is the name of an emoji which deletes
_ODD: tuple[Any, ...] = (None, 0, -1, True, 1e300, "", "odd", "\x00", [], {}, [None], ["odd"], {"id": None})
#: what tells one event from another: left out only, since with another text it would be a new and whole one
_NAMES = {"event_id", "trigger_id", "ts", "id", "channel"}


def _spots(part: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path of everything in a payload."""
    inside = part.items() if isinstance(part, dict) else enumerate(part) if isinstance(part, list) else ()
    for name, value in inside:
        yield (*path, name)
        yield from _spots(value, (*path, name))


def changed(payload: Any, chance: random.Random) -> Any:
    """The payload with some of its fields dropped, null, or of another type."""
    told = copy.deepcopy(payload)
    for _ in range(chance.randint(1, 3)):
        path = chance.choice(list(_spots(told)))
        part = told
        for name in path[:-1]:
            part = part[name]
        if path[-1] in _NAMES or chance.random() < 0.4:
            del part[path[-1]]
        else:
            part[path[-1]] = copy.deepcopy(chance.choice(_ODD))
        if not told:
            break
    return told


async def _collect(bot: BotHarness) -> dict[str, Delivery]:
    """One delivery of every kind that starts or changes something, as Slack sent it."""
    ada, slack = bot.ada, bot.slack
    card = await bot.imagine()
    await ada.slash("/reverie", "imagine a fox --colour red").response()
    form = await ada.slash("/reverie").view()
    ada.choose(form, "form_command", "animate")
    await slack.until(lambda: "/animate" == form.told["title"]["text"])
    ada.choose(form, "form_command", "imagine")
    await slack.until(lambda: any(one.get("block_id") == "image_job" for one in form.blocks))
    await ada.suggestions(form, "image_job", "").acknowledged()
    await ada.submit(form, {"prompt": "a teal owl"}).acknowledged()
    await bot.card(until=lambda one: "a teal owl" in one.text)
    await ada.press(card, "rv:details").response()
    await ada.press(card, "rv:edit").view()
    await ada.use_on(card, "Reframe").view()
    await ada.open_shortcut("Create with Reverie").view()
    ada.mention("imagine a mentioned fox")
    await bot.card(until=lambda one: "a mentioned fox" in one.text)
    ada.react(card, "game_die")
    await bot.card(until=lambda one: "a red fox" in one.text and one is not card)
    ada.open_home()
    await slack.until(lambda: ada.home is not None)
    await ada.press(ada.home, "home_refresh").acknowledged()  # type: ignore[arg-type] # it is there
    await slack.until(lambda: all(one.acknowledged_ms is not None for one in slack.deliveries))
    return {one.name: one for one in slack.deliveries if not one.name.startswith("message.")}


def _send(bot: BotHarness, like: Delivery, payload: Any) -> Delivery:
    sent = Delivery(
        kind=like.kind,
        name=like.name,
        payload=payload,
        created_ms=bot.slack.clock.now_ms(),
        url=like.url,
        settle=lambda _: None,
        takes_answer=True,
    )
    return bot.slack.world.deliver(sent)


@pytest.mark.parametrize("http", [False, True], ids=["socket", "http"])
async def test_a_malformed_payload_affects_nothing_else(tmp_path: Path, *, http: bool) -> None:
    chance = random.Random(_SEED)  # noqa: S311 - the same in every run
    async with run_bot(tmp_path, http=http, validates=False, ping_s=5.0) as bot:
        known = await _collect(bot)
        await bot.router.tasks.drain()
        before = words(await bot.boss.slash("/reverie", "quotas show").response())
        cards = [one.text for one in bot.mine()]
        with bot.slack.clock.held():
            odd = [(like, changed(like.payload, chance)) for like in known.values() for _ in range(_EACH)]
            none: tuple[Any, ...] = () if http else (None, [], 5, "odd", {})
            whole = [(like, one) for like in known.values() for one in none]
            sent = [_send(bot, like, payload) for like, payload in (*odd, *whole)]
            await bot.slack.until(lambda: all(one.settled or one.given_up for one in sent))
            await bot.router.tasks.drain()
        # The fake may complain about malformed payloads; their responses do not matter here.
        bot.slack.violations.clear()
        after = words(await bot.boss.slash("/reverie", "quotas show").response())
        assert cards == [one.text for one in bot.mine()]
        bot.ada.mention("imagine a last fox")
        last = await bot.card(until=lambda one: "a last fox" in one.text)
        bot.ada.slash("/imagine", "a last owl")
        other = await bot.card(until=lambda one: "a last owl" in one.text)

    assert {"/imagine", "/reverie", "app_mention", "reaction_added", "app_home_opened"} <= set(known)
    assert len(known) >= 12
    assert [] == [one.name for one in sent if one.given_up]
    assert (last, other) == tuple(bot.mine()[-2:])
    assert before.partition("[")[0] == after.partition("[")[0]
