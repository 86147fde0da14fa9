"""What a caller wants, whatever its kind: a body that has been understood becomes a draft."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from simulator.api.answers import Problem
from simulator.api.generations import Generation, Reference
from simulator.api.shape import Shape
from simulator.api.wire import HttpUrl, bad_request
from simulator.formats import Lane

_PROMPT_MIN, _PROMPT_MAX = 3, 5000


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A request that has been understood, of whatever kind, and can become a generation."""

    lane: Lane
    #: `image` or `video`, which of the assets will be filled
    output: str
    model: str
    prompt: str
    #: the normalised request as it is echoed
    echo: dict[str, Any]
    references: tuple[Reference, ...]
    callback_url: str | None
    #: what it costs, in micro-dollars; the most that it can cost while its media are not read yet
    cost: int
    #: how long the model usually takes, in milliseconds
    usual_ms: int
    #: file name of the asset
    asset: str
    #: of a film, as far as it is known; None for a picture
    shape: Shape | None = None
    #: how long the caller wants to wait for the finished generation; None answers at once
    wait_s: float | None = None


class Order(BaseModel, ABC):
    """The body of a create. Fields that are not known are passed over, as the API does."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    @property
    def builds_on(self) -> tuple[str, ...]:
        """Ids of the own films that must be there, and finished."""
        return ()

    def check(self) -> None:
        """Apply the rules that need nothing but the body. Raises Problem."""

    @abstractmethod
    def draft(self, films: Mapping[str, Generation]) -> Draft:
        """Apply the other rules; `films` are those that it builds on. Raises Problem."""


class Media(BaseModel):
    """A file that the request points at."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    url: HttpUrl


class Placed(BaseModel):
    """Where the source of a reframe goes, in pixels."""

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
        """Raises Problem where nothing of the source is left."""
        for axis, start, end in (("x", self.x_start, self.x_end), ("y", self.y_start, self.y_end)):
            if start is not None and end is not None and start >= end:
                raise Problem.embedded(f"{axis}_start must be less than {axis}_end")


def read_prompt(prompt: str | None, *, required: bool) -> str:
    """Check a prompt in the API's words. Raises Problem."""
    words = (prompt or "").strip()
    if not words:
        if required:
            raise bad_request("Prompt is required")
        return words
    if len(words) < _PROMPT_MIN:
        raise bad_request(f"Prompt is too short, minimum length is {_PROMPT_MIN} characters")
    if len(words) > _PROMPT_MAX:
        raise bad_request(f"Prompt is too long, maximum length is {_PROMPT_MAX} characters")
    return words
