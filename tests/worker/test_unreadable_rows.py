"""Rows that cannot be read: damaged, of a newer version, or sealed with a secret that is lost.

Each fails alone, is logged once, and its money comes back.
"""

from collections.abc import AsyncIterator

import pytest
from structlog.testing import capture_logs
from structlog.typing import EventDict

from bot.domain.jobs import State
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
    any_house: Open, logs: list[EventDict]
) -> None:
    """Whether others may see it stood in what cannot be read."""
    async with any_house(start=("prepare", "submit", "watch")) as home:
        lost = await home.ask("/imagine one", place=home.place(reply_token="token"))
        context = card_context(lost.card)
        sealed = FieldCipher(b"another secret that nobody has any more").encrypt("token", context=context)
        await home.change("UPDATE card SET reply_token = :reach WHERE id = :id", reach=sealed, id=lost.card)
        other = await home.ask("/imagine two")
        home.start("deliver")

        await home.shown(other, lambda view: view.settled)
        await home.shown(lost, lambda view: view.settled)

        place = home.chat.places[lost.card]
        assert (True, "") == (place.private, place.reply_token)
        assert not home.chat.places[other.card].private
        assert [lost.card] == told(logs)


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE card SET shown_estimates = '{' WHERE id = :card",
        "UPDATE job SET request = '{' WHERE card = :card",
    ],
)
async def test_a_card_that_cannot_be_read_holds_back_no_other(
    any_house: Open, logs: list[EventDict], sql: str
) -> None:
    async with any_house(start=None) as home:
        broken = await home.ask("/imagine one")
        await home.change(sql, **({"card": broken.card} if ":card" in sql else {}))
        others = [await home.ask(f"/imagine fox {number}") for number in range(20)]
        home.start()

        for other in others:
            await home.shown(other, lambda view: view.settled)

        async def put_aside() -> bool:
            (row,) = await home.rows(
                "SELECT tries, run_at, lease_owner FROM card WHERE id = :id", id=broken.card
            )
            return row["tries"] == 1 and row["run_at"] > home.clock.wall() and row["lease_owner"] is None

        await home.until(put_aside)
        assert 1 == len(told(logs))
        assert not home.chat.of(broken.card)


async def test_a_card_that_stays_unreadable_is_given_up_in_the_end(house: Open) -> None:
    async with house(start=("deliver",)) as home:
        card = await home.ask()
        await home.change(
            "UPDATE card SET shown_estimates = '{', created_at = 0 WHERE id = :id", id=card.card
        )
        home.advance(home.services.times.unreadable_retry + 1)

        sql = "SELECT undeliverable FROM card WHERE undeliverable IS NOT NULL"
        assert [{"undeliverable": "it cannot be read"}] == await home.until(lambda: home.rows(sql))


async def test_jobs_that_cannot_be_read_are_put_aside_and_refunded_in_the_end(
    any_house: Open,
) -> None:
    """Preparing, queued, running and lost ones; those of others go on."""
    clock = Clock()
    providers = [FakeProvider(clock)]
    providers[0].born = GenerationState.DREAMING
    async with any_house(clock=clock, providers=providers, start=("prepare", "submit")) as home:
        running = await home.ask("/imagine running")
        await home.comes_to(running, State.SUBMITTED)
        providers[0].steps.append(lost_on_the_way())
        lost = await home.ask("/imagine lost")
        await home.comes_to(lost, State.UNKNOWN)
    async with any_house(clock=clock, providers=providers, start=None) as home:
        queued = await home.ask("/imagine queued")
        preparing = await home.ask("/animate it runs --start https://x.test/a.jpg")
        await home.change("UPDATE job SET request = :text", text=FOREIGN)
        providers[0].born = GenerationState.COMPLETED
        home.start()
        await home.made("/imagine others go on")
        await home.made("/animate others go on --start https://x.test/b.jpg")

        home.advance(home.services.times.queue_deadline + 1)

        async def all_ended() -> bool:
            rows = await home.rows("SELECT card FROM job WHERE state = 'failed'")
            return {row["card"] for row in rows} == {card.card for card in (running, lost, queued, preparing)}

        await home.until(all_ended)
        assert 0 == (await home.money())[1]


async def test_history_autocomplete_and_status_pass_over_what_cannot_be_read(any_house: Open) -> None:
    async with any_house() as home:
        broken, kept = await home.made("/imagine a broken fox"), await home.made("/imagine a whole fox")
        await home.change("UPDATE job SET result = '[]' WHERE id = :id", id=broken.id)

        history = await home.learn("/history")
        assert [kept.id] == [view.jobs[0].id for view in history.views]


async def test_one_deleted_orphan_that_fails_oddly_holds_back_no_other(house: Open) -> None:
    async with house(start=None) as home:
        for number in range(3):
            await home.change(
                "INSERT INTO orphan_generation (account, remote_id, cause, price, found_at, run_at) "
                "VALUES ('one', :id, 'late', 0, 0, 0)",
                id=f"g{number}",
            )
        home.provider.delete_error = ValueError("an odd answer")
        home.start("orphans")
        tried = "SELECT 1 FROM orphan_generation WHERE tries > 0"

        async def all_tried() -> bool:
            return len(await home.rows(tried)) == 3

        await home.until(all_tried)
