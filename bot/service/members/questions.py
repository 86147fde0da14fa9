"""Questions that are about no job: what is asked waits under an id, which the buttons hold twice."""

from bot.domain.commands import MydataForget
from bot.domain.identity import Caller
from bot.domain.text import storable
from bot.jobs.pending_commands import find_command
from bot.service.members import links, mydata
from bot.service.replies import PrivateReply
from bot.services import Services


def is_question(job: str, question: str) -> bool:
    """Whether a confirmation is about no job."""
    return storable(job) == storable(question)


async def answer(services: Services, question: str, caller: Caller, *, confirmed: bool) -> PrivateReply:
    """Do what was asked about, or change nothing; raises InvalidRequest where the question is over."""
    asked = await find_command(services, question)
    if asked is not None and asked.command == MydataForget.name and asked.member == caller.member:
        return await mydata.answer_question(services, question, caller, confirmed=confirmed)
    return await links.answer_question(services, question, caller, confirmed=confirmed)
