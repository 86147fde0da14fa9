"""The whole way of a job, where nothing goes wrong."""

from bot.domain.cards import JobPhase
from bot.domain.jobs import State
from tests.engine.conftest import Open


async def test_a_prompt_becomes_one_message_with_its_picture_charged_once(any_house: Open) -> None:
    async with any_house() as house:
        card = await house.ask("/imagine a red fox --ar 1:1")

        job = await house.ends(card)

        assert State.COMPLETED is job.state
        seen = await house.shown(card, lambda view: view.settled)
        assert JobPhase.DONE is seen.jobs[0].phase
        assert seen.jobs[0].media == job.result
        assert (job.price, 0) == await house.money()
        assert 1 == house.chat.posts
        assert ["accepted", "claimed", "submitted", "completed"] == await house.causes(card)
