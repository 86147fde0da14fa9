"""Serialises requests into the API's JSON."""

from collections.abc import Mapping

from bot.domain.errors import Rejected
from bot.domain.generations.media import MediaKind, Reference
from bot.domain.generations.requests import (
    AnyRequest,
    AudioRequest,
    ImageRequest,
    ModifyVideoRequest,
    ReframeImageRequest,
    ReframeVideoRequest,
    UpscaleRequest,
    VideoRequest,
)
from bot.providers.base import InputFile, InputGeneration, Inputs, InputUpload, InputUrl
from bot.providers.luma.responses import generation_path

Body = dict[str, object]


def create(
    request: AnyRequest, *, media: Mapping[str, str], callback_url: str | None = None
) -> tuple[str, Body]:
    """The path and JSON body of a create.

    `media` maps the key of each reference to a URL, and of each video in `request.generations` to the id of
    its generation. Raises Rejected if one is missing.
    """
    match request:
        case ImageRequest():
            path, body = "/generations/image", _image(request, media)
        case VideoRequest():
            path, body = "/generations/video", _video(request, media)
        case ReframeImageRequest():
            path, body = "/generations/image/reframe", _reframed_image(request, media)
        case ReframeVideoRequest():
            path, body = "/generations/video/reframe", _reframed_video(request, media)
        case ModifyVideoRequest():
            path, body = "/generations/video/modify", _modified(request, media)
        case UpscaleRequest():
            path = f"{generation_path(_media_of(request.source, media))}/upscale"
            body = {"generation_type": "upscale_video", "resolution": request.resolution.value}
        case AudioRequest():
            path = f"{generation_path(_media_of(request.source, media))}/audio"
            body = {
                "generation_type": "add_audio",
                "prompt": request.prompt,
                "negative_prompt": request.negative_prompt,
            }
    return path, _without_empty({**body, "callback_url": callback_url})


def by_key(media: Inputs) -> dict[str, str]:
    """The URL or the id of the generation that each input is sent as."""
    found = {}
    for key, one in media.items():
        match one:
            case InputUrl():
                found[key] = one.url
            case InputGeneration():
                found[key] = one.id
            case InputFile() | InputUpload():
                raise Rejected("This API reads inputs by their URL only")
    return found


def _image(request: ImageRequest, media: Mapping[str, str]) -> Body:
    return {
        "generation_type": "image",
        "prompt": request.prompt,
        "model": request.model.value,
        "aspect_ratio": request.aspect_ratio.value,
        "format": request.format.value,
        "image_ref": [_weighted(reference, media) for reference in request.image_refs],
        "style_ref": [_weighted(reference, media) for reference in request.style_refs],
        "character_ref": _character(request.character_refs, media) if request.character_refs else None,
        "modify_image_ref": _weighted(request.modify_ref, media) if request.modify_ref else None,
    }


def _character(pictures: tuple[Reference, ...], media: Mapping[str, str]) -> Body:
    return {"identity0": {"images": [_media_of(reference, media) for reference in pictures]}}


def _video(request: VideoRequest, media: Mapping[str, str]) -> Body:
    ends = {"frame0": request.start, "frame1": request.end}
    frames = {name: _keyframe(end, media) for name, end in ends.items() if end is not None}
    return {
        "generation_type": "video",
        "prompt": request.prompt,
        "model": request.model.value,
        "aspect_ratio": request.aspect_ratio.value,
        "resolution": request.resolution.value,
        "duration": request.duration.value,
        "loop": request.loop,
        "keyframes": frames or None,
        "concepts": [{"key": key} for key in request.concepts],
    }


def _keyframe(end: Reference, media: Mapping[str, str]) -> Body:
    if end.kind is MediaKind.VIDEO:
        return {"type": "generation", "id": _media_of(end, media)}
    return {"type": "image", "url": _media_of(end, media)}


def _reframed_image(request: ReframeImageRequest, media: Mapping[str, str]) -> Body:
    return {
        "generation_type": "reframe_image",
        "model": request.model.value,
        "format": request.format.value,
        **_reframed(request, media),
    }


def _reframed_video(request: ReframeVideoRequest, media: Mapping[str, str]) -> Body:
    return {
        "generation_type": "reframe_video",
        "model": request.model.value,
        "first_frame": {"url": _media_of(request.first_frame, media)} if request.first_frame else None,
        **_reframed(request, media),
    }


def _reframed(request: ReframeImageRequest | ReframeVideoRequest, media: Mapping[str, str]) -> Body:
    return {
        "media": {"url": _media_of(request.source, media)},
        "aspect_ratio": request.aspect_ratio.value,
        "prompt": request.prompt,
        "grid_position_x": request.grid_position_x,
        "grid_position_y": request.grid_position_y,
        "x_start": request.x_start,
        "x_end": request.x_end,
        "y_start": request.y_start,
        "y_end": request.y_end,
        "resized_width": request.resized_width,
        "resized_height": request.resized_height,
    }


def _modified(request: ModifyVideoRequest, media: Mapping[str, str]) -> Body:
    return {
        "generation_type": "modify_video",
        "media": {"url": _media_of(request.source, media)},
        "first_frame": {"url": _media_of(request.first_frame, media)} if request.first_frame else None,
        "model": request.model.value,
        "mode": request.mode.value,
        "prompt": request.prompt,
    }


def _without_empty(body: Body) -> Body:
    """Drop empty fields, but keep 0 and false."""
    return {key: value for key, value in body.items() if value is not None and value not in ("", [])}


def _weighted(reference: Reference, media: Mapping[str, str]) -> Body:
    return _without_empty({"url": _media_of(reference, media), "weight": reference.weight})


def _media_of(reference: Reference, media: Mapping[str, str]) -> str:
    """The URL or generation id of a reference."""
    found = media.get(reference.key)
    if not found:
        raise Rejected(f"A {reference.kind} that this builds on is no longer available")
    return found
