"""Renders the video of a generation, and its thumbnail, into a file; runs in a worker process."""

import io
from collections.abc import Callable, Iterator
from pathlib import Path

from PIL import Image, ImageOps

from simulator.drawing.palette import palette_of
from simulator.drawing.repaint import reframe, repaint
from simulator.drawing.scene import prompt_palette
from simulator.file_store import atomic_path, write_atomically
from simulator.formats import FPS
from simulator.video.decode import open_frame, read_frames
from simulator.video.encode import write_video
from simulator.video.generate import generated, paced, push
from simulator.video.music import add_music
from simulator.video.spec import AddAudio, GenerateVideo, ModifyVideo, ReframeVideo, UpscaleVideo, VideoSpec

#: short side of a thumbnail, in pixels
_THUMBNAIL_SHORT = 720
#: frames in which a first frame gives way
_OPENING = FPS


def render_video(spec: VideoSpec, target: Path) -> None:
    """Render into a file. Raises FileUnreadable when the source cannot be read."""
    with atomic_path(target) as path:
        if isinstance(spec, AddAudio):
            add_music(spec, path)
        else:
            audio_from = spec.source if isinstance(spec, UpscaleVideo) else None
            write_video(frames_of(spec), spec.size, path, audio_from)


def render_thumbnail(spec: VideoSpec, target: Path) -> None:
    """Render the first frame as a JPEG. Raises FileUnreadable."""
    frame, buffer = next(frames_of(spec)), io.BytesIO()
    size = frame.size if isinstance(spec, AddAudio) else spec.size
    scale = min(1.0, _THUMBNAIL_SHORT / min(size))
    picture = frame.resize((round(size[0] * scale), round(size[1] * scale)))
    picture.save(buffer, "JPEG", quality=85)
    write_atomically(buffer.getvalue(), target)


def frames_of(spec: VideoSpec) -> Iterator[Image.Image]:
    match spec:
        case GenerateVideo():
            return generated(spec)
        case ReframeVideo():
            return _edited(spec, lambda frame: reframe(frame, spec.size, spec.placement))
        case ModifyVideo():
            given = spec.first_frame
            palette = palette_of(open_frame(given)) if given else prompt_palette(spec.prompt)
            return _edited(spec, lambda frame: repaint(frame.resize(spec.size), palette, spec.strength))
        case UpscaleVideo() | AddAudio():
            return read_frames(spec.source)


def _edited(
    spec: ReframeVideo | ModifyVideo, draw: Callable[[Image.Image], Image.Image]
) -> Iterator[Image.Image]:
    """Draw each frame of the source; a first frame that is given opens the video for a second."""
    frames = paced(spec, read_frames(spec.source, spec.frames), draw)
    if spec.first_frame is None:
        return frames
    opening = ImageOps.fit(open_frame(spec.first_frame), spec.size, Image.Resampling.BICUBIC)
    return (push(opening, frame, at / _OPENING) for at, frame in enumerate(frames))
