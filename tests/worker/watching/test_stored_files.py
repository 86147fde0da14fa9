"""The same content is stored and removed at once: in either order, a job's files exist in the end."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bot.domain.jobs.job import State
from bot.jobs.media import remove_unreferenced
from bot.media.storage.folder import FolderStorage
from bot.store.database.base import Database, Row
from bot.store.database.named_sql import Query
from tests.engine.conftest import Open
from tests.engine.fake_library import PNG


class AsksSlowly:
    """A database that answers who holds files only once the test says so."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.armed = False
        self.asked, self.answer = asyncio.Event(), asyncio.Event()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._database, name)

    async def fetch(self, query: Query, /, **values: object) -> Sequence[Row]:
        rows = await self._database.fetch(query, **values)
        if self.armed and query.name == "file_refs.referenced":
            self.armed = False
            self.asked.set()
            await self.answer.wait()
        return rows


async def test_a_result_that_comes_in_while_its_equal_is_removed_stays(any_engine: Open) -> None:
    """Retention has asked, and nobody held the file; then another job stores the same content."""
    async with any_engine(wrap_store=AsksSlowly) as bot:
        bot.library.content = lambda _: PNG + b"always the same picture"
        stray = await bot.services.storage.put(
            PNG + b"always the same picture", mime="image/png", width=1, height=1
        )
        store = bot.services.database
        assert isinstance(store, AsksSlowly)
        store.armed = True
        removing = asyncio.create_task(remove_unreferenced(bot.services, [stray.file]))
        await bot.until(store.asked.is_set)

        card = await bot.ask()
        await bot.until(lambda: bot.library.fetched)
        store.answer.set()
        await removing
        job = await bot.ends(card)

        assert (State.COMPLETED, stray.file) == (job.state, job.result and job.result.file)
        assert await bot.services.storage.exists(stray.file)


async def test_what_is_on_its_way_into_a_job_is_not_removed(any_engine: Open) -> None:
    async with any_engine() as bot:
        storage = bot.services.storage
        async with storage.reservations.keeping():
            media = await storage.put(PNG + b"on its way", mime="image/png", width=1, height=1)
            await remove_unreferenced(bot.services, [media.file])
            assert await storage.exists(media.file)
        await remove_unreferenced(bot.services, [media.file])
        assert not await storage.exists(media.file)


async def test_processes_that_share_a_folder_exclude_each_other(tmp_path: Path) -> None:
    one, other = FolderStorage(tmp_path), FolderStorage(tmp_path)
    async with one.reservations.keeping():
        media = await one.put(PNG, mime="image/png", width=1, height=1)
        async with other.reservations.alone([media.file]) as free:
            assert [] == free
        await other.put(PNG, mime="image/png", width=1, height=1)
    async with other.reservations.alone([media.file, f"{media.file[:3]}{'0' * 61}"]) as free:
        assert 2 == len(free), "files that share a lock are taken together"
        putting = asyncio.create_task(one.put(PNG, mime="image/png", width=1, height=1))
        await other.remove(media.file)
        await asyncio.sleep(0)
        assert not putting.done()
    await putting
    assert await one.exists(media.file)
