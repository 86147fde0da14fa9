"""Reads videos from outside; runs in a worker process only."""

from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import av
from av.container import InputContainer
from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.stream import VideoStream
from PIL import Image

from simulator.drawing.images import open_image
from simulator.errors import FileUnreadable
from simulator.formats import FPS
from simulator.video.spec import FramePosition, Keyframe

#: width times height: 4k and a little more
_PIXELS_MAX = 13_000_000
#: more than half a minute at 60 frames a second, and than its pixels in 4k
_FRAMES_MAX, _ALL_PIXELS_MAX = 20_000, 20_000_000_000
#: seconds by which a file may be too long, because of its last frame
_GRACE_S = 0.5
#: code points of ITU-T H.273, and the size from which an untagged video is treated as HD
_BT709, _UNTAGGED, _BT601 = 1, 2, 6
_HD_WIDTH, _HD_HEIGHT = 1280, 577


def check_video(path: Path, longest_s: float) -> dict[str, int] | str:
    """Return the fields of a video's `VideoShape`, or why no other video can be made from it."""
    try:
        first = open_frame(Keyframe(path=path, position=FramePosition.FIRST))
        with _opened(path) as (container, stream):
            frames = sum(1 for packet in container.demux(stream) if packet.size)
            seconds = duration_s(container, stream)
    except FileUnreadable as error:
        return str(error)
    if frames > _FRAMES_MAX or frames * first.width * first.height > _ALL_PIXELS_MAX:
        return "The video has too many frames."
    if not 0 < seconds <= longest_s + _GRACE_S:
        return f"The video is {seconds:.1f} s long; {longest_s:g} s are accepted."
    duration_ms = round(min(seconds, longest_s) * 1000)
    return {"width": first.width, "height": first.height, "duration_ms": duration_ms}


def open_frame(keyframe: Keyframe) -> Image.Image:
    """Read a picture, or a frame of a video. Raises FileUnreadable."""
    if keyframe.position is None:
        return open_image(keyframe.path)
    with _opened(keyframe.path) as (container, stream):
        if keyframe.position is FramePosition.FIRST:
            found = next(_decoded(container.demux(stream)), None)
        else:
            container.seek(max(0, round((duration_s(container, stream) - 1) * av.time_base)))
            found = next(iter(deque(_decoded(container.demux(stream)), maxlen=1)), None)
        if found is None:
            raise FileUnreadable("The video has no frames.")
        return _upright(found)


def read_frames(path: Path, frames_max: int | None = None) -> Iterator[Image.Image]:
    """Read a video at `FPS`, whatever its own frame rate. Raises FileUnreadable."""
    with _opened(path) as (container, stream):
        total, due, start = max(1, round(duration_s(container, stream) * FPS)), 0, 0.0
        shown: Image.Image | None = None
        for frame in _decoded(container.demux(stream)):
            start = start if shown else frame.time or 0.0
            while shown and due < round(((frame.time or 0.0) - start) * FPS, 2) and due != frames_max:
                yield shown
                due += 1
            if due == frames_max:
                return
            shown = _upright(frame)
        if shown:
            yield from [shown] * (min(total, frames_max or total) - due)


def duration_s(container: InputContainer, stream: VideoStream) -> float:
    if stream.duration is not None and stream.time_base is not None:
        return float(stream.duration * stream.time_base)
    return (container.duration or 0) / av.time_base


@contextmanager
def _opened(path: Path) -> Iterator[tuple[InputContainer, VideoStream]]:
    # The format is given, so that FFmpeg never follows a playlist or script of another format.
    try:
        with av.open(str(path), format=_format(path)) as container:
            if not container.streams.video:
                raise FileUnreadable("The file has no video.")
            stream = container.streams.video[0]
            if stream.codec_context.width * stream.codec_context.height > _PIXELS_MAX:
                raise FileUnreadable("The video has too many pixels.")
            stream.codec_context.thread_count = 1
            yield container, stream
    except MemoryError:
        raise
    except (av.FFmpegError, OSError, ValueError) as error:
        raise FileUnreadable("The video cannot be read.") from error


def _format(path: Path) -> str:
    with path.open("rb") as file:
        head = file.read(12)
    if head[4:8] == b"ftyp":
        return "mp4"
    if head.startswith(b"\x1a\x45\xdf\xa3"):
        return "matroska"
    raise FileUnreadable("Not a video: MP4, MOV, WebM and MKV can be read.")


def _decoded(packets: "Iterable[Packet[Any]]") -> Iterator[VideoFrame]:
    """Decode packets; frames without a colour space get the one that players assume."""
    for packet in packets:
        for frame in packet.decode():
            if frame.colorspace == _UNTAGGED and not frame.format.is_rgb:
                large = frame.width >= _HD_WIDTH or frame.height >= _HD_HEIGHT
                frame.colorspace = _BT709 if large else _BT601
            yield frame


def _upright(frame: VideoFrame) -> Image.Image:
    """Convert a frame to a picture as players show it."""
    plane = frame.reformat(format="rgb24").planes[0]
    size = (frame.width, frame.height)
    picture = Image.frombytes("RGB", size, bytes(plane), "raw", "RGB", plane.line_size)
    # The matrix in the file turns counter-clockwise, and so does Pillow.
    return picture.rotate(frame.rotation, expand=True) if frame.rotation else picture
