"""T1: a command is accepted whole or not at all, once per event, never past a limit."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import pytest

from bot.domain.access import QueueLimits
from bot.domain.errors import NotAllowed, NotEnoughLeft, QuotaExhausted, Refused
from bot.domain.jobs.job import State
from bot.domain.money.groups import Group
from bot.domain.money.quota import OPERATOR_LEVELS, Allowance, Level, Meter, Period, Rule
from bot.store.admin.groups import create_group, join_group
from bot.store.admin.workspaces import AuditEntry, add_workspaces, set_block, set_pause
from bot.store.database.base import ConstraintViolated, Database
from bot.store.database.named_sql import Query
from bot.store.operator.reports import inconsistent_meters
from bot.store.queue.accept import VIRTUAL_TIME_STEP, accept
from bot.store.queue.acceptance import Acceptance, AcceptedCard, NewCard
from bot.store.queue.cards import find_card
from bot.store.queue.jobs import jobs_by_id, jobs_of_cards
from bot.store.queue.queue_stats import queue_positions
from bot.store.quotas.limits import set_rule
from tests.store.factories import (
    DAY,
    MINUTE,
    NOW,
    SEAL,
    acceptance,
    accepted,
    caller,
    ceiling_scope,
    claim_next,
    count_of,
    member_scope,
    meter_of,
    open_account,
)
from tests.store.races import meet

BOSS = AuditEntry(actor="chat:home:boss", workspace="chat:home", action="set", subject="x", now=NOW)


async def accept_all(database: Database, items: Sequence[Acceptance]) -> list[AcceptedCard | BaseException]:
    return await asyncio.gather(*(database.write(accept, item) for item in items), return_exceptions=True)


def rule(level: Level, subject: str, amount: int, *, workspace: str = "") -> Rule:
    return Rule(
        level=level,
        subject=subject,
        workspace=workspace,
        allowance=Allowance(amount=amount, period=Period.DAY),
    )


async def test_a_command_becomes_a_card_jobs_and_reservations(store: Database) -> None:
    item = acceptance(jobs=3, price=10, prompt="a blue owl", reach="token", private=True, lease_owner="one")
    accepted = await store.write(accept, item)
    assert AcceptedCard(card=item.card) == accepted
    card = await find_card(store, item.card, SEAL)
    assert card is not None
    assert replace(item.place, reply_token="token") == card.place
    assert (1, 0) == (card.wanted_rev, card.shown_rev)
    jobs = (await jobs_of_cards(store, [item.card]))[item.card]
    places = await queue_positions(store, jobs)
    assert NewCard(card=card, jobs=jobs, queue_positions=places) == accepted.new, "nobody needs to ask for it"
    assert [(job.id, n) for n, job in enumerate(item.jobs)] == [(job.id, job.position) for job in jobs]
    assert {State.QUEUED} == {job.state for job in jobs}
    assert ["a blue owl"] * 3 == [job.title for job in jobs]
    assert [item.jobs[0].request] * 3 == [job.request for job in jobs]
    assert Meter(reserved=30) == await meter_of(store, member_scope())
    assert Meter(reserved=30) == await meter_of(store, ceiling_scope())
    assert (3, 6, 6) == tuple(
        [await count_of(store, table) for table in ("job_event", "reservation", "journal")]
    )
    assert [] == await inconsistent_meters(store)


async def test_what_builds_on_a_picture_is_prepared_first(store: Database) -> None:
    job = await accepted(store)
    following = await accepted(store, acceptance(references=[job]))
    assert State.PREPARING == (await jobs_by_id(store, [following]))[following].state


async def test_how_a_card_is_reached_is_not_stored_in_the_open(store: Database) -> None:
    await store.write(accept, acceptance(reach="interaction-token"))
    row = await store.one(Query("token", "SELECT reply_token FROM card"))
    assert row is not None
    assert "interaction-token" not in row["reply_token"]


async def test_a_poisoned_command_leaves_nothing_and_harms_nobody(store: Database) -> None:
    """One of a batch breaks in its last statement but one; it is undone whole, the others are accepted."""
    first = acceptance()
    await store.write(accept, first)
    poisoned = acceptance(caller("eve"), jobs=2)
    poisoned = replace(poisoned, jobs=(poisoned.jobs[0], replace(poisoned.jobs[1], id=first.jobs[0].id)))
    good = [acceptance() for _ in range(10)]
    answers = await accept_all(store, [*good[:5], poisoned, *good[5:]])
    assert isinstance(answers.pop(5), ConstraintViolated)
    assert [AcceptedCard(card=item.card) for item in good] == answers
    assert None is await find_card(store, poisoned.card, SEAL)
    assert Meter() == await meter_of(store, member_scope(caller("eve")))
    assert Meter(reserved=110) == await meter_of(store, ceiling_scope())
    assert 11 == await count_of(store, "job")
    assert [] == await inconsistent_meters(store)


async def test_an_event_makes_one_card_however_often_it_comes(store: Database) -> None:
    first = acceptance(event="chat:1")
    assert AcceptedCard(card=first.card) == await store.write(accept, first)
    again = await accept_all(store, [acceptance(event="chat:1"), acceptance(event="chat:1")])
    assert [AcceptedCard(card=first.card, repeated=True)] * 2 == again
    assert 1 == await count_of(store, "card")
    assert Meter(reserved=10) == await meter_of(store, member_scope())


async def test_an_event_that_comes_twice_within_a_batch_makes_one_card(store: Database) -> None:
    first, second = acceptance(event="chat:1"), acceptance(event="chat:1")
    answers = await accept_all(store, [first, second])
    assert [AcceptedCard(card=first.card), AcceptedCard(card=first.card, repeated=True)] == answers
    assert 1 == await count_of(store, "job")


async def test_an_event_that_two_replicas_hear_makes_one_card(replicas: tuple[Database, Database]) -> None:
    for number in range(20):
        heard = [acceptance(event=f"chat:{number}") for _ in replicas]
        answers = await asyncio.gather(
            *(replica.write(accept, item) for replica, item in zip(replicas, heard, strict=True))
        )
        assert 1 == len({answer.card for answer in answers})
        assert [False, True] == sorted(answer.repeated for answer in answers)
    assert 20 == await count_of(replicas[0], "job")
    assert Meter(reserved=200) == await meter_of(replicas[0], member_scope())


async def test_an_event_that_another_replica_is_just_committing_is_a_repeated_one(
    replicas: tuple[Database, Database],
) -> None:
    await accepted(replicas[0])  # so that the two do not meet before they look for the event
    first, second = acceptance(event="chat:1"), acceptance(event="chat:1")
    answers = await meet(
        replicas,
        accept,
        [first],
        before="limits.insert_journal",
        meanwhile=lambda other: other.write(accept, second),
    )
    assert [[AcceptedCard(card=first.card)], AcceptedCard(card=first.card, repeated=True)] == answers


async def test_what_another_replica_has_decided_to_reserve_counts(
    replicas: tuple[Database, Database],
) -> None:
    for name in ("ada", "bob"):  # so that the two meet at the workspace's meter and not before
        await accepted(replicas[0], acceptance(caller(name)))
    first, second = (acceptance(caller(name), ceiling=30) for name in ("ada", "bob"))
    (answer,), refusal = await meet(
        replicas,
        accept,
        [first],
        before="accept.reserve",
        meanwhile=lambda other: other.write(accept, second),
    )
    assert (AcceptedCard, NotEnoughLeft) == (type(answer), type(refusal))
    assert Meter(reserved=30) == await meter_of(replicas[0], ceiling_scope())


async def test_a_repeated_event_is_answered_even_where_the_quota_is_used_up(store: Database) -> None:
    first = acceptance(event="chat:1", allowance=10)
    await store.write(accept, first)
    again = await store.write(accept, acceptance(event="chat:1", allowance=10))
    assert AcceptedCard(card=first.card, repeated=True) == again


async def test_a_refused_event_may_come_again(store: Database) -> None:
    with pytest.raises(QuotaExhausted):
        await store.write(accept, acceptance(event="chat:1", allowance=0))
    assert not (await store.write(accept, acceptance(event="chat:1"))).repeated


async def test_a_refusal_does_not_disturb_the_others(store: Database) -> None:
    poor = acceptance(caller("bob"), allowance=5)
    items = [acceptance(), poor, acceptance(caller("eve")), acceptance()]
    answers = await accept_all(store, items)
    assert isinstance(answers.pop(1), QuotaExhausted)
    assert {AcceptedCard} == {type(answer) for answer in answers}
    assert Meter() == await meter_of(store, member_scope(caller("bob")))
    assert None is await find_card(store, poor.card, SEAL)


async def test_a_card_is_accepted_whole_or_not_at_all(store: Database) -> None:
    with pytest.raises(QuotaExhausted):
        await store.write(accept, acceptance(jobs=4, price=10, allowance=35))
    assert 0 == await count_of(store, "job")
    assert Meter() == await meter_of(store, ceiling_scope())


async def test_two_hundred_at_once_fill_a_meter_to_the_last_place(store: Database) -> None:
    answers = await accept_all(store, [acceptance(price=10, allowance=79) for _ in range(200)])
    assert 7 == sum(isinstance(answer, AcceptedCard) for answer in answers)
    assert 193 == sum(isinstance(answer, QuotaExhausted) for answer in answers)
    assert Meter(reserved=70) == await meter_of(store, member_scope())
    assert [] == await inconsistent_meters(store)


async def test_two_replicas_fill_a_meter_to_the_last_place(replicas: tuple[Database, Database]) -> None:
    answers: list[AcceptedCard | BaseException] = []
    async with asyncio.TaskGroup() as group:
        tasks = [
            group.create_task(accept_all(replica, [acceptance(price=10, allowance=79) for _ in range(25)]))
            for _ in range(4)
            for replica in replicas
        ]
    for task in tasks:
        answers += task.result()
    assert 7 == sum(isinstance(answer, AcceptedCard) for answer in answers)
    assert 193 == sum(isinstance(answer, QuotaExhausted) for answer in answers)
    assert Meter(reserved=70) == await meter_of(replicas[0], member_scope())


async def test_members_of_two_replicas_fill_their_workspace_s_ceiling_to_the_last_place(
    replicas: tuple[Database, Database],
) -> None:
    answers = await asyncio.gather(
        *(
            replica.write(accept, acceptance(caller(f"p{n}.{k}"), price=10, ceiling=79))
            for k in range(20)
            for n, replica in enumerate(replicas)
        ),
        return_exceptions=True,
    )
    assert {AcceptedCard: 7, NotEnoughLeft: 33} == Counter(type(answer) for answer in answers)
    assert Meter(reserved=70) == await meter_of(replicas[0], ceiling_scope())


async def test_different_members_are_accepted_by_two_replicas_without_a_deadlock(
    replicas: tuple[Database, Database],
) -> None:
    """Batches lock the same meters in one order, whatever the order of their commands."""
    people = [caller(f"p{n}", workspace=f"chat:w{n % 5}") for n in range(30)]
    forward = [acceptance(who) for who in people]
    backward = [acceptance(who) for who in reversed(people)]
    answers = await asyncio.gather(accept_all(replicas[0], forward), accept_all(replicas[1], backward))
    assert {AcceptedCard} == {type(answer) for part in answers for answer in part}
    assert [] == await inconsistent_meters(replicas[0])


@pytest.mark.parametrize("level", list(Level))
async def test_every_level_limits(store: Database, level: Level) -> None:
    who = replace(caller(), roles=frozenset({"artists"}))
    subjects = {
        Level.MEMBER: who.member,
        Level.ROLE: "artists",
        Level.PERSON: who.person,
        Level.CHANNEL: "general",
        Level.WORKSPACE: who.workspace,
        Level.CEILING: who.workspace,
        Level.GROUP: "g1",
        Level.EVERYTHING: "",
    }
    by_admin = level not in OPERATOR_LEVELS
    scopes = {
        Level.ROLE: f"{Level.MEMBER}:{who.member}",
        Level.CHANNEL: f"{Level.CHANNEL}:{who.workspace}/general",
    }
    if level is Level.GROUP:
        await store.transact(create_group, Group(id="g1", name="Acme", budget=25), audit=BOSS)
        await store.transact(add_workspaces, [who.workspace], now=NOW)
        await store.transact(join_group, "Acme", who.workspace, audit=BOSS)
    else:
        limit = rule(level, subjects[level], 25, workspace=who.workspace if by_admin else "")
        await store.transact(set_rule, limit, audit=BOSS)
    answers = await accept_all(store, [acceptance(who) for _ in range(5)])
    assert 2 == sum(isinstance(answer, AcceptedCard) for answer in answers)
    assert Meter(reserved=20) == await meter_of(store, scopes.get(level, f"{level}:{subjects[level]}"))


async def test_a_changed_rule_holds_at_once(store: Database) -> None:
    who = caller()
    await store.write(accept, acceptance())
    await store.transact(set_rule, rule(Level.MEMBER, who.member, 10, workspace=who.workspace), audit=BOSS)
    with pytest.raises(QuotaExhausted):
        await store.write(accept, acceptance())
    await store.transact(set_rule, rule(Level.MEMBER, who.member, 20, workspace=who.workspace), audit=BOSS)
    await store.write(accept, acceptance())
    assert Meter(reserved=20) == await meter_of(store, member_scope())


async def test_a_new_period_begins_empty(store: Database) -> None:
    await store.write(accept, acceptance(allowance=10))
    with pytest.raises(QuotaExhausted):
        await store.write(accept, acceptance(allowance=10))
    await store.write(accept, acceptance(allowance=10, now=NOW + DAY))
    assert 3 == await count_of(store, "meter"), "two days of the member, one month of the workspace"


@pytest.mark.parametrize("subject", ["chat:home", "chat:home:ada", "chat:ada"])
async def test_the_blocked_are_refused_until_they_are_let_in(store: Database, subject: str) -> None:
    assert await store.transact(set_block, subject, blocked=True, audit=BOSS)
    with pytest.raises(NotAllowed, match="blocked"):
        await store.write(accept, acceptance())
    assert await store.transact(set_block, subject, blocked=False, audit=BOSS)
    await store.write(accept, acceptance())


async def test_a_paused_workspace_takes_nothing_and_says_why(store: Database) -> None:
    await store.transact(set_pause, "chat:home", paused=True, reason="out of money", audit=BOSS)
    with pytest.raises(NotAllowed, match="out of money"):
        await store.write(accept, acceptance())
    await store.write(accept, acceptance(caller(workspace="chat:other")))


async def test_patience_counts_what_waits(store: Database) -> None:
    queue_limits = QueueLimits(member=2, workspace=3)
    await open_account(store)
    items = [acceptance(queue_limits=queue_limits) for _ in range(3)] + [
        acceptance(caller("bob"), queue_limits=queue_limits) for _ in range(2)
    ]
    answers = await accept_all(store, items)
    assert [False, False, True, False, True] == [isinstance(answer, Refused) for answer in answers]
    assert 1 == len(await claim_next(store))
    await store.write(accept, acceptance(queue_limits=queue_limits))


async def test_turns_of_a_member_follow_each_other_and_start_at_the_clock(store: Database) -> None:
    """Who was away has gathered no credit: their first turn stands right behind the clock."""
    await open_account(store)
    items = [acceptance(jobs=2), acceptance(jobs=2)]
    await accept_all(store, items)
    assert 4 == len(await claim_next(store, most=4))
    late = acceptance(caller("bob"))
    later = acceptance(caller("bob"), jobs=2)
    await store.write(accept, late)
    await store.write(accept, later)
    found = await jobs_by_id(store, [job.id for item in (*items, late, later) for job in item.jobs])
    turns = [
        [found[job.id].virtual_time // VIRTUAL_TIME_STEP for job in item.jobs]
        for item in (*items, late, later)
    ]
    assert [[1, 2], [3, 4], [5], [6, 7]] == turns


async def test_members_are_known_by_their_newest_name(store: Database) -> None:
    await store.write(accept, acceptance(caller()))
    await store.write(accept, acceptance(replace(caller(), name="Ada L.")))
    rows = await store.fetch(Query("names", "SELECT name FROM member"))
    assert ["Ada L."] == [row["name"] for row in rows]


async def test_members_are_seen_anew_after_an_hour(store: Database) -> None:
    for minutes, seen in ((0, 0), (59, 0), (61, 61)):
        await store.write(accept, acceptance(now=NOW + minutes * MINUTE))
        rows = await store.fetch(Query("seen", "SELECT seen_at FROM member"))
        assert [NOW + seen * MINUTE] == [row["seen_at"] for row in rows]


async def test_whoever_is_refused_is_known_all_the_same(store: Database) -> None:
    with pytest.raises(QuotaExhausted):
        await store.write(accept, acceptance(allowance=0))
    assert 1 == await count_of(store, "member")
