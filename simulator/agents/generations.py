"""Turns a valid request into a new generation, and a generation into the API's document."""

import base64
import binascii
from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus
from typing import Any

from simulator.agents.schemas import SOURCE_S_MAX, CreateBody, MediaRef
from simulator.errors import ApiError
from simulator.formats import GenerationState, Lane, VideoShape, even, nearest_ratio
from simulator.generations.faults import FAILURES, FaultKind
from simulator.generations.generation import Generation, NewGeneration, Reference
from simulator.generations.references import REFERENCE_FAILED

_TYPICAL_MS = {"uni-1": 12_000, "uni-1-max": 24_000, "ray-3.2": 105_000}
_DEFAULT_RATIO, _DEFAULT_STRENGTH = "16:9", "flex_2"
#: the code of each failure
_CODES = {
    FAILURES[FaultKind.MODERATION]: "content_moderated",
    REFERENCE_FAILED: "corrupt_input",
}
_FAILED = "generation_failed"
#: the documented codes; a fault on demand whose reason is one of them fails with it
_ALL_CODES = frozenset(
    {
        *_CODES.values(),
        _FAILED,
        "budget_exhausted",
        "output_not_found",
        "image_too_large",
        "unsupported_format",
        "invalid_request",
        "rate_limited",
    }
)

#: stores content that came inside a request and returns the id of its file
StoreContent = Callable[[bytes, str], Awaitable[str]]


async def resolve(body: CreateBody, store: StoreContent) -> NewGeneration:
    """The new generation that a request asks for. Raises ApiError."""
    return await (_video(body, store) if body.makes_video else _image(body, store))


async def _image(body: CreateBody, store: StoreContent) -> NewGeneration:
    width, height = _parts(body)
    ratio = nearest_ratio(width, height)
    references = [await _reference(one, "image_ref", store) for one in body.image_ref]
    if body.source is not None:
        references.append(await _reference(body.source, "modify_image_ref", store))
    return NewGeneration(
        lane=Lane.IMAGE,
        output="image",
        model=body.model_name,
        prompt=body.prompt,
        echo=_echo(body, {"aspect_ratio": ratio.value}),
        references=tuple(references),
        callback_url=None,
        price=0,
        typical_ms=_TYPICAL_MS[body.model_name],
        asset="image.jpg" if body.output_format == "jpeg" else "image.png",
    )


async def _video(body: CreateBody, store: StoreContent) -> NewGeneration:
    options = body.options
    references = []
    if body.source is not None:
        references.append(await _reference(body.source, "media", store, longest_s=SOURCE_S_MAX))
    references += [await _reference(frame, role, store) for role, frame in _anchored(body)]
    shape = _shape(body)
    details: dict[str, Any] = {"loop": options.loop, "concepts": None}
    if body.type == "video_edit":
        details["mode"] = (options.edit and options.edit.strength) or _DEFAULT_STRENGTH
    if body.type == "video_reframe":
        details |= _placement(body, shape)
    return NewGeneration(
        lane=Lane.VIDEO,
        output="video",
        model=body.model_name,
        prompt=body.prompt,
        echo=_echo(body, details),
        references=tuple(references),
        callback_url=None,
        price=0,
        typical_ms=_TYPICAL_MS[body.model_name],
        asset="video.mp4",
        shape=shape,
    )


#: what each type is called where files are rendered
_RENDERED_AS = {
    "image": "image",
    "image_edit": "image",
    "video": "video",
    "video_edit": "modify_video",
    "video_reframe": "reframe_video",
}


def _echo(body: CreateBody, details: Mapping[str, Any]) -> dict[str, Any]:
    """What is kept of a request; the API itself echoes nothing but its type."""
    return {"type": body.type, "generation_type": _RENDERED_AS[body.type], **details}


def _anchored(body: CreateBody) -> list[tuple[str, MediaRef]]:
    """The pictures and videos that the result begins and ends with; what it passes between is not drawn."""
    options = body.options
    first = "frame0" if body.type == "video" else "first_frame"
    ends = ((first, options.start_frame), ("frame1", options.end_frame))
    anchored = [(role, frame) for role, frame in ends if frame is not None]
    for of in (options, options.edit):
        if of is not None:
            positions = zip(of.keyframe_indexes or (), of.keyframes or (), strict=True)
            anchored += [("frame1" if position else first, frame) for position, frame in positions]
    return anchored


def _parts(body: CreateBody) -> tuple[int, int]:
    across, down = (body.aspect_ratio or _DEFAULT_RATIO).split(":")
    return int(across), int(down)


def _shape(body: CreateBody) -> VideoShape:
    across, down = _parts(body)
    options = body.options
    unit = int(options.resolution.removesuffix("p")) / min(across, down)
    seconds = int(options.duration.removesuffix("s"))
    return VideoShape(width=even(across * unit), height=even(down * unit), duration_ms=seconds * 1000)


def _placement(body: CreateBody, shape: VideoShape) -> dict[str, Any]:
    position = body.options.source_position
    if position is None:
        return {}
    return {
        "grid_position_x": round(position.x_norm * shape.width),
        "grid_position_y": round(position.y_norm * shape.height),
        "resized_width": max(1, round(position.w_norm * shape.width)),
        "resized_height": max(1, round(position.h_norm * shape.height)),
    }


async def _reference(
    ref: MediaRef, role: str, store: StoreContent, *, longest_s: float | None = None
) -> Reference:
    if ref.generation_id is not None:
        return Reference(role=role, generation=ref.generation_id, longest_s=longest_s)
    if ref.file_id is not None:
        return Reference(role=role, file=ref.file_id, longest_s=longest_s)
    if ref.url is not None:
        return Reference(role=role, url=ref.url, longest_s=longest_s)
    try:
        content = base64.b64decode(ref.data or "", validate=True)
    except (ValueError, binascii.Error) as error:
        raise ApiError(HTTPStatus.UNPROCESSABLE_ENTITY, f"{role}: data is not valid base64") from error
    return Reference(role=role, file=await store(content, ref.media_type or ""), longest_s=longest_s)


def show(generation: Generation, now: int, base_url: str) -> dict[str, Any]:
    """A generation as the API shows it."""
    shown = generation.document(now, base_url)
    assets, reason = shown["assets"] or {}, shown["failure_reason"]
    url = assets.get("video") or assets.get("image")
    return {
        "id": generation.id,
        "type": shown["request"]["type"],
        "state": "processing" if shown["state"] == GenerationState.DREAMING else shown["state"],
        "model": generation.model,
        "created_at": shown["created_at"],
        "output": [{"type": generation.output, "url": url}] if url else None,
        "failure_reason": reason,
        "failure_code": None if reason is None else _code(reason),
    }


def _code(reason: str) -> str:
    return reason if reason in _ALL_CODES else _CODES.get(reason, _FAILED)
