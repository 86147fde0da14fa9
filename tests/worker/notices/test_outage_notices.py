"""Each conversation with queued jobs gets one notice about an outage."""

import asyncio

from bot.domain.errors import AccountProblem, Undeliverable
from bot.domain.identity import Place
from bot.store.operator.accounts import start_account, stop_account
from bot.worker.notices.outage_notices import NOTICE, post_due_notices
from tests.engine.conftest import Open
from tests.engine.harness import Engine


async def stop(engine: Engine, reason: str = "no credit") -> None:
    account, now = engine.provider.account, engine.clock.wall()
    if reason:
        await engine.services.database.transact(stop_account, account, reason=reason, now=now)
    else:
        await engine.services.database.transact(start_account, account, now=now)


async def look(engine: Engine) -> list[str]:
    """Have both of two replicas look; answers where something was said so far."""
    publishers = {"chat": engine.chat}
    await asyncio.gather(*(post_due_notices(engine.services, publishers) for _ in range(2)))
    assert {NOTICE} >= {text for text, _ in engine.chat.told}
    return [place.channel for _, place in engine.chat.told]


async def test_each_conversation_that_waits_is_told_once_an_outage(engine: Open) -> None:
    async with engine(start=None) as bot:
        for channel in ("c1", "c1", "c2"):
            await bot.say("/imagine a fox", place=bot.place(channel=channel))
        await bot.say("/imagine a secret fox", place=bot.place(channel="c3", private=True))
        assert [] == await look(bot), "nothing is out"
        await stop(bot)
        assert ["c1", "c2"] == sorted(await look(bot))
        assert 2 == len(await look(bot)), "the second look says nothing more"
        await stop(bot, "")
        await look(bot)
        await stop(bot)
        assert 4 == len(await look(bot)), "another outage is told again"


async def test_where_it_cannot_be_said_others_are_told(engine: Open) -> None:
    class Closed:
        async def post_notice(self, text: str, place: Place) -> None:
            bot.chat.told.append((text, place))
            raise Undeliverable("the channel is gone")

    async with engine(start=None) as bot:
        for channel in ("c1", "c2"):
            await bot.say("/imagine a fox", place=bot.place(channel=channel))
        await stop(bot)
        bot.chat.post_notice = Closed().post_notice  # type: ignore[method-assign]
        assert ["c1", "c2"] == sorted(await look(bot))


async def test_a_running_bot_tells(engine: Open) -> None:
    async with engine(times={"outage_interval": 10}) as bot:
        bot.provider.steps.append(AccountProblem("no credit"))
        bot.provider.check_error = AccountProblem("no credit")
        await bot.ask()
        await bot.until(lambda: bot.chat.told)
