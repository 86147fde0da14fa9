"""What can be done with a finished job by a button or a reaction."""

from collections.abc import Mapping
from enum import StrEnum

from bot.domain.errors import InvalidRequest
from bot.domain.jobs import Job, State
from bot.domain.requests import (
    AspectRatio,
    ImageRequest,
    Reference,
    ReframeImageRequest,
    check_prompt,
)

#: how much a variation keeps of its picture, as the API's documents suggest
VARIATION_WEIGHT = 0.85


class Action(StrEnum):
    """What a button or reaction does to a finished job."""

    VARIATION = "variation"
    AGAIN = "again"
    REFRAME = "reframe"
    GALLERY = "gallery"
    DELETE = "delete"


EMOJI: Mapping[Action, str] = {
    Action.VARIATION: "🔁",
    Action.AGAIN: "🎲",
    Action.REFRAME: "🖼️",
    Action.GALLERY: "⭐",
    Action.DELETE: "❌",
}
LABELS: Mapping[Action, str] = {
    Action.VARIATION: "Variation",
    Action.AGAIN: "Again",
    Action.REFRAME: "Reframe",
    Action.GALLERY: "Gallery",
    Action.DELETE: "Delete",
}
#: actions that make, and pay for, a new job
GENERATING = frozenset({Action.VARIATION, Action.AGAIN, Action.REFRAME})

_OFFERED: Mapping[State, tuple[Action, ...]] = {
    State.COMPLETED: tuple(Action),
    State.FAILED: (Action.AGAIN, Action.DELETE),
    State.CANCELLED: (Action.AGAIN, Action.DELETE),
}


def offered(job: Job) -> tuple[Action, ...]:
    """The actions that apply to a job as it stands, in the order in which they are shown."""
    return () if job.deleted else _OFFERED.get(job.state, ())


def require_offered(action: Action, job: Job) -> None:
    if action not in offered(job):
        if not job.is_final:
            raise InvalidRequest("This job has not finished yet; try again when it has")
        raise InvalidRequest(
            f"{EMOJI[action]} {LABELS[action]} cannot be used on this job: it has no picture"
        )


def follow_up(
    action: Action, job: Job, *, aspect_ratio: AspectRatio | None = None
) -> ImageRequest | ReframeImageRequest:
    """The request that a generating action makes of a finished job."""
    require_offered(action, job)
    match action:
        case Action.AGAIN:
            return job.request
        case Action.VARIATION:
            return ImageRequest(
                prompt=check_prompt(job.title),
                model=job.request.model,
                aspect_ratio=job.request.aspect_ratio,
                format=job.request.format,
                image_refs=(Reference(job=job.id, weight=VARIATION_WEIGHT),),
            )
        case Action.REFRAME:
            return ReframeImageRequest(
                source=Reference(job=job.id),
                model=job.request.model,
                format=job.request.format,
                aspect_ratio=aspect_ratio or turned(job.request.aspect_ratio),
            )
        case _:
            raise InvalidRequest(f"{LABELS[action]} makes no new job")


def turned(aspect_ratio: AspectRatio) -> AspectRatio:
    """The same frame stood on its side, and a tall one for a square: what a bare 🖼️ means."""
    width, height = aspect_ratio.split(":")
    return AspectRatio.PORTRAIT if width == height else AspectRatio(f"{height}:{width}")
