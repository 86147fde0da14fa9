"""Parses the body of an error response.

`{"detail": …}` holds a sentence, a sentence that begins with a status of its own ("400: concepts are not
supported for this model"), or a list of `{type, loc, msg, input, ctx}`. A proxy in between may return
anything.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.domain.jobs.failures import one_line
from bot.domain.text import parse_json, storable

#: a status in front of a sentence; 4xx and 5xx only, because a sentence may begin with any other number
_EMBEDDED = re.compile(r"\s*([45]\d\d)\s*:\s*(?=\S)")
_CREDENTIAL = re.compile(r"(?i)\bbearer\s+\S+|\bluma-[\w.-]{16,}")
_HIDDEN = "(hidden)"
#: parts of a `loc` that name where a field was sent, not the field
_PLACES = frozenset({"body", "query", "path", "header"})
_KEYS = ("detail", "error", "message", "msg", "task_status_msg")
#: names of a machine-readable code
_CODES = ("failure_code", "code")
_FIELDS_SHOWN = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Detail:
    """An error as the API words it."""

    #: the status inside the sentence, which is more precise than HTTP's
    status: int | None
    #: one readable line without credentials; may be empty
    text: str


def read_detail(content: bytes, *, api_key: str = "") -> Detail:
    """Parse the body of an error response; accepts any content."""
    try:
        document: object = parse_json(content)
    except ValueError:
        document = storable(content[:2000].decode(errors="replace"))
    return read_document(document, api_key=api_key)


def read_document(document: object, *, api_key: str = "") -> Detail:
    """Parse an error document; accepts any value."""
    text = _sentence(document)
    if text.lstrip().startswith("<"):
        text = ""  # an HTML page of a proxy
    status = None
    while found := _EMBEDDED.match(text):
        status, text = int(found[1]), text[found.end() :]
    if api_key:
        text = text.replace(api_key, _HIDDEN)
    return Detail(status=status, text=one_line(_CREDENTIAL.sub(_HIDDEN, text)))


def _sentence(said: object) -> str:
    if isinstance(said, str):
        return said
    if isinstance(said, Mapping):
        for key in _KEYS:
            inner = said.get(key)
            if isinstance(inner, str) and inner.strip():
                return _with_code(inner, said)
            if isinstance(inner, list) and inner:
                return _fields(inner)
            if isinstance(inner, Mapping):
                return _with_code(_text(inner.get("msg")) or _text(inner.get("message")), inner)
    return ""


def _with_code(sentence: str, said: Mapping[object, object]) -> str:
    """A sentence with the machine-readable code beside it, which may say what the sentence does not."""
    code = next((code for name in _CODES if (code := _text(said.get(name)))), "")
    return f"{sentence} ({code})" if sentence and code else sentence or code


def _fields(errors: Sequence[object]) -> str:
    """Join the errors of the fields; never repeats what was sent (`input`)."""
    return "; ".join(filter(None, map(_field, errors[:_FIELDS_SHOWN])))


def _field(error: object) -> str:
    if not isinstance(error, Mapping):
        return _text(error)
    loc = error.get("loc")
    steps = loc if isinstance(loc, list) else [loc]
    name = ".".join(str(step) for step in steps if isinstance(step, str | int) and step not in _PLACES)
    wrong = _text(error.get("msg")) or _text(error.get("type"))
    return f"{name}: {wrong}" if name and wrong else name or wrong


def _text(value: object) -> str:
    return value.strip() if isinstance(value, str) else ""
