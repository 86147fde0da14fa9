"""What is left of a job once its words or its member are removed. Pure."""

from typing import TypeVar

from bot.domain.generations.media import Reference
from bot.domain.generations.requests import AnyRequest

#: shown instead of a name that was removed
NAMELESS = "a deleted member"
#: shown instead of a prompt that was removed
WORDLESS = "The prompt was removed"
#: takes the place of an address that was never fetched
_NO_ADDRESS = "removed"
#: the fields of requests that hold what a person wrote
_WORDS = ("prompt", "negative_prompt")

_Value = TypeVar("_Value")


def without_words(request: AnyRequest) -> AnyRequest:
    """The request without what a person wrote: prompts and addresses. It can still be read and counted."""
    changed = {
        name: "" if name in _WORDS else _without_addresses(getattr(request, name))
        for name in type(request).model_fields
    }
    return request.model_copy(update=changed)


def _without_addresses(value: _Value) -> _Value | Reference | tuple[object, ...]:
    if isinstance(value, Reference) and value.url is not None:
        return value.model_copy(update={"url": None if value.file is not None else _NO_ADDRESS})
    return tuple(_without_addresses(one) for one in value) if isinstance(value, tuple) else value


def member_of(pseudonym: str, workspace: str) -> str:
    """The member of a workspace that a pseudonym stands for."""
    return f"{workspace}:{pseudonym}"
