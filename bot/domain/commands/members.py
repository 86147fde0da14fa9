"""Commands about the caller: their accounts on other platforms, and what is stored about them."""

from typing import Annotated

from bot.domain.commands.base import Command
from bot.domain.options import OptionSpec


class Link(Command):
    """Get a code for another account, enter one that was got there, and see what is linked."""

    name = "link"
    description = "Share one history with your account on another platform"
    example = "/link 7K2M-9QXD-4HTP"

    code: Annotated[
        str,
        OptionSpec(
            description="The code that /link gave you in your other account; without one you get a code",
            positional=True,
            max_length=40,
        ),
    ] = ""


class Unlink(Command):
    """End a link; everybody keeps what they made and spent themselves."""

    name = "unlink"
    description = "End the link with your accounts on other platforms"
    example = "/unlink"

    account: Annotated[
        str,
        OptionSpec(
            description="The account to take out, as /link names it (default: this one)",
            positional=True,
            max_length=200,
        ),
    ] = ""


class MydataExport(Command):
    """Send the caller everything that is stored about them."""

    name = "mydata export"
    description = "Get everything that is stored about you, as a zip file that only you see"
    example = "/mydata export"


class MydataForget(Command):
    """Delete everything that is stored about the caller, after asking."""

    name = "mydata forget"
    description = "Delete your jobs, results and everything else about you; asks first"
    example = "/mydata forget"
