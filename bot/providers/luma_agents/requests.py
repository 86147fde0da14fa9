"""Serialises requests into the API's JSON."""

import base64
from collections.abc import Mapping

from bot.domain.errors import Rejected
from bot.domain.generations.media import MediaKind, Reference
from bot.domain.generations.models import FPS, PICTURE_SIZES, Duration, ImageFormat, Resolution
from bot.domain.generations.requests import (
    AnyRequest,
    ImageRequest,
    ModifyVideoRequest,
    ReframeVideoRequest,
    VideoRequest,
)
from bot.providers.base import Input, InputFile, InputGeneration, InputUpload, InputUrl

Body = dict[str, object]

_FORMATS = {ImageFormat.JPG: "jpeg", ImageFormat.PNG: "png"}
#: the API requires a prompt, which a reframe may go without here
_REFRAME_PROMPT = "The same scene goes on beyond the frame"
#: the only resolution whose price of a reframe or an edit is documented
_CHANGED_RESOLUTION = Resolution.P720


def create(
    request: AnyRequest, *, media: Mapping[str, Input], contents: Mapping[str, bytes], end_user: str
) -> Body:
    """The JSON body of a create.

    `contents` has the content of each `InputFile` by its name. Raises Rejected if an input is missing.
    """
    sources = {key: _source(one, contents) for key, one in media.items()}
    match request:
        case ImageRequest():
            body = _image(request, sources)
        case VideoRequest():
            body = _video(request, sources)
        case ReframeVideoRequest():
            body = _reframed_video(request, sources)
        case ModifyVideoRequest():
            body = _modified_video(request, sources)
        case _:
            raise Rejected(f"This API makes no {request.kind}")
    return _without_empty({"model": request.model.value, **body, "user_id": end_user})


def _source(one: Input, contents: Mapping[str, bytes]) -> Body:
    match one:
        case InputUrl():
            return {"url": one.url}
        case InputGeneration():
            return {"generation_id": one.id}
        case InputUpload():
            return {"file_id": one.id}
        case InputFile():
            data = base64.b64encode(contents[one.name]).decode()
            return {"data": data, "media_type": one.mime}


def _image(request: ImageRequest, sources: Mapping[str, Body]) -> Body:
    modified = request.modify_ref
    return {
        "type": "image" if modified is None else "image_edit",
        "prompt": request.prompt,
        "aspect_ratio": request.aspect_ratio.value,
        "output_format": _FORMATS[request.format],
        "image_ref": [_found(reference, sources) for reference in request.image_refs],
        "source": None if modified is None else _found(modified, sources),
    }


def _video(request: VideoRequest, sources: Mapping[str, Body]) -> Body:
    return {
        "type": "video",
        "prompt": request.prompt,
        "aspect_ratio": request.aspect_ratio.value,
        "video": _without_empty(
            {
                "resolution": request.resolution.value,
                "duration": request.duration.value,
                "loop": request.loop or None,
                **_ends(request, sources),
            }
        ),
    }


def _ends(request: VideoRequest, sources: Mapping[str, Body]) -> Body:
    """The first and the last frame; videos longer than the shortest take them as keyframes only."""
    ends = {"start_frame": request.start, "end_frame": request.end}
    given = {name: one for name, one in ends.items() if one is not None}
    is_extension = any(one.kind is MediaKind.VIDEO for one in given.values())
    if request.duration is Duration.FIVE or is_extension or not given:
        return {name: _found(one, sources) for name, one in given.items()}
    positions = {"start_frame": 0, "end_frame": request.duration.ms * FPS // 1000}
    return {
        "keyframes": [_found(one, sources) for one in given.values()],
        "keyframe_indexes": [positions[name] for name in given],
    }


def _reframed_video(request: ReframeVideoRequest, sources: Mapping[str, Body]) -> Body:
    video: Body = {"resolution": _CHANGED_RESOLUTION.value, "source_position": _position(request)}
    return {
        "type": "video_reframe",
        "prompt": request.prompt or _REFRAME_PROMPT,
        "aspect_ratio": request.aspect_ratio.value,
        "source": _found(request.source, sources),
        "video": _without_empty(video),
    }


def _modified_video(request: ModifyVideoRequest, sources: Mapping[str, Body]) -> Body:
    first = None if request.first_frame is None else _found(request.first_frame, sources)
    video: Body = {
        "resolution": _CHANGED_RESOLUTION.value,
        "edit": {"strength": request.mode.value},
        "start_frame": first,
    }
    return {
        "type": "video_edit",
        "prompt": request.prompt,
        "source": _found(request.source, sources),
        "video": _without_empty(video),
    }


def _position(request: ReframeVideoRequest) -> Body | None:
    """The source's place as fractions of the new frame; None leaves it to the model."""
    x, y = request.grid_position_x, request.grid_position_y
    width, height = request.resized_width, request.resized_height
    if (x, y, width, height) == (None, None, None, None):
        return None
    if x is None or y is None or width is None or height is None:
        raise Rejected("This model places a video by all of its position and size, or by none of them")
    # Members give pixels of the frame that is documented for reframes, as the preview draws it.
    across, down = PICTURE_SIZES[request.aspect_ratio]
    return {"x_norm": x / across, "y_norm": y / down, "w_norm": width / across, "h_norm": height / down}


def _found(reference: Reference, sources: Mapping[str, Body]) -> Body:
    found = sources.get(reference.key)
    if found is None:
        raise Rejected(f"A {reference.kind} that this builds on is no longer available")
    return found


def _without_empty(body: Body) -> Body:
    """Drop empty fields."""
    return {key: value for key, value in body.items() if value is not None and value not in ("", [])}
