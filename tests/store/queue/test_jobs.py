"""Reading jobs, their attempts, and the figures of the queue."""

from dataclasses import replace

import pytest

from bot.domain.generations.estimates import DurationStats
from bot.domain.generations.media import MediaKind
from bot.domain.generations.models import VideoModel
from bot.domain.generations.requests import AnyRequest, VideoRequest
from bot.domain.ids import short_id
from bot.domain.jobs.job import State
from bot.store.database.base import Database, Row
from bot.store.database.named_sql import Query
from bot.store.listings.job_pages import PageQuery, history
from bot.store.listings.job_search import jobs_by_any_id, newest_usable
from bot.store.listings.job_search import sql as job_search
from bot.store.operator.accounts import start_account
from bot.store.queue.accept import accept
from bot.store.queue.attempts import (
    attempts,
    expired_claims,
    extend_deadline,
    generations_since,
    in_flight,
    known_generations,
    overdue_in_queue,
    record_look,
    stranded_jobs,
    unbound_attempts,
)
from bot.store.queue.jobs import (
    delete_job,
    find_job,
    jobs_by_id,
    jobs_of_cards,
    list_jobs,
    unfinished_jobs,
)
from bot.store.queue.orphans import Orphan, OrphanCause, due_orphans, record_orphan
from bot.store.queue.queue_stats import QueuePosition, count_states, duration_stats, queue_positions
from tests.store.factories import (
    ACCOUNT,
    DAY,
    HERE,
    NOW,
    PICTURE,
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


async def listed(store: Database, *, count: int = 9) -> list[str]:
    page = await history(store, ["chat:ada"], PageQuery(count=count))
    return [job.id for job in page.jobs]


async def complete(walk: Walk, *, file: str, now: int = NOW) -> None:
    await walk.move(State.COMPLETED, now=now, result=replace(PICTURE, file=file))


async def delete(database: Database, job: str) -> tuple[str, ...]:
    unneeded: tuple[str, ...] = await database.transact(delete_job, job, now=NOW)
    return unneeded


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
    assert [second, first] == await listed(store)
    assert [second] == await listed(store, count=1)
    assert [first] == [job.id for job in await unfinished_jobs(store, WORKSPACE, "chat:home:ada", count=9)]


async def test_the_newest_usable_job_is_done_and_still_has_its_media(store: Database) -> None:
    await open_account(store)
    assert await newest_usable(store, caller("ada"), None, HERE) is None
    done = [await completed(store) for _ in range(3)]
    await submitted(store)
    assert done[2].job == await newest_usable(store, caller("ada"), None, HERE)
    await delete(store, done[2].job)
    assert done[1].job == await newest_usable(store, caller("ada"), None, HERE)
    expired = Query("expire", "UPDATE job SET expired = 1 WHERE id = :id")
    await store.exclusively(lambda tx: tx.run(expired, id=done[1].job))
    assert done[0].job == await newest_usable(store, caller("ada"), None, HERE)
    assert await newest_usable(store, caller("bob"), None, HERE) is None


async def test_the_newest_usable_job_is_of_the_kind_that_is_needed(store: Database) -> None:
    await open_account(store)
    video = await completed(store, acceptance(request=VideoRequest(prompt="a fox runs")))
    picture = await completed(store)
    newest = [await newest_usable(store, caller("ada"), kind, HERE) for kind in (None, *MediaKind)]
    assert [picture.job, picture.job, video.job] == newest
    await delete(store, video.job)
    assert await newest_usable(store, caller("ada"), MediaKind.VIDEO, HERE) is None


async def test_of_the_jobs_in_flight_only_the_changed_are_read_again(store: Database) -> None:
    await open_account(store)
    kept, changed, ended = [await submitted(store) for _ in range(3)]
    known = {job.id: job for job in (await in_flight(store, ACCOUNT)).jobs}
    await store.transact(extend_deadline, changed.job, 1, deadline=NOW + 9 * DAY)
    await ended.move(State.COMPLETED)
    new = await submitted(store)

    read = {job.id: job for job in (await in_flight(store, ACCOUNT, known=known.values())).jobs}

    assert [kept.job, changed.job, new.job] == list(read)
    assert read[kept.job] is known[kept.job]
    assert NOW + 9 * DAY == read[changed.job].deadline


async def test_many_jobs_in_flight_are_read_a_few_at_a_time(
    store: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    await open_account(store)
    walks = [await submitted(store) for _ in range(5)]
    read, sizes = store.fetch, list[int]()

    async def fetch(query: Query, /, **values: object) -> list[Row]:
        rows = await read(query, **values)
        if "request" in (rows[0] if rows else ()):
            sizes.append(len(rows))
        return rows

    monkeypatch.setattr(store, "fetch", fetch)
    found = await in_flight(store, ACCOUNT, at_once=2)
    assert [walk.job for walk in walks] == [job.id for job in found.jobs]
    assert [2, 2, 1] == sizes


async def test_generations_are_counted_by_when_they_were_claimed(store: Database) -> None:
    await open_account(store)
    for number in range(4):
        walk = Walk(database=store, job=await accepted(store))
        assert [walk.job] == await claim_next(store, now=NOW + number * SECOND)
        if number != 2:
            await walk.send(now=NOW + number * SECOND)
            await walk.move(State.SUBMITTED)
    since = await generations_since(store, ACCOUNT, oldest=NOW + SECOND, newest=NOW + SECOND)
    assert (1, 2) == since
    assert (0, 0) == await generations_since(store, "luma-2", oldest=NOW, newest=NOW)


async def test_jobs_are_found_by_where_they_stand(store: Database) -> None:
    await open_account(store)
    done = await completed(store)
    flying = await submitted(store)
    waiting = await accepted(store)
    building = await accepted(store, acceptance(references=[done.job]))
    assert [flying.job] == [job.id for job in (await in_flight(store, ACCOUNT)).jobs]
    assert not await in_flight(store, "luma-2")
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
    jobs = await jobs_by_id(store, [*ada, *bob, *eve])
    places = await queue_positions(store, jobs.values())
    expected = {ada[0]: 0, bob[0]: 1, ada[1]: 2, bob[1]: 3, ada[2]: 4, eve[0]: 0}
    assert expected == {job: standing.ahead for job, standing in places.items()}
    await claim_next(store, most=2)
    assert QueuePosition(ahead=2, paused=False) == (await queue_positions(store, [jobs[ada[2]]]))[ada[2]]
    assert {} == await queue_positions(store, [])


async def begin(database: Database, job: str, *, at: int) -> None:
    begun = Query("begun", "UPDATE job SET submitted_at = :at WHERE id = :id")
    await database.exclusively(lambda tx: tx.run(begun, at=at, id=job))


async def take(database: Database, *seconds: int, request: AnyRequest | None = None) -> None:
    """Have jobs take so long, one after the other."""
    for n, took in enumerate(seconds):
        walk = await submitted(database, acceptance(request=request))
        end = NOW + n * SECOND
        await begin(database, walk.job, at=end - took * SECOND)
        await walk.move(State.COMPLETED, now=end)


async def test_how_long_a_kind_takes_is_learned_from_the_latest_fifty(store: Database) -> None:
    await open_account(store)
    await take(store, *[1_000] * 5, *range(50, 0, -1))
    learned = {"image/photon-1": DurationStats(p50=25_500, p80=8 * SECOND, p95=48 * SECOND)}
    assert learned == await duration_stats(store, ["image/photon-1", "unknown"])


async def test_what_is_late_is_not_told_from_a_few(store: Database) -> None:
    await open_account(store)
    video = VideoRequest(prompt="a fox runs", model=VideoModel.RAY_2)
    assert {} == await duration_stats(store, [video.duration_class])
    await take(store, 10, 12, 11, 40, request=video)
    assert {
        video.duration_class: DurationStats(p50=11_500, p80=40 * SECOND, p95=40 * SECOND)
    } == await duration_stats(store, [video.duration_class])
    await take(store, *[10] * 5)
    found = await duration_stats(store, [video.duration_class, "image/photon-1"])
    assert DurationStats(p50=10 * SECOND, p80=10 * SECOND, p95=10 * SECOND) == found["image/photon-1"]


async def test_what_is_late_takes_twice_as_long_as_usual_where_one_is_known(store: Database) -> None:
    await open_account(store)
    await take(store, 10)
    assert {
        "image/photon-1": DurationStats(p50=10 * SECOND, p80=10 * SECOND, p95=20 * SECOND)
    } == await duration_stats(store, ["image/photon-1"])


async def test_a_provider_that_becomes_slower_is_noticed_at_once(store: Database) -> None:
    await open_account(store)
    video = VideoRequest(prompt="a fox runs", model=VideoModel.RAY_2)
    await take(store, *[10] * 20, 30)
    await take(store, *[10] * 20, 30, 30, 30, request=video)
    found = await duration_stats(store, ["image/photon-1", video.duration_class])
    assert 10 * SECOND == found["image/photon-1"].p80, "one straggler is no change"
    assert 30 * SECOND == found[video.duration_class].p80


async def test_claims_of_the_dead_are_found_with_whether_they_left(store: Database) -> None:
    await open_account(store)
    jobs = [await accepted(store) for _ in range(2)]
    await claim_next(store, most=2)
    await Walk(database=store, job=jobs[1]).send()
    assert [] == await expired_claims(store, now=NOW + 45 * SECOND)
    found = await expired_claims(store, now=NOW + 45 * SECOND + 1)
    assert {(jobs[0], False), (jobs[1], True)} == {(lost.id, left) for lost, left in found}


async def test_what_waited_too_long_is_found_the_longest_first(store: Database) -> None:
    await open_account(store)
    flying = await submitted(store)
    late, later = await accepted(store), await accepted(store, acceptance(now=NOW - 1))
    assert [] == await overdue_in_queue(store, now=NOW + DAY - 1, count=9)
    found = await overdue_in_queue(store, now=NOW + DAY + 1, count=9)
    assert [later, late] == [one.id for one, _ in found]
    assert [later] == [one.id for one, _ in await overdue_in_queue(store, now=NOW + DAY + 1, count=1)]
    assert flying.job not in {one.id for one, _ in found}


async def test_what_is_in_flight_on_a_retired_account_is_stranded_in_the_end(store: Database) -> None:
    await open_account(store)
    flying, lost = await submitted(store), Walk(database=store, job=await accepted(store))
    await claim_next(store)
    await lost.send()
    await lost.move(State.UNKNOWN)
    late = NOW + DAY + 1
    assert [] == await stranded_jobs(store, now=late, lost_before=late, count=9)
    await open_account(store, "luma-2")
    found = await stranded_jobs(store, now=NOW, lost_before=NOW + 1, count=9)
    assert [lost.job] == [one.id for one in found]
    found = await stranded_jobs(store, now=late, lost_before=late, count=9)
    assert {flying.job, lost.job} == {one.id for one in found}
    await store.transact(start_account, ACCOUNT, now=NOW)


async def test_attempts_whose_generation_is_unknown_are_found_by_what_they_asked(store: Database) -> None:
    await open_account(store)
    walks = [Walk(database=store, job=await accepted(store)) for _ in range(3)]
    await claim_next(store, most=3)
    await walks[0].send(has_token=False, now=NOW + 2)
    await walks[1].send(has_token=False, now=NOW + 1)
    await walks[2].send(has_token=True)
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
    orphan = Orphan(
        account=ACCOUNT, remote_id="orphan", job=None, cause=OrphanCause.LATE, price=1, found_at=NOW
    )
    await store.transact(record_orphan, orphan)
    ids = [mine, "orphan", "stranger"]
    job = frozenset({walk.job})
    assert {mine: job, "orphan": {None}} == await known_generations(store, ACCOUNT, ids)
    assert {} == await known_generations(store, "luma-2", ids)
    await walk.move(State.QUEUED)
    assert {mine: job} == await known_generations(store, ACCOUNT, [mine]), "an earlier attempt's stays known"


async def test_misses_in_a_row_are_counted_from_the_first(store: Database) -> None:
    await open_account(store)
    walk = await submitted(store)
    looks = [
        await store.transact(record_look, walk.job, 1, now=NOW + n, found=found)
        for n, found in enumerate((False, False, True, False))
    ]
    assert [(1, NOW), (2, NOW), (0, NOW + 2), (1, NOW + 3)] == looks
    await walk.move(State.FAILED)
    assert (0, NOW) == await store.transact(record_look, walk.job, 1, now=NOW, found=False)


async def test_what_is_deleted_is_gone_and_its_generation_given_over(store: Database) -> None:
    await open_account(store)
    walk = await completed(store)
    before = await walk.now_at()
    await delete(store, walk.job)
    after = await walk.now_at()
    assert after.deleted
    assert [] == await listed(store)
    assert [(before.remote_id, 0)] == await due_orphans(store, ACCOUNT, now=NOW)


async def test_what_has_not_ended_is_not_deleted(store: Database) -> None:
    await open_account(store)
    walk = await submitted(store)
    assert () == await delete(store, walk.job)
    assert not (await walk.now_at()).deleted


async def test_a_short_id_is_looked_up_by_its_index(store: Database) -> None:
    """Whoever types one must not have every job of the store read."""
    item = acceptance()
    whole = "01k9zv3f5k0q8x7w2m4n6p8r"
    await store.write(accept, replace(item, jobs=(replace(item.jobs[0], id=whole),)))
    assert [whole] == [job.id for job in await jobs_by_any_id(store, short_id(whole))]
    plan = Query("plan", f"EXPLAIN QUERY PLAN {job_search.by_short_id.text}")
    if store.file is not None:
        told = [row["detail"] for row in await store.fetch(plan, short="4n6p8r")]
        assert any("job_short" in line for line in told), told
