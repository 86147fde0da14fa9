"""Preparation: one process at a time, and its outcome is written with the transition."""

import asyncio
from collections import Counter
from dataclasses import replace

import pytest

from bot.domain.errors import StaleTransition, StoreError
from bot.domain.generations.media import MediaKind, Reference
from bot.domain.generations.models import AspectRatio
from bot.domain.generations.requests import ReframeVideoRequest
from bot.domain.jobs.job import Job, State
from bot.domain.money.quota import Meter
from bot.store.database.base import Database
from bot.store.database.named_sql import Query
from bot.store.file_refs import files_in_use
from bot.store.operator.reports import inconsistent_meters
from bot.store.queue.accept import accept
from bot.store.queue.claim import (
    PreparationFailures,
    claim_preparation,
    expire_all_leases,
    postpone_preparation,
    record_preparation_failure,
)
from bot.store.queue.jobs import refund_job
from bot.store.queue.transition import PreparationLease, Transition, transition
from tests.store.factories import (
    HOUR,
    MINUTE,
    NOW,
    PICTURE,
    Walk,
    acceptance,
    accepted,
    caller,
    ceiling_scope,
    claim_next,
    member_scope,
    meter_of,
    open_account,
)

LEASE = MINUTE
VIDEO = Reference(url="https://example.org/fox.mp4", kind=MediaKind.VIDEO)
REFRAMING = ReframeVideoRequest(source=VIDEO, aspect_ratio=AspectRatio.SQUARE)


async def preparing(database: Database, *, price: int = 10, now: int = NOW, name: str = "ada") -> str:
    return await accepted(database, acceptance(caller(name), request=REFRAMING, price=price, now=now))


async def take(
    database: Database, owner: str = "one", *, now: int = NOW, count: int = 9, each: int = 1_000
) -> list[Job]:
    return await database.transact(
        claim_preparation,
        PreparationLease(owner=owner, until=now + LEASE),
        now=now,
        count=count,
        per_person=each,
        retry_unreadable_at=now + HOUR,
    )


async def give_back(
    database: Database, job: str, owner: str = "one", *, taken: int = NOW, run_at: int = NOW + MINUTE
) -> bool:
    lease = PreparationLease(owner=owner, until=taken + LEASE)
    done: bool = await database.transact(postpone_preparation, job, lease, run_at=run_at)
    return done


def prepared(job: str, **changes: object) -> Transition:
    ready = Transition(
        job=job, before=State.PREPARING, attempt=0, after=State.QUEUED, now=NOW, cause="prepared"
    )
    return replace(ready, **changes)  # type: ignore[arg-type]  # the changes are fields of a move


def cancelled(job: str, before: State) -> Transition:
    return Transition(job=job, before=before, attempt=0, after=State.CANCELLED, now=NOW, cause="cancelled")


async def test_a_job_is_prepared_by_one_at_a_time_until_the_lease_ends(store: Database) -> None:
    job = await preparing(store)
    assert [job] == [one.id for one in await take(store)]
    assert [] == await take(store, "other", now=NOW + LEASE)
    assert [job] == [one.id for one in await take(store, "other", now=NOW + LEASE + 1)]


async def test_jobs_are_prepared_the_longest_due_first_and_nothing_else_is(store: Database) -> None:
    jobs = [await preparing(store, now=NOW + n) for n in (3, 1, 2)]
    await accepted(store)
    assert [] == await take(store)
    first = await take(store, now=NOW + 9, count=2)
    assert [jobs[1], jobs[2]] == [one.id for one in first]
    assert REFRAMING == first[0].request
    assert [jobs[0]] == [one.id for one in await take(store, "other", now=NOW + 9)]


async def test_whoever_sends_many_files_holds_up_nobody_else(store: Database) -> None:
    """Everybody's first jobs come before anybody's second ones, whenever they were asked for."""
    many = [await preparing(store, now=NOW + n) for n in range(5)]
    bob = [await preparing(store, now=NOW + 10 + n, name="bob") for n in range(2)]
    eve = await preparing(store, now=NOW + 20, name="eve")
    taken = await take(store, now=NOW + 30, each=2)
    assert [many[0], bob[0], eve, many[1], bob[1]] == [job.id for job in taken]


async def test_a_person_has_only_so_many_in_preparation_over_all_processes(store: Database) -> None:
    """What ends or is put back makes room."""
    jobs = [await preparing(store, now=NOW + n) for n in range(5)]
    assert jobs[:1] == [job.id for job in await take(store, now=NOW + 9, count=1, each=2)]
    assert jobs[1:2] == [job.id for job in await take(store, "other", now=NOW + 9, each=2)]
    assert [] == await take(store, "third", now=NOW + 9, each=2)
    bob = await preparing(store, now=NOW + 9, name="bob")
    assert [bob] == [job.id for job in await take(store, "third", now=NOW + 9, each=2)]

    await store.write(transition, prepared(jobs[1]))
    assert jobs[2:3] == [job.id for job in await take(store, "other", now=NOW + 10, each=2)]
    await give_back(store, jobs[0], taken=NOW + 9)
    assert jobs[3:4] == [job.id for job in await take(store, "other", now=NOW + 10, each=2)]


async def test_a_lease_that_has_ended_counts_no_longer(store: Database) -> None:
    jobs = [await preparing(store, now=NOW + n) for n in range(2)]
    await take(store, now=NOW + 9, each=1)
    assert [] == await take(store, "other", now=NOW + 9 + LEASE, each=1)
    assert jobs[:1] == [job.id for job in await take(store, "other", now=NOW + 10 + LEASE, each=1)]


async def test_two_replicas_together_give_nobody_more(replicas: tuple[Database, Database]) -> None:
    """Whichever of them is first."""
    for name in ("ada", "bob", "eve"):
        await asyncio.gather(*(preparing(replicas[0], name=name) for _ in range(10)))
    answers = await asyncio.gather(
        *(take(replica, f"{n}", count=3, each=2) for _ in range(8) for n, replica in enumerate(replicas))
    )
    taken = [job for answer in answers for job in answer]
    assert {"Ada", "Bob", "Eve"} == {job.member_name for job in taken}
    assert all(count <= 2 for count in Counter(job.person for job in taken).values())
    assert len(taken) == len({job.id for job in taken})


async def test_what_went_wrong_is_counted_until_the_job_moves_on(store: Database) -> None:
    """By whoever prepares it, and by nobody else."""
    job = await preparing(store)

    async def fail(
        at: int, *, ours: bool, owner: str = "one", taken: int = NOW
    ) -> PreparationFailures | None:
        lease = PreparationLease(owner=owner, until=taken + LEASE)
        return await store.transact(record_preparation_failure, job, lease, at=at, ours=ours)

    await take(store)
    assert PreparationFailures(ours=0, since=NOW + 1) == await fail(NOW + 1, ours=False)
    assert None is await fail(NOW + 2, ours=True, owner="other")
    assert PreparationFailures(ours=1, since=NOW + 1) == await fail(NOW + 3, ours=True)
    await give_back(store, job, run_at=NOW + 4)
    assert None is await fail(NOW + 4, ours=True)
    await take(store, "other", now=NOW + 5)
    assert PreparationFailures(ours=2, since=NOW + 1) == await fail(
        NOW + 5, ours=True, owner="other", taken=NOW + 5
    )
    await store.write(transition, prepared(job))
    rows = await store.fetch(Query("tries", "SELECT failed_tries, failing_since FROM job"))
    assert [{"failed_tries": 0, "failing_since": None}] == [dict(row) for row in rows]


async def test_two_replicas_prepare_each_job_once(replicas: tuple[Database, Database]) -> None:
    await asyncio.gather(*(preparing(replicas[0]) for _ in range(50)))
    answers = await asyncio.gather(
        *(take(replica, f"{n}", count=4) for _ in range(8) for n, replica in enumerate(replicas))
    )
    taken = [job.id for answer in answers for job in answer]
    assert len(taken) == len(set(taken))
    assert 50 == len(taken) + len(await take(replicas[0], count=100))


async def test_a_job_that_is_put_back_comes_again_at_its_time(store: Database) -> None:
    job = await preparing(store)
    await take(store)
    assert await give_back(store, job)
    assert [] == await take(store, now=NOW + MINUTE - 1)
    assert [job] == [one.id for one in await take(store, "other", now=NOW + MINUTE)]


async def test_whoever_lost_the_lease_puts_nothing_back(store: Database) -> None:
    job = await preparing(store)
    await take(store)
    await take(store, "other", now=NOW + LEASE + 1)
    assert not await give_back(store, job)
    assert [] == await take(store, "third", now=NOW + LEASE + 2), "it is the other's still"
    assert not await give_back(store, job, "other"), "this was an earlier lease of the same process"
    assert await give_back(store, job, "other", taken=NOW + LEASE + 1)
    assert not await give_back(store, job, "other", taken=NOW + LEASE + 1), "the lease ended with that"


async def test_of_two_who_prepared_a_job_the_holder_of_the_lease_counts(store: Database) -> None:
    job = await preparing(store)
    await take(store)
    later = NOW + LEASE + 1
    await take(store, "other", now=later)
    for stale in (
        PreparationLease(owner="one", until=NOW + LEASE),
        PreparationLease(owner="other", until=NOW + LEASE),
    ):
        with pytest.raises(StaleTransition):
            await store.write(transition, prepared(job, price=4, lease=stale))
    await store.write(
        transition, prepared(job, price=3, lease=PreparationLease(owner="other", until=later + LEASE))
    )
    assert not await give_back(store, job, "other", taken=later)
    assert Meter(reserved=3) == await meter_of(store, member_scope())


async def test_whoever_holds_the_folder_alone_prepares_what_the_dead_had(store: Database) -> None:
    job = await preparing(store)
    await take(store, "dead")
    await store.transact(expire_all_leases)
    assert [job] == [one.id for one in await take(store)]


async def test_a_prepared_job_is_free_for_its_claim(store: Database) -> None:
    await open_account(store)
    job = await preparing(store)
    await take(store)
    await store.write(transition, prepared(job))
    row = await store.one(Query("lease", "SELECT lease_owner, lease_until FROM job"))
    assert {"lease_owner": None, "lease_until": None} == dict(row or {})
    assert [job] == await claim_next(store)


async def test_what_was_found_out_is_kept_with_the_move(store: Database) -> None:
    job = await preparing(store)
    found = REFRAMING.with_references({VIDEO.key: VIDEO.model_copy(update={"file": PICTURE})})
    request = found.model_copy(update={"duration_ms": 4_000})
    await store.write(transition, prepared(job, request=request, price=7, files=(PICTURE.file, PICTURE.file)))
    now = await Walk(database=store, job=job).now_at()
    assert (State.QUEUED, request, 7) == (now.state, now.request, now.price)
    assert {PICTURE.file} == await files_in_use(store, [PICTURE.file])


async def test_a_move_that_says_nothing_of_it_leaves_request_and_price(store: Database) -> None:
    job = await preparing(store)
    await store.write(transition, prepared(job))
    now = await Walk(database=store, job=job).now_at()
    assert (REFRAMING, 10) == (now.request, now.price)


async def test_a_lower_price_frees_what_was_reserved_too_much(store: Database) -> None:
    job = await preparing(store, price=10)
    await store.write(transition, prepared(job, price=4))
    assert Meter(reserved=4) == await meter_of(store, member_scope())
    assert Meter(reserved=4) == await meter_of(store, ceiling_scope())
    rows = await store.fetch(Query("j", "SELECT kind, amount, cause FROM journal WHERE job = :job"), job=job)
    entries = sorted((row["kind"], row["amount"], row["cause"]) for row in rows)
    assert [("lowered", 6, "prepared")] * 2 + [("reserved", 10, "accepted")] * 2 == entries
    assert [] == await inconsistent_meters(store)


@pytest.mark.parametrize("price", [10, 11, 1_000])
async def test_a_price_is_never_raised(store: Database, price: int) -> None:
    job = await preparing(store, price=10)
    await store.write(transition, prepared(job, price=price))
    assert 10 == (await Walk(database=store, job=job).now_at()).price
    assert Meter(reserved=10) == await meter_of(store, member_scope())
    assert [] == await inconsistent_meters(store)


async def test_a_job_that_turns_out_to_cost_nothing_reserves_nothing(store: Database) -> None:
    job = await preparing(store, price=10)
    await store.write(transition, prepared(job, price=0))
    assert Meter() == await meter_of(store, member_scope())
    assert [] == await inconsistent_meters(store)


@pytest.mark.parametrize(("after", "expected"), [(State.COMPLETED, Meter(used=4)), (State.FAILED, Meter())])
async def test_what_is_settled_later_is_the_lower_price(
    store: Database, after: State, expected: Meter
) -> None:
    await open_account(store)
    job = await preparing(store, price=10)
    await store.write(transition, prepared(job, price=4))
    await claim_next(store)
    walk = Walk(database=store, job=job)
    await walk.send()
    await walk.move(State.SUBMITTED)
    await walk.move(after)
    assert expected == await meter_of(store, member_scope())
    given = await store.transact(refund_job, job, now=NOW, cause="operator")
    assert given == (after is State.COMPLETED)
    assert Meter() == await meter_of(store, member_scope())
    assert [] == await inconsistent_meters(store)


async def test_prices_are_lowered_and_money_released_in_one_batch(store: Database) -> None:
    jobs = [await preparing(store, price=10) for _ in range(4)]
    await asyncio.gather(
        store.write(transition, prepared(jobs[0], price=4)),
        store.write(transition, cancelled(jobs[1], State.PREPARING)),
        store.write(transition, prepared(jobs[2], price=1)),
        # the same job: lowered first, then taken back
        store.write(transition, prepared(jobs[3], price=2)),
        store.write(transition, cancelled(jobs[3], State.QUEUED)),
    )
    assert Meter(reserved=5) == await meter_of(store, member_scope())
    assert Meter(reserved=5) == await meter_of(store, ceiling_scope())
    assert [] == await inconsistent_meters(store)


async def test_a_job_that_is_taken_back_first_is_not_lowered(store: Database) -> None:
    job = await preparing(store, price=10)
    answers = await asyncio.gather(
        store.write(transition, cancelled(job, State.PREPARING)),
        store.write(transition, prepared(job, price=4, files=("file",))),
        return_exceptions=True,
    )
    assert [type(None), StaleTransition] == [type(answer) for answer in answers]
    assert Meter() == await meter_of(store, member_scope())
    assert set() == await files_in_use(store, ["file"])
    assert [] == await inconsistent_meters(store)


async def test_two_replicas_lower_and_release_without_a_deadlock(
    replicas: tuple[Database, Database],
) -> None:
    """Both touch the meters of all members; each locks them at once, in the order of their ids."""
    names = [f"p{n:02}" for n in range(20)]
    lowered = [await preparing(replicas[0], name=name) for name in names]
    released = [await preparing(replicas[0], name=name) for name in names]
    waits = Query("deadlocks", "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
    before = await replicas[0].one(waits)
    pairs = list(zip(lowered, reversed(released), strict=True))
    await asyncio.gather(
        *(replicas[0].write(transition, prepared(one, price=4)) for one, _ in pairs[:10]),
        *(replicas[0].write(transition, cancelled(other, State.PREPARING)) for _, other in pairs[:10]),
        *(replicas[1].write(transition, cancelled(other, State.PREPARING)) for _, other in pairs[10:]),
        *(replicas[1].write(transition, prepared(one, price=4)) for one, _ in pairs[10:]),
    )
    assert before == await replicas[0].one(waits)
    assert Meter(reserved=80) == await meter_of(replicas[0], ceiling_scope())
    assert [] == await inconsistent_meters(replicas[0])


async def test_a_lower_price_makes_room_under_the_limit(store: Database) -> None:
    job = await accepted(store, acceptance(request=REFRAMING, price=10, allowance=14))
    await store.write(transition, prepared(job, price=4))
    await store.write(accept, acceptance(price=10, allowance=14))
    assert Meter(reserved=14) == await meter_of(store, member_scope())


def test_what_a_job_asks_for_is_frozen_once_it_is_prepared() -> None:
    for after in (State.SUBMITTED, State.CANCELLED):
        with pytest.raises(StoreError, match="frozen"):
            prepared("job", before=State.QUEUED, after=after, price=1)
    with pytest.raises(StoreError, match="frozen"):
        prepared("job", before=State.UNKNOWN, request=REFRAMING)
