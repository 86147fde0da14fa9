"""Provider accounts: registered, stopped, and retired only when no worker has them."""

from bot.domain.generations.models import Lane
from bot.domain.jobs.job import State
from bot.store.database.base import Database
from bot.store.database.named_sql import Query
from bot.store.operator.accounts import (
    AccountRow,
    AccountState,
    echoed_at,
    known_accounts,
    last_registered_at,
    list_accounts,
    record_echo,
    register_accounts,
    start_account,
    stop_account,
)
from tests.store.factories import (
    ACCOUNT,
    HOUR,
    NOW,
    accepted,
    claim_next,
    open_account,
    open_accounts,
    submitted,
)


async def states(database: Database) -> dict[str, AccountState]:
    return {row.id: row.state for row in await list_accounts(database)}


async def test_accounts_are_known_with_what_is_in_flight_on_them(store: Database) -> None:
    await open_accounts(store, ACCOUNT, "luma-2")
    await submitted(store)
    await accepted(store)
    await claim_next(store)
    await accepted(store)
    ready = AccountState.READY
    assert [
        AccountRow(id=ACCOUNT, provider="luma", state=ready, reason="", changed_at=NOW, in_flight=2),
        AccountRow(id="luma-2", provider="luma", state=ready, reason="", changed_at=NOW, in_flight=0),
    ] == await list_accounts(store)


async def test_what_ended_is_not_in_flight(store: Database) -> None:
    await open_account(store)
    walk = await submitted(store)
    await walk.move(State.FAILED)
    assert [0] == [row.in_flight for row in await list_accounts(store)]


async def test_an_account_whose_key_is_gone_is_retired_and_comes_back_with_it(store: Database) -> None:
    await open_accounts(store, ACCOUNT, "luma-2")
    walk = await submitted(store)
    await open_accounts(store, "luma-2")
    assert {ACCOUNT: AccountState.RETIRED, "luma-2": AccountState.READY} == await states(store)
    assert [] == await claim_next(store)
    await walk.move(State.COMPLETED)
    await open_accounts(store, ACCOUNT, "luma-2")
    assert {AccountState.READY} == set((await states(store)).values())


async def test_new_limits_hold_after_the_next_start(store: Database) -> None:
    await open_account(store, concurrent=1)
    for _ in range(3):
        await accepted(store)
    assert 1 == len(await claim_next(store, most=5))
    await open_account(store, concurrent=2)
    assert 1 == len(await claim_next(store, most=5))


async def test_an_account_is_stopped_once_and_started_once(store: Database) -> None:
    await open_account(store)
    answers = [
        await (
            store.transact(stop_account, ACCOUNT, reason="no credit", now=NOW)
            if stopped
            else store.transact(start_account, ACCOUNT, now=NOW)
        )
        for stopped in (True, True, False, False)
    ]
    assert [True, False, True, False] == answers


async def test_why_an_account_is_stopped_is_kept_over_a_start(store: Database) -> None:
    await open_account(store)
    await store.transact(stop_account, ACCOUNT, now=NOW, reason="no credit")
    await open_account(store)
    (row,) = await list_accounts(store)
    assert (AccountState.STOPPED, "no credit") == (row.state, row.reason)


async def test_a_retired_account_is_not_started_by_a_check(store: Database) -> None:
    await open_account(store)
    await open_account(store, "luma-2")
    assert not await store.transact(start_account, ACCOUNT, now=NOW)
    assert AccountState.RETIRED == (await states(store))[ACCOUNT]


async def test_the_last_echo_of_a_marker_is_remembered(store: Database) -> None:
    await open_account(store)
    assert await echoed_at(store, ACCOUNT) is None
    assert await echoed_at(store, "nobody") is None
    for now in (NOW, NOW + 5, NOW + 6):
        await store.transact(record_echo, ACCOUNT, now=now, unless_since=now - 5)
    assert NOW + 6 == await echoed_at(store, ACCOUNT)


async def test_two_workers_with_different_keys_leave_each_other_s_accounts_alone(store: Database) -> None:
    async def register(account: str, now: int) -> None:
        await store.transact(
            register_accounts,
            accounts={account: "luma"},
            lanes={(account, Lane.IMAGE): (5, 5)},
            now=now,
            retire_before=now - HOUR,
        )

    await register("one", NOW)
    await register("two", NOW + HOUR)
    assert {"one": AccountState.READY, "two": AccountState.READY} == await states(store)
    assert {"one": "luma", "two": "luma"} == await known_accounts(store)

    await register("two", NOW + HOUR + 1)
    assert {"one": AccountState.RETIRED, "two": AccountState.READY} == await states(store)
    assert {"two": "luma"} == await known_accounts(store)

    await register("one", NOW + HOUR + 2)
    assert {"one": AccountState.READY, "two": AccountState.READY} == await states(store)


async def test_accounts_of_an_older_versions_workers_are_not_retired_at_once(store: Database) -> None:
    await open_accounts(store, "one")
    forget = Query("forget", "UPDATE account SET registered_at = NULL")
    await store.exclusively(lambda tx: tx.run(forget))
    await store.transact(
        register_accounts, accounts={"two": "luma"}, lanes={}, now=NOW, retire_before=NOW - HOUR
    )
    assert AccountState.READY == (await states(store))["one"]
    assert NOW == await last_registered_at(store, "one")
