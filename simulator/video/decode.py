"""Reads videos from outside; runs in a worker process only."""

from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from fractions import Fraction
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
from simulator.video.encode import HDR
from simulator.video.spec import FramePosition, Keyframe

#: width times height: 4k and a little more
_PIXELS_MAX = 13_000_000
#: seconds by which a file may be too long, because of its last frame
_GRACE_S = 0.5
_MICROSECONDS = 1_000_000
#: frames of a video, and pixels of all of them: half a minute of 4k at 60 frames a second, and some more
_FRAMES_MAX, _ALL_PIXELS_MAX = 20_000, 20_000_000_000
#: pixels decoded to find a last frame, but at least so many frames
_GROUP_PIXELS_MAX, _GROUP_MIN = 2_000_000_000, 16
#: code points of ITU-T H.273, and the size from which an untagged video is treated as HD
_BT709, _UNTAGGED, _BT601 = 1, 2, 6
_HD_WIDTH, _HD_HEIGHT = 1280, 577


def check_video(path: Path, longest_s: float) -> dict[str, int] | str:
    """Check that another video can be made from this one.

    Returns the fields of its `VideoShape`, or why it cannot be used.
    """
    try:
        return _measure(path, longest_s)
    except FileUnreadable as error:
        return str(error)


def _measure(path: Path, longest_s: float) -> dict[str, int]:
    with _opened(path) as (container, stream):
        first = next(_decoded(container.demux(stream)), None)
        if first is None:
            raise FileUnreadable("The video has no frames.")
        container.seek(0)
        frames = sum(1 for packet in container.demux(stream) if packet.size)
        if frames * first.width * first.height > _ALL_PIXELS_MAX or frames > _FRAMES_MAX:
            raise FileUnreadable("The video has too many frames.")
        seconds = duration_s(container, stream)
    if not 0 < seconds <= longest_s + _GRACE_S:
        raise FileUnreadable(f"The video is {seconds:.1f} s long; {longest_s:g} s are accepted.")
    width, height = _upright_size(first)
    return {"width": width, "height": height, "duration_ms": round(min(seconds, longest_s) * 1000)}


def open_frame(keyframe: Keyframe) -> Image.Image:
    """Read a picture, or a frame of a video. Raises FileUnreadable."""
    if keyframe.position is None:
        return open_image(keyframe.path)
    with _opened(keyframe.path) as (container, stream):
        if keyframe.position is FramePosition.FIRST:
            found = next(_decoded(container.demux(stream)), None)
        else:
            found = _last_frame(container, stream)
        if found is None:
            raise FileUnreadable("The video has no frames.")
        return upright(found)


def _last_frame(container: InputContainer, stream: VideoStream) -> VideoFrame | None:
    """Decode from the last keyframe on; no ordinary video has many frames after it."""
    end_s = duration_s(container, stream)
    container.seek(max(0, round((end_s - 1) * _MICROSECONDS)), backward=True)
    group: list[Packet[Any]] = []
    for packet in container.demux(stream):
        if packet.is_keyframe:
            group.clear()
        group.append(packet)
    most = max(_GROUP_MIN, _GROUP_PIXELS_MAX // max(1, stream.width * stream.height))
    found = deque(_decoded(group[:most]), maxlen=1)
    return found[0] if found else None


def _decoded(packets: "Iterable[Packet[Any]]") -> Iterator[VideoFrame]:
    """Decode packets; frames without a colour space get the one that players assume."""
    for packet in packets:
        for frame in packet.decode():
            yield _tagged(frame)


def _tagged(frame: VideoFrame) -> VideoFrame:
    if frame.colorspace == _UNTAGGED and not frame.format.is_rgb:
        large = frame.width >= _HD_WIDTH or frame.height >= _HD_HEIGHT
        frame.colorspace = _BT709 if large else _BT601
    return frame


def read_frames(path: Path, frames_max: int | None = None) -> Iterator[VideoFrame]:
    """Read a video at `FPS`, whatever its own frame rate. Raises FileUnreadable."""
    with _opened(path) as (container, stream):
        due, start = 0, None
        last: VideoFrame | None = None
        for frame in _decoded(container.demux(stream)):
            at = Fraction(0) if frame.pts is None else frame.pts * (frame.time_base or Fraction(1, FPS))
            start = at if start is None else start
            while last is not None and Fraction(due, FPS) < at - start:
                yield last
                due += 1
                if due == frames_max:
                    return
            last = frame
        total = round(duration_s(container, stream) * FPS)
        while last is not None and due < max(1, min(total, frames_max or total)):
            yield last
            due += 1


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


def duration_s(container: InputContainer, stream: VideoStream) -> float:
    if stream.duration is not None and stream.time_base is not None:
        return float(stream.duration * stream.time_base)
    return (container.duration or 0) / _MICROSECONDS


def _upright_size(frame: VideoFrame) -> tuple[int, int]:
    turned = frame.rotation % 180 != 0
    return (frame.height, frame.width) if turned else (frame.width, frame.height)


def upright(frame: VideoFrame, size: tuple[int, int] | None = None) -> Image.Image:
    """Convert a frame to a picture as players show it, of this size where one is given."""
    if size is not None and frame.rotation % 180:
        size = size[::-1]
    width, height = size or (frame.width, frame.height)
    # FFmpeg's tone mapping is dark, which is good enough here.
    sdr = _BT709 if frame.color_trc in HDR else None
    shown = frame.reformat(width, height, "rgb24", dst_color_trc=sdr, dst_color_primaries=sdr)
    plane = shown.planes[0]
    picture = Image.frombytes("RGB", (width, height), bytes(plane), "raw", "RGB", plane.line_size)
    # The matrix in the file turns counter-clockwise, and so does Pillow.
    return picture.rotate(frame.rotation, expand=True) if frame.rotation else picture
