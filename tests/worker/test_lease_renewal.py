"""A card's lease is renewed for as long as the card is being shown, and no longer."""

import asyncio

from bot.domain.cards.card import CardView
from tests.engine.conftest import Open, done, is_shown, row_of
from tests.engine.fakes import held
from tests.engine.harness import Engine


async def test_a_show_that_hangs_is_given_up_before_its_lease_ends(engine: Open) -> None:
    async with engine(times={"card_lease": 200, "show_deadline": 300}) as bot:
        bot.chat.steps.append(held())
        card = await bot.ask()

        await bot.shown(card, done)


async def test_a_show_that_goes_on_keeps_its_lease(any_engine: Open) -> None:
    """A large file goes up: nobody else begins meanwhile, and it is not begun anew."""
    async with any_engine(start=("deliver",), times={"card_lease": 2_000}) as bot:
        step = held()
        bot.chat.steps.append(step)
        card = await bot.ask()
        await step.begun.wait()
        ends: set[int] = set()
        await bot.until(lambda: _collect(bot, card, ends, 3))
        step.open()
        await bot.until(lambda: is_shown(bot, card))
        assert (1, 0) == (bot.chat.shows, (await row_of(bot, card))["tries"])


async def _collect(engine: Engine, card: CardView, ends: set[int], count: int) -> bool:
    """Whether the card's lease was seen with so many different ends."""
    (row,) = await engine.rows("SELECT lease_until FROM card WHERE id = :id", id=card.card)
    ends.add(row["lease_until"])
    return len(ends) >= count


async def test_a_lease_that_somebody_else_has_ends_the_show(engine: Open) -> None:
    async with engine(start=("deliver",), times={"card_lease": 600}) as bot:
        step = held()
        bot.chat.steps.append(step)
        card = await bot.ask()
        await step.begun.wait()
        await bot.change("UPDATE card SET lease_owner = 'another' WHERE id = :id", id=card.card)
        name = f"deliver {card.card}"
        await bot.until(lambda: all(task.get_name() != name for task in asyncio.all_tasks()))
        assert [] == bot.chat.of(card.card)
