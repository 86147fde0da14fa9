"""Operators are told once what is wrong and once that it is over, whatever fails meanwhile."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace

import pytest
from pydantic import SecretStr

from bot.domain.errors import Delayed, DeliveryError, NotSent, Undeliverable
from bot.domain.identity import Place
from bot.domain.money.pricing import MICROUSD
from bot.service.operator.alerts import AlertFinder, AlertSender, Webhook, alert_loops, alert_targets
from bot.store.operator.accounts import start_account, stop_account
from bot.store.operator.credit import record_balance
from tests.engine.conftest import Open
from tests.engine.harness import Engine
from tests.providers.scripted_api import Received, answer_for_ever, reply, reset, scripted

OPERATORS = ("chat:boss",)
MINUTE, DAY = 60_000, 86_400_000


class Replica:
    """One of several processes that look and tell."""

    def __init__(self, bot: Engine) -> None:
        services = replace(bot.services, owner=bot.new_key())
        targets = alert_targets(services.settings, {"chat": bot.chat})
        self.finder = AlertFinder(services, sorted(targets))
        self.sender = AlertSender(services, targets)

    async def round(self) -> None:
        await self.finder.look()
        await self.sender.send_due()


async def told(bot: Engine, *replicas: Replica) -> list[str]:
    """Have all replicas look at the same time; answers all messages so far."""
    await asyncio.gather(*(one.round() for one in replicas))
    return [text for text, _ in bot.chat.told]


async def stopped(bot: Engine, reason: str = "no credit") -> None:
    await bot.services.database.transact(stop_account, "one", reason=reason, now=bot.clock.wall())


async def started(bot: Engine) -> None:
    await bot.services.database.transact(start_account, "one", now=bot.clock.wall())


async def test_an_alert_is_told_once_and_its_end_once_by_all_replicas_together(any_engine: Open) -> None:
    async with any_engine(start=None, operators=OPERATORS) as bot:
        two = Replica(bot), Replica(bot)
        assert [] == await told(bot, *two)
        assert [] == await bot.rows("SELECT id FROM alert"), "nothing is written while all is well"
        await stopped(bot)
        for _ in range(3):
            (text,) = await told(bot, *two)
        assert "⚠️ Account one of simulator does not accept jobs: no credit.\nFix its key" in text
        (place,) = {place for _, place in bot.chat.told}
        assert ("@chat:boss", "chat:@dm") == (place.channel, place.workspace)
        await started(bot)
        assert 1 == len(await told(bot, *two)), "it may begin again at once"
        bot.advance(3 * MINUTE)
        assert "✅ Over: Account one of simulator" in (await told(bot, *two))[1]
        await stopped(bot)
        assert 2 == len(await told(bot, *two)), "what flaps is told once in ten minutes"
        bot.advance(10 * MINUTE)
        assert 3 == len(await told(bot, *two))
        await started(bot)
        bot.advance(3 * MINUTE)
        await told(bot, *two)
        bot.advance(10 * MINUTE)
        assert 4 == len(await told(bot, *two))
        assert [] == await bot.rows("SELECT id FROM alert"), "what is over is forgotten"


async def test_a_restart_neither_repeats_an_alert_nor_ends_it(any_engine: Open) -> None:
    async with any_engine(start=None, operators=OPERATORS) as bot:
        await stopped(bot)
        assert 1 == len(await told(bot, Replica(bot)))
        bot.advance(60 * MINUTE)
        await started(bot)
        late = Replica(bot)
        assert 1 == len(await told(bot, late)), "what persists may not have been found again yet"
        bot.advance(3 * MINUTE)
        assert 2 == len(await told(bot, late))


async def test_a_message_is_kept_until_it_is_sent_and_holds_back_no_other_target(any_engine: Open) -> None:
    received: list[Received] = []
    async with scripted(reset, reply(500), reply(204), reply(200)) as api:
        hook = SecretStr(f"{api.url}/secret-path")
        async with any_engine(start=None, operators=OPERATORS, alert_webhook=hook) as bot:
            await stopped(bot)
            assert 1 == len(await told(bot, Replica(bot)))
            await started(bot)
            bot.advance(3 * MINUTE)
            later = Replica(bot)
            for _ in range(6):
                bot.advance(3 * MINUTE)
                await told(bot, later)
            assert [] == await bot.rows("SELECT id FROM alert_notice")
            received = api.received
    assert {("POST", "/secret-path")} == {(one.method, one.target) for one in received}
    states = [one.document["state"] for one in received]
    assert ["raised"] * 3 + ["resolved"] == states, "in order, each until it is taken"
    assert 1 == len({one.document["id"] for one in received})
    assert 2 == len({one.document["text"] for one in received})


async def test_a_message_is_received_whatever_body_the_answer_has() -> None:
    async with scripted(answer_for_ever) as api:
        assert 201 == await Webhook(SecretStr(api.url), None).post({})


@pytest.mark.parametrize(
    ("errors", "told_at_last"),
    [([Undeliverable("direct messages are closed")], 0), ([Delayed("slow down")] * 2, 1)],
)
async def test_a_platform_that_refuses_is_left_and_one_that_is_busy_is_asked_again(
    engine: Open, errors: Sequence[DeliveryError], told_at_last: int
) -> None:
    waiting = list(errors)

    async with engine(start=None, operators=OPERATORS) as bot:
        post = bot.chat.post_notice

        async def refuse(text: str, place: Place) -> None:
            if waiting:
                raise waiting.pop()
            await post(text, place)

        bot.chat.post_notice = refuse  # type: ignore[method-assign]
        await stopped(bot)
        replica = Replica(bot)
        for _ in range(4):
            seen = await told(bot, replica)
            bot.advance(MINUTE)
        assert told_at_last == len(seen)
        assert [] == await bot.rows("SELECT id FROM alert_notice")


async def test_a_message_that_nobody_takes_is_given_up(engine: Open) -> None:
    async with engine(
        start=None, alert_webhook=SecretStr("http://127.0.0.1:1/x"), times={"alert_retry_max": DAY}
    ) as bot:
        await stopped(bot)
        replica = Replica(bot)
        await told(bot, replica)
        assert 1 == len(await bot.rows("SELECT id FROM alert_notice WHERE tries = 1"))
        bot.advance(DAY + MINUTE)
        await replica.sender.send_due()
        assert [] == await bot.rows("SELECT id FROM alert_notice")


async def test_a_provider_that_does_not_respond_is_told_after_a_minute(engine: Open) -> None:
    async with engine(start=None, operators=OPERATORS) as bot:
        bot.provider.get_error = lambda _: NotSent("No connection to the generation API (ConnectTimeout)")
        replica = Replica(bot)
        for expected in (0, 1):
            with pytest.raises(NotSent):
                await bot.services.providers["one"].get("any")
            assert expected == len(await told(bot, replica))
            bot.advance(MINUTE)
        assert "(ConnectTimeout)" in bot.chat.told[0][0]


async def test_a_balance_that_ends_soon_is_told(engine: Open) -> None:
    async with engine(start=None, operators=OPERATORS) as bot:
        for balance, days in ((9, 2.0), (4, 0.5)):
            at = bot.clock.wall() - round(days * DAY)
            await bot.services.database.transact(record_balance, "one", balance * MICROUSD, now=at)
        (text,) = await told(bot, Replica(bot))
        assert "$4.00 left, empty in about 2 days at this pace" in text


async def test_a_full_disk_is_told(engine: Open) -> None:
    async with engine(start=None, operators=OPERATORS, min_free_bytes=10**18) as bot:
        (text,) = await told(bot, Replica(bot))
        assert "has only" in text
        assert "Make room" in text


async def test_jobs_that_nobody_submits_are_told_unless_they_are_to_wait(engine: Open) -> None:
    async with engine(start=None, operators=OPERATORS) as bot:
        replica = Replica(bot)
        await bot.ask()
        assert [] == await told(bot, replica)
        bot.advance(21 * MINUTE)
        await bot.change("UPDATE workspace SET paused = 1")
        assert [] == await told(bot, replica), "an admin paused it"
        await bot.change("UPDATE workspace SET paused = 0")
        await bot.change("UPDATE meter SET is_cap = 1, used = max_amount WHERE scope LIKE 'ceiling:%'")
        assert [] == await told(bot, replica), "the workspace's budget is spent"
        await bot.change("UPDATE meter SET is_cap = 1, used = 0 WHERE scope LIKE 'ceiling:%'")
        await bot.change(
            "INSERT INTO attempt (job, number, account, lane, claimed_at)"
            " SELECT id, 1, 'one', lane, :at FROM job",
            at=bot.clock.wall(),
        )
        assert [] == await told(bot, replica), "the queue moves"
        await bot.change("UPDATE attempt SET claimed_at = 0")
        (text,) = await told(bot, replica)
        assert "1 image jobs of simulator are waiting, and none is submitted" in text
        await stopped(bot)
        bot.advance(3 * MINUTE)
        assert any("✅ Over: 1 image jobs" in one for one in await told(bot, replica)), (
            "another alert explains it"
        )


@pytest.mark.parametrize("operators", [(), ("elsewhere:boss",), ("boss",)])
async def test_nobody_looks_where_nobody_can_be_told(engine: Open, operators: tuple[str, ...]) -> None:
    async with engine(start=None, operators=operators) as bot:
        assert {} == alert_loops(bot.services, {"chat": bot.chat})


async def test_an_operator_who_is_named_twice_is_told_once(engine: Open) -> None:
    async with engine(start=None, operators=("chat:boss", "chat:home:boss")) as bot:
        await stopped(bot)
        assert 1 == len(await told(bot, Replica(bot)))
