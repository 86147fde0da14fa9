"""Checks commands against a policy: refused by a rule, or accepted with terms.

Every refusal names the rule, and what the person can do. An accepted command may be held, hidden or delayed.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bot.domain.errors import NotAllowed
from bot.domain.generations.requests import AnyRequest
from bot.domain.identity import Caller, Place
from bot.domain.jobs.job import Hold
from bot.domain.money.pricing import show_money
from bot.domain.policy.access import AccessRule, Asked, Effect, allowed_channels, deciding_rule
from bot.domain.policy.record import AgeMode, Moderators, Policy
from bot.domain.policy.words import WordRule, find_words


def check_policy(policy: Policy, asked: Iterable[Asked]) -> bool:
    """Refuse what a rule forbids; returns whether the result is shown behind a spoiler.

    Raises NotAllowed with all that is wrong, so that nobody has to try again and again.
    """
    spoilers = [_check(policy, one) for one in asked]
    return any(spoilers)


def _check(policy: Policy, asked: Asked) -> bool:
    require_access(policy.access, asked)
    found = find_words(policy.words, asked.prompt)
    _require_no_word([rule for rule in found if not rule.age_restricted])
    return _is_spoiler(policy, asked, [rule for rule in found if rule.age_restricted])


def require_access(rules: Sequence[AccessRule], asked: Asked) -> None:
    rule = deciding_rule(rules, asked)
    if rule is None or rule.effect is Effect.ALLOW:
        return
    channels = allowed_channels(rules, asked)
    remedy = f"It is allowed in {', '.join(channels)}." if channels else _remedy(rule)
    raise NotAllowed(
        f"A rule of this workspace does not allow this: {rule.description} (rule {rule.id}). {remedy} "
        "An admin can change it with /rules."
    )


def _remedy(rule: AccessRule) -> str:
    if rule.channel:
        return "Try another channel."
    named = [
        what
        for what, value in (
            ("command", rule.command),
            ("model", rule.model),
            ("resolution", rule.resolution),
        )
        if value
    ]
    return f"Choose another {named[-1]}." if named else "Ask an admin for access."


def _require_no_word(found: Sequence[WordRule]) -> None:
    if not found:
        return
    words = ", ".join(f"“{rule.pattern}”" for rule in found)
    raise NotAllowed(
        f"The word filter of this workspace does not allow {words} in a prompt. Word it differently, or ask "
        "an admin, who can change the filter with /rules words."
    )


def _is_spoiler(policy: Policy, asked: Asked, marked: Sequence[WordRule]) -> bool:
    """Whether the age gate hides the result; raises NotAllowed where it allows none."""
    gate = policy.age
    # A marked word counts although nothing else is gated.
    mode = AgeMode.CHANNELS if gate.mode is AgeMode.OFF and marked else gate.mode
    applies = bool(marked) or not gate.marked_words_only
    if mode is AgeMode.OFF or not applies or asked.place.age_restricted:
        return False
    if mode is AgeMode.SPOILERS:
        return True
    because = f", because of {', '.join(f'“{rule.pattern}”' for rule in marked)}" if marked else ""
    raise NotAllowed(
        f"The age gate of this workspace allows this only in age-restricted channels{because}. Use such a "
        "channel, or ask an admin, who can change it with /rules age."
    )


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
