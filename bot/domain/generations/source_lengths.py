"""How long the video may be that a request starts from, by its model. Pure."""

from collections.abc import Mapping

from bot.domain.errors import InvalidRequest
from bot.domain.generations.models import DREAM_MACHINE_MODELS, VideoModel
from bot.domain.generations.requests import FromVideoRequest

#: containers round a duration up to a whole frame or packet
_LENGTH_TOLERANCE_MS = 200


def accepts_length(most: Mapping[VideoModel, int], model: VideoModel, milliseconds: int) -> bool:
    """Whether a model takes a video of this duration; `most` has the longest of each model."""
    return model in most and milliseconds <= most[model] + _LENGTH_TOLERANCE_MS


def longest_model(most: Mapping[VideoModel, int]) -> VideoModel:
    """The model that takes the longest videos."""
    return max(most, key=lambda model: most[model])


def check_length(request: FromVideoRequest) -> None:
    """Refuse a video that is too long for its model, and name the model that accepts it."""
    most = request.max_ms
    if request.duration_ms is None or accepts_length(most, request.model, request.duration_ms):
        return
    if request.model not in most:
        raise InvalidRequest(f"{request.model} does not {request.does}; choose {longest_model(most)}")
    is_dream_machine = request.model in DREAM_MACHINE_MODELS
    able = (
        model
        for model in most
        if accepts_length(most, model, request.duration_ms)
        and (model in DREAM_MACHINE_MODELS) is is_dream_machine
    )
    other = next(able, None)
    hint = (
        "; send a shorter part of it" if other is None else f"; {other} takes up to {most[other] // 1000} s"
    )
    raise InvalidRequest(
        f"This video is {round(request.duration_ms / 1000, 1):g} s long, and {request.model} takes up to "
        f"{most[request.model] // 1000} s{hint}"
    )
