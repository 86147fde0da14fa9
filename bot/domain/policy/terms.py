"""What a workspace's policy says about a command that it allows: whether it is held, hidden or delayed."""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.domain.errors import NotAllowed
from bot.domain.generations.requests import AnyRequest
from bot.domain.identity import Caller, Place
from bot.domain.jobs.job import Hold
from bot.domain.money.pricing import show_money
from bot.domain.policy.asked import Asked
from bot.domain.policy.check import check_policy
from bot.domain.policy.record import Moderators, Policy


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """How the jobs of a command are accepted."""

    #: what they wait for first
    hold: Hold | None = None
    #: their results are shown behind a spoiler
    spoiler: bool = False
    #: seconds in which they can be undone before they leave
    undo_s: int = 0


def policy_terms(
    policy: Policy,
    requests: Sequence[AnyRequest],
    price: int,
    *,
    caller: Caller,
    place: Place,
    is_admin: bool,
    is_vote: bool = False,
) -> Terms:
    """The terms of one command with all its jobs and their price together; raises NotAllowed."""
    spoiler = check_policy(policy, (Asked.of(caller, place, request) for request in requests))
    hold = policy.prices.hold_for(price, is_admin=is_admin, is_vote=is_vote)
    if hold is Hold.APPROVAL and place.private and not policy.moderators.channel:
        raise NotAllowed(
            f"This costs {show_money(price)}, so an admin must approve it, and only you can see it here. Ask "
            "for it in a channel, without private; or an admin names a channel with /rules moderators."
        )
    undo_s = policy.prices.undo_seconds(price) if hold is None else 0
    return Terms(hold=hold, spoiler=spoiler, undo_s=undo_s)


def moderators_place(moderators: Moderators, place: Place) -> Place:
    """The moderators' channel of the workspace that a command was given in."""
    return Place(
        adapter=place.adapter,
        workspace=place.workspace,
        channel=moderators.channel,
        reply_token=place.channel_token,
    )
