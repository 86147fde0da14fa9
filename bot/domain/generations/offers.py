"""What providers offer, and which of them makes a request.

A request leaves some fields open: a model or a size that the member did not choose. An open field takes a
value that the provider offers; a chosen one is never changed, and refused with the nearest that is offered.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

from bot.domain.errors import InvalidRequest
from bot.domain.generations.media import MediaKind, Reference
from bot.domain.generations.models import (
    ASPECT_RATIOS,
    DURATIONS,
    RESOLUTIONS,
    AspectRatio,
    Duration,
    Model,
    Resolution,
    VideoModel,
    nearest_ratio,
    ratio_not_offered,
)
from bot.domain.generations.requests import (
    AnyRequest,
    FromVideoRequest,
    ImageRequest,
    ModifyVideoRequest,
    ReframeImageRequest,
    ReframeVideoRequest,
    VideoRequest,
)
from bot.domain.generations.source_lengths import check_length
from bot.domain.text import either

#: options with values that depend on the providers of a workspace
OFFERED_OPTIONS = frozenset({"model", "aspect_ratio", "resolution", "duration"})
#: fields of requests that may be left open
OPEN_FIELDS = OFFERED_OPTIONS | {"weight"}


class Feature(StrEnum):
    """What a request uses beyond its prompt and its size, as members read it."""

    REFERENCES = "reference pictures"
    WEIGHTS = "influences of pictures"
    STYLE = "style references"
    STYLES = "more than one style reference"
    CHARACTER = "character pictures"
    MODIFY = "pictures to modify"
    FROM_TEXT = "videos without a start picture"
    WITHOUT_PROMPT = "videos without a prompt"
    START = "start pictures"
    END = "end pictures"
    EXTEND = "extensions of a video"
    PREPEND = "beginnings for a video"
    LOOP = "loops"
    CONCEPTS = "concepts"
    PLACEMENT = "positions and sizes in pixels"
    PART_PLACEMENT = "part of grid_position_x, grid_position_y, resized_width and resized_height alone"
    CROP = "crops"
    FIRST_FRAME = "first frames"


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """A model that makes one kind of request (`ImageRequest.kind` …)."""

    kind: str
    model: Model
    features: frozenset[Feature]
    #: those of its features that its shortest videos alone can have
    shortest_only: frozenset[Feature] = frozenset()


#: by provider, in the order in which they are preferred
Offers = Mapping[str, Sequence[Offer]]


def offered_values(offers: Offers) -> Mapping[str, frozenset[str]]:
    """By field, the values that some provider offers."""
    found: dict[str, set[str]] = {option: set() for option in OFFERED_OPTIONS}
    for offer in (offer for offered in offers.values() for offer in offered):
        found["model"].add(offer.model)
        found["aspect_ratio"].update(ASPECT_RATIOS[offer.model])
        if isinstance(offer.model, VideoModel):
            found["resolution"].update(RESOLUTIONS[offer.model])
            found["duration"].update(DURATIONS[offer.model])
    return {field: frozenset(values) for field, values in found.items()}


#: the fields that say where the source of a reframe is, and how large
_PLACED = ("grid_position_x", "grid_position_y", "resized_width", "resized_height")


def features_of(request: AnyRequest) -> frozenset[Feature]:
    match request:
        case ImageRequest():
            used = {
                Feature.REFERENCES: bool(request.image_refs),
                Feature.STYLE: bool(request.style_refs),
                Feature.STYLES: len(request.style_refs) > 1,
                Feature.CHARACTER: bool(request.character_refs),
                Feature.MODIFY: request.modify_ref is not None,
            }
        case VideoRequest():
            ends = (request.start, request.end)
            start, end = (one.kind if one is not None else None for one in ends)
            used = {
                Feature.FROM_TEXT: (start, end) == (None, None),
                Feature.WITHOUT_PROMPT: not request.prompt,
                Feature.START: start is MediaKind.PICTURE,
                Feature.END: end is MediaKind.PICTURE,
                Feature.EXTEND: start is MediaKind.VIDEO,
                Feature.PREPEND: end is MediaKind.VIDEO,
                Feature.LOOP: request.loop,
                Feature.CONCEPTS: bool(request.concepts),
            }
        case ReframeImageRequest() | ReframeVideoRequest():
            used = {
                Feature.PLACEMENT: _any_set(request, *_PLACED),
                Feature.PART_PLACEMENT: _any_set(request, *_PLACED)
                and any(getattr(request, name) is None for name in _PLACED),
                Feature.CROP: _any_set(request, "x_start", "x_end", "y_start", "y_end"),
                Feature.FIRST_FRAME: isinstance(request, ReframeVideoRequest)
                and request.first_frame is not None,
            }
        case ModifyVideoRequest():
            used = {
                Feature.FIRST_FRAME: request.first_frame is not None,
                Feature.WITHOUT_PROMPT: not request.prompt,
            }
        case _:
            used = {}
    used[Feature.WEIGHTS] = any(reference.weight is not None for reference in request.references)
    return frozenset(feature for feature, is_used in used.items() if is_used)


def _any_set(request: AnyRequest, *names: str) -> bool:
    return any(getattr(request, name) is not None for name in names)


@dataclass(frozen=True, slots=True, kw_only=True)
class Routed:
    """A request as its provider makes it."""

    provider: str
    request: AnyRequest


def route(request: AnyRequest, offers: Offers, open_fields: Collection[str]) -> Routed:
    """Choose the provider that makes a request; raises InvalidRequest with the nearest possibility.

    A model that was left open is that of the first provider which can do what the request uses.
    """
    possible = {
        name: found
        for name, offered in offers.items()
        if (found := [offer for offer in offered if offer.kind == request.kind])
    }
    candidates = [
        (name, offer)
        for name, found in possible.items()
        for offer in found
        if offer.model is (_preferred(request, found) if "model" in open_fields else request.model)
    ]
    if not candidates:
        models = dict.fromkeys(offer.model for found in possible.values() for offer in found)
        raise InvalidRequest(_without_model(request, tuple(models)), option="model")
    for name, offer in candidates:
        if not _missing(request, offer, open_fields):
            fitted = _fitted(request, offer, open_fields)
            if isinstance(fitted, FromVideoRequest):
                check_length(fitted)
            return Routed(provider=name, request=fitted)
    _, nearest = candidates[0]
    others = [offer for found in possible.values() for offer in found]
    raise InvalidRequest(_without_features(request, nearest, others, open_fields))


def _preferred(request: AnyRequest, offers: Sequence[Offer]) -> Model:
    """The model of one provider that makes a request whose model is open."""
    return request.model if any(one.model is request.model for one in offers) else offers[0].model


def _missing(request: AnyRequest, offer: Offer, open_fields: Collection[str]) -> frozenset[Feature]:
    """What the request uses and the offer lacks."""
    used = features_of(request)
    if "weight" in open_fields:
        used -= {Feature.WEIGHTS}
    missing = used - offer.features
    # Without any style references there are not several either.
    return missing - {Feature.STYLES} if Feature.STYLE in missing else missing


def _without_model(request: AnyRequest, models: Sequence[Model]) -> str:
    if request.edited is not None:
        return f"The generation service that made this video does not {_CHANGING[request.kind]}"
    if not models:
        return (
            f"{request.model} is not available here right now, "
            f"and no generation service of this bot {_DOING[request.kind]}"
        )
    return f"{request.model} is not available here right now; choose {either(models)}"


_DOING = {
    "image": "makes pictures",
    "video": "makes videos",
    "reframe_image": "reframes pictures",
    "reframe_video": "reframes videos",
    "modify_video": "modifies videos",
}
#: the same of the kinds that need the account which made the video
_CHANGING = {"upscale": "upscale it", "audio": "add audio to it"}


def _without_features(
    request: AnyRequest, offer: Offer, others: Iterable[Offer], open_fields: Collection[str]
) -> str:
    missing = _missing(request, offer, open_fields)
    able = dict.fromkeys(one.model for one in others if not _missing(request, one, open_fields))
    remedy = f"choose {either(tuple(able))}" if able else "leave that out"
    return f"{offer.model} takes no {_names(missing)}; {remedy}"


def _fitted(request: AnyRequest, offer: Offer, open_fields: Collection[str]) -> AnyRequest:
    """The request as this model makes it; raises InvalidRequest for a chosen value that it does not make."""
    model = offer.model
    changes: dict[str, object] = {"model": model}
    ratios = ASPECT_RATIOS[model]
    if not isinstance(request, ImageRequest | VideoRequest | ReframeImageRequest | ReframeVideoRequest):
        # It has the shape of its source.
        return request.model_copy(update=changes)
    if not (isinstance(request, ImageRequest | VideoRequest) and request.follows_picture):
        near = _nearest_shape(request.aspect_ratio, ratios)
        changes["aspect_ratio"] = _taken("aspect_ratio", request.aspect_ratio, near, offer, open_fields)
    elif len(ratios) == 1:
        changes |= {"aspect_ratio": next(iter(ratios)), "follows_picture": False}
    if isinstance(request, VideoRequest) and isinstance(model, VideoModel):
        changes |= _fitted_video(request, model, offer, open_fields)
    if (
        isinstance(request, ImageRequest)
        and "weight" in open_fields
        and Feature.WEIGHTS not in offer.features
    ):
        changes |= _without_weights(request)
    return request.model_copy(update=changes)


def _fitted_video(
    request: VideoRequest, model: VideoModel, offer: Offer, open_fields: Collection[str]
) -> Mapping[str, object]:
    sharpest = _nearest_resolution(request.resolution, RESOLUTIONS[model])
    length = _nearest_duration(request.duration, DURATIONS[model])
    resolution = _taken("resolution", request.resolution, sharpest, offer, open_fields)
    duration = _taken("duration", request.duration, length, offer, open_fields)
    shortest = min(DURATIONS[model], key=lambda one: one.ms)
    limited = features_of(request) & offer.shortest_only
    if limited and duration is not shortest:
        raise InvalidRequest(
            f"{model} takes {_names(limited)} with a duration of {shortest} only", option="duration"
        )
    return {"resolution": resolution, "duration": duration}


_Value = TypeVar("_Value", AspectRatio, Resolution, Duration)


def _taken(field: str, value: _Value, nearest: _Value, offer: Offer, open_fields: Collection[str]) -> _Value:
    """The nearest value to that of a field; raises InvalidRequest where another one was chosen."""
    if value is nearest or field in open_fields:
        return nearest
    if isinstance(value, AspectRatio):
        problem = ratio_not_offered(*value.parts, ASPECT_RATIOS[offer.model], offer.model)
        raise InvalidRequest(f"aspect_ratio {problem}", option=field)
    raise InvalidRequest(f"{offer.model} has no {field} {value}; the nearest is {nearest}", option=field)


def _nearest_shape(value: AspectRatio, offered: Collection[AspectRatio]) -> AspectRatio:
    return value if value in offered else nearest_ratio(*value.parts, offered)


def _nearest_resolution(value: Resolution, offered: Collection[Resolution]) -> Resolution:
    return min(offered, key=lambda one: abs(one.short_side - value.short_side))


def _nearest_duration(value: Duration, offered: Collection[Duration]) -> Duration:
    return min(offered, key=lambda one: abs(one.ms - value.ms))


def _without_weights(request: ImageRequest) -> Mapping[str, object]:
    def plain(reference: Reference | None) -> Reference | None:
        return None if reference is None else reference.model_copy(update={"weight": None})

    return {
        "image_refs": tuple(plain(one) for one in request.image_refs),
        "style_refs": tuple(plain(one) for one in request.style_refs),
        "modify_ref": plain(request.modify_ref),
    }


def _names(features: Collection[Feature]) -> str:
    return " and ".join(feature for feature in Feature if feature in features)
