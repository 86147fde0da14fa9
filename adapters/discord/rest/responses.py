"""Reads answers of the API whose shape may not be the documented one.

A proxy, an outage or a new version may answer 200 with HTML, null or other fields. That is an error of
this one request: it is tried again or told like any other, and never ends a loop.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from bot.domain.errors import Delayed


class Unexpected(Delayed):
    """Discord's answer is not as documented."""


@contextmanager
def expecting(what: str) -> Iterator[None]:
    """Translate what reading an unexpected shape raises; `what` names the thing that is read."""
    try:
        yield
    except (LookupError, TypeError, ValueError, AttributeError, ArithmeticError) as error:
        raise Unexpected(f"Discord's answer holds no {what} as documented: {type(error).__name__}") from error


def object_of(answer: object, what: str) -> Mapping[str, Any]:
    """The answer, when it is a JSON object; raises Unexpected."""
    if not isinstance(answer, dict):
        raise Unexpected(f"Discord's answer is no {what}")
    return answer


def objects_of(answer: object, what: str) -> Sequence[Mapping[str, Any]]:
    """The answer, when it is a list of JSON objects; raises Unexpected."""
    if not isinstance(answer, list) or not all(isinstance(one, dict) for one in answer):
        raise Unexpected(f"Discord's answer is no list of {what}s")
    return answer


def id_of(answer: object, what: str, field: str = "id") -> str:
    """The snowflake that an object carries; raises Unexpected."""
    found = object_of(answer, what).get(field)
    if not isinstance(found, str) or not found.isdecimal():
        raise Unexpected(f"Discord's answer holds no {field} of the {what}")
    return found
