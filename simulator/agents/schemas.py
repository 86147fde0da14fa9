"""Bodies of the requests, with the rules that the API documents for them."""

from datetime import datetime
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from simulator.api.http import HttpUrl
from simulator.errors import ApiError

AspectRatio = Literal["3:1", "2:1", "21:9", "16:9", "4:3", "3:2", "1:1", "3:4", "2:3", "9:16", "1:2", "1:3"]
Strength = Literal[
    "adhere_1",
    "adhere_2",
    "adhere_3",
    "flex_1",
    "flex_2",
    "flex_3",
    "reimagine_1",
    "reimagine_2",
    "reimagine_3",
]
PURPOSES = ("input", "reference")
FILE_STATES = ("pending", "ready", "failed", "deleted")
_IMAGE_REFS_MAX = {"image": 9, "image_edit": 8}
_KEYFRAMES_MAX = 64
#: longest source of an edit or a reframe, in seconds
SOURCE_S_MAX = 18
_FPS = 24


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class MediaRef(_Part):
    """A picture or video: exactly one of its four forms."""

    url: HttpUrl | None = None
    data: str | None = None
    generation_id: str | None = None
    file_id: str | None = None
    media_type: str | None = None

    @model_validator(mode="after")
    def _one_form(self) -> Self:
        if sum(form is not None for form in (self.url, self.data, self.generation_id, self.file_id)) != 1:
            raise ValueError("exactly one of url, data, generation_id and file_id is required")
        if self.data is not None and not self.media_type:
            raise ValueError("media_type is required with data")
        return self


class SourcePosition(_Part):
    # The documents name no bounds for the edges; without any, an edge in pixels may be infinite.
    x_norm: float = Field(ge=-10, le=10)
    y_norm: float = Field(ge=-10, le=10)
    w_norm: float = Field(gt=0, le=2)
    h_norm: float = Field(gt=0, le=2)


class EditOptions(_Part):
    strength: Strength | None = None
    auto_controls: bool | None = None
    keyframes: list[MediaRef] | None = Field(default=None, min_length=1, max_length=_KEYFRAMES_MAX)
    keyframe_indexes: list[int] | None = None


class VideoOptions(_Part):
    duration: Literal["5s", "10s"] = "5s"
    resolution: Literal["360p", "540p", "720p", "1080p"] = "720p"
    start_frame: MediaRef | None = None
    end_frame: MediaRef | None = None
    keyframes: list[MediaRef] | None = Field(default=None, min_length=1, max_length=_KEYFRAMES_MAX)
    keyframe_indexes: list[int] | None = None
    loop: bool = False
    hdr: bool = False
    source_position: SourcePosition | None = None
    edit: EditOptions | None = None

    @property
    def frames(self) -> tuple[MediaRef, ...]:
        """All pictures and videos that the result begins with, ends with or passes."""
        ends = [frame for frame in (self.start_frame, self.end_frame) if frame is not None]
        edit = self.edit.keyframes if self.edit else None
        return (*ends, *(self.keyframes or ()), *(edit or ()))


class CreateBody(_Part):
    prompt: str = Field(min_length=1, max_length=5000)
    type: Literal["image", "image_edit", "video", "video_edit", "video_reframe", "layering"] = "image"
    model: Literal["uni-1", "uni-1-max", "ray-3.2"] | None = None
    aspect_ratio: AspectRatio | None = None
    output_format: Literal["png", "jpeg"] | None = None
    image_ref: list[MediaRef] = []
    source: MediaRef | None = None
    video: VideoOptions | None = None
    user_id: str | None = None

    @property
    def makes_video(self) -> bool:
        return self.type.startswith("video")

    @property
    def model_name(self) -> str:
        return self.model or ("ray-3.2" if self.makes_video else "uni-1")

    @property
    def options(self) -> VideoOptions:
        return self.video or VideoOptions()

    def check_rules(self) -> None:
        """Check what depends on several fields. Raises ApiError."""
        if (self.model_name == "ray-3.2") is not self.makes_video:
            raise ApiError.bad_request(f"Model {self.model_name} does not support type {self.type}")
        if self.type == "layering":
            raise ApiError.bad_request("layering is not supported by the simulator")
        if self.type in ("image_edit", "video_edit", "video_reframe") and self.source is None:
            raise ApiError.bad_request(f"source is required for {self.type}")
        if len(self.image_ref) > _IMAGE_REFS_MAX.get(self.type, 0):
            raise ApiError.bad_request(f"too many image_ref for {self.type}")
        if self.type in ("video_edit", "video_reframe"):
            self._check_source_video()
        if self.makes_video:
            _check_video(self.options, self.type)

    def _check_source_video(self) -> None:
        source = self.source
        needs_type = source is not None and (source.url is not None or source.data is not None)
        if source is not None and needs_type and not (source.media_type or "").startswith("video/"):
            raise ApiError.bad_request(f"source of {self.type} needs a media_type video/*")


def _check_video(video: VideoOptions, kind: str) -> None:
    long = video.duration == "10s"
    if video.loop and (kind != "video" or long or video.hdr):
        raise ApiError.bad_request("loop is only valid for type video, without duration 10s and hdr")
    if long and (video.start_frame or video.end_frame):
        raise ApiError.bad_request("start_frame and end_frame are not supported with duration 10s")
    if video.source_position is not None and kind != "video_reframe":
        raise ApiError.bad_request("source_position is only valid for type video_reframe")
    if video.hdr and kind == "video_reframe":
        raise ApiError.bad_request("hdr is not supported for type video_reframe")
    if (video.keyframes is not None or video.keyframe_indexes is not None) and kind != "video":
        raise ApiError.bad_request("keyframes are only valid for type video; an edit has edit.keyframes")
    if video.keyframes is not None and (video.start_frame or video.end_frame or video.loop):
        raise ApiError.bad_request("keyframes are mutually exclusive with start_frame, end_frame and loop")
    _check_keyframes(video.keyframes, video.keyframe_indexes, int(video.duration.removesuffix("s")) * _FPS)
    if video.edit is None:
        return
    if kind != "video_edit":
        raise ApiError.bad_request("edit is only valid for type video_edit")
    if video.edit.keyframes is not None and video.start_frame:
        raise ApiError.bad_request("edit.keyframes are mutually exclusive with start_frame")
    _check_keyframes(video.edit.keyframes, video.edit.keyframe_indexes, SOURCE_S_MAX * _FPS)


def _check_keyframes(keyframes: list[MediaRef] | None, indexes: list[int] | None, last: int) -> None:
    """Check that each keyframe has a position of its own. Raises ApiError."""
    given = indexes or []
    valid = all(0 <= index <= last for index in given) and len(set(given)) == len(given)
    if len(given) != len(keyframes or ()) or not valid:
        raise ApiError.bad_request("keyframe_indexes must be unique positions, one for each keyframe")


class FileBody(_Part):
    """POST /files for a presigned upload."""

    mime_type: str = Field(pattern=r"^(image|video)/[\w.+-]+$")
    size_bytes: int = Field(ge=1, le=5 * 2**30)
    purpose: Literal["input", "reference"] = "input"
    filename: str | None = None
    expires_at: datetime | None = None
    user_id: str | None = None
