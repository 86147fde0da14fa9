"""Text from people without what nobody sees, and cut where a platform has no room for more."""

import unicodedata
from collections.abc import Sequence

#: joiners that emoji and several scripts cannot do without
_JOINERS = frozenset("\u200c\u200d")
#: letters and marks that show nothing
_BLANKS = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_RIGHT_TO_LEFT = frozenset({"R", "AL", "AN"})
_ISOLATE, _END = "\u2068", "\u2069"


def visible(text: str, limit: int) -> str:
    """One line of what can be seen, at most `limit` characters, for where nothing is formatted."""
    line = " ".join("".join(_seen(text)).split())
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"


def fitted(line: str, pieces: Sequence[str], limit: int) -> str:
    """A visible line, escaped into `pieces` for a platform that formats, in at most `limit` characters."""
    turned = any(unicodedata.bidirectional(one) in _RIGHT_TO_LEFT for one in line)
    room = limit - 2 if turned else limit
    shown = "".join(pieces)
    if len(shown) > room:
        shown = _cut(pieces, room)
    # Isolated, it cannot pull the words around it to the other side.
    return f"{_ISOLATE}{shown}{_END}" if turned else shown


def _seen(text: str) -> list[str]:
    found = []
    for at, character in enumerate(text):
        if character in _BLANKS:
            continue
        if unicodedata.category(character) not in _UNSEEN:
            found.append(character)
        elif character in _JOINERS:
            if _joins(text, at):
                found.append(character)
        elif character.isspace():
            found.append(" ")
    return found


def _joins(text: str, at: int) -> bool:
    """Whether a joiner stands between what it could join: never beside plain Latin letters or a space."""
    before, after = text[at - 1 : at], text[at + 1 : at + 2]
    return all(one and not one.isascii() and one not in _JOINERS for one in (before, after))


def _cut(pieces: Sequence[str], room: int) -> str:
    """As many whole pieces as fit, so that no escape loses what it escapes."""
    length, kept = 0, []
    for piece in pieces:
        if length + len(piece) > room - 1:
            break
        kept.append(piece)
        length += len(piece)
    return "".join(kept).rstrip() + "…"
