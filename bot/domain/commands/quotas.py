"""Commands of admins about quotas: rules, grants, caps and pace."""

from typing import Annotated, Self

from pydantic import Field, model_validator

from bot.domain.commands.base import Audience, Command
from bot.domain.money.pricing import MICROUSD
from bot.domain.money.quota import Period, Unit
from bot.domain.named_options import Subject
from bot.domain.options import Kind, Money, OptionSpec

#: longest cool-down: a day
_COOLDOWN_MAX_S = 86_400
_OPEN_MAX = 1_000

_Member = Annotated[
    str, OptionSpec(description="One member", kind=Kind.MEMBER, positional=True, aliases=("m",))
]
_Role = Annotated[
    Subject | None,
    OptionSpec(description="Each holder of a role (the most generous role counts)", kind=Kind.ROLE),
]
_Channel = Annotated[
    Subject | None, OptionSpec(description="Everything made in one channel", kind=Kind.CHANNEL)
]
_Whole = Annotated[bool, OptionSpec(description="The whole workspace together, instead of each member")]
_Amount = Annotated[
    Money,
    Field(ge=0),
    OptionSpec(description="Dollars, or a number of pictures or videos", kind=Kind.MONEY, aliases=("a",)),
]
_Unit = Annotated[Unit, OptionSpec(description="What is counted", aliases=("u",))]


class _Target(Command):
    """A command about a member, a role, a channel or the whole workspace; none of them: every member."""

    member: _Member = ""
    role: _Role = None
    channel: _Channel = None
    workspace: _Whole = False

    @model_validator(mode="after")
    def _one_target(self) -> Self:
        if sum(map(bool, (self.member, self.role, self.channel, self.workspace))) > 1:
            raise ValueError("Name only one of member, role, channel and --workspace")
        return self


def _in_unit(amount: int, unit: Unit) -> int:
    """An amount that was typed like dollars, in its unit; raises ValueError for a part of a picture."""
    if unit is Unit.MONEY:
        return amount
    whole, part = divmod(amount, MICROUSD)
    if part:
        raise ValueError(f"{unit.capitalize()} are counted whole: give a number such as 5")
    return whole


class QuotasSet(_Target):
    """Set what a member, each holder of a role, a channel, every member or the whole workspace may use."""

    name = "quotas set"
    description = "Set what a member, role, channel, every member or the workspace may use"
    example = "/quotas set ada --amount 5 --period week"
    audience = Audience.ADMINS

    amount: _Amount
    unit: _Unit = Unit.MONEY
    period: Annotated[Period, OptionSpec(description="Calendar day, week or month", aliases=("per",))] = (
        Period.DAY
    )

    @model_validator(mode="after")
    def _whole_amount(self) -> Self:
        _in_unit(self.amount, self.unit)
        return self

    @property
    def counted(self) -> int:
        """The amount in its unit."""
        return _in_unit(self.amount, self.unit)


class QuotasRemove(_Target):
    """Remove what `quotas set` has set, so that the next wider rule applies."""

    name = "quotas remove"
    description = "Remove a quota, so that the rule for every member or the default applies"
    example = "/quotas remove ada"
    audience = Audience.ADMINS

    unit: _Unit = Unit.MONEY
    period: Annotated[
        Period | None, OptionSpec(description="Of the workspace's caps, one period (default: all)")
    ] = None


class QuotasGrant(Command):
    """Give a member an extra amount for the current period."""

    name = "quotas grant"
    description = "Give a member something extra for the current period"
    example = '/quotas grant ada --amount 2 --reason "won the contest"'
    audience = Audience.ADMINS

    member: _Member
    amount: _Amount
    reason: Annotated[str, OptionSpec(description="The reason, which the member sees", max_length=200)]
    unit: _Unit = Unit.MONEY

    @model_validator(mode="after")
    def _something(self) -> Self:
        if not _in_unit(self.amount, self.unit):
            raise ValueError("Give an amount above 0; /quotas set lowers a quota")
        if not self.reason.strip():
            raise ValueError("reason is missing: the reason, which the member sees")
        return self

    @property
    def counted(self) -> int:
        """The amount in its unit."""
        return _in_unit(self.amount, self.unit)


class QuotasPace(Command):
    """Limit how fast each member may ask for jobs."""

    name = "quotas pace"
    description = "Set a cool-down, and how many unfinished jobs each member may have"
    example = "/quotas pace --cooldown 30 --running 3"
    audience = Audience.ADMINS

    cooldown: Annotated[
        int | None,
        Field(ge=0, le=_COOLDOWN_MAX_S),
        OptionSpec(description="Seconds between two commands of a member; 0: none"),
    ] = None
    running: Annotated[
        int | None,
        Field(ge=0, le=_OPEN_MAX),
        OptionSpec(description="Unfinished jobs of a member at once; 0: no limit of this workspace"),
    ] = None


class QuotasShow(Command):
    """Show the rules and what was used under them."""

    name = "quotas show"
    description = "Show the quota rules and what was used"
    example = "/quotas show ada"
    audience = Audience.ADMINS

    member: _Member = ""


class QuotasReset(Command):
    """Set what was used in this period back to zero."""

    name = "quotas reset"
    description = "Set what was used in this period back to zero"
    example = "/quotas reset ada"
    audience = Audience.ADMINS

    member: _Member = ""
    workspace: _Whole = False
    unit: _Unit = Unit.MONEY
