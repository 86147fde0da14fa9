"""Credit and spending of accounts, as operators see them."""

from bot.domain.credit import DAY_MS
from bot.domain.pricing import MICROUSD
from bot.store.credit import record_balance
from tests.engine.conftest import Open
from tests.engine.fakes import Clock, FakeProvider
from tests.engine.house import House, person


async def read(home: House, balance: int, *, days_ago: float) -> None:
    at = home.clock.wall() - round(days_ago * DAY_MS)
    await home.services.database.transact(record_balance, "one", balance, now=at)


async def remarks(home: House) -> list[str]:
    async with home.http() as http:
        found: list[str] = (await http.get("/readyz")).json()["remarks"]
        return found


async def test_a_credit_that_will_be_spent_soon_is_told(house: Open) -> None:
    async with house(start=None) as home:
        home.services.health["one"].worked = True
        await read(home, 9 * MICROUSD, days_ago=2)
        await read(home, 4 * MICROUSD, days_ago=0.5)
        (remark,) = await remarks(home)
        assert "Account one of simulator: $4.00 left, empty in about 2 days at this pace." in remark
        await read(home, 500 * MICROUSD, days_ago=0.1)
        assert [] == await remarks(home)


async def test_the_monthly_limit_is_told_from_four_fifths_on(house: Open) -> None:
    """A picture costs 1.7 cents."""
    clock = Clock()
    provider = FakeProvider(clock)
    provider.name = "luma"
    settings = {"provider": ("luma",), "account_monthly_limit": 0.02, "default_ceiling": 5}
    async with house(clock=clock, providers=[provider], **settings) as home:
        await home.until(lambda: home.provider.checks)
        assert [] == await remarks(home)
        await home.made()
        (remark,) = await remarks(home)
        assert "Account one of luma has spent $0.018 of its $0.020 for this month." in remark


async def test_operators_see_the_credit_in_the_usage(house: Open) -> None:
    async with house(operators=("chat:boss",)) as home:
        await read(home, 5 * MICROUSD, days_ago=0.5)
        boss, admin = person("boss"), person("eve", admin=True)
        fields = dict((await home.learn("/studio usage", by=boss)).fields)
        assert "$5.00 left" == fields["Account one (simulator)"]
        assert not any("Account" in name for name, _ in (await home.learn("/studio usage", by=admin)).fields)


async def test_metrics_have_credit_and_spending(house: Open) -> None:
    async with house(start=None) as home:
        await read(home, 9 * MICROUSD, days_ago=2)
        await read(home, 5 * MICROUSD, days_ago=0)
        async with home.http() as http:
            text = (await http.get("/metrics")).text
        labels = '{account="one",provider="simulator"}'
        assert f"reverie_account_credit_dollars{labels} 5.0" in text
        assert f"reverie_account_credit_days{labels} 2.5" in text
        assert f"reverie_account_month_dollars{labels} 0.0" in text
