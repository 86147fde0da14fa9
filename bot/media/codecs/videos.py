"""Probes videos and extracts their first frame. Runs inside a sandboxed process."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from itertools import islice
from pathlib import Path

import av
import av.error
from av.container import InputContainer
from av.video.frame import VideoFrame
from av.video.stream import VideoStream
from PIL import Image

from bot.domain.errors import MediaRefused, ProcessingFailed
from bot.media.codecs.frames import MIRRORED, TURNED, Renderer, colours_of, transpose_of
from bot.media.codecs.limits import check_room
from bot.media.codecs.pictures import save_jpeg
from bot.media.codecs.probe import Probe
from bot.media.disk import disk_failure
from bot.media.sniff import mime_of

#: pixels of a 4K frame in every aspect ratio of the models
MAX_FRAME_PIXELS = 16_777_216
MAX_DURATION_MS = 300_000
#: memory in bytes that decoding the largest frames takes
_ROOM = 400_000_000
#: pixels of all frames together: a little over half a minute of 4K at 60 frames per second
_MAX_TOTAL_PIXELS = 20_000_000_000
#: packets of a track: a little more than the longest video has at 240 frames per second
_MAX_FRAMES = 80_000
#: pixels to decode at most for the first frame and for the last ones, and the frames that are always decoded
_GLANCE_PIXELS, _GLANCE_FRAMES = 250_000_000, 16

#: The demuxer is set explicitly: FFmpeg would otherwise accept playlists, which open other files.
_READERS = {
    "video/mp4": "mov",
    "video/quicktime": "mov",
    "video/webm": "matroska",
    "video/x-matroska": "matroska",
    "video/x-msvideo": "avi",
}
_PLAIN_FORMATS = frozenset({"yuv420p", "yuvj420p"})
#: Matroska's metadata tags with the duration of a track
_LENGTH = re.compile(r"(\d{1,3}):(\d\d):(\d\d(?:\.\d+)?)")
#: share of the announced duration that may be missing at the end: containers round, encoders pad
_MISSING_MS, _MISSING_PART = 500, 0.1
#: seconds before the end at which decoding of the last frames begins
_END_S = 1.0


def probe_video(path: Path, mime: str) -> Probe:
    """Read all packets of a video and decode its first and last frames.

    Raises MediaRefused if it is broken or beyond the limits.
    """
    with opened(path) as (container, stream):
        claimed_ms = _claimed_ms(container, stream)
        _check_duration(claimed_ms)
        # The limits are checked before anything is decoded.
        begin, end, frames = _measured(container, stream)
        _check_total(stream.width, stream.height, frames)
        container.seek(0)
        first = _first_frame(container, stream)
        _check_total(first.width, first.height, frames)
        width, height = shown_size(first, stream)
        codec, pixels = stream.codec_context.name, stream.codec_context.pix_fmt
        duration_ms = max(1, round((end - begin) * 1000))
        _check_duration(duration_ms)
        # Some containers count from the start of the video track, some from the start of the audio track.
        if max(end - begin, end) * 1000 < claimed_ms - max(_MISSING_MS, claimed_ms * _MISSING_PART):
            raise _broken()
        container.seek(round(max(begin, end - _END_S) * av.time_base))
        if sum(1 for _ in _decoded(container, stream, _glance(first.width * first.height))) == 0:
            raise _broken()
        shown = transpose_of(first) not in MIRRORED and colours_of(first).space is None
    return Probe(
        mime=mime,
        width=width,
        height=height,
        duration_ms=duration_ms,
        plain=codec == "h264" and pixels in _PLAIN_FORMATS and shown,
    )


def take_still(source: Path, target: Path) -> None:
    """Write the first frame of a video, in display form, as a JPEG."""
    with opened(source) as (container, stream):
        frame = _first_frame(container, stream)
        renderer = Renderer(shown_size(frame, stream), "rgb24", stream.time_base or Fraction(1, 1000))
        drawn, _ = renderer.draw(frame)
        picture: Image.Image = drawn.to_image()  # type: ignore[no-untyped-call]
    save_jpeg(picture, target)


@contextmanager
def opened(path: Path) -> Iterator[tuple[InputContainer, VideoStream]]:
    """Open a video file and its first video track."""
    options = {"protocol_whitelist": "file"}
    reader = _READERS.get(mime_of(path) or "")
    if reader is None:
        raise _broken()
    with _translated(), av.open(path, format=reader, options=options) as container:
        stream = next((one for one in container.streams.video if not _is_cover(one)), None)
        if stream is None:
            raise MediaRefused("This file has no video track: send a video as MP4, MOV or WebM.")
        _check_pixels(stream.width * stream.height)
        # One thread: each takes memory, and CPU time counts over all of them.
        stream.codec_context.thread_count = 1
        stream.codec_context.options = {"max_pixels": str(MAX_FRAME_PIXELS)}
        yield container, stream


@contextmanager
def _translated() -> Iterator[None]:
    """Translate FFmpeg's errors, except for a lack of memory, which the caller reports."""
    try:
        yield
    except MemoryError:
        raise
    except av.error.FFmpegError as error:
        if text := disk_failure(error.errno):
            raise ProcessingFailed(text) from error
        check_room(_ROOM)
        raise _broken() from error
    except (ValueError, OverflowError, UnicodeError) as error:
        raise _broken() from error


def shown_size(frame: VideoFrame, stream: VideoStream) -> tuple[int, int]:
    """Width and height of a frame as displayed, after pixel aspect ratio and rotation."""
    shape = stream.sample_aspect_ratio or Fraction(1)
    width, height = frame.width, frame.height
    if shape > 0:
        width = max(1, round(width * shape))
    _check_pixels(width * height)
    return (height, width) if transpose_of(frame) in TURNED else (width, height)


def _is_cover(stream: VideoStream) -> bool:
    return bool(stream.disposition & type(stream.disposition).attached_pic)


def _check_pixels(pixels: int) -> None:
    if pixels > MAX_FRAME_PIXELS:
        raise MediaRefused("This video's frames are too large: save it in 4K or smaller.")


def _check_duration(duration_ms: int) -> None:
    if duration_ms > MAX_DURATION_MS:
        raise MediaRefused(
            f"This video is too long: at most {MAX_DURATION_MS // 60_000} minutes are accepted. Cut it first."
        )


def _check_total(width: int, height: int, frames: int) -> None:
    if width * height * frames > _MAX_TOTAL_PIXELS or frames > _MAX_FRAMES:
        raise MediaRefused(
            f"This video has far too many frames for their size ({width}x{height}): "
            "cut it, or save it smaller or with fewer frames a second."
        )


def _glance(pixels: int) -> int:
    """How many frames of this size to decode as a sample."""
    return max(_GLANCE_FRAMES, _GLANCE_PIXELS // max(1, pixels))


def _claimed_ms(container: InputContainer, stream: VideoStream) -> int:
    """The announced duration of the video track; 0 if missing, as in recordings of browsers."""
    if stream.duration is not None and stream.time_base is not None:
        return max(0, round(stream.duration * stream.time_base * 1000))
    if len(container.streams) == 1:
        return max(0, round((container.duration or 0) / 1000))
    # The container's duration is that of its longest track, often the audio.
    named = _LENGTH.fullmatch(stream.metadata.get("DURATION", ""))
    if named is None:
        return 0
    hours, minutes, seconds = named.groups()
    return round((int(hours) * 3600 + int(minutes) * 60 + float(seconds)) * 1000)


def _first_frame(container: InputContainer, stream: VideoStream) -> VideoFrame:
    frame = next(_decoded(container, stream, _glance(stream.width * stream.height)), None)
    if frame is None:
        raise MediaRefused("No frame of this video can be decoded.")
    _check_pixels(frame.width * frame.height)
    return frame


def _decoded(container: InputContainer, stream: VideoStream, packets: int) -> Iterator[VideoFrame]:
    """Decode at most so many packets; a packet may hold a frame that is never displayed."""
    for packet in islice(container.demux(stream), packets):
        yield from packet.decode()


def _measured(container: InputContainer, stream: VideoStream) -> tuple[float, float, int]:
    """Start and end of a track's actual packets in seconds, and their number."""
    begin, last, shown, total, frames = None, 0, 0, 0, 0
    for packet in container.demux(stream):
        if packet.is_corrupt:
            raise _broken()
        if packet.size:
            frames += 1
            _check_total(0, 0, frames)
        if packet.pts is None or packet.is_discard:
            continue
        begin = packet.pts if begin is None else min(begin, packet.pts)
        total += packet.duration or 0
        if packet.pts >= last:
            last, shown = packet.pts, packet.duration or 0
    if begin is None or stream.time_base is None:
        raise _broken()
    # With reordered frames the packets' durations are in storage order.
    usual = (last - begin) // max(1, frames - 1)
    end = last + min(shown, max(begin + total - last, 2 * usual))
    if end == last:
        # This container has no duration for the last frame: assume the average.
        rate = stream.average_rate or stream.guessed_rate
        end += round(1 / rate / stream.time_base) if rate else 0
    return float(begin * stream.time_base), float(end * stream.time_base), frames


def _broken() -> MediaRefused:
    return MediaRefused("This video is broken or not complete.")
