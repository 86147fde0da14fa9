"""Commands about rules: who may do what where, words, prices, reactions, moderators, and /report."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Any

from pydantic import Field

from bot.domain.commands.base import EXAMPLE_ID, Audience, Command, Job
from bot.domain.generations.models import ImageModel, Resolution, VideoModel
from bot.domain.jobs.actions import Action
from bot.domain.jobs.job import State
from bot.domain.options import Kind, OptionSpec
from bot.domain.policy.access import RuledCommand
from bot.domain.policy.holds import UNDO_MAX_S
from bot.domain.policy.reactions import VOTES_MAX, Payer, Who
from bot.domain.policy.record import AgeMode
from bot.domain.policy.words import WORD_LENGTH

_NAME_MAX = 200
_Channel = Annotated[
    str, OptionSpec(description="One channel", kind=Kind.CHANNEL, max_length=_NAME_MAX, aliases=("in",))
]
_Role = Annotated[str, OptionSpec(description="One role", kind=Kind.ROLE, max_length=_NAME_MAX)]
_Member = Annotated[str, OptionSpec(description="One member", kind=Kind.MEMBER, aliases=("m",))]


class RulesCommand(Command):
    """The base of the commands about rules."""

    audience = Audience.ADMINS


class RulesShow(RulesCommand):
    """Show all rules of this workspace."""

    name = "rules show"
    description = "Show all rules of this workspace"
    example = "/rules show"

    page: Annotated[
        int, Field(ge=1, le=100), OptionSpec(description="Which page, where there are many", positional=True)
    ] = 1


class _AccessCommand(RulesCommand):
    """What an access rule names; the most specific rule decides."""

    channel: _Channel = ""
    role: _Role = ""
    member: _Member = ""
    command: Annotated[RuledCommand | None, OptionSpec(description="One command", aliases=("c",))] = None
    model: Annotated[ImageModel | VideoModel | None, OptionSpec(description="One model")] = None
    resolution: Annotated[Resolution | None, OptionSpec(description="One resolution of videos")] = None
    everything: Annotated[
        bool, OptionSpec(description="Nothing else is named: it is meant for everybody and everything")
    ] = False


class RulesAllow(_AccessCommand):
    """Allow what a wider rule denies."""

    name = "rules allow"
    description = "Allow what a wider rule denies; the most specific rule decides"
    example = "/rules allow --model ray-2 --role @artists"


class RulesDeny(_AccessCommand):
    """Deny something to everybody, a role or a member, everywhere or in a channel."""

    name = "rules deny"
    description = "Deny a command, model or resolution, to a role or member, in a channel"
    example = "/rules deny --model ray-2"


class RulesRemove(RulesCommand):
    """Remove an access rule."""

    name = "rules remove"
    description = "Remove an access rule, by its number in /rules show"
    example = "/rules remove 3"

    rule: Annotated[
        int, Field(ge=1, le=1_000_000), OptionSpec(description="The number of the rule", positional=True)
    ]


class WordsAction(StrEnum):
    ADD = "add"
    REMOVE = "remove"


class RulesWords(RulesCommand):
    """Add a word to the word filter, or remove one."""

    name = "rules words"
    description = "Add a word, a phrase or a pattern such as bad* to the word filter, or remove it"
    example = "/rules words add bad*"

    action: Annotated[WordsAction, OptionSpec(description="Add or remove it", positional=True)]
    word: Annotated[
        str,
        Field(min_length=1),
        OptionSpec(
            description="A word, a phrase, or a pattern: * stands for any letters of a word",
            positional=True,
            max_length=WORD_LENGTH,
        ),
    ]
    age_restricted: Annotated[
        bool, OptionSpec(description="Allow it in age-restricted channels, as /rules age says")
    ] = False


class RulesTest(RulesCommand):
    """Show which filtered words a text has."""

    name = "rules test"
    description = "Show which filtered words a text has"
    example = "/rules test a bad fox in the snow"

    text: Annotated[str, OptionSpec(description="A prompt", positional=True, max_length=5000)]


class AgeScope(StrEnum):
    EVERYTHING = "everything"
    WORDS = "words"


class RulesAge(RulesCommand):
    """Show results only in age-restricted channels, or elsewhere as spoilers."""

    name = "rules age"
    description = "Only in age-restricted channels, or elsewhere as spoilers"
    example = "/rules age spoilers --scope words"

    mode: Annotated[AgeMode, OptionSpec(description="Off, only such channels, or spoilers", positional=True)]
    scope: Annotated[
        AgeScope, OptionSpec(description="Everything, or prompts with a word that is marked so")
    ] = AgeScope.EVERYTHING


class RulesPrices(RulesCommand):
    """Set the prices above which a command is confirmed, approved or can be undone."""

    name = "rules prices"
    description = "Prices above which a command is confirmed, approved, or can be undone"
    example = "/rules prices --confirm 1 --approve 5"

    confirm: Annotated[
        str, OptionSpec(description="Its requester confirms above these dollars, or off", aliases=("c",))
    ] = ""
    approve: Annotated[
        str, OptionSpec(description="An admin approves above these dollars, or off", aliases=("a",))
    ] = ""
    undo: Annotated[
        int | None,
        Field(ge=0, le=UNDO_MAX_S),
        OptionSpec(description="Seconds to undo a costly command; 0: none"),
    ] = None
    undo_above: Annotated[str, OptionSpec(description="Dollars above which a command is costly")] = ""


class RulesModerators(RulesCommand):
    """Name the channel for reports and approvals, or show it."""

    name = "rules moderators"
    description = "Name the channel for reports and approvals"
    example = "/rules moderators #mods"

    channel: Annotated[
        str,
        OptionSpec(
            description="The moderators' channel",
            kind=Kind.CHANNEL,
            max_length=_NAME_MAX,
            positional=True,
            posts=True,
        ),
    ] = ""
    role: Annotated[
        str,
        OptionSpec(
            description="A role that may act on reports like admins", kind=Kind.ROLE, max_length=_NAME_MAX
        ),
    ] = ""
    off: Annotated[bool, OptionSpec(description="End reports; nobody receives them")] = False


_Blocked = Annotated[str, OptionSpec(description="The member", kind=Kind.MEMBER, positional=True)]


class RulesBlock(RulesCommand):
    """Accept nothing more from a member of this workspace."""

    name = "rules block"
    description = "Accept nothing more from a member of this workspace"
    example = "/rules block ada"

    member: _Blocked


class RulesUnblock(RulesCommand):
    """Accept commands of a blocked member again."""

    name = "rules unblock"
    description = "Accept commands of a blocked member again"
    example = "/rules unblock ada"

    member: _Blocked


#: what an emoji can be set to: an action, nothing, or what it does by default
ReactionMeaning = StrEnum(  # type: ignore[misc]
    "ReactionMeaning",
    {
        **{action.name: action.value for action in Action if action is not Action.EDIT},
        "NOTHING": "nothing",
        "DEFAULT": "default",
    },
)


class RulesReactions(RulesCommand):
    """Show what reactions do here, or set what one emoji does."""

    name = "rules reactions"
    description = "Show what reactions do here, or set what one emoji does"
    example = "/rules reactions 🔥 animate --votes 3"

    emoji: Annotated[
        str, OptionSpec(description="An emoji, also a custom one", positional=True, max_length=100)
    ] = ""
    action: Annotated[ReactionMeaning | None, OptionSpec(description="What it does", positional=True)] = None
    who: Annotated[Who, OptionSpec(description="Who may use it")] = Who.EVERYONE
    role: _Role = ""
    pays: Annotated[Payer, OptionSpec(description="Who pays; a vote is paid by the workspace")] = (
        Payer.REACTOR
    )
    votes: Annotated[
        int, Field(ge=1, le=VOTES_MAX), OptionSpec(description="How many people have to react")
    ] = 1

    @classmethod
    def arranged(cls, values: Mapping[str, Any]) -> Mapping[str, Any]:
        """Accept the action after the emoji, too."""
        emoji, _, action = str(values.get("emoji", "")).strip().rpartition(" ")
        if emoji and "action" not in values and action.lower() in set(ReactionMeaning):
            return {**values, "emoji": emoji, "action": action.lower()}
        return values


class RulesExplain(RulesCommand):
    """Explain why something was or would be refused."""

    name = "rules explain"
    description = "Explain why a job or a command was or would be refused, for a member in a channel"
    example = '/rules explain "/animate a cat --model ray-2"'

    what: Annotated[
        str,
        OptionSpec(description="A job's #id, or a command as it is typed", positional=True, max_length=5000),
    ]
    member: _Member = ""
    role: _Role = ""
    channel: _Channel = ""


class Report(Command):
    """Report a result to the moderators."""

    name = "report"
    description = "Report a result to the moderators of this workspace"
    example = f"/report {EXAMPLE_ID} it shows a person"
    states = frozenset({State.COMPLETED})

    job: Job
    reason: Annotated[
        str, OptionSpec(description="What is wrong with it", positional=True, max_length=300)
    ] = ""
