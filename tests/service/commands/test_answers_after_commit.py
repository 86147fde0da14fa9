"""Replies after a commit: an accepted command is answered with its card, whatever fails beside it."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeAlias

import pytest

from bot.domain.errors import Refused
from bot.domain.jobs.actions import Action
from bot.domain.jobs.job import State
from bot.service.replies import CardReply, PrivateReply
from bot.store.admin.workspaces import set_pause
from bot.store.database.base import CommitUnknown, Database, Row, StoreUnavailable
from bot.store.database.named_sql import Query
from bot.store.file_refs import add_upload
from bot.store.listings.gallery import give_star
from bot.store.queue.accept import accept
from bot.store.queue.cards import create_card_copy
from bot.store.queue.jobs import delete_job
from bot.store.queue.transition import transition
from bot.store.quotas.limits import grant, reset_meter, set_rule
from tests.engine.conftest import Open
from tests.engine.fake_library import PNG
from tests.engine.harness import Engine
from tests.engine.settings import BOSS

#: an operation, or a function of a transaction
Write: TypeAlias = Callable[..., Awaitable[Any]]


class Faulty:
    """A database whose commits get lost on the way back, and whose reads fail after a commit."""

    def __init__(self, database: Database) -> None:
        self._database = database
        #: how many commits of an operation are answered with nothing, by operation
        self.lost: dict[Write, int] = {}
        #: from the next commit of this operation on no read is answered
        self.blind_after: Write | None = None
        self.blind = False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._database, name)

    async def write(self, operation: Any, item: Any, *, max_delay_s: float = 0.0) -> Any:
        return self._after(operation, await self._database.write(operation, item, max_delay_s=max_delay_s))

    async def transact(self, function: Any, *args: Any, **kwargs: Any) -> Any:
        return self._after(function, await self._database.transact(function, *args, **kwargs))

    def _after(self, written: Any, result: Any) -> Any:
        self.blind = self.blind or written is self.blind_after
        if self.lost.get(written):
            self.lost[written] -= 1
            raise CommitUnknown
        return result

    async def fetch(self, query: Query, /, **values: object) -> Sequence[Row]:
        if self.blind:
            raise StoreUnavailable("the server is gone")
        return await self._database.fetch(query, **values)

    async def one(self, query: Query, /, **values: object) -> Row | None:
        rows = await self.fetch(query, **values)
        return rows[0] if rows else None


def store_of(engine: Engine) -> Faulty:
    assert isinstance(engine.services.database, Faulty)
    return engine.services.database


async def count(engine: Engine, table: str = "job") -> int:
    (row,) = await engine.rows(f"SELECT count(*) AS found FROM {table}")  # noqa: S608 - our names
    found: int = row["found"]
    return found


@pytest.mark.parametrize("window", [0, 3_000])
async def test_an_accepted_command_is_answered_although_every_read_fails(engine: Open, window: int) -> None:
    async with engine(wrap_store=Faulty, start=None) as bot:
        store = store_of(bot)
        store.blind_after = accept

        first = await bot.say("/imagine a red fox", key="one", answer_window_ms=window)
        store.blind = False
        again = await bot.say("/imagine a red fox", key="one", answer_window_ms=window)

        store.blind = store.blind_after = None  # type: ignore[assignment]  # what follows is read
        assert isinstance(first, CardReply)
        assert isinstance(again, CardReply)
        assert (False, True) == (first.repeated, again.repeated)
        assert first.view.card == again.view.card
        assert "accepts no jobs" not in first.view.jobs[0].headline
        assert 1 == await count(bot)


async def test_a_commit_of_unknown_outcome_is_repeated_and_answered_with_its_card(any_engine: Open) -> None:
    async with any_engine(wrap_store=Faulty, start=None) as bot:
        store_of(bot).lost = {accept: 2}

        answer = await bot.say("/imagine a red fox", answer_window_ms=3_000)

        assert isinstance(answer, CardReply)
        assert not answer.repeated, "the card is this caller's to show"
        assert 1 == await count(bot)
        bot.start()
        assert State.COMPLETED is (await bot.ends(answer.view)).state


async def test_what_stays_unknown_is_said_so_and_its_card_is_delivered_once(any_engine: Open) -> None:
    async with any_engine(wrap_store=Faulty, times={"answer_window": 100}) as bot:
        store_of(bot).lost = {accept: 10_000}

        with pytest.raises(Refused, match=r"Still checking.*do not send it a second time") as told:
            await bot.say("/imagine a red fox", answer_window_ms=100)

        assert "again" not in str(told.value)
        (row,) = await bot.rows("SELECT id FROM card")
        bot.advance(200)
        await bot.until(lambda: bot.chat.of(row["id"]) and bot.chat.of(row["id"])[-1].settled)
        assert (1, 1) == (await count(bot), len(bot.provider.creates))


async def done_by(engine: Engine, operation: Write) -> Any:
    """Do what a person would, and answer what the person is told."""
    deeds: dict[Write, Callable[[str], Any]] = {
        accept: lambda job: engine.press(Action.VARIATION, job),
        create_card_copy: lambda job: engine.press(Action.SEND, job),
        give_star: lambda job: engine.press(Action.GALLERY, job),
        delete_job: engine.delete,
        set_rule: lambda _: engine.say("/quotas set --amount 5 --member ada", by=BOSS),
        grant: lambda _: engine.say("/quotas grant ada --amount 5 --reason won", by=BOSS),
        reset_meter: lambda _: engine.say("/quotas reset --member ada", by=BOSS),
        set_pause: lambda _: engine.say("/studio pause", by=BOSS),
        add_upload: lambda _: engine.upload(PNG),
    }
    job = await engine.made()
    store_of(engine).lost = {operation: 2}
    return await deeds[operation](job.id)


@pytest.mark.parametrize(
    "operation",
    [accept, create_card_copy, give_star, delete_job, set_rule, grant, reset_meter, set_pause, add_upload],
    ids=lambda operation: operation.__name__,
)
async def test_every_write_that_is_answered_is_repeated_until_it_is_known(
    engine: Open, operation: Write
) -> None:
    async with engine(wrap_store=Faulty) as bot:
        assert await done_by(bot, operation) is not None
        assert {operation: 0} == store_of(bot).lost
        assert {5_000_000} >= {row["granted"] for row in await bot.rows("SELECT granted FROM meter")} - {0}


async def test_a_cancelled_job_is_told_as_cancelled_though_the_commit_was_unknown(any_engine: Open) -> None:
    async with any_engine(wrap_store=Faulty, start=None) as bot:
        card = await bot.ask()
        store_of(bot).lost = {transition: 1}

        note = await bot.learn(f"/cancel {card.jobs[0].id}")

        assert "Not" in note.text
        assert State.CANCELLED is (await bot.job(card)).state


async def test_a_deleted_job_is_told_as_deleted_though_its_files_cannot_be_looked_up(engine: Open) -> None:
    async with engine(wrap_store=Faulty) as bot:
        job = await bot.made()
        asked = await bot.press(Action.DELETE, job.id)
        store_of(bot).blind_after = delete_job

        note = await bot.answer(asked, "Delete")

        store_of(bot).blind = False
        assert isinstance(note, PrivateReply)
        assert "Deleted" == note.title
