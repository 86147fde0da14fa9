"""Reading films that come from outside; runs in a worker process only."""

from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path

import av
from av.container import InputContainer
from av.video.frame import VideoFrame
from av.video.stream import VideoStream
from PIL import Image

from bot.providers.simulator.errors import Unreadable
from bot.providers.simulator.filming.script import Moment, Still
from bot.providers.simulator.formats import FPS
from bot.providers.simulator.painting.sources import open_picture

#: width times height; 4k and a little more
_PIXELS_MAX = 13_000_000
#: seconds that a file may be longer than is allowed, because the last frame counts
_GRACE_S = 0.5
_MICROSECONDS = 1_000_000


def check_footage(path: Path, longest_s: float) -> dict[str, int] | str:
    """Look through a film, to know that another one can be made from it.

    Answers the fields of its `Shape`, or why it cannot be used.
    """
    try:
        return _measure(path, longest_s)
    except Unreadable as error:
        return str(error)


def _measure(path: Path, longest_s: float) -> dict[str, int]:
    with _opened(path) as (container, stream):
        stream.codec_context.skip_frame = "NONKEY"
        shown = [_upright_size(frame) for frame in container.decode(stream)]
        if not shown:
            raise Unreadable("This film has no pictures.")
        duration_s = _duration_s(container, stream)
    if not 0 < duration_s <= longest_s + _GRACE_S:
        raise Unreadable(f"This film is {duration_s:.1f} s long; {longest_s:g} s are accepted.")
    width, height = shown[0]
    return {"width": width, "height": height, "duration_ms": round(min(duration_s, longest_s) * 1000)}


def open_still(still: Still) -> Image.Image:
    """Read a picture, or a moment of a film. Raises Unreadable."""
    if still.moment is None:
        return open_picture(still.path)
    with _opened(still.path) as (container, stream):
        if still.moment is Moment.LAST:
            # From the last frame that stands alone; a film without an index is read whole.
            end_s = _duration_s(container, stream)
            container.seek(max(0, round((end_s - 1) * _MICROSECONDS)), backward=True)
        found = None
        for frame in container.decode(stream):
            found = frame
            if still.moment is Moment.FIRST:
                break
        if found is None:
            raise Unreadable("This film has no pictures.")
        return upright(found)


def frames_of(path: Path, frames_max: int | None = None) -> Iterator[VideoFrame]:
    """Read a film at `FPS`, whatever its own pace. Raises Unreadable."""
    with _opened(path) as (container, stream):
        due, start = 0, None
        last: VideoFrame | None = None
        for frame in container.decode(stream):
            at = Fraction(0) if frame.pts is None else frame.pts * (frame.time_base or Fraction(1, FPS))
            start = at if start is None else start
            while last is not None and Fraction(due, FPS) < at - start:
                yield last
                due += 1
                if due == frames_max:
                    return
            last = frame
        ending = round(_duration_s(container, stream) * FPS)
        while last is not None and due < max(1, min(ending, frames_max or ending)):
            yield last
            due += 1


@contextmanager
def _opened(path: Path) -> Iterator[tuple[InputContainer, VideoStream]]:
    # The kind is named, so that no playlist or script of a lesser-known kind is ever followed.
    try:
        with av.open(str(path), format=_kind(path)) as container:
            if not container.streams.video:
                raise Unreadable("This file has no moving picture.")
            stream = container.streams.video[0]
            if stream.codec_context.width * stream.codec_context.height > _PIXELS_MAX:
                raise Unreadable("The film has too many pixels.")
            stream.codec_context.thread_count = 1
            yield container, stream
    except MemoryError:
        raise
    except (av.FFmpegError, OSError, ValueError) as error:
        raise Unreadable("This is not a film that can be read.") from error


def _kind(path: Path) -> str:
    with path.open("rb") as file:
        head = file.read(12)
    if head[4:8] == b"ftyp":
        return "mp4"
    if head.startswith(b"\x1a\x45\xdf\xa3"):
        return "matroska"
    raise Unreadable("This is not a film: MP4, MOV, WebM and MKV can be read.")


def _duration_s(container: InputContainer, stream: VideoStream) -> float:
    if stream.duration is not None and stream.time_base is not None:
        return float(stream.duration * stream.time_base)
    return (container.duration or 0) / _MICROSECONDS


def _upright_size(frame: VideoFrame) -> tuple[int, int]:
    lying = frame.rotation % 180 != 0
    return (frame.height, frame.width) if lying else (frame.width, frame.height)


def upright(frame: VideoFrame, size: tuple[int, int] | None = None) -> Image.Image:
    """Turn a frame into a picture as players show it, of this size where one is given."""
    if size is not None and frame.rotation % 180:
        size = size[::-1]
    width, height = size or (frame.width, frame.height)
    plane = frame.reformat(width, height, "rgb24").planes[0]
    picture = Image.frombytes("RGB", (width, height), bytes(plane), "raw", "RGB", plane.line_size)
    # The matrix in the file turns counter-clockwise, and so does Pillow.
    return picture.rotate(frame.rotation, expand=True) if frame.rotation else picture
