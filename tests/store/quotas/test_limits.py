"""Meters always equal the sum of their journal."""

import asyncio
from contextlib import suppress
from random import Random

import pytest

from bot.domain.errors import QuotaExhausted, StaleTransition
from bot.domain.jobs.job import TRANSITIONS, Job, State
from bot.domain.money.quota import Allowance, Defaults, Level, Meter, Period, Rule
from bot.store.admin.workspaces import AuditEntry
from bot.store.database.base import ConstraintViolated, Database
from bot.store.database.named_sql import Query
from bot.store.operator.reports import inconsistent_meters
from bot.store.queue.accept import accept
from bot.store.queue.jobs import list_jobs, refund_job
from bot.store.quotas.limits import reset_meter, set_rule, usage_of
from tests.store.conftest import one_loop
from tests.store.factories import (
    DAY,
    NOW,
    Walk,
    acceptance,
    accepted,
    caller,
    ceiling_scope,
    claim_next,
    completed,
    count_of,
    member_scope,
    meter_of,
    open_account,
    submitted,
)

RESET = AuditEntry(actor="chat:home:boss", workspace="chat:home", action="reset", subject="ada", now=NOW)


@one_loop()
async def store(store: Database) -> Database:
    await open_account(store)
    return store


async def give_back(database: Database, job: str) -> bool:
    given: bool = await database.transact(refund_job, job, now=NOW, cause="operator")
    return given


async def meter_id(database: Database, scope: str) -> str:
    row = await database.one(Query("id", "SELECT id FROM meter WHERE scope = :scope"), scope=scope)
    assert row is not None
    return str(row["id"])


async def reset(database: Database, meter: str) -> int:
    given_back: int = await database.transact(reset_meter, meter, audit=RESET)
    return given_back


async def test_a_refund_comes_once_and_only_after_a_capture(store: Database) -> None:
    walk = await submitted(store)
    assert not await give_back(store, walk.job)
    await walk.move(State.COMPLETED)
    assert Meter(used=10) == await meter_of(store, member_scope())
    assert await give_back(store, walk.job)
    assert not await give_back(store, walk.job)
    assert Meter() == await meter_of(store, member_scope())
    assert [] == await inconsistent_meters(store)


async def test_a_job_that_was_never_paid_is_not_refunded(store: Database) -> None:
    walk = await submitted(store)
    await walk.move(State.FAILED)
    assert not await give_back(store, walk.job)
    assert not await give_back(store, "nobody")
    assert Meter() == await meter_of(store, member_scope())


async def test_two_replicas_refund_a_job_once(replicas: tuple[Database, Database]) -> None:
    await open_account(replicas[0])
    others = await completed(replicas[0], acceptance(price=1_000))
    for _ in range(10):
        walk = await completed(replicas[0])
        given = await asyncio.gather(*(give_back(replica, walk.job) for replica in replicas))
        assert [False, True] == sorted(given)
    assert Meter(used=1_000) == await meter_of(replicas[0], member_scope())
    assert [] == await inconsistent_meters(replicas[0])
    assert State.COMPLETED == (await others.now_at()).state


async def test_a_reset_counts_from_zero_and_leaves_what_is_reserved(store: Database) -> None:
    await completed(store)
    walk = await submitted(store)
    meter = await meter_id(store, member_scope())
    assert [10, 0] == [await reset(store, meter), await reset(store, meter)]
    assert Meter(reserved=10) == await meter_of(store, member_scope())
    assert Meter(used=10, reserved=10) == await meter_of(store, ceiling_scope())
    await walk.move(State.COMPLETED)
    assert Meter(used=10) == await meter_of(store, member_scope())
    assert [] == await inconsistent_meters(store)


async def test_what_a_reset_gave_back_is_not_refunded_again(store: Database) -> None:
    early = await completed(store)
    await reset(store, await meter_id(store, member_scope()))
    await completed(store)
    assert await give_back(store, early.job)
    assert Meter(used=10) == await meter_of(store, member_scope()), "the later job is paid"
    assert Meter(used=10) == await meter_of(store, ceiling_scope()), "which was not reset"
    assert [] == await inconsistent_meters(store)


async def test_a_reset_of_an_unknown_meter_changes_nothing(store: Database) -> None:
    assert 0 == await reset(store, "nothing")
    assert 0 == await count_of(store, "journal")


async def test_a_cancelled_job_frees_its_place_under_the_limit(store: Database) -> None:
    job = await accepted(store, acceptance(allowance=10))
    with pytest.raises(QuotaExhausted):
        await store.write(accept, acceptance(allowance=10))
    await Walk(database=store, job=job).move(State.CANCELLED)
    await store.write(accept, acceptance(allowance=10))


class LimitsMachine:
    """Whatever members, providers and operators may do, in any order."""

    people = tuple(caller(name) for name in ("ada", "bob", "eve"))

    def __init__(self, database: Database, seed: int) -> None:
        self.database = database
        self.random = Random(seed)  # noqa: S311 - dice, not a secret

    async def go_on(self) -> None:
        doings = [self.ask, self.move_on, self.claim, self.refund, self.reset]
        chosen = self.random.choices(doings, weights=[5, 8, 4, 3, 1], k=4)
        await asyncio.gather(*(one() for one in chosen))

    async def ask(self) -> None:
        item = acceptance(
            self.random.choice(self.people),
            jobs=self.random.randint(1, 4),
            price=self.random.randint(0, 40),
            # what builds on something is prepared, and may turn out to cost less
            references=self.random.choice(((), ("something",))),
            allowance=200,
            ceiling=400,
            now=NOW + self.random.randint(0, 2) * DAY,
        )
        with suppress(QuotaExhausted):
            await self.database.write(accept, item)

    async def jobs(self) -> list[Job]:
        return await list_jobs(self.database, state=None, count=1_000)

    async def move_on(self) -> None:
        if moving := [job for job in await self.jobs() if not job.is_final]:
            job = self.random.choice(moving)
            ways = sorted(TRANSITIONS[job.state] - {State.SUBMITTING})
            # most jobs go well, or nothing would ever be paid
            onward = [State.SUBMITTED, State.COMPLETED] * 3
            after = self.random.choice(ways + [way for way in onward if way in ways])
            prepared = (job.state, after) == (State.PREPARING, State.QUEUED)
            price = self.random.randint(0, 40) if prepared else None
            with suppress(StaleTransition):
                await Walk(database=self.database, job=job.id).move(after, seen=job, price=price)

    async def claim(self) -> None:
        await claim_next(self.database, most=self.random.randint(1, 5))

    async def refund(self) -> None:
        if ended := sorted(job.id for job in await self.jobs() if job.is_final):
            await asyncio.gather(*(give_back(self.database, job) for job in self.random.choices(ended, k=3)))

    async def reset(self) -> None:
        rows = await self.database.fetch(Query("ids", "SELECT id FROM meter ORDER BY id"))
        if rows:
            await reset(self.database, self.random.choice(rows)["id"])


@pytest.mark.parametrize("seed", range(4))
async def test_meters_equal_their_journal_after_whatever_happened(store: Database, seed: int) -> None:
    life = LimitsMachine(store, seed)
    for _ in range(30):
        await life.go_on()
    assert [] == await inconsistent_meters(store)
    reserved = sum(job.price for job in await life.jobs() if not job.is_final)
    members = [await meter_of(store, member_scope(who)) for who in life.people]
    assert reserved == sum(meter.reserved for meter in members)
    assert reserved == (await meter_of(store, ceiling_scope())).reserved


async def test_a_meter_that_differs_from_its_journal_is_found(store: Database) -> None:
    await completed(store)
    broken = Query("break", "UPDATE meter SET used = used + 1 WHERE scope = :scope")
    await store.exclusively(lambda tx: tx.run(broken, scope=member_scope()))
    (wrong,) = await inconsistent_meters(store)
    assert (11, 10) == (wrong["used"], wrong["used_by_journal"])


_INSERT_RULE = "INSERT INTO allowance (workspace, level, subject, unit, amount, period)"


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE meter SET used = -1",
        "UPDATE meter SET reserved = -1",
        "UPDATE reservation SET amount = -1",
        "UPDATE reservation SET settled_as = 'lost'",
        "UPDATE journal SET kind = 'lost'",
        "UPDATE job SET price = -1",
        "UPDATE job SET state = 'pending'",
        "UPDATE job SET lane = 'sound'",
        "UPDATE job SET private = 2",
        "UPDATE job SET state = 'submitted'",
        "UPDATE job SET state = 'completed', remote_id = 'g', finished_at = 1",
        "UPDATE job SET state = 'completed', remote_id = 'g', result = '{}'",
        "UPDATE job SET state = 'failed'",
        "UPDATE job SET finished_at = 1",
        "UPDATE job SET card = 'nobody'",
        "UPDATE card SET shown_rev = wanted_rev + 1",
        "UPDATE account SET state = 'asleep'",
        "UPDATE workspace SET paused = 2",
        f"{_INSERT_RULE} VALUES ('', 'guild', '', 'money', 1, 'day')",
        f"{_INSERT_RULE} VALUES ('', 'person', '', 'money', 1, 'year')",
        f"{_INSERT_RULE} VALUES ('', 'person', '', 'money', -1, 'day')",
        "INSERT INTO star (job, member, at) VALUES ('nobody', 'm', 1)",
    ],
)
async def test_the_database_itself_refuses_what_cannot_be(store: Database, statement: str) -> None:
    await accepted(store)
    with pytest.raises(ConstraintViolated):
        await store.exclusively(lambda tx: tx.run(Query("break", statement)))


async def test_two_jobs_never_share_a_generation(store: Database) -> None:
    first, second = await submitted(store), Walk(database=store, job=await accepted(store))
    await claim_next(store)
    with pytest.raises(ConstraintViolated):
        await second.move(State.SUBMITTED, remote_id=(await first.now_at()).remote_id)
    assert State.SUBMITTING == (await second.now_at()).state


async def test_every_limit_on_a_caller_is_found_with_what_it_has_counted(store: Database) -> None:
    await completed(store, acceptance(allowance=100, ceiling=1_000))
    allowance = Allowance(amount=50, period=Period.WEEK)
    later = Rule(level=Level.PERSON, subject="chat:ada", workspace="", allowance=allowance)
    await store.transact(set_rule, later, audit=RESET)
    defaults = Defaults(
        member=Allowance(amount=100, period=Period.DAY), ceiling=Allowance(amount=1_000, period=Period.MONTH)
    )
    found = await usage_of(store, caller(), defaults, now=NOW)
    assert {
        Level.MEMBER: (100, Period.DAY, Meter(used=10)),
        Level.PERSON: (50, Period.WEEK, Meter()),
        Level.CEILING: (1_000, Period.MONTH, Meter(used=10)),
    } == {limit.level: (limit.amount, limit.period, meter) for limit, meter in found}
