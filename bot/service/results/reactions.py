"""Reactions: what an emoji does in a workspace, votes, and the map that admins set."""

from collections.abc import Mapping
from functools import partial

from bot.domain.commands import RulesReactions
from bot.domain.errors import InvalidRequest
from bot.domain.identity import Caller, Invocation, Place
from bot.domain.jobs.actions import DEFAULT_REACTIONS, GENERATING, Action
from bot.domain.policy.reactions import ReactionRule, Who, check_reaction, emoji_key, reaction_map
from bot.domain.policy.record import Policy
from bot.service.admin.rights import is_admin_here
from bot.service.admin.rules import as_admin, replaced
from bot.service.commands.ordering import ReactionTerms
from bot.service.durable_writes import until_known
from bot.service.queries.job_lookup import visible_job
from bot.service.replies import PrivateReply, Reply
from bot.service.results import actions
from bot.service.results.actions import ActionEvent
from bot.services import Services
from bot.store.admin.workspaces import find_workspace
from bot.store.queue.votes import Vote, withdraw_vote

#: workspaces whose map is kept
_CACHED = 10_000

ReactionMap = Mapping[str, ReactionRule]


async def current_map(services: Services, workspace: str) -> ReactionMap:
    """What each emoji does in a workspace; as old as a few seconds, because every reaction asks for it."""
    now = services.monotonic()
    read_at, known = services.reaction_maps.get(workspace, (0, None))
    if known is not None and now - read_at < services.times.reaction_map:
        return known
    stored = await find_workspace(services.database, workspace)
    found = reaction_map(stored.policy.reactions) if stored.access.reactions else {}
    if len(services.reaction_maps) >= _CACHED:
        services.reaction_maps.clear()
    services.reaction_maps[workspace] = (now, found)
    return found


async def rule_of(services: Services, emoji: str, caller: Caller) -> ReactionRule | None:
    """What an emoji does in the caller's workspace; None for one without a meaning."""
    try:
        key = emoji_key(emoji)
    except InvalidRequest:
        return None
    return (await current_map(services, caller.workspace)).get(key)


def is_known(services: Services, emoji: str, caller: Caller) -> bool:
    """Whether an emoji has a meaning in the map that was read last, else by default."""
    try:
        key = emoji_key(emoji)
    except InvalidRequest:
        return False
    _, known = services.reaction_maps.get(caller.workspace, (0, None))
    return key in (DEFAULT_REACTIONS if known is None else known)


async def react(
    services: Services, emoji: str, job: str, invocation: Invocation, *, shown_price: int | None = None
) -> Reply | None:
    """Execute the action of a reaction, or count it as a vote; None for an emoji without an action.

    `shown_price` are the micro-dollars that the choice of reactions showed to somebody who pays.
    """
    caller = invocation.caller
    rule = await rule_of(services, emoji, caller)
    if rule is None or rule.action is None:
        return None
    services.rate_limit.spend(caller.member, invocation.key)
    if rule.who is not Who.EVERYONE:
        seen = await visible_job(services.database, job, caller, invocation.place)
        rule.require_allowed(caller, seen, is_admin=is_admin_here(services, caller))
    terms = ReactionTerms(
        key=f"{caller.member}/{job}/{rule.emoji}",
        paid_by_workspace=rule.paid_by_workspace and rule.action in GENERATING,
        vote=_vote(services, rule, job, caller),
    )
    event = ActionEvent(
        action=rule.action,
        job=job,
        reaction=terms,
        shown_price=None if terms.paid_by_workspace else shown_price,
    )
    return await actions.act(services, event, invocation)


def _vote(services: Services, rule: ReactionRule, job: str, caller: Caller) -> Vote | None:
    if rule.votes == 1:
        return None
    return Vote(job=job, emoji=rule.emoji, member=caller.member, at=services.clock(), needed=rule.votes)


async def unreact(services: Services, emoji: str, job: str, invocation: Invocation) -> Reply | None:
    """Undo what a removed reaction did: a star, or a vote that is not acted on yet."""
    rule = await rule_of(services, emoji, invocation.caller)
    if rule is None:
        return None
    if rule.votes > 1:
        withdraw = partial(
            services.database.transact, withdraw_vote, job, rule.emoji, invocation.caller.member
        )
        await until_known(services, withdraw)
        return None
    if rule.action is not Action.GALLERY:
        return None
    return await actions.unstar(services, job, invocation)


async def manage_reactions(
    services: Services, command: RulesReactions, caller: Caller, place: Place
) -> PrivateReply:
    """Show what reactions do, or set or clear what one emoji does."""
    admin = as_admin(services, caller, place)
    if not command.emoji:
        shown = reaction_map((await admin.policy()).reactions)
        return PrivateReply(
            title="What reactions do here",
            fields=tuple((rule.shown, rule.description) for rule in shown.values()),
        )
    key = emoji_key(command.emoji)
    if command.action is None:
        known = (await current_map(services, caller.workspace)).get(key)
        return PrivateReply(
            title=f"{command.emoji} here", text=known.description if known else "It does nothing."
        )
    role = await admin.role(command.role)
    rule = None
    if command.action != "default":
        rule = check_reaction(
            ReactionRule(
                emoji=key,
                shown=command.emoji.strip(),
                action=None if command.action == "nothing" else Action(command.action.value),
                # Naming a role says enough.
                who=Who.ROLE if role.id else command.who,
                role=role.id,
                role_name=role.name,
                pays=command.pays,
                votes=command.votes,
                **admin.decided(),
            )
        )

    def change(policy: Policy) -> Policy:
        others = tuple(one for one in policy.reactions if one.emoji != key)
        return policy.model_copy(update={"reactions": (*others, rule) if rule else others})

    changed = await admin.change(command.name, key, change)
    services.reaction_maps.pop(caller.workspace, None)
    earlier = next((one for one in changed.before.reactions if one.emoji == key), None)
    now = reaction_map(changed.after.reactions).get(key)
    return PrivateReply(
        title="Reaction set",
        text=f"{command.emoji}: {now.description if now else 'does nothing'}.{replaced(earlier, caller)}",
    )
