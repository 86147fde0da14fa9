"""Stars, the gallery's channel, and the consent of makers."""

from bot.domain.access import Workspace, blockable_subjects, check_open
from bot.domain.cards.decisions import Decision, Purpose
from bot.domain.cards.gallery import GalleryState, has_gallery
from bot.domain.commands import StudioGallery
from bot.domain.commands.admin import Toggle
from bot.domain.errors import InvalidRequest, JobNotFound
from bot.domain.identity import Caller, Invocation, Place, is_direct_workspace
from bot.domain.jobs.job import Job
from bot.domain.policy.record import AgeMode, GalleryRules, Policy
from bot.service.admin.rules import as_admin, replaced
from bot.service.commands.ordering import encrypted_token
from bot.service.durable_writes import until_known
from bot.service.replies import PrivateReply
from bot.services import Services, Topic
from bot.store.admin.workspaces import blocked_subjects, find_workspace
from bot.store.listings.gallery import NewEntry, Star, answer_consent, give_star
from bot.store.queue.card_copies import CardCopy
from bot.store.queue.jobs import find_job


async def star(services: Services, job: Job, invocation: Invocation, *, on: bool | None) -> PrivateReply:
    """Give a result a star or take it back; None toggles. The first star brings it into the gallery.

    Raises NotAllowed for the star of somebody who is blocked where the result was made.
    """
    if on is not False:
        await _check_blocks(services, job, invocation.caller)
    entry = None
    if has_gallery(job):
        policy = (await find_workspace(services.database, job.workspace)).policy
        entry = _new_entry(services, job, policy, invocation)
    given = Star(
        job=job.id,
        card=job.card,
        member=invocation.caller.member,
        event=invocation.event,
        on=on,
        entry=entry,
        now=services.clock(),
    )
    done = await until_known(services, lambda: services.database.transact(give_star, given))
    services.wake(Topic.CARDS)
    if not done.starred:
        return PrivateReply(title="Removed from the gallery" if entry else "Star removed")
    match done.state:
        case None:
            text = "Private results and direct messages are in no gallery. /history --starred lists it."
            return PrivateReply(title="Starred", text=text)
        case GalleryState.SHOWN:
            return PrivateReply(title="Added to the gallery")
        case GalleryState.WAITING:
            text = f"It is shown in the gallery once {job.member_name} agrees, who has been asked."
            return PrivateReply(title="Starred", text=text)
        case GalleryState.REFUSED:
            text = f"{job.member_name} does not want it to be shown in the gallery."
            return PrivateReply(title="Starred", text=text)


async def _check_blocks(services: Services, job: Job, caller: Caller) -> None:
    callers = [caller]
    if job.workspace != caller.workspace and job.person in caller.persons:
        # From elsewhere one gives stars to one's own results only.
        callers.append(_maker(job))
    for one in callers:
        blocked = await blocked_subjects(services.database, blockable_subjects(one))
        check_open(Workspace(id=one.workspace), blocked, one)


def _maker(job: Job) -> Caller:
    return Caller(workspace=job.workspace, person=job.person, member=job.member, name=job.member_name)


def _new_entry(services: Services, job: Job, policy: Policy, invocation: Invocation) -> NewEntry:
    rules, place = policy.gallery, invocation.place
    # A linked account may give the star on another platform, whose tokens are of no use there.
    token = place.channel_token if place.workspace == job.workspace else ""
    there = Place(
        adapter=rules.adapter,
        workspace=job.workspace,
        channel=rules.channel,
        reply_token=token,
    )
    directly = Place(
        adapter=place.adapter,
        workspace=f"{job.person.partition(':')[0]}:@dm",
        channel=f"@{job.person}",
        private=True,
        reply_token=token,
    )
    return NewEntry(
        id=services.new_id(),
        workspace=job.workspace,
        maker=job.member,
        by_maker=job.person in invocation.caller.persons,
        needs_consent=rules.consent,
        post=_copy(services, job, there, Purpose.GALLERY) if rules.channel else None,
        question=_copy(services, job, directly, Purpose.CONSENT),
        # The channel may be open to everybody.
        spoiler=policy.age.mode is not AgeMode.OFF,
    )


def _copy(services: Services, job: Job, place: Place, purpose: Purpose) -> CardCopy:
    """A card about a result, in the name of its maker: nothing of it says who gave the star."""
    card = services.new_id()
    # A maker is asked once. A result that comes back into the gallery gets a new post.
    once = job.id if purpose is Purpose.CONSENT else card
    return CardCopy(
        card=card,
        event=f"{purpose}/{once}",
        caller=_maker(job),
        place=place,
        encrypted_reply_token=encrypted_token(services.cipher, place.reply_token, card),
        job=job.id,
        now=services.clock(),
        purpose=purpose,
    )


async def answer(services: Services, decision: Decision, job: str, caller: Caller) -> PrivateReply:
    """Record whether the maker of a result wants it to be shown in the gallery."""
    found = await find_job(services.database, job)
    if found is None or found.deleted or found.person not in caller.persons:
        raise JobNotFound("There is no such job of yours; /history lists yours")
    state = GalleryState.SHOWN if decision is Decision.SHARE else GalleryState.REFUSED
    entry = await until_known(
        services,
        lambda: services.database.transact(
            answer_consent, found.id, card=found.card, state=state, now=services.clock()
        ),
    )
    services.wake(Topic.CARDS)
    if entry is None:
        return PrivateReply(title="Nothing was changed", text="Nobody gives it a star any more.")
    if state is GalleryState.SHOWN:
        return PrivateReply(title="Added to the gallery", text="Thank you.")
    return PrivateReply(
        title="Kept out of the gallery", text="Give it a star yourself, if you change your mind."
    )


async def set_gallery(
    services: Services, command: StudioGallery, caller: Caller, place: Place
) -> PrivateReply:
    """Set what is given; without options, show what holds."""
    admin = as_admin(services, caller, place)
    if is_direct_workspace(caller.workspace):
        raise InvalidRequest("Direct messages have no gallery; use this in a server or workspace")
    channel = await admin.channel(command.channel)
    if channel.id and command.off:
        raise InvalidRequest("Name a channel, or end the posts with --off, not both")
    given: dict[str, object] = {}
    if channel.id or command.off:
        given |= {"channel": channel.id, "channel_name": channel.name, "adapter": place.adapter}
    if command.consent is not None:
        given["consent"] = command.consent is Toggle.ON
    if not given:
        return PrivateReply(title="Gallery", fields=_fields((await admin.policy()).gallery))
    given |= admin.decided()
    changed = await admin.change(
        command.name,
        channel.id or "nowhere",
        lambda policy: policy.model_copy(update={"gallery": policy.gallery.model_copy(update=given)}),
    )
    note = "Each result that gets its first star from now on is posted there. The bot must be able to post."
    return PrivateReply(
        title="Gallery set",
        text=(note * bool(channel.id) + replaced(changed.before.gallery, caller)).strip(),
        fields=_fields(changed.after.gallery),
    )


def _fields(rules: GalleryRules) -> tuple[tuple[str, str], ...]:
    asks = "their makers are asked first" if rules.consent else "without asking their makers"
    return (
        ("Channel", f"#{rules.channel_name or rules.channel}" if rules.channel else "none"),
        ("Results of others", asks),
    )
