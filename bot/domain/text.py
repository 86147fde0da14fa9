"""Cleans text from outside, so that both databases and UTF-8 can store it; finds and joins words.

PostgreSQL stores no U+0000 in a text, and a lone surrogate, which JSON can spell as an escape, cannot be
encoded. Both would fail somewhere behind the place where the text came in, so each edge cleans what enters.
"""

import json
import re
from collections.abc import Callable, Collection, Iterable
from difflib import get_close_matches
from typing import Any, NoReturn

import orjson

#: between the items of a list that people type
_PARTS = re.compile(r"[,;\s]+")
#: the last item of a list that is being typed
_LAST = re.compile(r"[^,;\s]*\Z")
#: minimum similarity of a misspelt name
_SIMILAR = 0.6


def storable(text: str) -> str:
    """The text without U+0000, and with U+FFFD for every lone surrogate; everything else stays as it is.

    Two surrogates that belong together become the one character that they spell.
    """
    if "\0" in text:
        text = text.replace("\0", "")
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text


#: a moment in a text for people; no platform reads these brackets as formatting
_MOMENT = re.compile(r"⟦(?P<ms>\d{12,15})⟧", re.ASCII)


def moment(at: int) -> str:
    """A time in milliseconds UTC as part of a text, to be shown in the reader's own time zone."""
    return f"⟦{at}⟧"


def replace_moments(text: str, show: Callable[[int], str]) -> str:
    """The text with each moment as `show` writes it."""
    return _MOMENT.sub(lambda found: show(int(found["ms"])), text)


def storable_json(value: Any) -> Any:
    """A copy of a parsed JSON value whose texts and keys are all storable, at any depth."""
    root = [value]
    open_parts: list[Any] = [root]
    while open_parts:
        part = open_parts.pop()
        for at, one in list(part.items() if isinstance(part, dict) else enumerate(part)):
            match one:
                case str():
                    part[at] = storable(one)
                case dict():
                    part[at] = {storable(str(name)): inner for name, inner in one.items()}
                    open_parts.append(part[at])
                case list():
                    part[at] = list(one)
                    open_parts.append(part[at])
    return root[0]


def parse_json(content: bytes | str) -> Any:
    """Parse JSON from outside, with lone surrogates; all of its texts are storable. Raises ValueError."""
    try:
        document = orjson.loads(content)
        # What orjson takes has no lone surrogate, and U+0000 only where this escape spells it.
        escapes = "\\u0000" in content if isinstance(content, str) else b"\\u0000" in content
        if not escapes:
            return document
    except orjson.JSONDecodeError:
        text = content if isinstance(content, str) else content.decode()
        # orjson refuses half an emoji, which services send where they cut a text in its middle.
        if "\\ud" not in text.lower():
            raise
        try:
            document = json.loads(text, parse_constant=_refuse_constant)
        except RecursionError as error:
            raise ValueError("JSON is nested too deeply") from error
    return storable_json(document)


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")


def either(values: Collection[str]) -> str:
    """The values as alternatives: `a, b or c`."""
    *first, last = values
    return f"{', '.join(first)} or {last}" if first else last


def nearest(name: str, known: Iterable[str], *, similarity: float = _SIMILAR) -> str | None:
    """The known name that a misspelt one most likely means; None where none has that similarity."""
    return next(iter(get_close_matches(name, list(known), n=1, cutoff=similarity)), None)


def list_items(text: str) -> list[str]:
    """The items of a list of names, separated by commas or spaces, in the one form that is compared."""
    return [part.lower().replace("-", "_") for part in _PARTS.split(text.strip()) if part]


def list_completions(typed: str, known: Iterable[str], *, most: int) -> tuple[str, ...]:
    """Completions of a list that is being typed: one for each known name that matches its last item.

    A list of `most` items is full.
    """
    before = _LAST.sub("", typed)
    last = typed[len(before) :].lower().replace("-", "_")
    given = list_items(before)
    if len(given) >= most:
        return ()
    return tuple(f"{before}{name}" for name in known if begins(name, last) and name not in given)


def begins(name: str, typed: str) -> bool:
    """Whether a name, or one of its words, begins with the typed text."""
    typed, name = typed.casefold(), name.casefold()
    return name.startswith(typed) or any(word.startswith(typed) for word in re.split(r"[\s_]", name))
