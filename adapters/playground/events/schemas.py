"""What a browser may post and ask."""

import json
import re
from http import HTTPStatus
from typing import Annotated, Self, TypeVar

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    StrictBool,
    StrictInt,
    StrictStr,
    ValidationError,
    model_validator,
)
from starlette.exceptions import HTTPException
from starlette.requests import Request

from adapters.playground.delivery.conversations import Channel
from bot.domain.actions import Action
from bot.domain.models import AspectRatio
from bot.domain.text import parse_json

_LARGEST = 128 * 1024
_TEXT_MAX = 12_000
_FILES_MAX = 10
_EMOJI_MAX = 16
#: with room for every number that the store gives, and none that it cannot hold
_NUMBER = re.compile(r"[0-9]{1,18}")

#: made by the page, kept until answered: the same key again is the same wish, not another
Key = Annotated[str, Field(pattern=r"^[A-Za-z0-9-]{8,64}$")]
Id = Annotated[str, Field(max_length=64)]
#: names an uploaded file
Token = Annotated[str, Field(max_length=2_000)]
_Text = Annotated[StrictStr, Field(max_length=_TEXT_MAX)]


class _Form(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class FileValue(_Form):
    """A file in a field of a form."""

    file: Token
    weight: float | None = Field(default=None, ge=0, le=1)


#: What a field holds. Never a free object: a reference made by a page could name any file of ours.
Value = (
    StrictBool | StrictInt | _Text | FileValue | Annotated[tuple[_Text | FileValue, ...], Field(max_length=8)]
)


class Wanted(_Form):
    """A command, as text or as the values of its form."""

    channel: Channel = Channel.STUDIO
    text: str = Field(default="", max_length=_TEXT_MAX)
    command: str = Field(default="", max_length=40)
    values: dict[Annotated[str, Field(max_length=40)], Value] = Field(default_factory=dict, max_length=40)
    files: tuple[Token, ...] = Field(default=(), max_length=_FILES_MAX)
    replied: Id | None = None

    @model_validator(mode="after")
    def _one_of_two(self) -> Self:
        if bool(self.text) == bool(self.command):
            raise ValueError("a command comes as text or as a form")
        return self


class CommandForm(Wanted):
    key: Key
    #: asked by a button: a short answer need not be kept
    pressed: bool = False


class ActionForm(_Form):
    channel: Channel = Channel.STUDIO
    action: Action
    job: Id
    key: Key
    aspect_ratio: AspectRatio | None = None
    prompt: str | None = Field(default=None, max_length=_TEXT_MAX)


class DecisionForm(_Form):
    """A button under a question."""

    channel: Channel = Channel.STUDIO
    job: Id
    question: Id
    confirmed: bool
    key: Key


class ReactionForm(_Form):
    channel: Channel = Channel.STUDIO
    card: Id
    emoji: str = Field(min_length=1, max_length=_EMOJI_MAX)
    on: bool
    key: Key
    #: the one that is chosen on the page, of a card with several
    job: Id | None = None


class DismissForm(_Form):
    id: Key


class PersonForm(_Form):
    name: str = Field(max_length=200)


class LoginForm(_Form):
    password: str = Field(max_length=1000)


Form = TypeVar("Form", bound=_Form)


def read_number(text: str) -> int:
    """Read a number of a header or a query; what is none, or larger than any of ours, ends with 400."""
    if _NUMBER.fullmatch(text) is None:
        raise HTTPException(HTTPStatus.BAD_REQUEST, f"{text[:30]!r} is not a number of an event")
    return int(text)


async def read(request: Request, form: type[Form]) -> Form:
    """Read a posted form; what it cannot be ends the request with 413 or 422."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > _LARGEST:
            raise HTTPException(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "This is too long")
    try:
        # Written again as JSON, which pydantic reads by its stricter rules.
        text = json.dumps(parse_json(bytes(body)))
    except (ValueError, RecursionError) as error:
        raise HTTPException(HTTPStatus.BAD_REQUEST, "The body is not JSON") from error
    try:
        return form.model_validate_json(text)
    except ValidationError as error:
        place = ".".join(str(part) for part in error.errors()[0]["loc"]) or "body"
        raise HTTPException(HTTPStatus.UNPROCESSABLE_ENTITY, f"{place} is not as expected") from error
