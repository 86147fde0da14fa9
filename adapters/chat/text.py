"""Sanitizes text from people: removes invisible characters and truncates without breaking escapes."""

import unicodedata
from collections.abc import Sequence
from functools import lru_cache

#: zero-width joiners, which emoji and several scripts need
_JOINERS = frozenset("\u200c\u200d")
#: letters and marks without a visible glyph
_BLANKS = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")
_INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_RIGHT_TO_LEFT = frozenset({"R", "AL", "AN"})
_ISOLATE, _POP_ISOLATE = "\u2068", "\u2069"
#: sanitized lines that are kept, because each revision of a card has the same ones
_KEPT = 1_000


@lru_cache(_KEPT)
def sanitize_line(text: str, limit: int) -> str:
    """One line of visible text of at most `limit` characters, for fields without formatting."""
    line = " ".join("".join(_visible(text)).split())
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"


def truncate_escaped(line: str, pieces: Sequence[str], limit: int) -> str:
    """Join the escaped `pieces` of a sanitized line into at most `limit` characters."""
    right_to_left = any(unicodedata.bidirectional(one) in _RIGHT_TO_LEFT for one in line)
    available = limit - 2 if right_to_left else limit
    text = "".join(pieces)
    if len(text) > available:
        text = _truncate(pieces, available)
    # Isolated, right-to-left text cannot reorder the words around it.
    return f"{_ISOLATE}{text}{_POP_ISOLATE}" if right_to_left else text


def _visible(text: str) -> list[str]:
    found = []
    for at, character in enumerate(text):
        if character in _BLANKS:
            continue
        if unicodedata.category(character) not in _INVISIBLE:
            found.append(character)
        elif character in _JOINERS:
            if _joins(text, at):
                found.append(character)
        elif character.isspace():
            found.append(" ")
    return found


def _joins(text: str, at: int) -> bool:
    """Whether a joiner has something to join: never beside Latin letters or spaces."""
    before, after = text[at - 1 : at], text[at + 1 : at + 2]
    return all(one and not one.isascii() and one not in _JOINERS for one in (before, after))


def _truncate(pieces: Sequence[str], available: int) -> str:
    """Keep as many whole pieces as fit, so that no escape is separated from its character."""
    length, kept = 0, []
    for piece in pieces:
        if length + len(piece) > available - 1:
            break
        kept.append(piece)
        length += len(piece)
    return "".join(kept).rstrip() + "…"


def code_block(text: str, limit: int) -> str:
    """The text in a code block, which both chats offer to copy; it is not read as formatting."""
    inside = " ".join(text.split()).replace("```", "'''")
    room = limit - len("```\n\n```")
    return f"```\n{inside if len(inside) <= room else inside[: room - 1] + '…'}\n```"
