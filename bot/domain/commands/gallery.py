"""Commands about the gallery of a workspace."""

from typing import Annotated

from bot.domain.commands.admin import Toggle
from bot.domain.commands.base import Audience, Command
from bot.domain.commands.jobs import ListCommand
from bot.domain.options import Kind, OptionSpec


class Gallery(ListCommand):
    """List the workspace's results with a star."""

    name = "gallery"
    description = "List this workspace's results with a star, the newest first"
    example = "/gallery fox"


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
        ),
    ] = ""
    consent: Annotated[
        Toggle | None, OptionSpec(description="Whether somebody else's star waits for the maker")
    ] = None
    off: Annotated[bool, OptionSpec(description="Post new stars nowhere")] = False
