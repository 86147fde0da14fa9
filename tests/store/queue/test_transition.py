"""Transitions: one compare-and-set, one event, the money settled once, the card updated."""

import asyncio
from dataclasses import replace
from itertools import pairwise

import pytest

from bot.domain.errors import StaleTransition, StoreError
from bot.domain.jobs.failures import FailureCategory, failure
from bot.domain.jobs.job import FINAL, TRANSITIONS, State
from bot.domain.money.quota import Allowance, Level, Meter, Period, Rule, Settlement
from bot.store.admin.workspaces import AuditEntry
from bot.store.database.base import Database
from bot.store.database.named_sql import Query
from bot.store.operator.reports import inconsistent_meters
from bot.store.queue.accept import accept
from bot.store.queue.attempts import attempts
from bot.store.queue.cards import find_card
from bot.store.queue.orphans import OrphanCause, list_orphans
from bot.store.queue.transition import Transition, transition
from bot.store.quotas.limits import set_rule
from tests.store.conftest import one_loop
from tests.store.factories import (
    ACCOUNT,
    DAY,
    NOW,
    PICTURE,
    SEAL,
    SECOND,
    Walk,
    acceptance,
    accepted,
    claim_next,
    completed,
    count_of,
    member_scope,
    meter_of,
    open_account,
    submitted,
)

EVENTS = Query("events", "SELECT before, after, attempt, cause FROM job_event WHERE job = :job ORDER BY id")


def leave(job: str, before: State, after: State, *, attempt: int = 0) -> Transition:
    return Transition(job=job, before=before, attempt=attempt, after=after, now=NOW, cause="test")


@one_loop()
async def store(store: Database) -> Database:
    await open_account(store)
    return store


async def test_a_job_s_way_is_written_down(store: Database) -> None:
    walk = await completed(store)
    rows = await store.fetch(EVENTS, job=walk.job)
    assert [
        (None, "queued", 0, "accepted"),
        ("queued", "submitting", 1, "claimed"),
        ("submitting", "submitted", 1, "test"),
        ("submitted", "completed", 1, "test"),
    ] == [(row["before"], row["after"], row["attempt"], row["cause"]) for row in rows]


async def test_each_move_keeps_what_it_brings(store: Database) -> None:
    walk = await submitted(store)
    job = await walk.now_at()
    assert (ACCOUNT, f"generation of {walk.job}", NOW) == (job.account, job.remote_id, job.submitted_at)
    (attempt,) = await attempts(store, [walk.job])
    assert job.remote_id == attempt.remote_id
    await walk.move(State.COMPLETED, now=NOW + SECOND)
    job = await walk.now_at()
    assert (PICTURE, NOW + SECOND) == (job.result, job.finished_at)


async def test_a_failure_is_kept_as_it_was(store: Database) -> None:
    walk = await submitted(store)
    await walk.move(State.FAILED)
    assert failure(FailureCategory.TIMEOUT) == (await walk.now_at()).failure


@pytest.mark.parametrize(
    ("before", "after"), [(a, b) for a in State for b in State if b not in TRANSITIONS[a]]
)
def test_an_illegal_move_cannot_even_be_asked_for(before: State, after: State) -> None:
    with pytest.raises(StoreError, match="cannot move"):
        leave("job", before, after)


@pytest.mark.parametrize(
    ("before", "attempt"),
    [(State.PREPARING, 1), (State.SUBMITTED, 1), (State.SUBMITTING, 0), (State.SUBMITTING, 2)],
)
async def test_a_move_from_elsewhere_is_stale_and_leaves_no_trace(
    store: Database, before: State, attempt: int
) -> None:
    job = await accepted(store)
    await claim_next(store)
    card = (await Walk(database=store, job=job).now_at()).card
    tables = ("job_event", "journal", "orphan_generation")
    found = [await count_of(store, table) for table in tables], await find_card(store, card, SEAL)
    item = leave(job, before, State.FAILED, attempt=attempt)
    with pytest.raises(StaleTransition):
        await store.write(transition, replace(item, orphan_cause=OrphanCause.LATE, remote_id="g"))
    left = [await count_of(store, table) for table in tables], await find_card(store, card, SEAL)
    assert found == left
    assert Meter(reserved=10) == await meter_of(store, member_scope())
    assert [None] == [one.remote_id for one in await attempts(store, [job])]


async def test_a_job_that_is_not_there_cannot_move(store: Database) -> None:
    with pytest.raises(StaleTransition):
        await store.write(transition, leave("nobody", State.QUEUED, State.CANCELLED))


async def test_of_two_moves_of_one_job_in_a_batch_the_first_counts(store: Database) -> None:
    job = await accepted(store)
    answers = await asyncio.gather(
        store.write(transition, leave(job, State.QUEUED, State.CANCELLED)),
        store.write(transition, leave(job, State.QUEUED, State.FAILED)),
        return_exceptions=True,
    )
    assert [type(None), StaleTransition] == [type(answer) for answer in answers]
    assert Meter() == await meter_of(store, member_scope())
    assert 2 == await count_of(store, "job_event")


async def test_two_moves_of_one_job_in_a_batch_may_follow_each_other(store: Database) -> None:
    job = await accepted(store)
    await claim_next(store)
    way = [State.SUBMITTING, State.UNKNOWN, State.QUEUED, State.CANCELLED]
    await asyncio.gather(
        *(store.write(transition, leave(job, before, after, attempt=1)) for before, after in pairwise(way))
    )
    assert State.CANCELLED == (await Walk(database=store, job=job).now_at()).state
    assert Meter() == await meter_of(store, member_scope())


async def test_two_replicas_end_a_job_once(replicas: tuple[Database, Database]) -> None:
    await open_account(replicas[0])
    for _ in range(10):
        walk = await submitted(replicas[0])
        end = replace(leave(walk.job, State.SUBMITTED, State.COMPLETED, attempt=1), result=PICTURE)
        answers = await asyncio.gather(
            *(replica.write(transition, end) for replica in replicas), return_exceptions=True
        )
        assert {type(None), StaleTransition} == {type(answer) for answer in answers}
    assert Meter(used=100) == await meter_of(replicas[0], member_scope())
    assert [] == await inconsistent_meters(replicas[0])


async def test_two_replicas_move_jobs_of_the_same_cards_without_a_deadlock(
    replicas: tuple[Database, Database],
) -> None:
    items = [acceptance(jobs=2) for _ in range(40)]
    await asyncio.gather(*(replicas[0].write(accept, item) for item in items))
    first = [leave(item.jobs[0].id, State.QUEUED, State.CANCELLED) for item in items]
    second = [leave(item.jobs[1].id, State.QUEUED, State.CANCELLED) for item in reversed(items)]
    await asyncio.gather(
        *(replicas[0].write(transition, item) for item in first),
        *(replicas[1].write(transition, item) for item in second),
    )
    assert {3} == {
        row["wanted_rev"] for row in await replicas[0].fetch(Query("r", "SELECT wanted_rev FROM card"))
    }
    assert Meter() == await meter_of(replicas[0], member_scope())


@pytest.mark.parametrize(
    ("after", "expected", "settled"),
    [
        (State.COMPLETED, Meter(used=10), Settlement.CAPTURED),
        (State.FAILED, Meter(), Settlement.RELEASED),
        (State.QUEUED, Meter(reserved=10), None),
    ],
)
async def test_money_is_settled_by_how_a_job_ends(
    store: Database, after: State, expected: Meter, settled: Settlement | None
) -> None:
    walk = await submitted(store)
    await walk.move(after)
    assert expected == await meter_of(store, member_scope())
    rows = await store.fetch(Query("settled", "SELECT DISTINCT settled_as FROM reservation"))
    assert [settled] == [row["settled_as"] for row in rows]
    assert [] == await inconsistent_meters(store)


async def test_what_is_settled_are_the_meters_that_were_reserved_on(store: Database) -> None:
    """Meanwhile the month ended, the rule speaks of another period, and new levels limit."""
    walk = await submitted(store)
    for level, subject in ((Level.MEMBER, "chat:home:ada"), (Level.EVERYTHING, "")):
        workspace = "chat:home" if level is Level.MEMBER else ""
        allowance = Allowance(amount=50, period=Period.WEEK)
        decision = AuditEntry(actor="boss", workspace=workspace, action="set", subject=subject, now=NOW)
        await store.transact(
            set_rule,
            Rule(level=level, subject=subject, workspace=workspace, allowance=allowance),
            audit=decision,
        )
    reserved = Query("reserved", "SELECT meter FROM reservation WHERE job = :job ORDER BY meter")
    before = await store.fetch(reserved, job=walk.job)
    await store.write(accept, acceptance(now=NOW + 40 * DAY))
    await walk.move(State.COMPLETED, now=NOW + 40 * DAY)
    used = await store.fetch(Query("used", "SELECT id FROM meter WHERE used = 10 ORDER BY id"))
    assert [row["meter"] for row in before] == [row["id"] for row in used]
    assert Meter(reserved=10) == await meter_of(store, "everything:")
    assert [] == await inconsistent_meters(store)


async def test_an_end_is_due_at_once_and_progress_waits(store: Database) -> None:
    walk = await submitted(store)
    due = Query("due", "SELECT wanted_rev, run_at FROM card")
    later = NOW + 60 * SECOND
    await store.exclusively(lambda tx: tx.run(Query("later", "UPDATE card SET run_at = :at"), at=later))
    await walk.move(State.QUEUED, now=NOW + SECOND)
    assert [(4, later)] == [(row["wanted_rev"], row["run_at"]) for row in await store.fetch(due)]
    await walk.move(State.FAILED, now=NOW + 2 * SECOND)
    assert [(5, NOW + 2 * SECOND)] == [(row["wanted_rev"], row["run_at"]) for row in await store.fetch(due)]


async def test_a_request_that_never_arrived_is_not_looked_for(store: Database) -> None:
    job = await accepted(store)
    await claim_next(store)
    await Walk(database=store, job=job).send()
    back = leave(job, State.SUBMITTING, State.QUEUED, attempt=1)
    await store.write(transition, replace(back, never_arrived=True))
    assert [None] == [attempt.sent_at for attempt in await attempts(store, [job])]


async def test_a_job_that_is_asked_again_leaves_its_generation_to_the_attempt(store: Database) -> None:
    walk = await submitted(store)
    await walk.move(State.QUEUED)
    assert (await walk.now_at()).remote_id is None
    assert [f"generation of {walk.job}"] == [one.remote_id for one in await attempts(store, [walk.job])]


@pytest.mark.parametrize("cause", [OrphanCause.LATE, OrphanCause.UNPROCESSED])
async def test_a_generation_that_is_abandoned_becomes_an_orphan(store: Database, cause: OrphanCause) -> None:
    walk = await submitted(store)
    end = leave(walk.job, State.SUBMITTED, State.FAILED, attempt=1)
    await store.write(transition, replace(end, orphan_cause=cause))
    (orphan,) = await list_orphans(store, count=10)
    assert (walk.job, cause, 10) == (orphan.job, orphan.cause, orphan.price)


def test_every_end_settles() -> None:
    from bot.store.queue.transition import _SETTLED_AS  # noqa: PLC0415

    assert FINAL == _SETTLED_AS.keys()
