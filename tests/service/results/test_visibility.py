"""Who may act on a job: whoever sees it, also in the direct messages to which it was sent."""

import pytest

from bot.domain.errors import JobNotFound
from bot.domain.identity import Caller, Place
from bot.domain.jobs.actions import Action
from bot.service.replies import CardReply
from tests.engine.conftest import Open
from tests.engine.settings import BOB, EVE


def at_home(caller: Caller) -> Caller:
    """The same person in their direct messages."""
    return Caller(
        workspace="chat:@dm", person=caller.person, member=f"chat:@dm:{caller.name}", name=caller.name
    )


async def test_a_result_that_was_sent_can_be_used_where_it_arrived(engine: Open) -> None:
    async with engine() as bot:
        card = await bot.ask()
        await bot.ends(card)
        job = card.jobs[0].id
        await bot.press(Action.SEND, job, by=BOB)

        place = Place(adapter="chat", workspace="chat:@dm", channel=f"@{BOB.person}", private=True)
        answer = await bot.service.act(
            Action.AGAIN, job, bot.invocation(at_home(BOB), place=place, key="again")
        )

        assert isinstance(answer, CardReply)
        with pytest.raises(JobNotFound):
            await bot.service.act(Action.AGAIN, job, bot.invocation(at_home(EVE), place=place))
