"""Explains why a job or a command was or would be refused."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace

from bot.domain.cards.job_text import headline
from bot.domain.command_text.parsing import parse
from bot.domain.commands import GenerateCommand, RulesExplain
from bot.domain.errors import InvalidRequest, Refused, for_admins
from bot.domain.generations.estimates import Estimate
from bot.domain.generations.requests import AnyRequest
from bot.domain.identity import Caller, Place
from bot.domain.ids import parse_job_name, short_id
from bot.domain.jobs.job import Hold, Job
from bot.domain.money.pricing import show_money
from bot.domain.policy.access import Asked, deciding_rule
from bot.domain.policy.check import policy_terms
from bot.domain.policy.record import Policy
from bot.service.admin.rights import caller_of, named_member
from bot.service.admin.rules import Admin, as_admin
from bot.service.commands.ordering import CommandContext, new_jobs, resolve_command
from bot.service.queries.member_queries import check_acceptable
from bot.service.replies import PrivateReply
from bot.services import Services
from bot.store.admin.workspaces import find_workspace
from bot.store.listings.job_search import jobs_by_any_id

Fields = list[tuple[str, str]]
_UNRULED = "Only commands that make something are ruled; all others are open to everybody who may see them."


async def explain(services: Services, command: RulesExplain, caller: Caller, place: Place) -> PrivateReply:
    """Answer for a job by its id, or for a command line as if a member gave it in a channel."""
    admin = as_admin(services, caller, place)
    channel = await admin.channel(command.channel)
    if channel.id:
        place = replace(place, channel=channel.id, thread=None, private=False)
    if (name := parse_job_name(command.what.strip())) is not None:
        found = await jobs_by_any_id(services.database, name)
        jobs = [one for one in found if one.workspace == caller.workspace]
        if not jobs:
            raise InvalidRequest(f"There is no job #{name} in this workspace; /history lists yours")
        return await _explain_job(admin, command, jobs[0], place)
    return await _explain_line(admin, command, place)


async def _subject(admin: Admin, command: RulesExplain) -> Caller:
    """Whom the question is about: the named member, with the named role; else the admin."""
    caller = admin.caller
    if command.member:
        named = await named_member(admin.services, caller, command.member)
        caller = caller_of(caller.workspace, named)
    role = await admin.role(command.role)
    return replace(caller, roles=(caller.roles or frozenset()) | {role.id}) if role.id else caller


async def _explain_job(admin: Admin, command: RulesExplain, job: Job, place: Place) -> PrivateReply:
    if job.private and job.person not in admin.caller.persons:
        # It may quote the prompt.
        job = replace(job, failure=None)
    fields: Fields = [("State", headline(job, Estimate())), ("Price", show_money(job.price))]
    if job.hold is not None:
        held = "its requester's confirmation" if job.hold is Hold.CONFIRMATION else "an admin's approval"
        fields.append(("Held for", f"{held}, because of its price"))
    if job.failure is not None and job.failure.reason:
        fields.append(("Reason", job.failure.reason))
    role = await admin.role(command.role)
    maker = Caller(
        workspace=job.workspace,
        person=job.person,
        member=job.member,
        name=job.member_name,
        roles=frozenset(filter(None, (role.id,))),
    )
    policy = await admin.policy()
    fields += _by_rules(policy, [job.request], job.price, caller=maker, place=place)
    return PrivateReply(title=f"#{short_id(job.id)} of {job.member_name}", fields=tuple(fields))


async def _explain_line(admin: Admin, command: RulesExplain, place: Place) -> PrivateReply:
    asked = parse(command.what)
    if not isinstance(asked, GenerateCommand):
        return PrivateReply(title=f"/{asked.name}", text=_UNRULED)
    about = await _subject(admin, command)
    fields: Fields = []
    async for found in _refusals(admin, asked, about, place):
        fields.append(found)
    allowed = not any(label == "Refused" for label, _ in fields)
    known = (
        ""
        if about is admin.caller or command.role
        else (" Their roles are not known here: name one with --role.")
    )
    where = f"#{command.channel.partition('|')[2] or command.channel}" if command.channel else "here"
    return PrivateReply(
        title=f"/{asked.name} by {about.name} {where}: {'allowed' if allowed else 'refused'}",
        text=f"As the rules are now.{known}",
        fields=tuple(fields),
    )


async def _refusals(
    admin: Admin, asked: GenerateCommand, about: Caller, place: Place
) -> AsyncIterator[tuple[str, str]]:
    """Everything that would be said about a command; what is refused is labelled so."""
    services = admin.services
    workspace = await find_workspace(services.database, about.workspace)
    try:
        order = await resolve_command(services, asked, admin.caller, place, CommandContext(), maker=about)
        jobs = await new_jobs(services, order, workspace.own_account)
    except Refused as refusal:
        yield "Refused", str(refusal)
        return
    requests = [job.request for job in jobs]
    for one in _by_rules(
        workspace.policy, requests, sum(job.price for job in jobs), caller=about, place=place
    ):
        yield one
    try:
        await check_acceptable(services, about, place, jobs)
    except Refused as refusal:
        yield "Refused", for_admins(refusal)


def _by_rules(
    policy: Policy, requests: Sequence[AnyRequest], price: int, *, caller: Caller, place: Place
) -> Fields:
    """What the rules say about a request of this price."""
    rule = deciding_rule(policy.access, Asked.of(caller, place, requests[0]))
    fields: Fields = [
        ("Access", f"rule {rule.id}: {rule.description}" if rule else "no rule matches, so it is allowed")
    ]
    try:
        terms = policy_terms(policy, requests, price, caller=caller, place=place, is_admin=caller.is_admin)
    except Refused as refusal:
        return [*fields, ("Refused", str(refusal))]
    if terms.hold is not None:
        who = "its requester confirms it" if terms.hold is Hold.CONFIRMATION else "an admin approves it"
        fields.append(("Held", f"until {who}, because it costs {show_money(price)}"))
    if terms.undo_s:
        fields.append(("Undo", f"it leaves after {terms.undo_s} s, because it costs {show_money(price)}"))
    if terms.spoiler:
        fields.append(("Spoiler", "its result is hidden, because the channel is not age-restricted"))
    return fields
