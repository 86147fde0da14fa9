"""Balances of accounts over time, and what the provider took compared with our prices."""

from bot.domain.generations.requests import ImageRequest
from bot.domain.jobs.job import State
from bot.domain.money.credit import PriceDeviation, Reading
from bot.store.database.base import Database
from bot.store.database.named_sql import Query
from bot.store.operator.credit import (
    Activity,
    account_activity,
    account_spending,
    price_deviations,
    recent_readings,
    record_balance,
)
from tests.store.factories import ACCOUNT, HOUR, NOW, completed, open_account, submitted

_BEFORE, _AFTER = NOW - HOUR, NOW + HOUR


async def read(store: Database, balance: int, at: int) -> None:
    await store.transact(record_balance, ACCOUNT, balance, now=at)


async def checked(store: Database) -> list[PriceDeviation]:
    return await price_deviations(store, since=0)


async def test_only_changed_balances_are_recorded(store: Database) -> None:
    await open_account(store)
    for at, balance in ((NOW, 500), (NOW + 1, 500), (NOW + 2, 400)):
        await read(store, balance, at)
    expected = [Reading(at=NOW, balance=500), Reading(at=NOW + 2, balance=400)]
    assert {ACCOUNT: expected} == await recent_readings(store, now=NOW + 3)


async def test_the_last_balance_is_known_however_old_it_is(store: Database) -> None:
    await open_account(store)
    await read(store, 500, NOW - 400 * 24 * HOUR)
    await read(store, 400, NOW - 300 * 24 * HOUR)
    (found,) = (await recent_readings(store, now=NOW)).values()
    assert [400] == [reading.balance for reading in found]


async def test_what_the_provider_took_is_compared_with_the_prices_of_the_jobs(store: Database) -> None:
    await open_account(store)
    await read(store, 9_000_000, _BEFORE)
    price = (await (await completed(store)).now_at()).price
    await completed(store)
    await read(store, 9_000_000 - 2 * price - 70, _AFTER)
    (found,) = await checked(store)
    assert (2, 2 * price, 2 * price + 70) == (found.jobs, found.expected, found.actual)
    assert found.duration_class.startswith(f"{ImageRequest(prompt='x').kind}/")


async def test_a_failed_generation_costs_nothing(store: Database) -> None:
    await open_account(store)
    await read(store, 9_000_000, _BEFORE)
    price = (await (await completed(store)).now_at()).price
    await (await submitted(store)).move(State.FAILED)
    await read(store, 9_000_000 - price, _AFTER)
    (found,) = await checked(store)
    assert (1, price) == (found.jobs, found.expected)


async def test_what_was_taken_is_compared_once_nothing_is_in_flight(store: Database) -> None:
    """However often the balance was read meanwhile."""
    await open_account(store)
    await read(store, 9_000_000, _BEFORE)
    walk = await submitted(store)
    for at in (1, 2):
        await read(store, 9_000_000 - at, NOW + at)
        assert [] == await checked(store)
    await walk.move(State.COMPLETED)
    await read(store, 7_000_000, NOW + 3)
    (found,) = await checked(store)
    assert (1, (await walk.now_at()).price, 2_000_000) == (found.jobs, found.expected, found.actual)


async def test_nothing_is_compared_after_a_top_up(store: Database) -> None:
    await open_account(store)
    await read(store, 9_000_000, _BEFORE)
    walk = await submitted(store)
    await read(store, 30_000_000, NOW + 1)
    await walk.move(State.COMPLETED)
    await read(store, 8_000_000, NOW + 2)
    assert [] == await checked(store)
    await completed(store)
    await read(store, 20_000_000, _AFTER)
    assert [] == await checked(store)


async def test_what_a_workspace_spends_with_its_own_key_elsewhere_is_no_wrong_price(store: Database) -> None:
    await open_account(store)
    await read(store, 9_000_000, _BEFORE)
    await completed(store)
    await read(store, 7_000_000, _AFTER)
    assert 1 == len(await checked(store))
    await store.transact(lambda tx: tx.run(Query("own", "UPDATE account SET workspace = 'w'")))
    assert [] == await checked(store)


async def test_spending_counts_completed_jobs_and_those_in_flight(store: Database) -> None:
    await open_account(store)
    price = (await (await completed(store)).now_at()).price
    await submitted(store)
    await (await submitted(store)).move(State.FAILED)
    assert {ACCOUNT: 2 * price, "idle": 0} == await account_spending(store, [ACCOUNT, "idle"], since=_BEFORE)
    assert {ACCOUNT: price} == await account_spending(store, [ACCOUNT], since=NOW + 24 * HOUR)


async def test_activity_tells_what_runs_and_whether_anything_was_claimed(store: Database) -> None:
    await open_account(store)
    assert Activity(in_flight=0, claimed=False) == await account_activity(store, ACCOUNT, since=0)
    await submitted(store)
    assert Activity(in_flight=1, claimed=True) == await account_activity(store, ACCOUNT, since=_BEFORE)
    assert Activity(in_flight=1, claimed=False) == await account_activity(store, ACCOUNT, since=_AFTER)
