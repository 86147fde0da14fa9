"""Pages of a list of jobs: what a button under a page asks for, as a text that its platform keeps."""

import re
from dataclasses import dataclass
from typing import Self

from bot.domain.commands import Gallery, History, build
from bot.domain.commands.jobs import ListCommand
from bot.domain.errors import InvalidRequest
from bot.domain.generations.media import MediaKind

#: letters that stand for commands and kinds; stored in messages, never to be changed
_COMMANDS: dict[str, type[ListCommand]] = {"h": History, "g": Gallery}
_KINDS = {"p": MediaKind.PICTURE, "v": MediaKind.VIDEO, "-": None}
#: command, direction, cursor, jobs on a page, kind, starred, search
_PATTERN = re.compile(
    r"(?P<command>[a-z])(?P<to>[on]):(?P<cursor>[0-9a-z]{24}):(?P<count>\d{1,2}):(?P<kind>[pv-])"
    r"(?P<starred>[s-]):(?P<search>.*)",
    re.DOTALL,
)
OUTDATED_PAGE = "This list belongs to another version; give the command again"


@dataclass(frozen=True, slots=True, kw_only=True)
class PageRequest:
    """The part of a list that lies beyond a job, with the list's filters."""

    command: ListCommand
    #: key of the job where the last page ended
    cursor: str
    #: towards newer jobs; else towards older ones
    newer: bool

    def write(self) -> str:
        """The text that names the page: at most 36 characters and the search."""
        command = self.command
        letter = next(letter for letter, kind in _COMMANDS.items() if isinstance(command, kind))
        kind = next(letter for letter, kind in _KINDS.items() if kind is command.kind)
        starred = "s" if getattr(command, "starred", False) else "-"
        return (
            f"{letter}{'n' if self.newer else 'o'}:{self.cursor}:{command.count}:{kind}{starred}:"
            f"{command.search}"
        )

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read what `write` wrote; raises InvalidRequest for anything else."""
        found = _PATTERN.fullmatch(text)
        command = _COMMANDS.get(found["command"]) if found else None
        if found is None or command is None:
            raise InvalidRequest(OUTDATED_PAGE)
        given: dict[str, object] = {
            "search": found["search"],
            "kind": _KINDS[found["kind"]],
            "count": int(found["count"]),
        }
        if found["starred"] == "s":
            given["starred"] = True
        try:
            return cls(command=build(command, given), cursor=found["cursor"], newer=found["to"] == "n")
        except InvalidRequest as error:
            raise InvalidRequest(OUTDATED_PAGE) from error
