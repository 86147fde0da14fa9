"""What the bodies of all create requests share: a parsed body is resolved to a new generation."""

from abc import ABC, abstractmethod
from collections.abc import Mapping

from pydantic import BaseModel, ConfigDict, Field

from simulator.api.http import HttpUrl
from simulator.errors import ApiError
from simulator.generations.generation import Generation, NewGeneration

_PROMPT_MIN, _PROMPT_MAX = 3, 5000


class CreateRequest(BaseModel, ABC):
    """The body of a create request. Unknown fields are ignored, as the API does."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    @property
    def source_ids(self) -> tuple[str, ...]:
        """Ids of the account's own videos that must exist and be completed."""
        return ()

    def check_rules(self) -> None:
        """Check the rules that need the body alone. Raises ApiError."""

    @abstractmethod
    def resolve(self, videos: Mapping[str, Generation]) -> NewGeneration:
        """Check the other rules; `videos` are those named by `source_ids`. Raises ApiError."""


class Media(BaseModel):
    """A file that the request names by its URL."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    url: HttpUrl


class PlacementFields(BaseModel):
    """Fields that place the source of a reframe in the new frame, in pixels."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    grid_position_x: int | None = None
    grid_position_y: int | None = None
    x_start: int | None = Field(default=None, ge=0)
    x_end: int | None = Field(default=None, ge=0)
    y_start: int | None = Field(default=None, ge=0)
    y_end: int | None = Field(default=None, ge=0)
    resized_width: int | None = Field(default=None, ge=1, le=8192)
    resized_height: int | None = Field(default=None, ge=1, le=8192)

    def check_crop(self) -> None:
        """Raises ApiError where the crop leaves nothing of the source."""
        for axis, start, end in (("x", self.x_start, self.x_end), ("y", self.y_start, self.y_end)):
            if start is not None and end is not None and start >= end:
                raise ApiError.unsupported(f"{axis}_start must be less than {axis}_end")


def checked_prompt(prompt: str | None, *, required: bool) -> str:
    """Return the trimmed prompt. Raises ApiError with the API's own text."""
    text = (prompt or "").strip()
    if not text:
        if required:
            raise ApiError.bad_request("Prompt is required")
        return text
    if len(text) < _PROMPT_MIN:
        raise ApiError.bad_request(f"Prompt is too short, minimum length is {_PROMPT_MIN} characters")
    if len(text) > _PROMPT_MAX:
        raise ApiError.bad_request(f"Prompt is too long, maximum length is {_PROMPT_MAX} characters")
    return text
