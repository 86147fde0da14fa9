"""The map of reactions: which emoji does what, who may use it, who pays, and how many must agree."""

import re
from collections.abc import Iterable, Mapping
from enum import StrEnum

from pydantic import Field

from bot.domain.errors import InvalidRequest, NotAllowed
from bot.domain.identity import Caller
from bot.domain.jobs.actions import DEFAULT_REACTIONS, EMOJI, GENERATING, LABELS, Action, normalized
from bot.domain.jobs.job import Job
from bot.domain.policy.decided import Decided

#: reactions that a workspace can change, and votes that can be asked for
REACTIONS_MAX, VOTES_MAX = 40, 100
#: a custom emoji as text: `<:name:id>`, `<a:name:id>` or `:name:`
_CUSTOM = re.compile(r"<?a?:(?P<name>[\w+-]{1,80}):(?:(?P<id>\d{1,30})>)?", re.ASCII)
#: whose reaction counts: these two, or the holders of a role


class Who(StrEnum):
    """Who may trigger an action with a reaction."""

    EVERYONE = "everyone"
    #: who asked for the job
    REQUESTER = "requester"
    #: the holders of one role, and admins
    ROLE = "role"


class Payer(StrEnum):
    """Who pays what a reaction starts."""

    REACTOR = "reactor"
    #: nobody's own allowance: only what limits the workspace as a whole
    WORKSPACE = "workspace"


class ReactionRule(Decided):
    """What one emoji does in a workspace."""

    #: as `emoji_key` returns it
    emoji: str
    #: as people see it
    shown: str
    #: None: nothing
    action: Action | None
    who: Who = Who.EVERYONE
    role: str = ""
    role_name: str = ""
    pays: Payer = Payer.REACTOR
    #: how many people have to react; 1: nobody else has to agree
    votes: int = Field(default=1, ge=1, le=VOTES_MAX)

    @property
    def paid_by_workspace(self) -> bool:
        """A vote is paid by the workspace, whatever is set."""
        return self.pays is Payer.WORKSPACE or self.votes > 1

    def require_allowed(self, caller: Caller, job: Job, *, is_admin: bool) -> None:
        """Refuse a reaction of somebody who may not use it; raises NotAllowed."""
        if self.who is Who.REQUESTER and job.person not in caller.persons:
            raise NotAllowed(
                f"Here only the person who asked for it may use {self.shown}. Use the buttons under the "
                "card, or ask an admin, who can change it with /rules reactions."
            )
        if self.who is Who.ROLE and self.role not in (caller.roles or ()) and not is_admin:
            raise NotAllowed(
                f"Here only {self.role_name or 'one role'} may use {self.shown}. Use the buttons under the "
                "card, or ask an admin, who can change it with /rules reactions."
            )

    @property
    def description(self) -> str:
        """The rule in words."""
        if self.action is None:
            return "does nothing"
        return " · ".join((f"{EMOJI[self.action]} {LABELS[self.action]}", *self.terms))

    @property
    def terms(self) -> tuple[str, ...]:
        """How many have to react, who may, and who pays."""
        parts = []
        if self.votes > 1:
            parts.append(f"when {self.votes} people react")
        if self.who is Who.REQUESTER:
            parts.append("only by who asked for the job")
        if self.who is Who.ROLE:
            parts.append(f"only by {self.role_name or self.role}")
        if self.action in GENERATING:
            parts.append("the workspace pays" if self.paid_by_workspace else "who reacts pays")
        return tuple(parts)


def emoji_key(text: str) -> str:
    """The one form in which an emoji is compared and stored; raises InvalidRequest for other text.

    A custom emoji is named by its id where it has one, because its name can be changed.
    """
    found = _CUSTOM.fullmatch(text.strip())
    if found is not None:
        return f":{found['id'] or found['name'].lower()}:"
    emoji = normalized(text.strip())
    if not emoji or len(emoji) > 16 or any(one.isalnum() and one.isascii() for one in emoji[:1]):  # noqa: PLR2004
        raise InvalidRequest("Give one emoji, such as 🔥 or a custom one", option="emoji")
    if any(one.isspace() or one.isalpha() for one in emoji):
        raise InvalidRequest("Give one emoji, such as 🔥 or a custom one", option="emoji")
    return emoji


def reaction_map(rules: Iterable[ReactionRule]) -> Mapping[str, ReactionRule]:
    """What every emoji with a meaning does: the defaults, as the workspace has changed them."""
    found = {
        emoji: ReactionRule(emoji=emoji, shown=EMOJI[action], action=action)
        for emoji, action in DEFAULT_REACTIONS.items()
    }
    found |= {rule.emoji: rule for rule in rules}
    return {emoji: rule for emoji, rule in found.items() if rule.action is not None}


def check_reaction(rule: ReactionRule) -> ReactionRule:
    """Refuse a rule that cannot mean anything; raises InvalidRequest."""
    if rule.who is Who.ROLE and not rule.role:
        raise InvalidRequest("Name the role, too: --who role --role …", option="role")
    if rule.votes > 1 and (rule.action not in GENERATING or rule.action is Action.EDIT):
        raise InvalidRequest("Only an action that makes something new can need votes", option="votes")
    if rule.action is Action.EDIT:
        raise InvalidRequest("✏️ asks for words, which a reaction cannot give; use the button under the card")
    return rule
