"""What people may do with the data that is stored about them: take it along, or have it deleted."""

from bot.domain.commands import MydataExport, MydataForget
from bot.domain.identity import Caller
from bot.jobs.pending_commands import StoredCommand, remove_command, store_command
from bot.service.durable_writes import until_known
from bot.service.members import data_export
from bot.service.replies import PrivateReply, ReplyFile, question_choices
from bot.services import Services, Topic, log
from bot.store.members.erasure import request_erasure

_QUESTION = """Deleted are, in every server and in direct messages:
• your jobs with their messages, pictures and videos, here and at the provider where it can delete
• your prompts, stars, votes, uploads and settings, and your name
• presets of workspaces that show a result of yours
• jobs that wait are cancelled and not charged; what is running is deleted when it has ended
Kept without your name is what you spent, so that the books balance. Kept with your id are limits and blocks \
that admins have set for you, and what you decided as an admin. This cannot be undone.
What you made with linked accounts is kept: give this command there, too.
/mydata export gets you a copy first."""
_PSEUDONYM = "forgotten:"


async def export(services: Services, _: MydataExport, caller: Caller) -> PrivateReply:
    """Send everything that is stored about the caller."""
    content = await data_export.export(services, caller.person)
    return PrivateReply(
        title="Your data",
        text="README.txt in the zip file says what is in it. Results that did not fit into one message are "
        "listed in jobs.json, and /show sends each of them.",
        file=ReplyFile(name="reverie-data.zip", mime="application/zip", content=content),
    )


async def ask_to_forget(services: Services, command: MydataForget, caller: Caller) -> PrivateReply:
    """Say what would be deleted; nothing is before the button is pressed."""
    question = services.new_id()
    stored = StoredCommand(command=command.name, options="{}", member=caller.member, price=0)
    await until_known(services, lambda: store_command(services, question, stored))
    choices = question_choices(question, "Delete my data")
    return PrivateReply(title="Delete everything about you?", text=_QUESTION, choices=choices)


async def answer_question(
    services: Services, question: str, caller: Caller, *, confirmed: bool
) -> PrivateReply:
    """Begin to delete the caller's data, or keep everything."""
    if confirmed:
        return await forget(services, caller)
    await remove_command(services, question)
    return PrivateReply(title="Kept", text="Nothing was deleted.")


async def forget(services: Services, caller: Caller) -> PrivateReply:
    """Begin to delete the caller's data; a worker does it, also after a restart."""
    pseudonym = f"{_PSEUDONYM}{services.new_id()}"
    await until_known(
        services,
        lambda: services.database.transact(request_erasure, caller.person, pseudonym, now=services.clock()),
    )
    log.info("erasure_requested")
    services.wake(Topic.ERASURE)
    return PrivateReply(
        title="Your data is being deleted",
        text="Messages, pictures and videos go first, within minutes. What only counts what you may spend is "
        "kept until the day, week or month ends. You can go on using me; what you make from now on is kept.",
    )
