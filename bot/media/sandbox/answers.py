"""The answer of a child, validated against the function's return annotation; child.py writes it."""

from collections.abc import Callable
from functools import lru_cache
from typing import Annotated, Any, Literal, TypeVar, get_type_hints

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from bot.media.sandbox.child import TEXT_MAX, Failure

Result = TypeVar("Result")

_STRICT = ConfigDict(strict=True, extra="forbid")


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
