"""Each conversation with queued jobs gets one notice about an outage."""

import asyncio

from bot.domain.errors import AccountProblem, Undeliverable
from bot.domain.identity import Place
from bot.store.accounts import start_account, stop_account
from bot.worker.outage_notices import NOTICE, post_due_notices
from tests.engine.conftest import Open
from tests.engine.house import House


async def stop(house: House, reason: str = "no credit") -> None:
    account, now = house.provider.account, house.clock.wall()
    if reason:
        await house.services.database.transact(stop_account, account, reason=reason, now=now)
    else:
        await house.services.database.transact(start_account, account, now=now)


async def look(house: House) -> list[str]:
    """Have both of two replicas look; answers where something was said so far."""
    publishers = {"chat": house.chat}
    await asyncio.gather(*(post_due_notices(house.services, publishers) for _ in range(2)))
    assert {NOTICE} >= {text for text, _ in house.chat.told}
    return [place.channel for _, place in house.chat.told]


async def test_each_conversation_that_waits_is_told_once_an_outage(any_house: Open) -> None:
    async with any_house(start=None) as home:
        for channel in ("c1", "c1", "c2"):
            await home.say("/imagine a fox", place=home.place(channel=channel))
        await home.say("/imagine a secret fox", place=home.place(channel="c3", private=True))
        assert [] == await look(home), "nothing is out"
        await stop(home)
        assert ["c1", "c2"] == sorted(await look(home))
        assert 2 == len(await look(home)), "the second look says nothing more"
        await stop(home, "")
        await look(home)
        await stop(home)
        assert 4 == len(await look(home)), "another outage is told again"


async def test_where_it_cannot_be_said_others_are_told(house: Open) -> None:
    class Closed:
        async def post_notice(self, text: str, place: Place) -> None:
            home.chat.told.append((text, place))
            raise Undeliverable("the channel is gone")

    async with house(start=None) as home:
        for channel in ("c1", "c2"):
            await home.say("/imagine a fox", place=home.place(channel=channel))
        await stop(home)
        home.chat.post_notice = Closed().post_notice  # type: ignore[method-assign]
        assert ["c1", "c2"] == sorted(await look(home))


async def test_a_running_bot_tells(house: Open) -> None:
    async with house(times={"outage_interval": 10}) as home:
        home.provider.steps.append(AccountProblem("no credit"))
        home.provider.check_error = AccountProblem("no credit")
        await home.ask()
        await home.until(lambda: home.chat.told)
