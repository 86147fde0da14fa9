"""Transcodes videos to H.264 in MP4 within a size limit. Runs inside a sandboxed process."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.container import InputContainer, OutputContainer
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from bot.domain.errors import MediaRefused
from bot.domain.generations.models import even
from bot.media.codecs.frames import Colours, Renderer
from bot.media.codecs.videos import opened

#: highest frame rate of the output, and the seconds between two frames at it
_MAX_RATE = 60
_MIN_GAP_S = 1 / (1.25 * _MAX_RATE)
#: frame rate assumed for a video that has none
_USUAL_RATE = 24
#: bits per pixel: looks like the original; below this a smaller size looks better; too poor to watch
_RICH, _POOR, _HOPELESS = 0.25, 0.07, 0.02
#: lowest bit rate: encoders accept no less than a few thousand bits per second
_LEAST = 64_000
#: scale factors to try, and the smallest short side in pixels
_SCALES = (1.0, 0.75, 0.5, 0.375, 0.25)
_SMALLEST = 160
#: largest frame in pixels that one thread encodes in time; providers and chats show no larger one
_MOST_PIXELS = 1920 * 1080
_SOUND_BITS, _SOUND_HERTZ = 96_000, 48_000
#: share of the size limit to aim at, with room for the container and rate control errors
_SPARE = 0.94
_ATTEMPTS = 3
#: extra reduction for the next attempt after a file that came out too large
_CAUTION = 0.92

#: A short lookahead keeps a 4K encoder within the memory limit of a sandboxed process.
_ENCODER = {"preset": "veryfast", "rc-lookahead": "12"}
#: time base of the output, fine enough for every frame rate, as in broadcasting
_TICKS = 90_000


@dataclass(frozen=True, slots=True, kw_only=True)
class _Plan:
    """Encoding parameters of a video."""

    #: pixels
    width: int
    height: int
    #: bits a second
    bits: int
    #: frames a second
    rate: float


def transcode(source: Path, target: Path, max_bytes: int, size: tuple[int, int], duration_ms: int) -> None:
    """Transcode a video to at most `max_bytes`, in the best resolution and quality that allows.

    `size` and `duration_ms` are those of the source as displayed. Raises MediaRefused if it is broken, or if
    the result would be too poor to watch.
    """
    aim = float(max_bytes)
    for _ in range(_ATTEMPTS):
        with opened(source) as (container, stream):
            sound = _sound_of(container)
            bits = aim * 8 * _SPARE / (duration_ms / 1000) - (_SOUND_BITS if sound else 0)
            plan = _plan(size, _rate(stream), bits)
            if plan is None:
                break
            _write(container, stream, sound, plan, target)
        written = target.stat().st_size
        if written <= max_bytes:
            return
        aim *= max_bytes / written * _CAUTION
    raise MediaRefused(f"This video cannot be made as small as {max_bytes / 1e6:.3g} MB.")


def _plan(size: tuple[int, int], rate: float, bits: float) -> _Plan | None:
    """Choose the largest resolution for a bit rate; None if it is too low for any."""
    width, height = size
    full = min(1.0, math.sqrt(_MOST_PIXELS / (width * height)))
    scales = [full * part for part in _SCALES if part == 1 or min(size) * full * part >= _SMALLEST]
    pixels = [width * height * scale**2 * rate for scale in scales]
    if bits < _HOPELESS * pixels[-1]:
        return None
    enough = next((place for place, one in enumerate(pixels) if bits >= _POOR * one), len(scales) - 1)
    return _Plan(
        width=even(width * scales[enough]),
        height=even(height * scales[enough]),
        bits=int(min(bits, max(_LEAST, _RICH * pixels[enough]))),
        rate=rate,
    )


def _rate(stream: VideoStream) -> float:
    rate = stream.average_rate or stream.guessed_rate or _USUAL_RATE
    return min(float(rate), _MAX_RATE)


def _sound_of(container: InputContainer) -> AudioStream | None:
    return next((one for one in container.streams.audio if one.codec_context is not None), None)


def _write(
    container: InputContainer, stream: VideoStream, sound: AudioStream | None, plan: _Plan, target: Path
) -> None:
    # The index comes first, so that players can start before the download ends.
    with av.open(target, "w", format="mp4", options={"movflags": "+faststart"}) as out:
        pictures = _video_track(out, plan)
        voices = _sound_track(out) if sound is not None else None
        fitting = _Fitting(stream, plan)
        for packet in container.demux([stream] if sound is None else [stream, sound]):
            for frame in packet.decode():
                if isinstance(frame, VideoFrame):
                    for fitted, colours in fitting.fit(frame):
                        if not pictures.codec_context.is_open:
                            _tag(pictures, colours)
                        out.mux(pictures.encode(fitted))
                elif isinstance(frame, AudioFrame) and voices is not None:
                    out.mux(voices.encode(frame))
        out.mux(pictures.encode(None))
        if voices is not None:
            out.mux(voices.encode(None))


def _video_track(out: OutputContainer, plan: _Plan) -> VideoStream:
    limits = {"maxrate": str(plan.bits * 3 // 2), "bufsize": str(plan.bits * 2)}
    track = out.add_stream(
        "libx264", rate=Fraction(plan.rate).limit_denominator(1001), options=_ENCODER | limits
    )
    track.width, track.height, track.pix_fmt = plan.width, plan.height, "yuv420p"
    encoder = track.codec_context
    encoder.thread_count = 1
    encoder.bit_rate = plan.bits
    encoder.time_base = Fraction(1, _TICKS)
    return track


def _tag(track: VideoStream, colours: Colours) -> None:
    """Set the encoder's colour metadata; it has an effect only before the first frame."""
    encoder = track.codec_context
    encoder.colorspace, encoder.color_range = colours.matrix, colours.range
    encoder.color_primaries, encoder.color_trc = colours.primaries, colours.transfer


def _sound_track(out: OutputContainer) -> AudioStream:
    track = out.add_stream("aac", rate=_SOUND_HERTZ)
    track.codec_context.layout = "stereo"
    track.codec_context.bit_rate = _SOUND_BITS
    return track


class _Fitting:
    """Scales frames to the planned size and limits the frame rate."""

    def __init__(self, stream: VideoStream, plan: _Plan) -> None:
        self._time_base = stream.time_base or Fraction(1, _TICKS)
        self._tick = 1 / plan.rate / float(self._time_base)
        self._renderer = Renderer((plan.width, plan.height), "yuv420p", self._time_base)
        self._gap = _MIN_GAP_S / float(self._time_base)
        #: timestamp of the last frame in the source's time base
        self._last: int | None = None

    def fit(self, frame: VideoFrame) -> Iterator[tuple[VideoFrame, Colours]]:
        if frame.pts is None:
            frame.pts = 0 if self._last is None else round(self._last + self._tick)
        if self._last is not None and frame.pts - self._last < self._gap:
            return
        self._last = frame.pts
        yield self._renderer.draw(frame)
