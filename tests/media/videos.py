"""Small videos to bring in."""

import struct
from fractions import Fraction
from pathlib import Path
from random import Random

import av
from av.audio.frame import AudioFrame
from av.video.frame import VideoFrame
from av.video.stream import VideoStream
from PIL import Image

RATE = 24
HERTZ = 44_100
_SAMPLES = 1024


def video(
    path: Path,
    *,
    codec: str = "libx264",
    container: str = "mp4",
    size: tuple[int, int] = (128, 72),
    frames: int = 12,
    pixels: str = "yuv420p",
    sound: bool = False,
    noise: bool = False,
    shape: Fraction | None = None,
    rate: int = RATE,
    **options: str,
) -> Path:
    """Film a red frame that turns blue; `noise` makes it large, `shape` makes its pixels oblong."""
    with av.open(path, "w", format=container, options=options) as out:
        track = out.add_stream(codec, rate=rate, options={"preset": "ultrafast"} if "x26" in codec else {})
        assert isinstance(track, VideoStream)
        track.width, track.height, track.pix_fmt = *size, pixels
        track.codec_context.thread_count = 1
        if shape is not None:
            track.codec_context.sample_aspect_ratio = shape
        voice = out.add_stream("aac", rate=HERTZ) if sound else None
        for number in range(frames):
            image = _noise(size, number) if noise else _plain(size, number, frames)
            out.mux(track.encode(frame_of(image)))
        out.mux(track.encode(None))
        if voice is not None:
            for number in range(frames * HERTZ // rate // _SAMPLES):
                out.mux(voice.encode(silence(number)))
            out.mux(voice.encode(None))
    return path


def half_white(path: Path, size: tuple[int, int] = (128, 72)) -> Path:
    """Film one frame that is white at its left and black at its right."""
    image = Image.new("RGB", size, "black")
    image.paste("white", (0, 0, size[0] // 2, size[1]))
    with av.open(path, "w", format="mp4") as out:
        track = out.add_stream("libx264", rate=RATE)
        track.width, track.height, track.pix_fmt = *size, "yuv420p"
        out.mux(track.encode(frame_of(image)))
        out.mux(track.encode(None))
    return path


def frame_of(image: Image.Image) -> VideoFrame:
    frame: VideoFrame = VideoFrame.from_image(image)  # type: ignore[no-untyped-call]
    return frame


def turned(path: Path) -> Path:
    """Say in a small MP4 that it is to be shown a quarter turn clockwise, as a phone held upright does."""
    content = bytearray(path.read_bytes())
    # ISO 14496-12, 8.3.2: the matrix stands 40 bytes behind the version of the track header.
    at = content.index(b"tkhd") + 4 + 40
    _, height = struct.unpack_from(">II", content, at + 36)
    one = 1 << 16
    struct.pack_into(">9i", content, at, 0, one, 0, -one, 0, 0, height, 0, 1 << 30)
    path.write_bytes(content)
    return path


def claims(path: Path, box: bytes, at: int, form: str, *values: int) -> Path:
    """Overwrite what a box of an MP4 claims, `at` bytes behind its name."""
    content = bytearray(path.read_bytes())
    struct.pack_into(form, content, content.index(box) + len(box) + at, *values)
    path.write_bytes(content)
    return path


def _plain(size: tuple[int, int], number: int, frames: int) -> Image.Image:
    blue = 255 * number // max(1, frames - 1)
    return Image.new("RGB", size, (255 - blue, 0, blue))


def _noise(size: tuple[int, int], seed: int) -> Image.Image:
    return Image.frombytes("RGB", size, Random(seed).randbytes(3 * size[0] * size[1]))  # noqa: S311


def silence(number: int) -> AudioFrame:
    """A part of a track of sound; nobody listens, and any tone takes eight times as long to encode."""
    frame = AudioFrame(format="fltp", layout="mono", samples=_SAMPLES)
    frame.planes[0].update(bytes(4 * _SAMPLES))
    frame.sample_rate = HERTZ
    frame.pts = number * _SAMPLES
    frame.time_base = Fraction(1, HERTZ)
    return frame
