"""Commands about what there is already: finding it again, taking it back, one's own quota."""

from typing import Annotated

from pydantic import Field

from bot.domain.commands.base import Command, Job
from bot.domain.jobs import FINAL, WAITING
from bot.domain.options import JobSearch, Kind, OptionSpec


class Show(Command):
    """Show a job again."""

    name = "show"
    description = "Show a job again, by its id"
    example = "/show #4n6p8r"

    job: Job


class History(Command):
    """List one's own jobs."""

    name = "history"
    description = "List your jobs, the newest first"
    example = "/history 20"

    count: Annotated[
        int, Field(ge=1, le=50), OptionSpec(description="How many", positional=True, aliases=("n",))
    ] = 10


class Status(Command):
    """Tell where a job stands."""

    name = "status"
    description = "Tell where your jobs stand: place in the queue and expected wait"
    example = "/status"

    job: Annotated[
        JobSearch | None,
        OptionSpec(description="One job; else all that run", kind=Kind.JOB, positional=True, aliases=("id",)),
    ] = None


class Cancel(Command):
    """Take back a job that still waits."""

    name = "cancel"
    description = "Take back a job that still waits; nothing is charged"
    example = "/cancel #4n6p8r"
    states = WAITING

    job: Job


class Delete(Command):
    """Remove a finished job's message and picture."""

    name = "delete"
    description = "Remove a job's message and picture, here and at the provider"
    example = "/delete #4n6p8r"
    states = FINAL

    job: Job


class Quota(Command):
    """Show one's quota."""

    name = "quota"
    description = "Show what you have left, reserved and used, and when it resets"
    example = "/quota"


class Help(Command):
    """Show what can be done, by example and with prices."""

    name = "help"
    description = "Show what you can do, by example and with prices"
    example = "/help"

    command: Annotated[str, OptionSpec(description="One command", positional=True)] = ""
