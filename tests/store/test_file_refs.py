"""File references: a file stays as long as anything refers to it, and is returned for removal once."""

import asyncio
from dataclasses import replace

from bot.domain.jobs.job import State
from bot.store.database.base import Database, Transaction
from bot.store.database.named_sql import Query
from bot.store.file_refs import (
    MAX_UNUSED_UPLOADS,
    add_upload,
    expire_media,
    expire_references,
    files_in_use,
)
from bot.store.listings.job_search import newest_usable
from bot.store.queue.accept import accept
from bot.store.queue.jobs import delete_job, toggle_star
from tests.store.conftest import one_loop
from tests.store.factories import (
    DAY,
    HERE,
    HOUR,
    NOW,
    PICTURE,
    SECOND,
    Walk,
    acceptance,
    accepted,
    count_of,
    open_account,
    submitted,
)
from tests.store.races import meet


@one_loop()
async def store(store: Database) -> Database:
    await open_account(store)
    return store


async def done(database: Database, result: str, *files: str, now: int = NOW) -> Walk:
    """Bring a job that needs these files to its end, with a result of that name."""
    walk = await submitted(database, acceptance(files=files))
    await walk.move(State.COMPLETED, now=now, result=replace(PICTURE, file=result))
    await show_all(database)
    return walk


async def show_all(database: Database) -> None:
    """Have every card shown: what is still to be shown keeps its files."""

    async def show(tx: Transaction) -> None:
        await tx.run(Query("show", "UPDATE card SET shown_rev = wanted_rev"))

    await database.exclusively(show)


async def delete(database: Database, job: str) -> tuple[str, ...]:
    unneeded: tuple[str, ...] = await database.transact(delete_job, job, now=NOW)
    return unneeded


async def upload(database: Database, file: str, *, member: str = "ada", until: int = NOW + HOUR) -> bool:
    held: bool = await database.transact(add_upload, member, file, until=until)
    return held


async def end(database: Database, *, now: int, count: int = 100) -> tuple[str, ...]:
    unneeded: tuple[str, ...] = await database.transact(expire_references, now=now, count=count)
    return unneeded


async def expire(database: Database, *, before: int, count: int = 100) -> list[tuple[str, ...]]:
    unneeded: list[tuple[str, ...]] = await database.transact(
        expire_media, finished_before=before, count=count
    )
    return unneeded


async def test_a_job_holds_what_it_builds_on_and_what_it_made(store: Database) -> None:
    walk = await submitted(store, acceptance(files=["input"]))
    assert {"input"} == await files_in_use(store, ["input", "result", "stray"])
    await walk.move(State.COMPLETED, result=replace(PICTURE, file="result"))
    assert {"input", "result"} == await files_in_use(store, ["input", "result", "stray"])
    assert ("input", "result") == await delete(store, walk.job)
    assert set() == await files_in_use(store, ["input", "result"])
    assert () == await delete(store, walk.job), "it is deleted already"


async def test_a_file_that_two_jobs_need_survives_the_first_deletion(store: Database) -> None:
    made = await done(store, "shared")
    built, other = await done(store, "own", "shared"), await done(store, "other", "shared")
    assert () == await delete(store, made.job)
    assert ("own",) == await delete(store, built.job)
    assert {"shared"} == await files_in_use(store, ["shared", "own"])
    assert ("other", "shared") == await delete(store, other.job)


async def test_jobs_of_one_file_deleted_in_one_batch_free_it_once(store: Database) -> None:
    walks = [await done(store, "shared") for _ in range(3)]
    freed = await asyncio.gather(*(delete(store, walk.job) for walk in walks), delete(store, walks[0].job))
    assert [()] * 3 + [("shared",)] == sorted(freed)


async def test_jobs_of_one_file_deleted_by_two_replicas_free_it_once(
    replicas: tuple[Database, Database],
) -> None:
    await open_account(replicas[0])
    for number in range(10):
        walks = [await done(replicas[0], f"{number}") for _ in replicas]
        freed = await asyncio.gather(
            *(delete(replica, walk.job) for replica, walk in zip(replicas, walks, strict=True))
        )
        assert [(), (f"{number}",)] == sorted(freed)


async def test_a_file_that_a_job_is_about_to_hold_is_not_taken_for_free(
    replicas: tuple[Database, Database],
) -> None:
    await upload(replicas[0], "file", until=NOW)
    item = acceptance(files=["file"])
    _, freed = await meet(
        replicas, accept, [item], before="file_refs.add", meanwhile=lambda other: end(other, now=NOW)
    )
    assert () == freed
    assert {"file"} == await files_in_use(replicas[0], ["file"])


async def test_an_upload_that_is_prolonged_while_it_ends_stays(replicas: tuple[Database, Database]) -> None:
    await upload(replicas[0], "file", until=NOW)
    _, freed = await meet(
        replicas,
        add_upload,
        "ada",
        "file",
        until=NOW + HOUR,
        before="file_refs.add",
        meanwhile=lambda other: end(other, now=NOW),
    )
    assert () == freed
    assert ("file",) == await end(replicas[0], now=NOW + HOUR)


async def test_of_two_concurrent_releases_the_second_frees_the_file(
    replicas: tuple[Database, Database],
) -> None:
    await open_account(replicas[0])
    walk = await done(replicas[0], "file")
    await upload(replicas[0], "file", until=NOW)
    answers = await meet(
        replicas,
        expire_references,
        now=NOW,
        count=9,
        before="file_refs.remove",
        meanwhile=lambda other: delete(other, walk.job),
    )
    assert [(), ("file",)] == answers


async def test_batches_that_add_and_release_references_do_not_deadlock(
    replicas: tuple[Database, Database],
) -> None:
    await open_account(replicas[0])
    walks = [await done(replicas[0], "result", *[f"{file}" for file in range(10)]) for _ in range(10)]
    waits = Query("deadlocks", "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
    before = await replicas[0].one(waits)
    await asyncio.gather(
        *(delete(replicas[0], walk.job) for walk in walks),
        *(
            replicas[1].write(accept, acceptance(files=[f"{file}" for file in reversed(range(10))]))
            for _ in range(10)
        ),
        *(upload(replicas[1], f"{file}") for file in reversed(range(10))),
    )
    assert before == await replicas[0].one(waits)


async def test_an_upload_is_held_until_its_time_is_over(store: Database) -> None:
    assert await upload(store, "file")
    assert () == await end(store, now=NOW + HOUR - 1)
    assert {"file"} == await files_in_use(store, ["file"])
    assert ("file",) == await end(store, now=NOW + HOUR)
    assert set() == await files_in_use(store, ["file"])
    assert () == await end(store, now=NOW + HOUR)


async def test_an_upload_that_a_job_uses_stays_when_its_time_is_over(store: Database) -> None:
    await upload(store, "used")
    await upload(store, "unused")
    job = await accepted(store, acceptance(files=["used"]))
    assert ("unused",) == await end(store, now=NOW + HOUR)
    await Walk(database=store, job=job).move(State.CANCELLED)
    assert ("used",) == await delete(store, job)


async def test_a_file_of_a_deleted_job_stays_while_its_upload_is_held(store: Database) -> None:
    await upload(store, "file")
    walk = await done(store, "result", "file")
    assert ("result",) == await delete(store, walk.job)
    assert ("file",) == await end(store, now=NOW + HOUR)


async def test_an_upload_that_comes_again_is_held_for_longer_and_never_for_less(store: Database) -> None:
    await upload(store, "file")
    await upload(store, "file", until=NOW + 2 * HOUR)
    await upload(store, "file", until=NOW + SECOND)
    assert () == await end(store, now=NOW + 2 * HOUR - 1)
    assert ("file",) == await end(store, now=NOW + 2 * HOUR)


async def test_a_job_s_file_that_is_uploaded_again_is_not_released_with_the_upload(store: Database) -> None:
    walk = await done(store, "file")
    await upload(store, "file")
    await upload(store, "file", member="bob")
    assert () == await end(store, now=NOW + HOUR)
    assert ("file",) == await delete(store, walk.job)


async def test_a_member_holds_a_bounded_number_of_uploads(store: Database) -> None:
    answers = await asyncio.gather(*(upload(store, f"{n}") for n in range(MAX_UNUSED_UPLOADS + 2)))
    assert [True] * MAX_UNUSED_UPLOADS + [False] * 2 == answers
    assert not await upload(store, "one more")
    assert await upload(store, "0"), "it is held already"
    assert await upload(store, "one more", member="bob")
    assert MAX_UNUSED_UPLOADS == len(await end(store, now=NOW + HOUR)) - 1
    assert await upload(store, "one more")


async def test_holdings_are_ended_a_few_at_a_time_the_earliest_first(store: Database) -> None:
    for n in (3, 1, 2):
        await upload(store, f"{n}", until=NOW + n)
    assert [("1", "2"), ("3",), ()] == [await end(store, now=NOW + 3, count=2) for _ in range(3)]


async def test_the_media_of_jobs_that_ended_long_ago_expire(store: Database) -> None:
    old, young = await done(store, "old", "input"), await done(store, "young", now=NOW + DAY)
    assert [("input", "old")] == await expire(store, before=NOW + DAY)
    assert (True, False) == ((await old.now_at()).expired, (await young.now_at()).expired)
    assert {"young"} == await files_in_use(store, ["old", "input", "young"])
    assert [] == await expire(store, before=NOW + DAY)
    assert young.job == await newest_usable(store, acceptance().caller, None, HERE)
    assert () == await delete(store, old.job), "nothing is left of it to remove"


async def test_what_somebody_starred_does_not_expire(store: Database) -> None:
    kept, gone = await done(store, "kept"), await done(store, "gone")
    job = await kept.now_at()
    await store.transact(toggle_star, job.id, card=job.card, member="bob", now=NOW, event="1")
    assert [("gone",)] == await expire(store, before=NOW + DAY)
    await store.transact(toggle_star, job.id, card=job.card, member="bob", now=NOW, event="2")
    await show_all(store)
    assert [("kept",)] == await expire(store, before=NOW + DAY)
    assert (await gone.now_at()).expired


async def test_the_inputs_of_jobs_that_failed_expire_too(store: Database) -> None:
    walk, bare = await submitted(store, acceptance(files=["input"])), await submitted(store)
    await walk.move(State.FAILED)
    await bare.move(State.FAILED)
    await show_all(store)
    assert [("input",)] == await expire(store, before=NOW + 1)
    assert not (await bare.now_at()).expired, "it has no media"


async def test_what_has_not_ended_or_is_deleted_does_not_expire(store: Database) -> None:
    await submitted(store, acceptance(files=["input"]))
    walk = await done(store, "result")
    await delete(store, walk.job)
    assert [] == await expire(store, before=NOW + DAY)


async def test_a_file_that_a_younger_job_needs_outlives_the_older(store: Database) -> None:
    await done(store, "shared")
    younger = await done(store, "own", "shared", now=NOW + DAY)
    assert [()] == await expire(store, before=NOW + DAY)
    assert ("own", "shared") == await delete(store, younger.job)


async def test_jobs_expire_a_few_at_a_time_the_oldest_first(store: Database) -> None:
    for n in (3, 1, 2):
        await done(store, f"{n}", now=NOW + n)
    expired = [await expire(store, before=NOW + DAY, count=2) for _ in range(3)]
    assert [[("1",), ("2",)], [("3",)], []] == expired


async def test_two_replicas_expire_each_job_once(replicas: tuple[Database, Database]) -> None:
    await open_account(replicas[0])
    for n in range(20):
        await done(replicas[0], f"{n}")
    freed = await asyncio.gather(
        *(expire(replica, before=NOW + DAY, count=6) for _ in range(3) for replica in replicas)
    )
    files = [file for answer in freed for job in answer for file in job]
    assert len(files) == len(set(files))
    rest = [file for job in await expire(replicas[0], before=NOW + DAY) for file in job]
    assert {f"{n}" for n in range(20)} == {*files, *rest}
    assert 0 == await count_of(replicas[0], "file_reference")


async def test_no_more_jobs_expire_than_it_takes_for_so_many_bytes(store: Database) -> None:
    for n in range(4):
        await done(store, f"{n}", now=NOW + n)
    size = PICTURE.size + 1
    assert [("0",), ("1",)] == await store.transact(
        expire_media, finished_before=NOW + DAY, count=9, size=size
    )


async def test_after_a_job_whose_files_are_of_unknown_size_is_counted_again(store: Database) -> None:
    walk = await submitted(store, acceptance(files=["input"]))
    await walk.move(State.FAILED, now=NOW)
    await done(store, "result", now=NOW + 1)
    assert [("input",)] == await store.transact(expire_media, finished_before=NOW + DAY, count=9, size=9)
    assert [("result",)] == await store.transact(expire_media, finished_before=NOW + DAY, count=9, size=9)


async def test_what_a_job_under_way_builds_on_does_not_expire(store: Database) -> None:
    """Not the first of it alone, and not by what somebody writes into a prompt."""
    one, two, named = [await done(store, name) for name in ("one", "two", "named")]
    item = acceptance(prompt=f'"job":"{named.job}"', references=[one.job, two.job])
    walk = Walk(database=store, job=await accepted(store, item))
    assert [("named",)] == await expire(store, before=NOW + DAY)
    await walk.move(State.CANCELLED)
    assert [("one",), ("two",)] == await expire(store, before=NOW + DAY)


async def test_what_a_card_is_still_to_show_does_not_expire(store: Database) -> None:
    walk = await submitted(store)
    await walk.move(State.COMPLETED, result=replace(PICTURE, file="result"))
    assert [] == await expire(store, before=NOW + DAY)
    await show_all(store)
    assert [("result",)] == await expire(store, before=NOW + DAY)
