"""Reports of results to the moderators, and what these decide: removing a result, blocking its maker."""

from bot.domain.access import blocked_by_admins
from bot.domain.cards.decisions import Decision, Purpose
from bot.domain.commands import Report, RulesBlock, RulesUnblock
from bot.domain.errors import InvalidRequest, JobNotFound, NotAllowed
from bot.domain.identity import Caller, Invocation
from bot.domain.jobs.job import Job, State
from bot.domain.policy.check import moderators_place
from bot.domain.policy.record import Moderators
from bot.service.admin.rights import audit_entry, is_admin_here, named_member, remember_admin, require_rights
from bot.service.commands.ordering import encrypted_token
from bot.service.durable_writes import until_known
from bot.service.queries.job_lookup import visible_job
from bot.service.replies import PrivateReply
from bot.service.results.actions import remove_result
from bot.services import Services, Topic
from bot.store.admin.workspaces import MemberName, find_workspace, record_audit, set_block
from bot.store.queue.card_copies import CardCopy
from bot.store.queue.cards import create_card_copy, show_card_again
from bot.store.queue.jobs import find_job


async def report(services: Services, command: Report, invocation: Invocation) -> PrivateReply:
    """Show a result to the moderators of its workspace; a member's second report changes nothing."""
    caller, place = invocation.caller, invocation.place
    job = await visible_job(services.database, command.job, caller, place)
    if job.workspace != caller.workspace:
        raise InvalidRequest("Report it in the server or workspace where it was made")
    if job.state is not State.COMPLETED or job.expired:
        raise InvalidRequest("This job has no result that could be reported")
    moderators = (await find_workspace(services.database, caller.workspace)).policy.moderators
    if not moderators.channel:
        raise NotAllowed(
            "Nobody receives reports here yet. Tell an admin, who can name a channel with /rules moderators."
        )
    card = services.new_id()
    because = f": {command.reason}" if command.reason else ""
    copy = CardCopy(
        card=card,
        event=f"report/{job.id}/{caller.member}",
        caller=caller,
        place=moderators_place(moderators, place),
        encrypted_reply_token=encrypted_token(services.cipher, place.channel_token, card),
        job=job.id,
        now=services.clock(),
        purpose=Purpose.REPORT,
        note=f"Reported by {caller.name}{because}",
    )
    made = await until_known(services, lambda: services.database.transact(create_card_copy, copy))
    services.wake(Topic.CARDS)
    if made.repeated:
        return PrivateReply(title="Already reported", text="The moderators have your report.")
    return PrivateReply(title="Reported", text="The moderators have been told. Thank you.")


async def moderate(
    services: Services, decision: Decision, job: str, card: str, caller: Caller
) -> PrivateReply:
    """Act on a reported result; `card` is the one in the moderators' channel."""
    found = await find_job(services.database, job)
    if found is None or found.workspace != caller.workspace:
        raise JobNotFound("There is no such job here; it may have been made in another workspace")
    moderators = (await find_workspace(services.database, caller.workspace)).policy.moderators
    _require_moderator(services, moderators, caller)
    if decision is Decision.REMOVE:
        reply = await _remove(services, found, caller)
    else:
        maker = MemberName(
            id=found.member, name=found.member_name, person=found.person, guest=False, roles=frozenset()
        )
        reply = await _block(services, maker, caller, blocked=decision is Decision.BLOCK)
    await services.database.transact(show_card_again, card, now=services.clock())
    services.wake(Topic.CARDS)
    return reply


def _require_moderator(services: Services, moderators: Moderators, caller: Caller) -> None:
    if moderators.role and moderators.role in (caller.roles or ()):
        return
    if is_admin_here(services, caller):
        return
    raise NotAllowed(
        "Only admins and moderators may act on reports. An admin can name a role for moderators with "
        "/rules moderators."
    )


async def _remove(services: Services, job: Job, caller: Caller) -> PrivateReply:
    if job.deleted:
        return PrivateReply(title="Already removed", text="Nothing more was done.")
    entry = audit_entry(services, caller, "remove result", job.id)
    await services.database.transact(record_audit, entry, {"maker": job.member})
    await remember_admin(services, caller)
    return PrivateReply(title="Removed", text=await remove_result(services, job))


async def _block(services: Services, member: MemberName, caller: Caller, *, blocked: bool) -> PrivateReply:
    if blocked and member.id == caller.member:
        raise InvalidRequest("You cannot block yourself")
    entry = audit_entry(services, caller, "block" if blocked else "unblock", member.id)
    subject = blocked_by_admins(member.id)
    changed = await until_known(
        services, lambda: services.database.transact(set_block, subject, blocked=blocked, audit=entry)
    )
    if not blocked:
        text = f"{member.name} can use the bot again." if changed else f"{member.name} was not blocked."
        return PrivateReply(title="Unblocked", text=text)
    return PrivateReply(
        title="Blocked",
        text=(
            f"Nothing more is accepted from {member.name} here; what is queued goes on. /rules unblock lets "
            "them use the bot again."
        ),
    )


async def block_or_unblock(
    services: Services, command: RulesBlock | RulesUnblock, caller: Caller
) -> PrivateReply:
    """Block a member of the workspace, or unblock them."""
    require_rights(services, caller)
    member = await named_member(services, caller, command.member)
    return await _block(services, member, caller, blocked=isinstance(command, RulesBlock))
