"""The catalogue: every command that people can give, defined once.

A command is one frozen model. Its fields carry all that a face needs (see `options.py`): Discord's options,
Slack's flags and forms and the playground's completion are derived, never written again.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from bot.domain.errors import InvalidRequest
from bot.domain.options import JobId, Kind, Money, Opt, explain, options
from bot.domain.quota import Period
from bot.domain.requests import (
    PROMPT_MAX,
    AspectRatio,
    ImageFormat,
    ImageModel,
    ImageRequest,
    Reference,
    ReframeImageRequest,
    check_prompt,
)


class Audience(StrEnum):
    """Who sees a command offered; who may use it is checked in the core on every call."""

    EVERYONE = "everyone"
    ADMINS = "admins"


class Command(BaseModel):
    """What a member asks."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    #: as typed after the slash; a space parts a group from its member
    name: ClassVar[str]
    about: ClassVar[str]
    example: ClassVar[str]
    audience: ClassVar[Audience] = Audience.EVERYONE


_Model = Annotated[
    ImageModel, Opt(about="The model: photon-1, or the quicker photon-flash-1", aliases=("m",))
]
_Format = Annotated[ImageFormat, Opt(about="The file format", aliases=("f",))]
_Private = Annotated[bool, Opt(about="Show the result to you alone")]
_Job = Annotated[JobId, Opt(about="The job, by its id", kind=Kind.JOB, positional=True, aliases=("id",))]


class Imagine(Command):
    """Turn words into a picture."""

    name = "imagine"
    about = "Turn words into a picture"
    example = "/imagine a teddy bear with an electric guitar --ar 3:4"

    prompt: Annotated[str, Opt(about="What to picture", positional=True, aliases=("p",), longest=PROMPT_MAX)]
    model: _Model = ImageModel.PHOTON_1
    aspect_ratio: Annotated[
        AspectRatio, Opt(about="The picture's width to height", aliases=("ar", "aspect"))
    ] = AspectRatio.LANDSCAPE
    format: _Format = ImageFormat.JPG
    private: _Private = False

    def request(self) -> ImageRequest:
        return ImageRequest(
            prompt=check_prompt(self.prompt),
            model=self.model,
            aspect_ratio=self.aspect_ratio,
            format=self.format,
        )


class Reframe(Command):
    """Put a finished picture into a new frame."""

    name = "reframe"
    about = "Put a picture into a new frame; what is missing is imagined"
    example = "/reframe 9:16 with more sky"

    aspect_ratio: Annotated[
        AspectRatio, Opt(about="The new frame's width to height", aliases=("ar", "aspect"), positional=True)
    ]
    job: Annotated[
        JobId | None,
        Opt(
            about="The job whose picture it is; else your newest",
            kind=Kind.JOB,
            positional=True,
            aliases=("id",),
        ),
    ] = None
    prompt: Annotated[
        str, Opt(about="What the new space shows", positional=True, aliases=("p",), longest=PROMPT_MAX)
    ] = ""
    model: _Model = ImageModel.PHOTON_1
    format: _Format = ImageFormat.JPG
    grid_position_x: Annotated[
        int | None, Field(ge=0, le=8192), Opt(about="Left edge of the source in the new frame, in pixels")
    ] = None
    grid_position_y: Annotated[
        int | None, Field(ge=0, le=8192), Opt(about="Upper edge of the source in the new frame, in pixels")
    ] = None
    x_start: Annotated[
        int | None, Field(ge=0, le=8192), Opt(about="Crop the source: left edge in pixels")
    ] = None
    x_end: Annotated[int | None, Field(ge=0, le=8192), Opt(about="Crop the source: right edge in pixels")] = (
        None
    )
    y_start: Annotated[
        int | None, Field(ge=0, le=8192), Opt(about="Crop the source: upper edge in pixels")
    ] = None
    y_end: Annotated[int | None, Field(ge=0, le=8192), Opt(about="Crop the source: lower edge in pixels")] = (
        None
    )
    resized_width: Annotated[
        int | None, Field(ge=1, le=8192), Opt(about="Width of the source in the new frame, in pixels")
    ] = None
    resized_height: Annotated[
        int | None, Field(ge=1, le=8192), Opt(about="Height of the source in the new frame, in pixels")
    ] = None
    private: _Private = False

    def request(self, source: str) -> ReframeImageRequest:
        """Freeze the request for the picture of job `source`."""
        for start, end, edge in ((self.x_start, self.x_end, "x"), (self.y_start, self.y_end, "y")):
            if start is not None and end is not None and start >= end:
                raise InvalidRequest(f"{edge}_end must be larger than {edge}_start")
        return ReframeImageRequest(
            source=Reference(job=source),
            prompt=check_prompt(self.prompt, required=False),
            **self.model_dump(exclude={"job", "prompt", "private"}),
        )


class Show(Command):
    """Show a job again."""

    name = "show"
    about = "Show a job again, by its id"
    example = "/show 01k9zv3f5k0q8x7w2m4n6p8r"

    job: _Job


class History(Command):
    """List one's own jobs."""

    name = "history"
    about = "List your jobs, the newest first"
    example = "/history 20"

    count: Annotated[int, Field(ge=1, le=50), Opt(about="How many", positional=True, aliases=("n",))] = 10


class Status(Command):
    """Tell where a job stands."""

    name = "status"
    about = "Tell where your jobs stand: place in the queue and expected wait"
    example = "/status"

    job: Annotated[
        JobId | None, Opt(about="One job; else all that run", kind=Kind.JOB, positional=True, aliases=("id",))
    ] = None


class Cancel(Command):
    """Take back a job that still waits."""

    name = "cancel"
    about = "Take back a job that still waits; nothing is charged"
    example = "/cancel 01k9zv3f5k0q8x7w2m4n6p8r"

    job: _Job


class Delete(Command):
    """Remove a finished job's message and picture."""

    name = "delete"
    about = "Remove a job's message and picture, here and at the provider"
    example = "/delete 01k9zv3f5k0q8x7w2m4n6p8r"

    job: _Job


class Quota(Command):
    """Show one's quota."""

    name = "quota"
    about = "Show what you have left, reserved and used, and when it resets"
    example = "/quota"


class Help(Command):
    """Show what can be done, by example and with prices."""

    name = "help"
    about = "Show what you can do, by example and with prices"
    example = "/help"

    command: Annotated[str, Opt(about="One command", positional=True)] = ""


_Member = Annotated[str, Opt(about="One member", kind=Kind.MEMBER, positional=True, aliases=("m",))]
_Whole = Annotated[bool, Opt(about="The whole workspace together instead of each member")]


class QuotasSet(Command):
    """Set what a member, every member or the whole workspace may spend."""

    name = "quotas set"
    about = "Set what a member, every member or the workspace may spend"
    example = "/quotas set ada --amount 5 --period week"
    audience = Audience.ADMINS

    amount: Annotated[
        Money, Field(ge=0), Opt(about="Dollars in each period", kind=Kind.MONEY, aliases=("a",))
    ]
    period: Annotated[Period, Opt(about="Calendar day, week or month", aliases=("per",))] = Period.DAY
    member: _Member = ""
    workspace: _Whole = False


class QuotasShow(Command):
    """Show the rules and what was spent under them."""

    name = "quotas show"
    about = "Show the quota rules and what was spent"
    example = "/quotas show ada"
    audience = Audience.ADMINS

    member: _Member = ""


class QuotasReset(Command):
    """Give back what was used in this period."""

    name = "quotas reset"
    about = "Count this period's use from zero again"
    example = "/quotas reset ada"
    audience = Audience.ADMINS

    member: _Member = ""
    workspace: _Whole = False


class StudioPause(Command):
    """Take no new commands here and start nothing; what runs ends well."""

    name = "studio pause"
    about = "Start nothing new here; waiting jobs keep their place"
    example = "/studio pause we are out of money until Monday"
    audience = Audience.ADMINS

    reason: Annotated[str, Opt(about="What members are told", positional=True, longest=200)] = ""


class StudioResume(Command):
    """Go on after a pause."""

    name = "studio resume"
    about = "Go on after a pause"
    example = "/studio resume"
    audience = Audience.ADMINS


class StudioUsage(Command):
    """Show what this workspace spent, by member and model."""

    name = "studio usage"
    about = "Show what was spent here, by member and model"
    example = "/studio usage month"
    audience = Audience.ADMINS

    period: Annotated[Period, Opt(about="This day, week or month", positional=True)] = Period.MONTH


CATALOGUE: Mapping[str, type[Command]] = {
    command.name: command
    for command in (
        Imagine,
        Reframe,
        Show,
        History,
        Status,
        Cancel,
        Delete,
        Quota,
        Help,
        QuotasSet,
        QuotasShow,
        QuotasReset,
        StudioPause,
        StudioResume,
        StudioUsage,
    )
}


def build(command: type[Command], values: Mapping[str, Any]) -> Command:
    """Make a command from what a face collected; raises InvalidRequest saying what to mend."""
    # PostgreSQL stores no NUL in a text, and nobody means one.
    cleaned = {
        name: value.replace("\0", "") if isinstance(value, str) else value for name, value in values.items()
    }
    for option in options(command):
        text = cleaned.get(option.name)
        if option.kind not in (Kind.TEXT, Kind.MEMBER) or not isinstance(text, str):
            continue
        if len(text.strip()) > option.longest:
            raise InvalidRequest(
                f"{option.name.capitalize()} is too long, maximum length is {option.longest} characters"
            )
    try:
        return command.model_validate(cleaned)
    except ValidationError as error:
        raise explain(command, [dict(item) for item in error.errors(include_url=False)]) from error
