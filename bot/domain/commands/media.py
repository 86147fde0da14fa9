"""The base of the commands that take pictures and videos."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Self

from bot.domain.commands.base import Command
from bot.domain.errors import InvalidRequest
from bot.domain.generations.media import Reference
from bot.domain.options import Kind, options, split_addresses


class MediaCommand(Command):
    """A command that takes pictures or videos: files, jobs and addresses."""

    #: options that take the files of the same event, in this order
    attachment_options: ClassVar[tuple[str, ...]] = ()
    #: the text that may contain addresses
    words_option: ClassVar[str] = "prompt"
    #: why the command takes no address in its texts; empty if it takes one
    no_address_reason: ClassVar[str] = ""

    @classmethod
    def read_addresses(cls, values: Mapping[str, Any]) -> Mapping[str, Any]:
        """Move the addresses in the texts to the first free `attachment_options`.

        An address must not be drawn as words at somebody's cost.
        """
        words = [
            one.name
            for one in options(cls)
            if one.kind is Kind.TEXT and isinstance(values.get(one.name), str)
        ]
        parted = {name: split_addresses(values[name]) for name in words}
        found = [address for _, addresses in parted.values() for address in addresses]
        if not found:
            return values
        if cls.no_address_reason:
            raise InvalidRequest(cls.no_address_reason)
        if odd := next((name for name in words if name != cls.words_option and parted[name][1]), None):
            raise InvalidRequest(
                f"{odd} takes words, not an address; put the address into the {cls.words_option}"
            )
        update, left = distributed(cls, found, values)
        if left:
            raise InvalidRequest(
                f"/{cls.name} takes {len(found) - left or 'none'} of these {len(found)} addresses; "
                "leave the rest out"
            )
        return {**values, **{name: text for name, (text, _) in parted.items()}, **update}

    def with_files(self, files: tuple[Reference, ...]) -> Self:
        """Put the files of the event into the options that are still empty."""
        update, left = distributed(
            type(self), files, {name: getattr(self, name) for name in self.attachment_options}
        )
        if left:
            most = len(files) - left or "none"
            raise InvalidRequest(f"/{self.name} takes {most} of these {len(files)} files; send fewer")
        return self.model_copy(update=update)


def distributed(
    command: type[MediaCommand], found: Sequence[Any], before: Mapping[str, Any]
) -> tuple[dict[str, Any], int]:
    """The values of `attachment_options` after `found` was distributed, and how many were left over."""
    room = {option.name: option.max_count for option in options(command)}
    rest = list(found)
    update: dict[str, Any] = {}
    for name in command.attachment_options:
        value = before.get(name)
        if room[name] > 1:
            several = tuple(value or ())
            free = max(0, room[name] - len(several))
            update[name], rest = (*several, *rest[:free]), rest[free:]
        elif value is None and rest:
            update[name] = rest.pop(0)
    return update, len(rest)
