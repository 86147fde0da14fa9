"""Credit and spending of accounts, as operators see them."""

from bot.domain.credit import DAY_MS
from bot.domain.pricing import MICROUSD
from bot.store.credit import record_balance
from tests.engine.conftest import Open
from tests.engine.fakes import Clock, FakeProvider
from tests.engine.harness import Engine
from tests.engine.settings import person


async def read(bot: Engine, balance: int, *, days_ago: float) -> None:
    at = bot.clock.wall() - round(days_ago * DAY_MS)
    await bot.services.database.transact(record_balance, "one", balance, now=at)


async def remarks(bot: Engine) -> list[str]:
    async with bot.http() as http:
        found: list[str] = (await http.get("/readyz")).json()["remarks"]
        return found


async def test_a_credit_that_will_be_spent_soon_is_told(engine: Open) -> None:
    async with engine(start=None) as bot:
        bot.services.health["one"].worked = True
        await read(bot, 9 * MICROUSD, days_ago=2)
        await read(bot, 4 * MICROUSD, days_ago=0.5)
        (remark,) = await remarks(bot)
        assert "Account one of simulator: $4.00 left, empty in about 2 days at this pace." in remark
        await read(bot, 500 * MICROUSD, days_ago=0.1)
        assert [] == await remarks(bot)


async def test_the_monthly_limit_is_told_from_four_fifths_on(engine: Open) -> None:
    """A picture costs 1.7 cents."""
    clock = Clock()
    provider = FakeProvider(clock)
    provider.name = "luma"
    settings = {"provider": ("luma",), "account_monthly_limit": 0.02, "default_ceiling": 5}
    async with engine(clock=clock, providers=[provider], **settings) as bot:
        await bot.until(lambda: bot.provider.checks)
        assert [] == await remarks(bot)
        await bot.made()
        (remark,) = await remarks(bot)
        assert "Account one of luma has spent $0.018 of its $0.020 for this month." in remark


async def test_operators_see_the_credit_in_the_usage(engine: Open) -> None:
    async with engine(operators=("chat:boss",)) as bot:
        await read(bot, 5 * MICROUSD, days_ago=0.5)
        boss, admin = person("boss"), person("eve", admin=True)
        fields = dict((await bot.learn("/studio usage", by=boss)).fields)
        assert "$5.00 left" == fields["Account one (simulator)"]
        assert not any("Account" in name for name, _ in (await bot.learn("/studio usage", by=admin)).fields)


async def test_metrics_have_credit_and_spending(engine: Open) -> None:
    async with engine(start=None) as bot:
        await read(bot, 9 * MICROUSD, days_ago=2)
        await read(bot, 5 * MICROUSD, days_ago=0)
        async with bot.http() as http:
            text = (await http.get("/metrics")).text
        labels = '{account="one",provider="simulator",workspace=""}'
        assert f"reverie_account_credit_dollars{labels} 5.0" in text
        assert f"reverie_account_credit_days{labels} 2.5" in text
        assert f"reverie_account_month_dollars{labels} 0.0" in text
