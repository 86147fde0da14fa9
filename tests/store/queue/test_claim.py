"""T2: a lane's slots are claimed exactly, in fair order, each by one process."""

import asyncio
from collections.abc import Sequence

import pytest

from bot.domain.generations.models import Lane
from bot.domain.jobs.job import State
from bot.store.admin.workspaces import AuditEntry, set_pause
from bot.store.database.base import Database
from bot.store.database.named_sql import Query
from bot.store.operator.accounts import start_account, stop_account
from bot.store.queue.accept import VIRTUAL_TIME_STEP, accept
from bot.store.queue.attempts import attempts
from bot.store.queue.claim import ClaimResult, claim, cool_down
from bot.store.queue.jobs import jobs_by_id
from tests.store.factories import (
    ACCOUNT,
    MINUTE,
    NOW,
    QUEUE,
    SECOND,
    Walk,
    acceptance,
    accepted,
    caller,
    claim_next,
    count_of,
    offer,
    open_account,
    open_accounts,
    submitted,
)


async def fill(database: Database, count: int, **more: str) -> list[str]:
    item = acceptance(caller(**more), jobs=count)
    await database.write(accept, item)
    return [job.id for job in item.jobs]


async def test_a_claimed_job_is_its_process_s_own(store: Database) -> None:
    await open_account(store)
    job = await accepted(store)
    claimed = await store.write(claim, offer(most=5))
    assert [(job, 1)] == [(one.job, one.attempt) for one in claimed.claims]
    found = await Walk(database=store, job=job).now_at()
    assert {job: found} == claimed.jobs
    assert (State.SUBMITTING, 1, ACCOUNT, NOW) == (
        found.state,
        found.attempt,
        found.account,
        found.claimed_at,
    )
    (attempt,) = await attempts(store, [job])
    assert (1, ACCOUNT, None) == (attempt.number, attempt.account, attempt.sent_at)
    assert ClaimResult(claims=(), full=False) == await store.write(claim, offer())


async def test_a_lane_is_never_fuller_than_it_may_be(store: Database) -> None:
    await open_account(store, concurrent=3)
    jobs = await fill(store, 5)
    assert jobs[:3] == await claim_next(store, most=5)
    assert ClaimResult(claims=(), full=True) == await store.write(claim, offer())
    walk = Walk(database=store, job=jobs[0])
    await walk.send()
    await walk.move(State.UNKNOWN)
    assert [] == await claim_next(store), "an unknown create keeps its place"
    await walk.move(State.SUBMITTED)
    assert [] == await claim_next(store)
    await walk.move(State.COMPLETED)
    assert jobs[3:4] == await claim_next(store, most=5)


async def test_creates_are_counted_over_the_window_whatever_became_of_them(store: Database) -> None:
    await open_account(store, per_minute=2)
    jobs = await fill(store, 4)
    assert jobs[:2] == await claim_next(store, most=4)
    await Walk(database=store, job=jobs[0]).move(State.QUEUED)
    assert [] == await claim_next(store, now=NOW + 74 * SECOND)
    assert jobs[:1] + jobs[2:3] == await claim_next(store, most=4, now=NOW + 75 * SECOND)


@pytest.mark.parametrize(("concurrent", "per_minute"), [(7, 1_000), (1_000, 7)])
async def test_two_replicas_together_claim_exactly_what_a_lane_has(
    replicas: tuple[Database, Database], concurrent: int, per_minute: int
) -> None:
    await open_account(replicas[0], concurrent=concurrent, per_minute=per_minute)
    jobs = await fill(replicas[0], 40)
    answers = await asyncio.gather(
        *(
            replica.write(claim, offer(owner=f"{n}", most=3))
            for _ in range(10)
            for n, replica in enumerate(replicas)
        )
    )
    claimed = [one.job for answer in answers for one in answer.claims]
    assert jobs[:7] == sorted(claimed)
    assert 7 == await count_of(replicas[0], "attempt")


async def test_two_replicas_never_claim_the_same_job_for_two_accounts(
    replicas: tuple[Database, Database],
) -> None:
    await open_accounts(replicas[0], "luma-1", "luma-2")
    jobs = await fill(replicas[0], 60)
    answers = await asyncio.gather(
        *(
            replica.write(claim, offer(account=account, most=4))
            for _ in range(8)
            for replica in replicas
            for account in ("luma-1", "luma-2")
        )
    )
    claimed = [one.job for answer in answers for one in answer.claims]
    assert len(claimed) == len(set(claimed))
    assert set(claimed) <= set(jobs)
    assert 60 == len(claimed) + len(await claim_next(replicas[0], most=60))


async def test_the_order_is_by_turn_then_by_age(store: Database) -> None:
    await open_account(store)
    ada = await fill(store, 3)
    bob = await fill(store, 2, name="bob")
    eve = await fill(store, 1, name="eve")
    expected = [ada[0], bob[0], eve[0], ada[1], bob[1], ada[2]]
    claimed = [job for _ in range(3) for job in await claim_next(store, most=2)]
    assert expected == claimed


async def test_who_asks_for_one_does_not_wait_behind_who_asks_for_a_hundred(store: Database) -> None:
    await open_account(store)
    many = await fill(store, 100)
    one = await fill(store, 1, name="bob")
    assert [many[0], one[0], many[1]] == await claim_next(store, most=3)


async def test_who_comes_later_stands_at_the_clock_and_not_before_it(store: Database) -> None:
    """Nobody saves up turns while away, and nobody is put behind a whole backlog."""
    await open_account(store)
    many = await fill(store, 100)
    assert many[:50] == await claim_next(store, most=50)
    late = await fill(store, 3, name="bob")
    found = await jobs_by_id(store, late)
    times = [found[job].virtual_time for job in late]
    assert [step * VIRTUAL_TIME_STEP for step in (51, 52, 53)] == times
    assert [many[50], late[0], many[51], late[1]] == await claim_next(store, most=4)


async def test_a_job_that_comes_back_keeps_its_place(store: Database) -> None:
    await open_account(store)
    jobs = await fill(store, 3)
    await claim_next(store, most=2)
    await Walk(database=store, job=jobs[0]).move(State.QUEUED)
    assert [jobs[0], jobs[2]] == await claim_next(store, most=2)
    found = await Walk(database=store, job=jobs[0]).now_at()
    assert 2 == found.attempt


async def test_no_more_is_claimed_than_is_asked_for(store: Database) -> None:
    await open_account(store)
    jobs = await fill(store, 10)
    assert jobs[:4] == await claim_next(store, most=4)


async def test_paused_workspaces_are_passed_over(store: Database) -> None:
    await open_account(store)
    paused = await fill(store, 2)
    open_ones = await fill(store, 2, workspace="chat:other")
    decision = AuditEntry(actor="boss", workspace="chat:home", action="pause", subject="", now=NOW)
    await store.transact(set_pause, "chat:home", audit=decision, paused=True)
    assert open_ones == await claim_next(store, most=10)
    await store.transact(set_pause, "chat:home", audit=decision, paused=False)
    assert paused == await claim_next(store, most=10)


async def test_a_job_that_is_put_off_is_passed_over_until_its_time(store: Database) -> None:
    await open_account(store)
    jobs = await fill(store, 2)
    later = Query("later", "UPDATE job SET run_at = :at WHERE id = :id")
    await store.exclusively(lambda tx: tx.run(later, at=NOW + MINUTE, id=jobs[0]))
    assert jobs[1:] == await claim_next(store, most=10)
    assert jobs[:1] == await claim_next(store, most=10, now=NOW + MINUTE)


async def test_a_job_that_needs_an_account_waits_for_it(store: Database) -> None:
    await open_account(store)
    elsewhere = await accepted(store, acceptance(account_required="luma-2"))
    here = await accepted(store, acceptance(account_required=ACCOUNT))
    anywhere = await accepted(store)
    assert [here, anywhere] == await claim_next(store, most=10)
    await open_accounts(store, ACCOUNT, "luma-2")
    claimed = await store.write(claim, offer(account="luma-2"))
    assert [elsewhere] == [one.job for one in claimed.claims]


async def test_queues_are_apart(store: Database) -> None:
    await open_account(store)
    other = await accepted(store, acceptance(queue="own key/image"))
    pooled = await accepted(store)
    assert [pooled] == await claim_next(store, most=10)
    claimed = await store.write(claim, offer(queue="own key/image"))
    assert [other] == [one.job for one in claimed.claims]


async def test_a_cooling_lane_gives_nothing_until_it_is_cool(store: Database) -> None:
    await open_account(store)
    (job,) = await fill(store, 1)
    until = NOW + MINUTE
    await store.transact(cool_down, ACCOUNT, Lane.IMAGE, until=until)
    await store.transact(cool_down, ACCOUNT, Lane.IMAGE, until=NOW + SECOND)
    assert ClaimResult(claims=(), full=True) == await store.write(claim, offer(now=until - 1))
    assert [job] == await claim_next(store, now=until)


async def test_a_stopped_account_gives_nothing(store: Database) -> None:
    await open_account(store)
    (job,) = await fill(store, 1)
    await store.transact(stop_account, ACCOUNT, now=NOW, reason="no credit")
    assert [] == await claim_next(store)
    await store.transact(start_account, ACCOUNT, now=NOW)
    assert [job] == await claim_next(store)


async def test_an_account_that_nobody_registered_gives_nothing(store: Database) -> None:
    await fill(store, 1)
    assert ClaimResult(claims=(), full=True) == await store.write(claim, offer())


async def test_offers_of_one_batch_are_answered_in_their_order(store: Database) -> None:
    await open_account(store)
    jobs = await fill(store, 3)

    async def both(database: Database, offers: Sequence[str]) -> list[ClaimResult]:
        return await asyncio.gather(*(database.write(claim, offer(account=one, most=1)) for one in offers))

    answers = await both(store, ["nobody", ACCOUNT, ACCOUNT])
    assert [[], jobs[:1], jobs[1:2]] == [[one.job for one in answer.claims] for answer in answers]


async def test_what_leaves_is_noted_first(store: Database) -> None:
    await open_account(store)
    walk = Walk(database=store, job=await accepted(store))
    await claim_next(store)
    assert await walk.send(now=NOW + SECOND)
    (attempt,) = await attempts(store, [walk.job])
    assert (NOW + SECOND, "equal", True) == (attempt.sent_at, attempt.fingerprint, attempt.has_token)


async def test_only_who_holds_the_claim_may_send(store: Database) -> None:
    await open_account(store)
    walk = Walk(database=store, job=await accepted(store))
    await claim_next(store)
    assert not await walk.send(owner="another process")
    assert not await walk.send(now=NOW + 45 * SECOND), "its lease has ended: recovery may have it"
    await walk.move(State.QUEUED)
    assert not await walk.send()
    (attempt,) = await attempts(store, [walk.job])
    assert attempt.sent_at is None


async def test_the_clock_never_turns_back(store: Database) -> None:
    await open_account(store)
    walk = await submitted(store)
    await fill(store, 5)
    await claim_next(store, most=5)
    await walk.move(State.QUEUED)
    await claim_next(store)
    row = await store.one(
        Query("clock", "SELECT virtual_time FROM virtual_clock WHERE queue = :queue"), queue=QUEUE
    )
    assert row is not None
    assert 6 * VIRTUAL_TIME_STEP == row["virtual_time"]
