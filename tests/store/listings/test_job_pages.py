"""Lists of jobs, page by page."""

from dataclasses import replace

import pytest

from bot.domain.generations.media import MediaKind
from bot.domain.generations.models import VideoModel
from bot.domain.generations.requests import VideoRequest
from bot.domain.jobs.job import State
from bot.store.database.base import Database
from bot.store.database.named_sql import Query
from bot.store.listings.job_pages import JobPage, PageQuery, history
from bot.store.listings.job_pages import sql as job_pages
from bot.store.listings.job_search import JobQuery, search_jobs
from bot.store.queue.accept import accept
from bot.store.queue.jobs import toggle_star
from tests.store.factories import NOW, Walk, acceptance, accepted, caller

ADA, BOB = "chat:ada", "chat:bob"


def ids(page: JobPage) -> list[str]:
    return [job.id for job in page.jobs]


async def star(store: Database, job: str) -> None:
    found = await Walk(database=store, job=job).now_at()
    await store.transact(toggle_star, job, card=found.card, member="bob", now=NOW, event=job)


async def test_pages_lead_to_each_other_in_both_directions(store: Database) -> None:
    made = [await accepted(store) for _ in range(5)]
    newest = made[::-1]
    query = PageQuery(count=2)
    first = await history(store, [ADA], query)
    assert (newest[:2], None) == (ids(first), first.newer)
    second = await history(store, [ADA], replace(query, cursor=first.older))
    assert newest[2:4] == ids(second)
    third = await history(store, [ADA], replace(query, cursor=second.older))
    assert (newest[4:], None) == (ids(third), third.older)
    back = await history(store, [ADA], replace(query, cursor=third.newer, newer=True))
    assert (newest[2:4], True) == (ids(back), back.older is not None)
    begin = await history(store, [ADA], replace(query, cursor=back.newer, newer=True))
    assert (newest[:2], None) == (ids(begin), begin.newer)

    await accepted(store)
    grown = await history(store, [ADA], replace(query, cursor=begin.newer or newest[1], newer=True))
    assert 2 == len(ids(grown)), "a page at the beginning is full, although one job is newer"


async def test_what_is_deleted_beyond_a_cursor_leads_to_the_beginning(store: Database) -> None:
    made = [await accepted(store) for _ in range(2)]
    beyond = await history(store, [ADA], PageQuery(count=2, cursor=made[0]))
    assert made[::-1] == ids(beyond)


async def test_filters_find_words_kinds_and_stars(store: Database) -> None:
    fox = await accepted(store, acceptance(prompt="a RED fox"))
    film = VideoRequest(prompt="a fox runs", model=VideoModel.RAY_FLASH_2)
    item = acceptance(request=film, prompt="a fox runs", queue="luma/video")
    await store.write(accept, item)
    video = item.jobs[0].id
    await accepted(store, acceptance(prompt="a hill"))
    await star(store, video)

    async def found(**filters: object) -> list[str]:
        return ids(await history(store, [ADA], PageQuery(count=9, **filters)))  # type: ignore[arg-type]

    assert [video, fox] == await found(text="FOX")
    assert [fox] == await found(text="fox red")
    assert [video] == await found(kind=MediaKind.VIDEO)
    assert [fox] == await found(kind=MediaKind.PICTURE, text="fox")
    assert [video] == await found(starred=True)
    assert [] == await found(starred=True, kind=MediaKind.PICTURE)


async def test_words_are_found_however_many_titles_are_read_for_them(
    store: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("job_pages", "job_search"):
        monkeypatch.setattr(f"bot.store.listings.{module}.FIRST_TITLES", 2)
        monkeypatch.setattr(f"bot.store.listings.{module}.TITLES", 3)
    oldest = await accepted(store, acceptance(prompt="a red fox"))
    for _ in range(6):
        await accepted(store, acceptance(prompt="a hill"))
    newest = await accepted(store, acceptance(prompt="a grey fox"))
    query = JobQuery(
        caller=caller(),
        text="fox",
        kind=None,
        states=frozenset(State),
        usable=False,
        place=acceptance().place,
        count=5,
    )
    assert [newest, oldest] == [job.id for job in await search_jobs(store, query)]
    assert [newest, oldest] == ids(await history(store, [ADA], PageQuery(count=5, text="fox")))


async def test_the_jobs_of_several_persons_are_one_list(store: Database) -> None:
    made = [await accepted(store, acceptance(caller(who))) for who in ("ada", "bob", "ada", "bob")]
    first = await history(store, [ADA, BOB], PageQuery(count=3))
    assert made[:0:-1] == ids(first)
    last = await history(store, [ADA, BOB], PageQuery(count=3, cursor=first.older))
    assert (made[:1], None) == (ids(last), last.older)


async def test_a_page_is_a_walk_along_an_index(sqlite_store: Database) -> None:
    for query in (job_pages.history_older, job_pages.history_newer):
        explain = Query("plan", f"EXPLAIN QUERY PLAN {query.text}")
        rows = await sqlite_store.fetch(explain, person=ADA, cursor="", kind=None, starred=0, count=10)
        steps = [row["detail"] for row in rows]
        assert "SEARCH job USING INDEX job_history (person=? AND id" in steps[0]
        assert not [step for step in steps if "SCAN" in step or "TEMP B-TREE" in step]
