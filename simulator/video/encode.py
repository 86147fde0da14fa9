"""Writes videos: H.264 in MP4, with the index first, so that a browser plays them while they load."""

from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from fractions import Fraction
from itertools import chain
from pathlib import Path
from typing import Any

import av
from av.audio.stream import AudioStream
from av.container import InputContainer, OutputContainer
from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.reformatter import ColorRange, Colorspace, Interpolation
from av.video.stream import VideoStream
from PIL import Image

from simulator.formats import FPS

#: puts the index first
FASTSTART = {"movflags": "+faststart"}
#: fast rather than small; sharp enough that an extension continues its source
_ENCODER = {"preset": "ultrafast", "crf": "21", "tune": "fastdecode"}
#: a player can seek to every second
_KEYFRAME_EVERY = FPS
_BT709 = 1
_LIMITED = 1
#: transfer functions of HDR, by their code points in ITU-T H.273
HDR = frozenset({16, 18})
#: without these the scaler darkens everything a little when it changes the matrix
_EXACT = (
    Interpolation.BICUBIC
    | Interpolation.ACCURATE_RND
    | Interpolation.FULL_CHR_H_INT
    | Interpolation.FULL_CHR_H_INP
)


def write_video(
    frames: Iterable[Image.Image | VideoFrame],
    size: tuple[int, int],
    path: Path,
    audio_from: Path | None = None,
) -> None:
    """Write frames of any size as a video of this size, with the audio of another video if it has any."""
    with ExitStack() as exits:
        container = exits.enter_context(av.open(str(path), "w", format="mp4", options=FASTSTART))
        stream = container.add_stream("libx264", rate=FPS, options=_ENCODER)
        _describe(stream, size)
        # Every stream must be added before the first packet is written.
        audio: Iterator[Packet[Any]] = iter(())
        if audio_from is not None:
            source = exits.enter_context(av.open(str(audio_from), format="mp4"))
            audio = chain.from_iterable([copied(track, source, container) for track in source.streams.audio])
        before: Image.Image | VideoFrame | None = None
        for at, frame in enumerate(frames):
            if frame is not before:
                given = _frame_of(frame) if isinstance(frame, Image.Image) else frame
                shown, before = _converted(given, size), frame
            shown.pts, shown.time_base = at, Fraction(1, FPS)
            container.mux(stream.encode(shown))
        container.mux(stream.encode(None))
        for packet in audio:
            container.mux(packet)


def copied(
    stream: AudioStream | VideoStream, source: InputContainer, target: OutputContainer
) -> Iterator["Packet[Any]"]:
    """Add a stream of one video to another one, and return its packets unchanged."""
    same = target.add_stream_from_template(stream)

    def packets() -> Iterator["Packet[Any]"]:
        for packet in source.demux(stream):
            # The last packet is empty and only marks the end.
            if packet.dts is not None:
                packet.stream = same
                yield packet

    return packets()


def _describe(stream: VideoStream, size: tuple[int, int]) -> None:
    context = stream.codec_context
    context.width, context.height = size
    context.pix_fmt = "yuv420p"
    context.gop_size = _KEYFRAME_EVERY
    context.thread_count = 2
    # Stated in the file: players else guess by the size and show other colours.
    context.colorspace = context.color_primaries = context.color_trc = _BT709
    context.color_range = _LIMITED


def _frame_of(picture: Image.Image) -> VideoFrame:
    # Pillow stores four bytes a pixel, so nothing is converted.
    return VideoFrame.from_bytes(picture.tobytes("raw", "RGBX"), *picture.size, format="rgba")


def _converted(frame: VideoFrame, size: tuple[int, int]) -> VideoFrame:
    # FFmpeg's tone mapping is dark, which is good enough here.
    sdr = _BT709 if frame.color_trc in HDR else None
    return frame.reformat(
        *size,
        format="yuv420p",
        dst_colorspace=Colorspace.ITU709,
        dst_color_range=ColorRange.MPEG,
        interpolation=_EXACT,
        dst_color_trc=sdr,
        dst_color_primaries=sdr,
    )
