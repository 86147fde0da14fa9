"""Reading jobs, and the small writes beside their moves."""

import asyncio
from dataclasses import replace

from bot.domain.jobs import State
from bot.store.accepting import accept
from bot.store.accounts import Stop, stop_account
from bot.store.cards import find_card
from bot.store.database import Database
from bot.store.jobs import (
    Deletion,
    Miss,
    Star,
    ahead,
    attempts,
    delete_job,
    files_in_use,
    find_job,
    history,
    in_flight,
    jobs_of_cards,
    known_generations,
    list_jobs,
    lost_claims,
    newest_usable,
    note_look,
    overdue_in_queue,
    paces,
    preparing,
    running,
    stranded,
    toggle_star,
    unbound_attempts,
)
from bot.store.moving import Move, move
from bot.store.operations import count_states
from bot.store.orphans import Cause, Orphan, adopt_orphan, due_orphans
from tests.store.making import (
    ACCOUNT,
    DAY,
    NOW,
    PICTURE,
    SEAL,
    SECOND,
    WORKSPACE,
    Walk,
    acceptance,
    accepted,
    caller,
    claim_next,
    completed,
    open_account,
    open_accounts,
    submitted,
)


async def complete(walk: Walk, *, file: str, now: int = NOW) -> None:
    job = await walk.now_at()
    await walk.database.write(
        move,
        Move(
            job=job.id,
            before=job.state,
            attempt=job.attempt,
            after=State.COMPLETED,
            now=now,
            cause="test",
            result=replace(PICTURE, file=file),
        ),
    )


async def delete(database: Database, job: str) -> str | None:
    unused: str | None = await database.write(delete_job, Deletion(job=job, now=NOW))
    return unused


async def test_a_job_is_read_as_it_was_written(store: Database) -> None:
    item = acceptance(jobs=2, price=15, prompt="a “quoted” ünïcode 🦊", private=True)
    await store.write(accept, item)
    second = (await jobs_of_cards(store, [item.card]))[item.card][1]
    new = item.jobs[1]
    assert (new.id, item.card, 1) == (second.id, second.card, second.position)
    assert (new.request, new.title, new.price) == (second.request, second.title, second.price)
    assert ("Ada", "chat:ada", "chat:home:ada") == (second.member_name, second.person, second.member)
    assert (NOW, NOW + DAY, True, False) == (
        second.created_at,
        second.deadline,
        second.private,
        second.deleted,
    )
    assert await find_job(store, "nobody") is None


async def test_a_person_s_history_is_theirs_over_all_workspaces_the_newest_first(store: Database) -> None:
    first = await accepted(store)
    await accepted(store, acceptance(caller("bob")))
    second = await accepted(store, acceptance(caller(workspace="chat:other")))
    assert [second, first] == [job.id for job in await history(store, "chat:ada", count=9)]
    assert [second] == [job.id for job in await history(store, "chat:ada", count=1)]
    assert [first] == [job.id for job in await running(store, WORKSPACE, "chat:home:ada", count=9)]


async def test_the_newest_usable_job_is_done_and_not_deleted(store: Database) -> None:
    await open_account(store)
    assert await newest_usable(store, "chat:ada") is None
    done = [await completed(store) for _ in range(2)]
    await submitted(store)
    assert done[1].job == await newest_usable(store, "chat:ada")
    await delete(store, done[1].job)
    assert done[0].job == await newest_usable(store, "chat:ada")


async def test_jobs_are_found_by_where_they_stand(store: Database) -> None:
    await open_account(store)
    done = await completed(store)
    flying = await submitted(store)
    waiting = await accepted(store)
    building = await accepted(store, acceptance(references=[done.job]))
    assert [flying.job] == [job.id for job in await in_flight(store, ACCOUNT)]
    assert [] == await in_flight(store, "luma-2")
    assert [building] == [job.id for job in await preparing(store, now=NOW, count=9)]
    assert [] == await preparing(store, now=NOW - 1, count=9)
    assert {"completed": 1, "submitted": 1, "queued": 1, "preparing": 1} == await count_states(store)
    assert [waiting] == [job.id for job in await list_jobs(store, state=State.QUEUED, count=9)]
    everything = [building, waiting, flying.job, done.job]
    assert everything == [job.id for job in await list_jobs(store, state=None, count=9)]


async def test_places_in_the_queue_are_counted_as_they_will_be_claimed(store: Database) -> None:
    await open_account(store)
    items = [acceptance(jobs=3), acceptance(caller("bob"), jobs=2), acceptance(caller("eve"), queue="other")]
    for item in items:
        await store.write(accept, item)
    (ada, bob, eve) = ([job.id for job in item.jobs] for item in items)
    places = await ahead(store, [*ada, *bob, *eve])
    assert {ada[0]: 0, bob[0]: 1, ada[1]: 2, bob[1]: 3, ada[2]: 4, eve[0]: 0} == places
    await claim_next(store, most=2)
    assert 2 == (await ahead(store, [ada[2]]))[ada[2]]


async def test_how_long_a_kind_takes_is_learned_from_the_latest(store: Database) -> None:
    await open_account(store)
    for n in range(25):
        walk = await submitted(store)
        took = 100 * SECOND if n < 5 else n * SECOND
        await complete(walk, file=f"{n}", now=NOW + took + (0 if n < 5 else 200 * SECOND))
    expected = 200 * SECOND + sum(range(5, 25)) * SECOND // 20
    assert {"image/photon-1": expected} == await paces(store, ["image/photon-1", "unknown"])


async def test_claims_of_the_dead_are_found_with_whether_they_left(store: Database) -> None:
    await open_account(store)
    jobs = [await accepted(store) for _ in range(2)]
    await claim_next(store, most=2)
    await Walk(database=store, job=jobs[1]).send()
    assert [] == await lost_claims(store, now=NOW + 45 * SECOND)
    found = await lost_claims(store, now=NOW + 45 * SECOND + 1)
    assert {(jobs[0], False), (jobs[1], True)} == {(lost.id, left) for lost, left in found}


async def test_what_waited_too_long_is_found_the_longest_first(store: Database) -> None:
    await open_account(store)
    flying = await submitted(store)
    late, later = await accepted(store), await accepted(store, acceptance(now=NOW - 1))
    assert [] == await overdue_in_queue(store, now=NOW + DAY - 1, count=9)
    found = await overdue_in_queue(store, now=NOW + DAY + 1, count=9)
    assert [later, late] == [one.id for one in found]
    assert [later] == [one.id for one in await overdue_in_queue(store, now=NOW + DAY + 1, count=1)]
    assert flying.job not in {one.id for one in found}


async def test_what_is_in_flight_on_a_retired_account_is_stranded_in_the_end(store: Database) -> None:
    await open_account(store)
    flying, lost = await submitted(store), Walk(database=store, job=await accepted(store))
    await claim_next(store)
    await lost.send()
    await lost.move(State.UNKNOWN)
    late = NOW + DAY + 1
    assert [] == await stranded(store, now=late, lost_before=late, count=9)
    await open_account(store, "luma-2")
    found = await stranded(store, now=NOW, lost_before=NOW + 1, count=9)
    assert [lost.job] == [one.id for one in found]
    found = await stranded(store, now=late, lost_before=late, count=9)
    assert {flying.job, lost.job} == {one.id for one in found}
    await store.write(stop_account, Stop(account=ACCOUNT, now=NOW))


async def test_attempts_whose_generation_is_unknown_are_found_by_what_they_asked(store: Database) -> None:
    await open_account(store)
    walks = [Walk(database=store, job=await accepted(store)) for _ in range(3)]
    await claim_next(store, most=3)
    await walks[0].send(marked=False, now=NOW + 2)
    await walks[1].send(marked=False, now=NOW + 1)
    await walks[2].send(marked=True)
    found = await unbound_attempts(store, ACCOUNT, ["equal", "other"])
    assert [walks[1].job, walks[0].job] == [one.job for one in found]
    await walks[1].move(State.SUBMITTED)
    assert [walks[0].job] == [one.job for one in await unbound_attempts(store, ACCOUNT, ["equal"])]
    assert [] == await unbound_attempts(store, ACCOUNT, ["other"])
    (row,) = await attempts(store, [walks[0].job])
    assert (State.SUBMITTING, 1, 1, 10) == (row.state, row.number, row.newest, row.price)


async def test_generations_that_somebody_stands_for_are_known(store: Database) -> None:
    await open_accounts(store, ACCOUNT, "luma-2")
    walk = await submitted(store)
    mine = (await walk.now_at()).remote_id or ""
    orphan = Orphan(account=ACCOUNT, remote_id="orphan", job=None, cause=Cause.LATE, price=1, found_at=NOW)
    await store.write(adopt_orphan, orphan)
    ids = [mine, "orphan", "stranger"]
    assert {mine, "orphan"} == await known_generations(store, ACCOUNT, ids)
    assert set() == await known_generations(store, "luma-2", ids)
    await walk.move(State.QUEUED)
    assert {mine} == await known_generations(store, ACCOUNT, [mine]), "an earlier attempt's stays known"


async def test_misses_in_a_row_are_counted_from_the_first(store: Database) -> None:
    await open_account(store)
    walk = await submitted(store)
    looks = [
        await store.write(note_look, Miss(job=walk.job, now=NOW + n, found=found))
        for n, found in enumerate((False, False, True, False))
    ]
    assert [(1, NOW), (2, NOW), (0, NOW + 2), (1, NOW + 3)] == looks
    await walk.move(State.FAILED)
    assert (0, NOW) == await store.write(note_look, Miss(job=walk.job, now=NOW, found=False))


async def test_a_star_is_put_and_taken_and_an_event_counts_once(store: Database) -> None:
    await open_account(store)
    walk = await completed(store)
    job = await walk.now_at()

    async def star(event: str, member: str = "ada") -> bool | None:
        item = Star(job=job.id, card=job.card, member=member, now=NOW, event=event)
        answer: bool | None = await store.write(toggle_star, item)
        return answer

    assert [True, None, True] == [await star("1"), await star("1"), await star("2", "bob")]
    assert 2 == (await walk.now_at()).stars
    assert False is await star("3")
    assert 1 == (await walk.now_at()).stars
    card = await find_card(store, job.card, SEAL)
    assert card is not None
    assert 7 == card.wanted_rev, "four for the job, and one for each change of its stars"


async def test_a_file_is_free_when_its_last_user_is_deleted(store: Database) -> None:
    await open_account(store)
    walks = [await submitted(store) for _ in range(3)]
    for walk, file in zip(walks, ("shared", "shared", "own"), strict=True):
        await complete(walk, file=file)
    assert {"shared", "own"} == await files_in_use(store, ["shared", "own", "stray"])
    assert "own" == await delete(store, walks[2].job)
    assert await delete(store, walks[0].job) is None
    assert {"shared"} == await files_in_use(store, ["shared", "own"])
    assert "shared" == await delete(store, walks[1].job)
    assert await delete(store, walks[1].job) is None, "it is deleted already"


async def test_two_jobs_of_one_file_deleted_at_once_free_it_once(store: Database) -> None:
    await open_account(store)
    walks = [await submitted(store) for _ in range(2)]
    for walk in walks:
        await complete(walk, file="shared")
    freed = await asyncio.gather(*(delete(store, walk.job) for walk in walks))
    assert [None, "shared"] == freed


async def test_what_is_deleted_is_gone_and_its_generation_given_over(store: Database) -> None:
    await open_account(store)
    walk = await completed(store)
    before = await walk.now_at()
    await delete(store, walk.job)
    after = await walk.now_at()
    assert after.deleted
    assert [] == await history(store, "chat:ada", count=9)
    assert [(before.remote_id, 0)] == await due_orphans(store, ACCOUNT, now=NOW)


async def test_what_has_not_ended_is_not_deleted(store: Database) -> None:
    await open_account(store)
    walk = await submitted(store)
    assert await delete(store, walk.job) is None
    assert not (await walk.now_at()).deleted
