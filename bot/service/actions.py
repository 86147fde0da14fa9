"""Acting on a finished job by a button or a reaction: who presses pays."""

from dataclasses import dataclass, field

from bot.domain.actions import GENERATING, Action, ActionInput, available_actions, require_available
from bot.domain.commands import Delete
from bot.domain.identity import Caller, Place
from bot.domain.jobs import Job
from bot.security.encryption import card_context
from bot.service import ordering as intake
from bot.service import retraction
from bot.service.durable_writes import write_until_known
from bot.service.replies import PrivateReply, Reply
from bot.service.visibility import visible
from bot.services import Services, Topic
from bot.store.cards import CardCopy, create_card_copy
from bot.store.jobs import Star, find_job, toggle_star


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionEvent:
    """A button or a reaction of somebody on a job."""

    action: Action
    job: str
    #: the platform's id of the event
    key: str
    wording: ActionInput = field(default_factory=ActionInput)
    #: names member, job and emoji of a reaction, which counts once in a while; None for a button
    reaction: str | None = None


async def act(
    services: Services, press: ActionEvent, caller: Caller, place: Place, *, answer_window_ms: int = 0
) -> Reply:
    """Do what was pressed; raises Refused for what cannot be done with this job or by this person."""
    if press.action is Action.DELETE:
        return await retraction.ask_to_delete(services, Delete(job=press.job), caller)
    job = await visible(services, press.job, caller, place)
    require_available(press.action, job)
    if press.action is Action.SEND:
        return await send(services, job, caller, place, press)
    if press.action is Action.GALLERY:
        on = True if press.reaction else None
        return await star(services, job, caller, f"{place.adapter}:{press.key}", on=on)
    assert press.action in GENERATING  # noqa: S101 - every other action is above
    order = await intake.resolve_action(
        services, press.action, job, press.wording, caller=caller, place=place
    )
    return await intake.accept(
        services,
        order,
        caller,
        place,
        key=press.key,
        reaction=press.reaction,
        answer_window_ms=answer_window_ms,
    )


async def send(
    services: Services, job: Job, caller: Caller, place: Place, press: ActionEvent
) -> PrivateReply:
    """Show a result once more, in the direct messages between the caller and the bot."""
    direct = Place(
        adapter=place.adapter,
        workspace=f"{caller.platform}:@dm",
        channel=f"@{caller.person}",
        private=True,
    )
    card = services.new_id()
    copy = CardCopy(
        card=card,
        event=f"{place.adapter}:{press.key}",
        caller=caller,
        place=direct,
        encrypted_reply_token=services.cipher.encrypt(place.reply_token, context=card_context(card))
        if place.reply_token
        else "",
        job=job.id,
        now=services.clock(),
        reaction=press.reaction,
        reaction_since=services.clock() - services.times.reaction_window,
    )
    await write_until_known(services, create_card_copy, copy)
    services.wake(Topic.CARDS)
    return PrivateReply(title="On its way to you", text="It comes as a direct message.")


async def unstar(
    services: Services, job: str, caller: Caller, place: Place, *, key: str
) -> PrivateReply | None:
    """Take a result out of the gallery again; None where it is not there to be taken out."""
    found = await find_job(services.database, job)
    if found is None or Action.GALLERY not in available_actions(found):
        return None
    return await star(
        services, await visible(services, job, caller, place), caller, f"{place.adapter}:{key}", on=False
    )


async def star(services: Services, job: Job, caller: Caller, event: str, *, on: bool | None) -> PrivateReply:
    """Put a result into the workspace's gallery, or take it out; None turns it to the other."""
    item = Star(job=job.id, card=job.card, member=caller.member, now=services.clock(), event=event, on=on)
    starred = await write_until_known(services, toggle_star, item)
    services.wake(Topic.CARDS)
    return PrivateReply(title="In the gallery" if starred else "Taken out of the gallery")
