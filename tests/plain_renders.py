"""Plain pictures and videos instead of the simulator's drawings, for bots whose tests look at no picture.

They have the size, format and length that were asked for, and the colour differs from one generation to the
next, so that no two are the same file. Drawing takes twenty times as long.
"""

import io
import zlib
from fractions import Fraction
from pathlib import Path

import av
from av.video.frame import VideoFrame
from PIL import Image

from simulator.drawing.spec import PictureSpec
from simulator.file_store import atomic_path, write_atomically
from simulator.formats import FPS
from simulator.video.encode import FASTSTART
from simulator.video.render import render_thumbnail, render_video
from simulator.video.spec import DrawnVideo, UpscaleVideo, VideoSpec


def draw_plain_picture(spec: PictureSpec, target: Path) -> None:
    _write(_plain(spec.size, spec), target)


def render_plain_thumbnail(spec: VideoSpec, target: Path) -> None:
    if isinstance(spec, DrawnVideo):
        _write(_plain(spec.size, spec), target)
    else:
        render_thumbnail(spec, target)


def render_plain_video(spec: VideoSpec, target: Path) -> None:
    """Render one frame a second; sound is added as usual."""
    match spec:
        case DrawnVideo():
            seconds = spec.frames / FPS
        case UpscaleVideo():
            with av.open(str(spec.source)) as source:
                seconds = (source.duration or 0) / av.time_base
        case _:
            render_video(spec, target)
            return
    frame = VideoFrame.from_image(_plain(spec.size, spec))  # type: ignore[no-untyped-call]
    with atomic_path(target) as path, av.open(str(path), "w", format="mp4", options=FASTSTART) as container:
        stream = container.add_stream("libx264", rate=1, options={"preset": "ultrafast"})
        stream.codec_context.width, stream.codec_context.height = spec.size
        stream.codec_context.pix_fmt = "yuv420p"
        for at in range(max(1, round(seconds))):
            frame.pts, frame.time_base = at, Fraction(1)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def _write(picture: Image.Image, target: Path) -> None:
    buffer = io.BytesIO()
    picture.save(buffer, "PNG" if target.suffix == ".png" else "JPEG", compress_level=1)
    write_atomically(buffer.getvalue(), target)


def _plain(size: tuple[int, int], spec: object) -> Image.Image:
    digest = zlib.crc32(repr(spec).encode())
    return Image.new("RGB", size, (digest & 255, digest >> 8 & 255, digest >> 16 & 255))
