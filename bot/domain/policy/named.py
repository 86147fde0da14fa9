"""Channels and roles as options of a command: picked from the platform's list, or typed by their name."""

from collections.abc import Mapping
from dataclasses import dataclass

from bot.domain.errors import InvalidRequest
from bot.domain.identity import Caller, Place
from bot.domain.named_options import load_named
from bot.domain.options import shorten
from bot.domain.policy.record import Policy
from bot.domain.text import nearest

#: stands for the channel in which a command is given
HERE = "here"


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleTarget:
    """A channel or a role that a rule names; empty where it names none."""

    id: str = ""
    name: str = ""


def read_named(text: str, known: Mapping[str, str], what: str) -> RuleTarget:
    """Read a channel or role as adapters write it, or the name or id of one that is known.

    Raises InvalidRequest that names the nearest one.
    """
    if (picked := load_named(text)) is not None:
        return RuleTarget(id=picked.id, name=picked.name.lstrip("#@"))
    wanted = text.strip().lstrip("#@")
    if not wanted:
        return RuleTarget()
    found = [one for one, name in known.items() if wanted.casefold() in (one.casefold(), name.casefold())]
    if len(found) == 1:
        return RuleTarget(id=found[0], name=known[found[0]])
    names = {name.casefold(): name for name in known.values()}
    close = nearest(wanted.casefold(), names, similarity=0.5)
    hint = f" Did you mean {names[close]}?" if close else ""
    kind = "More than one" if found else "No"
    raise InvalidRequest(
        f"{kind} {what} called {shorten(wanted)!r} is known here.{hint} Choose it from the list that appears "
        "while you type, so that its id is sent.",
        option=what,
    )


def read_channel(text: str, policy: Policy, place: Place) -> RuleTarget:
    """Read a channel, or the word for the one in which the command was given."""
    known = known_channels(policy)
    if text.strip().casefold() == HERE:
        return RuleTarget(id=place.channel, name=known.get(place.channel, place.channel))
    return read_named(text, known, "channel")


def known_channels(policy: Policy) -> dict[str, str]:
    """Names of the channels that rules name, by id."""
    named = {rule.channel: rule.channel_name for rule in policy.access if rule.channel}
    if policy.moderators.channel:
        named[policy.moderators.channel] = policy.moderators.channel_name
    named |= {one.channel: one.channel_name for one in policy.defaults if one.channel}
    if policy.gallery.channel:
        named[policy.gallery.channel] = policy.gallery.channel_name
    return named


def known_roles(policy: Policy, caller: Caller) -> dict[str, str]:
    """Names of the roles that rules name, by id; the caller's own are known by their ids alone."""
    named = {role: role.rpartition(":")[2] for role in caller.roles or ()}
    named |= {rule.role: rule.role_name for rule in policy.access if rule.role}
    named |= {rule.role: rule.role_name for rule in policy.reactions if rule.role}
    if policy.moderators.role:
        named[policy.moderators.role] = policy.moderators.role_name
    return named
