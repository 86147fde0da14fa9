"""Commands of admins: quotas, pause, usage and the own API key of a workspace."""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field

from bot.domain.commands.base import Audience, Command
from bot.domain.options import Kind, Money, OptionSpec
from bot.domain.quota import Period
from bot.domain.workspace_keys import COMMAND as KEY_COMMAND
from bot.domain.workspace_keys import KeyAction, check_typed

_Member = Annotated[
    str, OptionSpec(description="One member", kind=Kind.MEMBER, positional=True, aliases=("m",))
]
_Whole = Annotated[bool, OptionSpec(description="The whole workspace instead of each member")]


class QuotasSet(Command):
    """Set what a member, every member or the whole workspace may spend."""

    name = "quotas set"
    description = "Set what a member, every member or the workspace may spend"
    example = "/quotas set ada --amount 5 --period week"
    audience = Audience.ADMINS

    amount: Annotated[
        Money, Field(ge=0), OptionSpec(description="Dollars in each period", kind=Kind.MONEY, aliases=("a",))
    ]
    period: Annotated[Period, OptionSpec(description="Calendar day, week or month", aliases=("per",))] = (
        Period.DAY
    )
    member: _Member = ""
    workspace: _Whole = False


class QuotasShow(Command):
    """Show the rules and what was spent under them."""

    name = "quotas show"
    description = "Show the quota rules and what was spent"
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


class StudioPause(Command):
    """Accept and start no jobs in this workspace; running jobs end normally."""

    name = "studio pause"
    description = "Pause the bot here; queued jobs keep their place"
    example = "/studio pause we are out of money until Monday"
    audience = Audience.ADMINS

    reason: Annotated[
        str, OptionSpec(description="The reason that members see", positional=True, max_length=200)
    ] = ""


class StudioResume(Command):
    """Resume after a pause."""

    name = "studio resume"
    description = "Resume after a pause"
    example = "/studio resume"
    audience = Audience.ADMINS


class StudioUsage(Command):
    """Show what this workspace spent, by member and model."""

    name = "studio usage"
    description = "Show what was spent here, by member and model"
    example = "/studio usage month"
    audience = Audience.ADMINS

    period: Annotated[Period, OptionSpec(description="The current day, week or month", positional=True)] = (
        Period.MONTH
    )


class StudioKey(Command):
    """Show, set or remove the workspace's own API key. The key itself is entered in a form."""

    name = KEY_COMMAND
    description = "Show, set or remove this workspace's own API key"
    example = "/studio key set"
    audience = Audience.ADMINS

    action: Annotated[
        KeyAction, OptionSpec(description="Show it, enter a key in a form, or remove it", positional=True)
    ] = KeyAction.SHOW

    @classmethod
    def check_text(cls, text: str) -> None:
        check_typed(text)

    @classmethod
    def read_addresses(cls, values: Mapping[str, Any]) -> Mapping[str, Any]:
        check_typed(str(values.get("action", "")))
        return values
