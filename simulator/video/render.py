"""Renders the video of a generation, and its thumbnail, into a file; runs in a worker process."""

import io
from collections.abc import Iterator
from pathlib import Path

from PIL import Image

from simulator.file_store import atomic_path, write_atomically
from simulator.video.decode import open_frame, read_frames
from simulator.video.edit import modified, reframed
from simulator.video.encode import write_video
from simulator.video.generate import generated
from simulator.video.music import add_music
from simulator.video.spec import (
    AddAudio,
    FramePosition,
    GenerateVideo,
    Keyframe,
    ModifyVideo,
    ReframeVideo,
    UpscaleVideo,
    VideoSpec,
)

_THUMBNAIL_QUALITY = 85
#: short side of a thumbnail, in pixels
_THUMBNAIL_SHORT = 720


def render_video(spec: VideoSpec, target: Path) -> None:
    """Render into a file. Raises FileUnreadable when the source cannot be read."""
    with atomic_path(target) as path:
        match spec:
            case AddAudio():
                add_music(spec, path)
            case UpscaleVideo():
                write_video(read_frames(spec.source), spec.size, path, audio_from=spec.source)
            case _:
                write_video(_frames(spec), spec.size, path)


def render_thumbnail(spec: VideoSpec, target: Path) -> None:
    """Render the first frame as a JPEG. Raises FileUnreadable."""
    if isinstance(spec, AddAudio | UpscaleVideo):
        picture = open_frame(Keyframe(path=spec.source, position=FramePosition.FIRST))
    else:
        picture = next(_frames(spec)).resize(spec.size, Image.Resampling.BICUBIC)
    scale = min(1.0, _THUMBNAIL_SHORT / min(picture.size))
    buffer = io.BytesIO()
    picture.resize((round(picture.width * scale), round(picture.height * scale))).save(
        buffer, "JPEG", quality=_THUMBNAIL_QUALITY
    )
    write_atomically(buffer.getvalue(), target)


def _frames(spec: GenerateVideo | ReframeVideo | ModifyVideo) -> Iterator[Image.Image]:
    match spec:
        case GenerateVideo():
            return generated(spec)
        case ReframeVideo():
            return reframed(spec)
        case ModifyVideo():
            return modified(spec)
