"""Commands about existing jobs and the caller's quota, and /help."""

from typing import Annotated

from pydantic import Field

from bot.domain.commands.base import EXAMPLE_ID, Command, Job
from bot.domain.generations.media import MediaKind
from bot.domain.jobs.job import FINAL, WAITING, State
from bot.domain.options import JobSearch, Kind, OptionSpec

#: characters of a search: with its filters it fits into the id of a page's button
SEARCH_MAX = 50


class Show(Command):
    """Show a job again."""

    name = "show"
    description = "Show a job again, by its id"
    example = f"/show {EXAMPLE_ID}"

    job: Job


class ListCommand(Command):
    """A command that lists jobs page by page."""

    search: Annotated[
        str,
        OptionSpec(
            description="Words of the prompt, or an #id",
            positional=True,
            max_length=SEARCH_MAX,
            aliases=("s",),
        ),
    ] = ""
    kind: Annotated[
        MediaKind | None, OptionSpec(description="Only pictures, or only videos", positional=True)
    ] = None
    count: Annotated[
        int,
        Field(ge=1, le=50),
        OptionSpec(description="How many on a page", positional=True, aliases=("n",)),
    ] = 10


class History(ListCommand):
    """List the caller's jobs."""

    name = "history"
    description = "List your jobs, the newest first"
    example = "/history fox --starred"

    starred: Annotated[bool, OptionSpec(description="Only what somebody gave a star")] = False


class Gallery(ListCommand):
    """List the workspace's results with a star."""

    name = "gallery"
    description = "List this workspace's results with a star, the newest first"
    example = "/gallery fox"


class Lineage(Command):
    """Show the family tree of a result."""

    name = "lineage"
    description = "Draw what a result was made from, and what was made from it"
    example = f"/lineage {EXAMPLE_ID}"
    states = frozenset({State.COMPLETED})

    job: Job


class Status(Command):
    """Show the status of jobs."""

    name = "status"
    description = "Show the status of your jobs: place in the queue and expected wait"
    example = "/status"

    job: Annotated[
        JobSearch | None,
        OptionSpec(
            description="One job (default: all unfinished ones)",
            kind=Kind.JOB,
            positional=True,
            aliases=("id",),
        ),
    ] = None


class Cancel(Command):
    """Cancel a queued job."""

    name = "cancel"
    description = "Cancel a queued job; nothing is charged"
    example = f"/cancel {EXAMPLE_ID}"
    states = WAITING

    job: Job
    all: Annotated[bool, OptionSpec(description="Also the others of its card that still wait")] = False


class Delete(Command):
    """Delete a finished job's message and media."""

    name = "delete"
    description = "Delete a job's message and media, and its generation where the service can"
    example = f"/delete {EXAMPLE_ID}"
    states = FINAL

    job: Job


class Quota(Command):
    """Show the caller's quota."""

    name = "quota"
    description = "Show what you have left, reserved and used, and when it resets"
    example = "/quota"


class Help(Command):
    """Show all commands by example, with prices."""

    name = "help"
    description = "Show all commands by example, with prices"
    example = "/help"

    command: Annotated[str, OptionSpec(description="The command to explain", positional=True)] = ""
