"""Credit and spending of accounts, and prices that are not the provider's, as operators see them."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from bot.domain.money.credit import DAY_MS
from bot.domain.money.pricing import MICROUSD
from bot.service.operator.alerts import AlertFinder, alert_targets
from bot.store.operator.credit import price_deviations, record_balance
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


async def charged(bot: Engine, dollars: float) -> None:
    """Make a picture for which the provider takes so much, and wait until its cost has been compared."""
    provider = bot.provider
    checked = sum(one.jobs for one in await price_deviations(bot.services.database, since=0))

    def charge() -> None:
        provider.credit = (provider.credit or 0) - round(dollars * MICROUSD)

    provider.before_create = charge
    await bot.made()

    async def compared() -> bool:
        bot.advance(100)
        found = await price_deviations(bot.services.database, since=0)
        return sum(one.jobs for one in found) > checked

    await bot.until(compared)


async def wrong(bot: Engine) -> Any:
    """The prices that `reverie usage` lists."""
    overview: Any = await bot.operator.overview()
    return overview["wrong_prices"]


def dated(bot: Engine, at: int) -> None:
    """Have the operator correct the rates on the day of this time."""
    rates = replace(bot.services.rates, dated=datetime.fromtimestamp(at / 1000, UTC).date())
    object.__setattr__(bot.services, "rates", rates)


async def test_a_price_that_is_not_the_providers_is_told_until_the_rates_are_corrected(engine: Open) -> None:
    """A picture costs 1.7 cents by our rates."""
    async with engine(start=None, operators=("chat:boss",)) as bot:
        bot.provider.credit = 500 * MICROUSD
        bot.start()
        await bot.until(lambda: bot.provider.checks)
        await charged(bot, 0.0172)
        assert [] == await remarks(bot)
        await charged(bot, 0.5)

        (remark,) = await remarks(bot)
        assert "2 jobs of image/photon-1" in remark
        assert "cost $0.52, and $0.035 was charged for them." in remark
        assert "Correct the rates in REVERIE_RATES_FILE, and date it today." in remark
        (found,) = await wrong(bot)
        assert (2, 517_200) == (found["jobs"], found["actual_microusd"])
        finder = AlertFinder(bot.services, sorted(alert_targets(bot.services.settings, {"chat": bot.chat})))
        await finder.look()
        assert ["price_wrong"] == [row["kind"] for row in await bot.rows("SELECT kind FROM alert_notice")]
        async with bot.http() as http:
            assert 'reverie_price_ratio{kind="image/photon-1' in (await http.get("/metrics")).text

        dated(bot, bot.clock.wall())
        assert [] == await remarks(bot)
        assert [] == await wrong(bot)
        bot.advance(DAY_MS)
        await charged(bot, 0.5)
        assert ["1 jobs"] == [remark[:6] for remark in await remarks(bot)], "they are still not corrected"
