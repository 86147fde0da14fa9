"""Commands of admins about a workspace: set-up, pause, usage, audit, gallery, time zone and its API key."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Any

from pydantic import Field

from bot.domain.commands.base import Audience, Command
from bot.domain.money.quota import Period
from bot.domain.named_options import Subject
from bot.domain.options import Kind, Money, OptionSpec
from bot.domain.reports.usage import DAYS_MAX, Dimension, Format
from bot.domain.workspace.workspace_keys import COMMAND as KEY_COMMAND
from bot.domain.workspace.workspace_keys import KeyAction, check_typed

#: days that entries can be kept; the shortest leaves time to notice what an admin did
KEEP_MIN, KEEP_MAX = 30, 3_650


class Toggle(StrEnum):
    ON = "on"
    OFF = "off"


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
    """Show what this workspace's jobs came to, as a chart, a table or CSV."""

    name = "studio usage"
    description = "Show what was spent here by day, member, channel, command or model"
    example = "/studio usage month --by member"
    audience = Audience.ADMINS

    period: Annotated[Period, OptionSpec(description="The current day, week or month", positional=True)] = (
        Period.MONTH
    )
    by: Annotated[Dimension, OptionSpec(description="What it is grouped by")] = Dimension.DAY
    days: Annotated[
        int | None,
        Field(ge=1, le=DAYS_MAX),
        OptionSpec(description="So many days up to today, in place of the period"),
    ] = None
    format: Annotated[
        Format,
        OptionSpec(description="A chart and the main figures, the figures alone, or all as a CSV file"),
    ] = Format.CHART
    post: Annotated[bool, OptionSpec(description="Post it here for everybody; otherwise only you see it")] = (
        False
    )

    @property
    def is_public(self) -> bool:
        return self.post


class StudioTimezone(Command):
    """Set the time zone in which days, weeks and months of this workspace begin."""

    name = "studio timezone"
    description = "Set the time zone in which this workspace's days, weeks and months begin"
    example = "/studio timezone Europe/Berlin"
    audience = Audience.ADMINS

    timezone: Annotated[str, OptionSpec(description="A city, such as Europe/Berlin", positional=True)]


#: days for which media and prompts can be kept
_KEEP_MAX_DAYS = 3_650


class StudioRetention(Command):
    """Set how long this workspace keeps media and prompts, or show it where no option is given."""

    name = "studio retention"
    description = "Set for how many days pictures, videos and prompts are kept here"
    example = "/studio retention --media 30 --prompts 90"
    audience = Audience.ADMINS

    media: Annotated[
        int | None,
        Field(ge=0, le=_KEEP_MAX_DAYS),
        OptionSpec(description="Days for pictures and videos; 0: as the operator has set it"),
    ] = None
    prompts: Annotated[
        int | None,
        Field(ge=0, le=_KEEP_MAX_DAYS),
        OptionSpec(description="Days for prompts, whose media go at the latest with them; 0: always"),
    ] = None


#: at most that many channels or roles
_SUBJECTS_MAX = 25


class StudioSetup(Command):
    """Set a workspace up, or show how it is set up where no option is given."""

    name = "studio setup"
    description = "Set the bot up here: budget, channels, who may, reactions, admin channel, time zone"
    example = "/studio setup --budget 25 --timezone Europe/Berlin"
    audience = Audience.ADMINS

    budget: Annotated[
        Money | None,
        Field(ge=0),
        OptionSpec(description="Dollars that this workspace may spend in a month", kind=Kind.MONEY),
    ] = None
    channels: Annotated[
        tuple[Subject, ...],
        Field(max_length=_SUBJECTS_MAX),
        OptionSpec(description="Channels where the bot may be used; all: everywhere", kind=Kind.CHANNEL),
    ] = ()
    roles: Annotated[
        tuple[Subject, ...],
        Field(max_length=_SUBJECTS_MAX),
        OptionSpec(description="Roles that may use the bot; all: every member", kind=Kind.ROLE),
    ] = ()
    reactions: Annotated[Toggle | None, OptionSpec(description="Whether reactions start jobs")] = None
    admin_channel: Annotated[
        Subject | None,
        OptionSpec(description="Channel for warnings about the budget", kind=Kind.CHANNEL, posts=True),
    ] = None
    timezone: Annotated[
        str, OptionSpec(description="Time zone in which days begin, such as Europe/Berlin")
    ] = ""


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


class StudioGallery(Command):
    """Set where results with a star are posted, and whether their makers are asked first; or show it."""

    name = "studio gallery"
    description = "Set the gallery's channel, and whether makers are asked first"
    example = "/studio gallery #gallery --consent on"
    audience = Audience.ADMINS

    channel: Annotated[
        str,
        OptionSpec(
            description="Where each result with a star is posted",
            kind=Kind.CHANNEL,
            max_length=200,
            positional=True,
            posts=True,
        ),
    ] = ""
    consent: Annotated[
        Toggle | None, OptionSpec(description="Whether somebody else's star waits for the maker")
    ] = None
    off: Annotated[bool, OptionSpec(description="Post new stars nowhere")] = False


class StudioAudit(Command):
    """Show admins' decisions and refusals, the newest first, or set how long they are kept."""

    name = "studio audit"
    description = "Show who decided what here, and who was refused what"
    example = "/studio audit ada --action refused"
    audience = Audience.ADMINS

    member: Annotated[
        str,
        OptionSpec(description="By or about this member", kind=Kind.MEMBER, positional=True, aliases=("m",)),
    ] = ""
    action: Annotated[str, OptionSpec(description="Such as quotas, pause, key or refused")] = ""
    words: Annotated[str, OptionSpec(description="Words of an entry", aliases=("w",))] = ""
    page: Annotated[int, Field(ge=1, le=1_000), OptionSpec(description="The page, 1 is the newest")] = 1
    keep: Annotated[
        int | None,
        Field(ge=KEEP_MIN, le=KEEP_MAX),
        OptionSpec(description="Keep entries for so many days from now on"),
    ] = None
