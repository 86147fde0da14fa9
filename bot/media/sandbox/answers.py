"""The answer of a child: serialised as JSON there, validated here against the function's return annotation.

`{"result": …}` holds the return value, `{"failure": kind, "text": …}` the reason for a failure.
"""

import dataclasses
import json
from collections.abc import Callable
from enum import StrEnum
from functools import lru_cache
from typing import Annotated, Any, Literal, TypeVar, get_type_hints

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

Result = TypeVar("Result")

_STRICT = ConfigDict(strict=True, extra="forbid")
#: most characters of a text for a person or the log
TEXT_MAX = 2_000


class Failure(StrEnum):
    REFUSED = "refused"  # a verdict on the file
    UNAVAILABLE = "unavailable"  # the file is gone
    DISK = "disk"  # full or failing
    MEMORY = "memory"  # out of memory
    FAILED = "failed"  # anything else


def success(result: object) -> bytes:
    return json.dumps({"result": result}, default=_plain, allow_nan=False).encode()


def failure(kind: Failure, text: str) -> bytes:
    return json.dumps({"failure": kind, "text": text[-TEXT_MAX:]}).encode()


def _plain(value: object) -> object:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return dataclasses.asdict(value)
    raise TypeError(f"a call must return plain data, not {type(value).__name__}")


class Failed(BaseModel):
    """Why a call has no result; the text comes from the child and is only shown as text."""

    model_config = _STRICT

    failure: Failure
    text: Annotated[str, Field(max_length=TEXT_MAX)]


class Unreadable(Exception):
    """A child's answer is not what its function returns."""


def read(answer: bytes, function: Callable[..., Result]) -> Result | Failed:
    """Parse a child's answer into a result or a failure. Raises Unreadable."""
    try:
        if answer.startswith(b'{"failure"'):
            return Failed.model_validate_json(answer)
        answered: dict[str, Result] = _shape(function).validate_json(answer)
    except (ValidationError, ValueError, RecursionError) as error:
        raise Unreadable(f"{len(answer)} bytes that {function.__qualname__} cannot have returned") from error
    return answered["result"]


@lru_cache(maxsize=64)
def _shape(function: Callable[..., Any]) -> TypeAdapter[dict[Any, Any]]:
    returned = get_type_hints(function, include_extras=True)["return"]
    return TypeAdapter(_only_result(returned), config=_STRICT)


def _only_result(returned: Any) -> Any:
    return Annotated[dict[Literal["result"], returned], Field(min_length=1)]
