"""The policy: all rules of a workspace as one record, stored as JSON in the workspace's row."""

from enum import StrEnum
from functools import lru_cache

from pydantic import Field, ValidationError

from bot.domain.errors import InvalidRequest
from bot.domain.policy.access import AccessRule
from bot.domain.policy.decided import Decided
from bot.domain.policy.holds import PriceRules
from bot.domain.policy.reactions import REACTIONS_MAX, ReactionRule
from bot.domain.policy.words import WORDS_MAX, WordRule
from bot.domain.workspace.defaults import WORKSPACE, OptionDefaults

#: access rules of a workspace
ACCESS_MAX = 100
#: channels of a workspace with defaults of their own
CHANNELS_MAX = 100
#: policies that a process keeps parsed
_CACHED = 2_048


class AgeMode(StrEnum):
    """Where results may be shown."""

    OFF = "off"
    #: only in age-restricted channels
    CHANNELS = "channels"
    #: in other channels behind a spoiler
    SPOILERS = "spoilers"


class AgeGate(Decided):
    """The age-gated rule."""

    mode: AgeMode = AgeMode.OFF
    #: only for prompts with a word that is marked so; else for everything
    marked_words_only: bool = False


class Moderators(Decided):
    """Where reports and requests for approval are sent."""

    #: empty: nowhere
    channel: str = ""
    channel_name: str = ""
    #: its holders may act on reports like admins
    role: str = ""
    role_name: str = ""


class GalleryRules(Decided):
    """How a workspace shows its results with a star."""

    #: where each of them is posted; empty: nowhere
    channel: str = ""
    channel_name: str = ""
    #: the adapter that posts there
    adapter: str = ""
    #: somebody else's result is shown once its maker has agreed
    consent: bool = False


class ChannelDefaults(Decided):
    """The defaults of one channel, or of the whole workspace."""

    #: id of a channel or thread; empty: the workspace
    channel: str = ""
    channel_name: str = ""
    values: OptionDefaults = OptionDefaults()

    @property
    def origin(self) -> str:
        return f"#{self.channel_name or self.channel}" if self.channel else WORKSPACE


class Policy(Decided):
    """Everything that the admins of a workspace have decided about new jobs."""

    #: number of the next access rule
    next_id: int = 1
    access: tuple[AccessRule, ...] = Field(default=(), max_length=ACCESS_MAX)
    words: tuple[WordRule, ...] = Field(default=(), max_length=WORDS_MAX)
    age: AgeGate = AgeGate()
    prices: PriceRules = PriceRules()
    moderators: Moderators = Moderators()
    gallery: GalleryRules = GalleryRules()
    reactions: tuple[ReactionRule, ...] = Field(default=(), max_length=REACTIONS_MAX)
    #: values for the options that commands leave open
    defaults: tuple[ChannelDefaults, ...] = Field(default=(), max_length=CHANNELS_MAX)

    def dump(self) -> str:
        """The policy as it is stored, without what is as by default."""
        return self.model_dump_json(exclude_defaults=True)


@lru_cache(maxsize=_CACHED)
def load_policy(text: str) -> Policy:
    """Read a stored policy. Every command reads its workspace's policy, and few of them differ.

    Raises ValueError if it was damaged, so that nothing is accepted without its rules.
    """
    return Policy.model_validate_json(text)


def require_room(policy: Policy) -> Policy:
    """Refuse a policy with more rules than a command can check; raises InvalidRequest."""
    try:
        return Policy.model_validate(policy.model_dump())
    except ValidationError as error:
        raise InvalidRequest(
            f"There is no room for more: a workspace has {ACCESS_MAX} access rules, {WORDS_MAX} words, "
            f"{REACTIONS_MAX} reactions and {CHANNELS_MAX} channels with defaults at most. Remove some first."
        ) from error
