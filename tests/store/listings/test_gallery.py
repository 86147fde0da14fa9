"""Galleries: what enters with a star, what leaves, and who has to agree."""

import asyncio

from bot.domain.cards.gallery import GalleryState
from bot.store.database.base import Database
from bot.store.database.named_sql import Query
from bot.store.listings.gallery import NewEntry, Star, Starred, answer_consent, gallery_entries, give_star
from bot.store.listings.job_pages import PageQuery, gallery
from bot.store.listings.job_pages import sql as job_pages
from bot.store.queue.jobs import delete_job
from tests.store.factories import (
    NOW,
    WORKSPACE,
    Walk,
    acceptance,
    completed,
    gallery_entry,
    new_id,
    open_account,
)

ADA, BOB, EVE = (f"chat:home:{name}" for name in ("ada", "bob", "eve"))


async def star(walk: Walk, member: str = BOB, *, on: bool = True, entry: NewEntry | None = None) -> Starred:
    job = await walk.now_at()
    given = Star(
        job=job.id,
        card=job.card,
        member=member,
        event=new_id("event"),
        on=on,
        entry=entry or gallery_entry(walk),
        now=NOW,
    )
    return await walk.database.transact(give_star, given)


async def shown(store: Database, **filters: object) -> list[str]:
    page = await gallery(store, WORKSPACE, PageQuery(count=9, **filters))  # type: ignore[arg-type]
    return [job.id for job in page.jobs]


async def cards(store: Database, purpose: str) -> list[str]:
    query = Query("cards", "SELECT id FROM card WHERE purpose = :purpose ORDER BY id")
    return [row["id"] for row in await store.fetch(query, purpose=purpose)]


async def test_a_result_enters_with_its_first_star_and_leaves_with_the_last(store: Database) -> None:
    await open_account(store)
    walk = await completed(store)
    assert Starred(starred=True, state=GalleryState.SHOWN) == await star(walk)
    await star(walk, EVE)
    assert [walk.job] == await shown(store)
    (post,) = await cards(store, "gallery")
    assert post == (await gallery_entries(store, [walk.job]))[walk.job].card
    await star(walk, on=False)
    assert [walk.job] == await shown(store)
    assert Starred(starred=False, state=None) == await star(walk, EVE, on=False)
    assert [] == await shown(store)
    # A result that comes back gets a new post: the message of the first is removed.
    await star(walk)
    assert 2 == len(await cards(store, "gallery"))
    assert post != (await gallery_entries(store, [walk.job]))[walk.job].card


async def test_of_two_first_stars_at_once_one_makes_the_entry(store: Database) -> None:
    await open_account(store)
    walk = await completed(store)
    done = await asyncio.gather(star(walk), star(walk, EVE))
    assert [GalleryState.SHOWN] * 2 == [one.state for one in done]
    assert 1 == len(await cards(store, "gallery"))


async def test_with_consent_a_star_of_somebody_else_waits_for_the_maker(store: Database) -> None:
    await open_account(store)
    walk = await completed(store)
    assert GalleryState.WAITING is (await star(walk, entry=gallery_entry(walk, consent=True))).state
    assert [] == await shown(store)
    assert 1 == len(await cards(store, "consent"))
    card = (await walk.now_at()).card
    refused = await store.transact(answer_consent, walk.job, card=card, state=GalleryState.REFUSED, now=NOW)
    assert refused is not None
    await star(walk, on=False)
    again = await star(walk, entry=gallery_entry(walk, consent=True))
    assert (GalleryState.REFUSED, 1) == (again.state, len(await cards(store, "consent")))
    # The maker's own star is consent.
    assert GalleryState.SHOWN is (await star(walk, ADA, entry=gallery_entry(walk, consent=True))).state
    assert [walk.job] == await shown(store)


async def test_consent_without_a_star_changes_nothing(store: Database) -> None:
    await open_account(store)
    walk = await completed(store)
    await star(walk, entry=gallery_entry(walk, consent=True))
    await star(walk, on=False)
    card = (await walk.now_at()).card
    answered = await store.transact(answer_consent, walk.job, card=card, state=GalleryState.SHOWN, now=NOW)
    assert (None, []) == (answered, await shown(store))


async def test_what_is_deleted_leaves_the_gallery(store: Database) -> None:
    await open_account(store)
    walk = await completed(store)
    await star(walk)
    await store.transact(delete_job, walk.job, now=NOW)
    assert ([], {}) == (await shown(store), await gallery_entries(store, [walk.job]))


async def test_the_gallery_is_listed_by_words_and_page_by_page(store: Database) -> None:
    await open_account(store)
    walks = [await completed(store, acceptance(prompt=f"fox {number}")) for number in range(3)]
    for walk in reversed(walks):
        await star(walk)
    assert [walk.job for walk in walks] == await shown(store), "what got its star last comes first"
    assert [walks[1].job] == await shown(store, text="FOX 1")
    first = await gallery(store, WORKSPACE, PageQuery(count=2))
    second = await gallery(store, WORKSPACE, PageQuery(count=2, cursor=first.older))
    assert [[walks[0].job, walks[1].job], [walks[2].job]] == [
        [job.id for job in page.jobs] for page in (first, second)
    ]
    assert [] == (await gallery(store, "chat:other", PageQuery(count=9))).jobs


async def test_a_page_is_a_walk_along_an_index(sqlite_store: Database) -> None:
    for query in (job_pages.gallery_older, job_pages.gallery_newer):
        explain = Query("plan", f"EXPLAIN QUERY PLAN {query.text}")
        rows = await sqlite_store.fetch(explain, workspace=WORKSPACE, cursor="", kind=None, count=10)
        steps = [row["detail"] for row in rows]
        assert "SEARCH gallery USING INDEX gallery_shown (workspace=? AND id" in steps[0]
        assert not [step for step in steps if "SCAN" in step or "TEMP B-TREE" in step]
