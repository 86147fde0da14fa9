"""What a browser may post."""

from http import HTTPStatus
from typing import Annotated, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request

from bot.domain.actions import Action
from bot.domain.requests import AspectRatio

_LARGEST = 64 * 1024

#: made by the page, kept until answered: the same key again is the same wish, not another
Key = Annotated[str, Field(pattern=r"^[A-Za-z0-9-]{8,64}$")]


class _Form(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class CommandForm(_Form):
    text: str = Field(max_length=12_000)
    key: Key


class ActionForm(_Form):
    action: Action
    job: str = Field(max_length=64)
    key: Key
    aspect_ratio: AspectRatio | None = None


class DismissForm(_Form):
    id: Key


class PersonForm(_Form):
    name: str = Field(max_length=200)


class LoginForm(_Form):
    password: str = Field(max_length=1000)


Form = TypeVar("Form", bound=_Form)


async def read(request: Request, form: type[Form]) -> Form:
    """Read a posted form; what it cannot be ends the request with 413 or 422."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > _LARGEST:
            raise HTTPException(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "This is too long")
    try:
        return form.model_validate_json(bytes(body))
    except ValidationError as error:
        place = ".".join(str(part) for part in error.errors()[0]["loc"]) or "body"
        raise HTTPException(HTTPStatus.UNPROCESSABLE_ENTITY, f"{place} is not as expected") from error
