"""Links: codes and their tries, sets of persons, and the personal meter that they share."""

import asyncio
from dataclasses import replace

import pytest

from bot.domain.errors import InvalidRequest, NotAllowed, QuotaExhausted
from bot.domain.identity import Caller
from bot.domain.jobs.job import State
from bot.domain.money.quota import Allowance, Level, Meter, Period, Rule
from bot.store.admin.workspaces import set_block
from bot.store.database.base import Database
from bot.store.database.named_sql import Query
from bot.store.members.linking import expire_codes, link, put_code, unlink
from bot.store.operator.reports import inconsistent_meters
from bot.store.queue.accept import accept
from bot.store.queue.jobs import refund_job
from bot.store.quotas.limits import of_level, reset_meter, set_rule, usage_of
from bot.store.quotas.links import links_of
from tests.store.factories import (
    DAY,
    HOUR,
    MINUTE,
    NOW,
    Walk,
    acceptance,
    accepted,
    caller,
    completed,
    count_of,
    meter_of,
    open_account,
    submitted,
)
from tests.store.quotas.linking import AUDIT, ask, change, enter, link_up, linked_person, part
from tests.store.races import meet

ADA, BOB, EVE = caller("ada"), caller("bob"), caller("eve", workspace="chat:elsewhere")


async def sets(store: Database) -> list[set[str]]:
    """The links that exist, each by its persons."""
    found: dict[str, set[str]] = {}
    for row in await store.fetch(Query("linked", "SELECT person, link FROM linked_person")):
        found.setdefault(row["link"], set()).add(row["person"])
    return sorted(found.values(), key=sorted)


async def limit_person(store: Database, who: Caller, amount: int, period: Period = Period.DAY) -> None:
    rule = Rule(
        level=Level.PERSON,
        subject=who.person,
        workspace="",
        allowance=Allowance(amount=amount, period=period),
    )
    await store.transact(set_rule, rule, audit=AUDIT)


async def personal(store: Database, who: Caller) -> Meter:
    return await meter_of(store, f"{Level.PERSON}:{who.person}")


async def test_links_are_transitive_and_end_for_one_person_at_a_time(store: Database) -> None:
    await link_up(store, ADA, BOB)
    await link_up(store, EVE, ADA)
    assert [{"chat:ada", "chat:bob", "chat:eve"}] == await sets(store)
    assert {"chat:ada", "chat:bob"} == (await links_of(store, ["chat:eve"]))["chat:eve"].others("chat:eve")
    names = await store.fetch(Query("notices", "SELECT person FROM person_notice ORDER BY id"))
    assert ["chat:bob", "chat:ada", "chat:bob"] == [row["person"] for row in names], "all others are told"

    rest = await store.transact(unlink, "chat:ada", "chat:ada", change())
    assert {"chat:bob", "chat:eve"} == {one.person for one in rest}
    assert [{"chat:bob", "chat:eve"}] == await sets(store)
    await part(store, BOB)
    assert [] == await sets(store), "nobody is linked with themselves alone"
    assert () == await store.transact(unlink, "chat:bob", "chat:bob", change())


async def test_a_code_works_once_for_a_short_time_and_only_the_newest(store: Database) -> None:
    for digest in ("first", "second"):
        await store.transact(put_code, linked_person(ADA), digest, expires_at=NOW + 10 * MINUTE)
    assert (await enter(store, BOB, "first")).person is None, "a newer one has replaced it"
    assert (await enter(store, BOB, "second", now=NOW + 10 * MINUTE)).person is None, "it has expired"
    assert linked_person(ADA) == (await enter(store, ADA, "second")).person
    assert linked_person(ADA) == (await enter(store, BOB, "second", question="q")).person
    assert linked_person(ADA) == (await enter(store, BOB, "second", question="q")).person, "repeated"
    assert (await enter(store, EVE, "second")).person is None, "somebody has entered it"


async def test_codes_and_tries_are_removed_when_they_are_over(store: Database) -> None:
    await store.transact(put_code, linked_person(ADA), "code", expires_at=NOW + MINUTE)
    await enter(store, BOB, "wrong")
    await store.transact(expire_codes, now=NOW + MINUTE - 1, window_start=NOW - 1)
    assert [1, 1] == [await count_of(store, table) for table in ("link_code", "link_tries")]
    await store.transact(expire_codes, now=NOW + MINUTE, window_start=NOW)
    assert [0, 0] == [await count_of(store, table) for table in ("link_code", "link_tries")]


async def test_tries_are_counted_and_a_right_code_does_not_help(store: Database) -> None:
    await store.transact(put_code, linked_person(ADA), "right", expires_at=NOW + 2 * HOUR)
    for number in range(5):
        assert (await enter(store, BOB, f"wrong {number}", now=NOW + number)).too_many_since is None
    # Two at once are counted, too.
    again = await asyncio.gather(*(enter(store, BOB, "right", now=NOW + MINUTE) for _ in range(2)))
    assert [NOW, NOW] == [one.too_many_since for one in again]
    assert linked_person(ADA) == (await enter(store, BOB, "right", now=NOW + HOUR)).person


async def test_a_question_is_for_who_was_asked_and_answered_once(store: Database) -> None:
    question = await ask(store, ADA, BOB)
    assert await store.transact(link, question, linked_person(EVE), change()) is None
    done = change()
    first = await store.transact(link, question, linked_person(ADA), done)
    assert first == await store.transact(link, question, linked_person(ADA), done), "its outcome was unknown"
    assert await store.transact(link, question, linked_person(ADA), change()) is None
    late = await ask(store, EVE, ADA)
    assert await store.transact(link, late, linked_person(EVE), change(NOW + 15 * MINUTE)) is None
    assert [{"chat:ada", "chat:bob"}] == await sets(store)


async def test_two_links_at_once_are_one_set(replicas: tuple[Database, Database]) -> None:
    one, two = await ask(replicas[0], ADA, BOB), await ask(replicas[0], BOB, EVE)
    await meet(
        replicas,
        link,
        one,
        linked_person(ADA),
        change(),
        before="workspaces.insert_audit",
        meanwhile=lambda other: other.transact(link, two, linked_person(BOB), change()),
    )
    assert [{"chat:ada", "chat:bob", "chat:eve"}] == await sets(replicas[0])


async def test_no_more_than_ten_are_linked(store: Database) -> None:
    for number in range(9):
        await link_up(store, caller(f"p{number}"), ADA)
    question = await ask(store, BOB, ADA)
    with pytest.raises(InvalidRequest, match="No more than 10"):
        await store.transact(link, question, linked_person(BOB), change())


async def test_the_stricter_personal_limit_counts_what_both_spend(store: Database) -> None:
    await open_account(store)
    await limit_person(store, ADA, 50)
    await limit_person(store, BOB, 30, Period.MONTH)
    await completed(store, acceptance(ADA, price=7))
    flying = await submitted(store, acceptance(BOB, price=5))
    await link_up(store, ADA, BOB)
    # Of the running period counts what either has used and reserved before.
    assert Meter(used=7, reserved=5) == await personal(store, ADA)
    assert Meter(used=7, reserved=5) == await personal(store, BOB)
    with pytest.raises(QuotaExhausted, match=r"everywhere for this month"):
        await store.write(accept, acceptance(ADA, price=19))
    later = await submitted(store, acceptance(ADA, price=18))
    await flying.move(State.COMPLETED)
    await later.move(State.FAILED)
    assert Meter(used=12) == await personal(store, ADA)
    assert Meter(used=12) == await personal(store, BOB)
    for who in (ADA, BOB):
        counted = of_level(await usage_of(store, who, acceptance().defaults, now=NOW), Level.PERSON)
        assert [12, 12] == [meter.used for _, meter in counted]
    await store.transact(refund_job, flying.job, now=NOW, cause="operator")
    assert Meter(used=7) == await personal(store, ADA)
    assert [] == await inconsistent_meters(store)


async def test_after_unlinking_each_has_used_what_they_used_themselves(store: Database) -> None:
    await open_account(store)
    await limit_person(store, ADA, 100)
    await limit_person(store, BOB, 100)
    await link_up(store, ADA, BOB)
    mine = await completed(store, acceptance(ADA, price=7))
    await completed(store, acceptance(BOB, price=5))
    flying = await submitted(store, acceptance(BOB, price=3))
    assert Meter(used=12, reserved=3) == await personal(store, ADA)
    await part(store, ADA)
    assert Meter(used=7) == await personal(store, ADA)
    assert Meter(used=5, reserved=3) == await personal(store, BOB)
    await flying.move(State.COMPLETED)
    assert Meter(used=7) == await personal(store, ADA)
    # Linked once more, nothing is counted twice, and nothing was lost.
    await link_up(store, BOB, ADA)
    assert Meter(used=15) == await personal(store, ADA)
    assert Meter(used=15) == await personal(store, BOB)
    await store.transact(refund_job, mine.job, now=NOW, cause="operator")
    assert Meter(used=8) == await personal(store, BOB)
    assert [] == await inconsistent_meters(store)


async def test_what_a_reset_gave_back_is_not_counted_again(store: Database) -> None:
    await open_account(store)
    await limit_person(store, ADA, 100)
    await link_up(store, ADA, BOB)
    theirs = await completed(store, acceptance(BOB, price=5))
    (limit, _), *_ = of_level(await usage_of(store, ADA, acceptance().defaults, now=NOW), Level.PERSON)
    await store.transact(reset_meter, limit.meter, audit=replace(AUDIT, now=NOW + 1))
    await part(store, ADA)
    assert Meter() == await personal(store, ADA)
    later = NOW + 2
    await accepted(store, acceptance(BOB, price=3, now=later))
    await link_up(store, ADA, BOB, now=later)
    assert Meter(reserved=3) == await personal(store, ADA)
    await store.transact(refund_job, theirs.job, now=later, cause="operator")
    assert [] == await inconsistent_meters(store)


async def test_each_workspace_keeps_its_own_member_meters(store: Database) -> None:
    await link_up(store, ADA, EVE)
    await accepted(store, acceptance(ADA, price=7))
    assert Meter(reserved=7) == await meter_of(store, f"member:{ADA.member}")
    assert Meter() == await meter_of(store, f"member:{EVE.member}")
    assert Meter() == await meter_of(store, f"ceiling:{EVE.workspace}")


async def test_a_block_of_one_holds_for_all_and_freezes_the_link(store: Database) -> None:
    await link_up(store, ADA, BOB)
    await store.transact(set_block, "chat:ada", audit=AUDIT, blocked=True)
    with pytest.raises(NotAllowed, match="blocked by the operator"):
        await store.write(accept, acceptance(BOB))
    with pytest.raises(NotAllowed, match="its links cannot be changed"):
        await part(store, BOB)
    question = await ask(store, EVE, BOB)
    with pytest.raises(NotAllowed, match="its links cannot be changed"):
        await store.transact(link, question, linked_person(EVE), change())
    # A member who is blocked in one workspace is nobody else's business.
    await store.transact(set_block, "chat:ada", audit=AUDIT, blocked=False)
    await store.transact(set_block, ADA.member, audit=AUDIT, blocked=True)
    await store.write(accept, acceptance(BOB))


async def _before_they_are_linked(store: Database) -> tuple[str, Walk]:
    """Two persons with limits; returns the question that links them, and a job of one of them."""
    await open_account(store)
    for who in (ADA, BOB):
        await limit_person(store, who, 100)
    done = await completed(store, acceptance(BOB, price=5))
    await accepted(store, acceptance(ADA, price=1))
    return await ask(store, ADA, BOB), done


async def test_a_command_that_meets_a_new_link_is_asked_again(replicas: tuple[Database, Database]) -> None:
    question, _ = await _before_they_are_linked(replicas[0])
    linked, refused = await meet(
        replicas,
        link,
        question,
        linked_person(ADA),
        change(),
        before="workspaces.insert_audit",
        meanwhile=lambda other: other.write(accept, acceptance(BOB, price=7)),
    )
    assert linked
    assert "Your links have just been changed" in str(refused)
    assert Meter(used=5, reserved=1) == await personal(replicas[0], ADA)
    await replicas[0].write(accept, acceptance(BOB, price=7))
    assert Meter(used=5, reserved=8) == await personal(replicas[0], ADA)


async def test_a_link_counts_the_command_that_it_meets(replicas: tuple[Database, Database]) -> None:
    question, _ = await _before_they_are_linked(replicas[0])
    await meet(
        replicas,
        accept,
        [acceptance(BOB, price=7)],
        before="accept.insert_reservations",
        meanwhile=lambda other: other.transact(link, question, linked_person(ADA), change()),
    )
    assert Meter(used=5, reserved=1 + 7) == await personal(replicas[0], ADA)
    assert Meter(used=5, reserved=1 + 7) == await personal(replicas[0], BOB)


async def test_a_refund_that_meets_a_new_link_is_given_on_all_meters(
    replicas: tuple[Database, Database],
) -> None:
    question, done = await _before_they_are_linked(replicas[0])
    await meet(
        replicas,
        link,
        question,
        linked_person(ADA),
        change(),
        before="workspaces.insert_audit",
        meanwhile=lambda other: other.transact(refund_job, done.job, now=NOW, cause="operator"),
    )
    assert Meter(reserved=1) == await personal(replicas[0], ADA)
    assert [] == await inconsistent_meters(replicas[0])


async def test_a_new_period_counts_anew(store: Database) -> None:
    await limit_person(store, ADA, 10)
    await link_up(store, ADA, BOB)
    await accepted(store, acceptance(BOB, price=10))
    with pytest.raises(QuotaExhausted):
        await store.write(accept, acceptance(ADA, price=1))
    await store.write(accept, acceptance(ADA, price=10, now=NOW + DAY))
    await part(store, ADA, now=NOW + DAY)
    await store.write(accept, acceptance(BOB, price=10, now=NOW + DAY))
