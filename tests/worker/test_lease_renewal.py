"""A card's lease is renewed for as long as the card is being shown, and no longer."""

import asyncio

from bot.domain.cards import CardView
from tests.engine.conftest import Open, done, is_shown, row_of
from tests.engine.fakes import held
from tests.engine.house import House


async def test_a_show_that_hangs_is_given_up_before_its_lease_ends(house: Open) -> None:
    async with house(times={"card_lease": 200, "show_deadline": 300}) as home:
        home.chat.steps.append(held())
        card = await home.ask()

        await home.shown(card, done)


async def test_a_show_that_goes_on_keeps_its_lease(any_house: Open) -> None:
    """A large file goes up: nobody else begins meanwhile, and it is not begun anew."""
    async with any_house(start=("deliver",), times={"card_lease": 900}) as home:
        step = held()
        home.chat.steps.append(step)
        card = await home.ask()
        await step.begun.wait()
        ends: set[int] = set()
        await home.until(lambda: _collect(home, card, ends, 3))
        step.open()
        await home.until(lambda: is_shown(home, card))
        assert (1, 0) == (home.chat.shows, (await row_of(home, card))["tries"])


async def _collect(house: House, card: CardView, ends: set[int], count: int) -> bool:
    """Whether the card's lease was seen with so many different ends."""
    (row,) = await house.rows("SELECT lease_until FROM card WHERE id = :id", id=card.card)
    ends.add(row["lease_until"])
    return len(ends) >= count


async def test_a_lease_that_somebody_else_has_ends_the_show(house: Open) -> None:
    async with house(start=("deliver",), times={"card_lease": 150}) as home:
        step = held()
        home.chat.steps.append(step)
        card = await home.ask()
        await step.begun.wait()
        await home.change("UPDATE card SET lease_owner = 'another' WHERE id = :id", id=card.card)
        name = f"deliver {card.card}"
        await home.until(lambda: all(task.get_name() != name for task in asyncio.all_tasks()))
        assert [] == home.chat.of(card.card)
