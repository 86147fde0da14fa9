"""Rows that cannot be read: damaged, of a newer version, or sealed with a secret that is lost.

Each fails alone, is logged once, and its money comes back.
"""

from collections.abc import AsyncIterator

import pytest
from structlog.testing import capture_logs
from structlog.typing import EventDict

from bot.domain.jobs.job import State
from bot.providers.base import GenerationState
from bot.security.encryption import FieldCipher, card_context
from bot.store.rows import log_unreadable
from tests.engine.conftest import Open
from tests.engine.fakes import Clock, FakeProvider, lost_on_the_way

#: what a request of a version to come may look like
FOREIGN = '{"kind": "hologram"}'


@pytest.fixture(autouse=True)
def forgetful() -> None:
    """Nothing counts as logged before."""
    log_unreadable.cache_clear()


@pytest.fixture
async def logs() -> AsyncIterator[list[EventDict]]:
    with capture_logs() as captured:
        yield captured


def told(logs: list[EventDict]) -> list[str]:
    return [entry["id"] for entry in logs if entry["event"] == "row_unreadable"]


async def test_a_card_whose_reach_is_sealed_with_a_lost_secret_goes_to_the_asker_alone(
    any_engine: Open, logs: list[EventDict]
) -> None:
    """Whether others may see it stood in what cannot be read."""
    async with any_engine(start=("prepare", "submit", "watch")) as bot:
        lost = await bot.ask("/imagine one", place=bot.place(reply_token="token"))
        context = card_context(lost.card)
        sealed = FieldCipher(b"another secret that nobody has any more").encrypt("token", context=context)
        await bot.change("UPDATE card SET reply_token = :reach WHERE id = :id", reach=sealed, id=lost.card)
        other = await bot.ask("/imagine two")
        bot.start("deliver")

        await bot.shown(other, lambda view: view.settled)
        await bot.shown(lost, lambda view: view.settled)

        place = bot.chat.places[lost.card]
        assert (True, "") == (place.private, place.reply_token)
        assert not bot.chat.places[other.card].private
        assert [lost.card] == told(logs)


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE card SET shown_estimates = '{' WHERE id = :card",
        "UPDATE job SET request = '{' WHERE card = :card",
    ],
)
async def test_a_card_that_cannot_be_read_holds_back_no_other(
    any_engine: Open, logs: list[EventDict], sql: str
) -> None:
    async with any_engine(start=None) as bot:
        broken = await bot.ask("/imagine one")
        await bot.change(sql, **({"card": broken.card} if ":card" in sql else {}))
        others = [await bot.ask(f"/imagine fox {number}") for number in range(20)]
        bot.start()

        for other in others:
            await bot.shown(other, lambda view: view.settled)

        async def put_aside() -> bool:
            (row,) = await bot.rows(
                "SELECT tries, run_at, lease_owner FROM card WHERE id = :id", id=broken.card
            )
            return row["tries"] == 1 and row["run_at"] > bot.clock.wall() and row["lease_owner"] is None

        await bot.until(put_aside)
        assert 1 == len(told(logs))
        assert not bot.chat.of(broken.card)


async def test_a_card_that_stays_unreadable_is_given_up_in_the_end(engine: Open) -> None:
    async with engine(start=("deliver",)) as bot:
        card = await bot.ask()
        await bot.change("UPDATE card SET shown_estimates = '{', created_at = 0 WHERE id = :id", id=card.card)
        bot.advance(bot.services.times.unreadable_retry + 1)

        sql = "SELECT undeliverable FROM card WHERE undeliverable IS NOT NULL"
        assert [{"undeliverable": "it cannot be read"}] == await bot.until(lambda: bot.rows(sql))


async def test_jobs_that_cannot_be_read_are_put_aside_and_refunded_in_the_end(
    any_engine: Open,
) -> None:
    """Preparing, queued, running and lost ones; those of others go on."""
    clock = Clock()
    providers = [FakeProvider(clock)]
    providers[0].born = GenerationState.DREAMING
    async with any_engine(clock=clock, providers=providers, start=("prepare", "submit")) as bot:
        running = await bot.ask("/imagine running")
        await bot.comes_to(running, State.SUBMITTED)
        providers[0].steps.append(lost_on_the_way())
        lost = await bot.ask("/imagine lost")
        await bot.comes_to(lost, State.UNKNOWN)
    async with any_engine(clock=clock, providers=providers, start=None) as bot:
        queued = await bot.ask("/imagine queued")
        preparing = await bot.ask("/animate it runs --start https://x.test/a.jpg")
        await bot.change("UPDATE job SET request = :text", text=FOREIGN)
        providers[0].born = GenerationState.COMPLETED
        bot.start()
        await bot.made("/imagine others go on")
        await bot.made("/animate others go on --start https://x.test/b.jpg")

        bot.advance(bot.services.times.queue_deadline + 1)

        async def all_ended() -> bool:
            rows = await bot.rows("SELECT card FROM job WHERE state = 'failed'")
            return {row["card"] for row in rows} == {card.card for card in (running, lost, queued, preparing)}

        await bot.until(all_ended)
        assert 0 == (await bot.money())[1]


async def test_history_autocomplete_and_status_pass_over_what_cannot_be_read(any_engine: Open) -> None:
    async with any_engine() as bot:
        broken, kept = await bot.made("/imagine a broken fox"), await bot.made("/imagine a whole fox")
        await bot.change("UPDATE job SET result = '[]' WHERE id = :id", id=broken.id)

        history = await bot.learn("/history")
        assert [kept.id] == [view.jobs[0].id for view in history.views]


async def test_one_deleted_orphan_that_fails_oddly_holds_back_no_other(engine: Open) -> None:
    async with engine(start=None) as bot:
        for number in range(3):
            await bot.change(
                "INSERT INTO orphan_generation (account, remote_id, cause, price, found_at, run_at) "
                "VALUES ('one', :id, 'late', 0, 0, 0)",
                id=f"g{number}",
            )
        bot.provider.delete_error = ValueError("an odd answer")
        bot.start("orphans")
        tried = "SELECT 1 FROM orphan_generation WHERE tries > 0"

        async def all_tried() -> bool:
            return len(await bot.rows(tried)) == 3

        await bot.until(all_tried)
