"""The admins' command that shows who decided what, and who was refused what."""

from typing import Annotated

from pydantic import Field

from bot.domain.commands.base import Audience, Command
from bot.domain.options import Kind, OptionSpec

#: days that entries can be kept; the shortest leaves time to notice what an admin did
KEEP_MIN, KEEP_MAX = 30, 3_650


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
