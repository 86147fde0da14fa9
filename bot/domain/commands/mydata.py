"""Commands about the data that is stored of the caller."""

from bot.domain.commands.base import Command


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
