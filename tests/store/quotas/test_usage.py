"""What ended jobs came to: the same whether it is read from them or from the sums of ended days."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from zoneinfo import ZoneInfo

from bot.domain.generations.media import MediaKind
from bot.domain.identity import Caller
from bot.domain.jobs.erasure import NAMELESS
from bot.domain.jobs.failures import FailureCategory
from bot.domain.jobs.job import State
from bot.domain.money.quota import Period, bounds
from bot.domain.reports.usage import Dimension, Fact, Span, read_span, sum_facts
from bot.store.admin.workspaces import AuditEntry, SetUp, set_up
from bot.store.database.base import Database, Transaction
from bot.store.database.named_sql import Query
from bot.store.members.erasure import Erasure, clear_jobs
from bot.store.queue.jobs import delete_job, refund_job
from bot.store.quotas.usage import names_of, sum_up, usage_facts, workspaces_behind
from tests.store.conftest import one_loop
from tests.store.factories import (
    DAY,
    HOUR,
    MINUTE,
    NOW,
    SECOND,
    WORKSPACE,
    Walk,
    acceptance,
    accepted,
    caller,
    completed,
    open_account,
    submitted,
)

#: when the reports are made: two days after the jobs
LATER = NOW + 2 * DAY
BY_ADMIN = AuditEntry(actor="boss", workspace=WORKSPACE, action="set", subject="x", now=NOW)


@one_loop()
async def store_with_jobs(store: Database) -> Database:
    """Five ended jobs of two members: three finished after 45 s to 5 min, one failed, one cancelled."""
    await open_account(store)
    for who, price, wait in ((caller(), 10, 45), (caller(), 30, 61), (caller("bob"), 100, 300)):
        walk = await submitted(store, acceptance(who, price=price))
        await walk.move(State.COMPLETED, now=NOW + wait * SECOND)
    failed = await submitted(store, acceptance(caller("bob"), price=7))
    await failed.move(State.FAILED, now=NOW + MINUTE)
    cancelled = Walk(database=store, job=await accepted(store, acceptance(price=7)))
    await cancelled.move(State.CANCELLED, now=NOW + MINUTE)
    await submitted(store, acceptance(price=7))
    return store


def span(*, now: int = LATER, zone: str = "UTC") -> Span:
    return read_span(now, zone, Period.DAY, 7)


async def summed_up(store: Database, *, now: int = LATER, busy: int = 200) -> int:
    days = 0
    for workspace in await workspaces_behind(store, now=now):
        while await sum_up(store, workspace, now=now, busy=busy):
            days += 1
    return days


async def every(store: Database, *, zone: str = "UTC") -> dict[Dimension, list[Fact]]:
    def order(fact: Fact) -> tuple[object, ...]:
        return (fact.value, fact.outcome, fact.makes, fact.wait_ms)

    found = {by: await usage_facts(store, WORKSPACE, span(zone=zone), by) for by in Dimension}
    return {
        by: sorted((fact if by is Dimension.DAY else replace(fact, day=0) for fact in facts), key=order)
        for by, facts in found.items()
    }


def by_value(facts: Sequence[Fact]) -> dict[str, tuple[int, int]]:
    """Jobs and what was spent, by value."""
    values = sorted({fact.value for fact in facts})
    figures = {value: sum_facts(fact for fact in facts if fact.value == value) for value in values}
    return {value: (one.jobs, one.spent) for value, one in figures.items()}


async def test_jobs_are_counted_by_each_dimension(store_with_jobs: Database) -> None:
    found = await every(store_with_jobs)
    total = sum_facts(found[Dimension.DAY])
    assert (3, 0, 1, 140) == (total.pictures, total.videos, total.cancelled, total.spent)
    assert {FailureCategory.TIMEOUT: 1} == total.failures
    assert {45_000: 1, 61_000: 1, 300_000: 1} == total.waits
    assert (61_000, 300_000) == (total.median_ms, total.p90_ms)
    assert {"chat:home:ada": (3, 40), "chat:home:bob": (2, 100)} == by_value(found[Dimension.MEMBER])
    assert {"general": (5, 140)} == by_value(found[Dimension.CHANNEL])
    assert {"imagine": (5, 140)} == by_value(found[Dimension.COMMAND])
    assert {"image/photon-1": (5, 140)} == by_value(found[Dimension.MODEL])


async def test_sums_of_ended_days_say_the_same_as_the_jobs(store_with_jobs: Database) -> None:
    before = await every(store_with_jobs)
    assert await summed_up(store_with_jobs)
    assert [] == await workspaces_behind(store_with_jobs, now=LATER)
    await store_with_jobs.transact(_forget_prices)
    assert before == await every(store_with_jobs)


async def _forget_prices(tx: Transaction) -> None:
    await tx.run(Query("forget", "UPDATE job SET price = 0"))


async def test_a_day_that_may_still_get_jobs_is_not_summed_up(store_with_jobs: Database) -> None:
    over = NOW - NOW % DAY + DAY + 15 * MINUTE
    await summed_up(store_with_jobs, now=over - 1)
    assert [WORKSPACE] == await workspaces_behind(store_with_jobs, now=over - 1)
    await summed_up(store_with_jobs, now=over)
    assert [] == await workspaces_behind(store_with_jobs, now=over)


async def test_the_past_hours_of_a_busy_day_are_summed_up_and_then_the_day(
    store_with_jobs: Database,
) -> None:
    """The jobs ended at 8 o'clock; two more end two hours later, and one is refunded in between."""
    early = await completed(store_with_jobs, acceptance(price=3))
    await summed_up(store_with_jobs, now=NOW + 75 * MINUTE - 1, busy=1)
    assert set() == await _segments(store_with_jobs)
    await summed_up(store_with_jobs, now=NOW + 75 * MINUTE, busy=1)
    assert {NOW} == await _segments(store_with_jobs)
    await store_with_jobs.transact(refund_job, early.job, now=NOW + 80 * MINUTE, cause="operator")
    for price in (5, 7):
        walk = await submitted(store_with_jobs, acceptance(price=price))
        await walk.move(State.COMPLETED, now=NOW + 2 * HOUR)
    before = await every(store_with_jobs)
    await summed_up(store_with_jobs, now=NOW + 4 * HOUR, busy=1)
    assert {NOW, NOW + 2 * HOUR} == await _segments(store_with_jobs)
    figures = sum_facts(before[Dimension.DAY])
    assert (6, 1, 140 + 5 + 7) == (figures.pictures, figures.refunds, figures.spent)
    for by, facts in (await every(store_with_jobs)).items():
        assert by_value(before[by]) == by_value(facts)

    walk = await submitted(store_with_jobs, acceptance(price=9))
    await walk.move(State.COMPLETED, now=NOW + 5 * HOUR)
    await summed_up(store_with_jobs)
    assert {NOW - NOW % DAY} == await _segments(store_with_jobs)
    for facts in (await every(store_with_jobs)).values():
        assert 140 + 5 + 7 + 9 == sum_facts(facts).spent


async def _segments(store: Database) -> set[int]:
    return {row["day"] for row in await store.fetch(Query("days", "SELECT day FROM usage_day"))}


async def test_a_refund_changes_the_day_of_its_job(store_with_jobs: Database) -> None:
    early = await completed(store_with_jobs, acceptance(price=3))
    late = await completed(store_with_jobs, acceptance(price=5))
    await store_with_jobs.transact(refund_job, early.job, now=NOW + HOUR, cause="operator")
    await summed_up(store_with_jobs)
    await store_with_jobs.transact(refund_job, late.job, now=LATER, cause="operator")
    await store_with_jobs.transact(delete_job, late.job, now=LATER)
    for by, facts in (await every(store_with_jobs)).items():
        figures = sum_facts(facts)
        assert (5, 2, 8, 140) == (figures.pictures, figures.refunds, figures.refunded, figures.spent), by


async def test_a_refund_while_a_day_is_summed_up_is_not_lost(store_with_jobs: Database) -> None:
    """Whichever commits first, and however often the two meet."""
    jobs = [(await completed(store_with_jobs, acceptance(price=3))).job for _ in range(6)]

    async def refund() -> None:
        for job in jobs:
            await store_with_jobs.transact(refund_job, job, now=LATER, cause="operator")

    await asyncio.gather(refund(), summed_up(store_with_jobs), summed_up(store_with_jobs))
    await summed_up(store_with_jobs)
    for by, facts in (await every(store_with_jobs)).items():
        figures = sum_facts(facts)
        assert (9, 6, 140) == (figures.pictures, figures.refunds, figures.spent), by


async def test_another_time_zone_has_other_days(store_with_jobs: Database) -> None:
    tokyo = "Asia/Tokyo"
    await summed_up(store_with_jobs)
    await store_with_jobs.transact(set_up, WORKSPACE, SetUp(timezone=tokyo), audit=BY_ADMIN)
    before = await every(store_with_jobs, zone=tokyo)
    assert await summed_up(store_with_jobs)
    assert before == await every(store_with_jobs, zone=tokyo)
    (day,) = {fact.day for fact in before[Dimension.DAY]}
    assert bounds(NOW, Period.DAY, ZoneInfo(tokyo))[0] == day


async def test_names_are_the_newest_ones(store: Database) -> None:
    await open_account(store)
    first = acceptance(Caller(workspace=WORKSPACE, person="chat:ada", member="chat:home:ada", name="Ada"))
    second = acceptance(Caller(workspace=WORKSPACE, person="chat:ada", member="chat:home:ada", name="Ada L."))
    third = acceptance(caller("bob"))
    named = replace(first, place=replace(first.place, channel_name="art"))
    renamed = replace(second, place=replace(second.place, channel_name="drawings"))
    for item in (named, renamed, third):
        await completed(store, item)
    for by, expected in (
        (Dimension.MEMBER, {"Ada L.", "Bob"}),
        (Dimension.CHANNEL, {"drawings"}),
        (Dimension.MODEL, set()),
    ):
        facts = await usage_facts(store, WORKSPACE, span(now=NOW), by)
        assert expected == set((await names_of(store, facts, by)).values())


async def test_other_workspaces_and_times_are_left_out(store_with_jobs: Database) -> None:
    assert [] == await usage_facts(store_with_jobs, "chat:other", span(), Dimension.DAY)
    assert [] == await usage_facts(store_with_jobs, WORKSPACE, span(now=NOW + 9 * DAY), Dimension.DAY)
    assert {MediaKind.PICTURE} == {
        fact.makes for fact in await usage_facts(store_with_jobs, WORKSPACE, span(), Dimension.DAY)
    }


async def test_a_member_whose_data_is_deleted_is_a_pseudonym_also_in_the_sums(
    store_with_jobs: Database,
) -> None:
    refunded = await completed(store_with_jobs, acceptance(price=3))
    await store_with_jobs.transact(refund_job, refunded.job, now=NOW + HOUR, cause="operator")
    await summed_up(store_with_jobs)
    await store_with_jobs.transact(_delete_everything)
    erasure = Erasure(person="chat:ada", pseudonym="nobody", requested_at=LATER)
    await store_with_jobs.transact(clear_jobs, erasure, ended_before=LATER, count=100)

    members = (await every(store_with_jobs))[Dimension.MEMBER]
    assert {"chat:home:bob": (2, 100), "chat:home:nobody": (4, 40)} == by_value(members)
    assert 1 == sum_facts(members).refunds
    assert "ada" not in str(members)
    assert set((await names_of(store_with_jobs, members, Dimension.MEMBER)).values()) == {"Bob", NAMELESS}


async def _delete_everything(tx: Transaction) -> None:
    await tx.run(Query("delete", "UPDATE job SET deleted = 1 WHERE finished_at IS NOT NULL"))
    await tx.run(Query("show", "UPDATE card SET shown_rev = wanted_rev"))
