"""Text from people, shown as text: nothing in it is formatted, linked, mentioned, hidden or turned around."""

import re

from adapters.chat.text import sanitize_line, truncate_escaped

__all__ = ["as_text", "sanitize_line"]

#: what Discord's markdown gives a meaning to, wherever it stands
_MARKS = frozenset("\\`*_~|<>[]#")
#: what it gives a meaning to at the beginning of a line
_BEGINNING = re.compile(r"(?P<head>\d*)(?P<mark>[-+.)])")


def as_text(text: str, limit: int) -> str:
    """One visible line for where Discord formats: what means something to it is escaped."""
    line = sanitize_line(text, limit)
    return truncate_escaped(line, list(_escaped(line)), limit)


def _escaped(line: str) -> list[str]:
    pieces = []
    beginning = _BEGINNING.match(line)
    for at, character in enumerate(line):
        if character == "@":
            # Escapes are undone before mentions are looked for in some places; this holds in all.
            pieces.append("@\u200b")
        elif (
            character in _MARKS
            or (character == ":" and line.startswith("://", at))
            or (beginning is not None and at == beginning.start("mark"))
        ):
            pieces.append(f"\\{character}")
        else:
            pieces.append(character)
    return pieces
