"""A post whose answer is lost is made once: repeated, looked for, or known not to have happened."""

import pytest

from bot.domain.cards.card import CardView
from bot.domain.errors import Delayed, NotPosted
from tests.engine.conftest import Open, done, row_of
from tests.engine.fakes import FakeChat, Step
from tests.engine.harness import Engine


async def _tried(engine: Engine, card: CardView, times: int) -> bool:
    return bool((await row_of(engine, card))["tries"] >= times)


async def test_a_post_whose_answer_was_lost_is_repeated_within_the_platforms_dedupe(engine: Open) -> None:
    async with engine() as bot:
        bot.chat.steps.append(Step(error=Delayed("504", retry_after_ms=10_000), done=True))
        card = await bot.ask()
        await bot.ends(card)
        bot.advance(10_001)

        await bot.shown(card, done)

        assert (2, 0, 1) == (bot.chat.posts, bot.chat.finds, len(bot.chat.messages))


@pytest.mark.parametrize(("dedupe_ms", "waits"), [(60_000, 70_000), (0, 1_000)])
async def test_a_post_whose_answer_was_lost_is_looked_for_once_no_dedupe_covers_it(
    engine: Open, dedupe_ms: int, waits: int
) -> None:
    async with engine(chat=FakeChat(dedupe_ms=dedupe_ms)) as bot:
        bot.chat.steps.append(Step(error=Delayed("504", retry_after_ms=waits), done=True))
        card = await bot.ask()
        await bot.ends(card)
        bot.chat.merges = False
        bot.advance(waits + 1)

        await bot.shown(card, done)

        assert (1, 1, 1) == (bot.chat.posts, bot.chat.finds, len(bot.chat.messages))


async def test_a_post_that_is_not_found_is_made(engine: Open) -> None:
    async with engine(chat=FakeChat(dedupe_ms=0)) as bot:
        bot.chat.steps.append(Delayed("504", retry_after_ms=1_000))
        card = await bot.ask()
        await bot.ends(card)
        bot.advance(1_001)

        await bot.shown(card, done)

        assert (1, 1) == (bot.chat.posts, bot.chat.finds)


async def test_a_post_that_certainly_never_happened_is_not_looked_for(engine: Open) -> None:
    """A search may be allowed once a minute, and a channel that is busy is no reason for one."""
    async with engine(chat=FakeChat(dedupe_ms=0)) as bot:
        bot.chat.steps.append(NotPosted("429", retry_after_ms=1_000))
        card = await bot.ask()
        await bot.ends(card)
        bot.advance(1_001)

        await bot.shown(card, done)

        assert (1, 0) == (bot.chat.posts, bot.chat.finds)


async def test_a_post_that_was_found_is_looked_for_again_until_it_has_been_edited(engine: Open) -> None:
    """That the edit certainly did not happen says nothing about the message."""
    async with engine(chat=FakeChat(dedupe_ms=0)) as bot:
        bot.chat.steps += [
            Step(error=Delayed("504", retry_after_ms=1_000), done=True),
            NotPosted("429", retry_after_ms=1_000),
        ]
        card = await bot.ask()
        await bot.ends(card)
        bot.chat.merges = False
        bot.advance(1_001)
        await bot.until(lambda: _tried(bot, card, 2))
        bot.advance(1_001)

        await bot.shown(card, done)

        assert (1, 2, 1) == (bot.chat.posts, bot.chat.finds, len(bot.chat.messages))
