"""Writing films: H.264 in MP4, laid out so that a browser shows them while they arrive."""

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

#: the index comes first in the file
FASTSTART = {"movflags": "+faststart"}
#: quick rather than small; sharp enough that a first frame is its source's last
_ENCODER = {"preset": "ultrafast", "crf": "21", "tune": "fastdecode"}
#: so that a player can jump to every second
_KEYFRAME_EVERY = FPS
_BT709 = 1
_LIMITED = 1
#: transfer functions of HDR, by their code points in ITU-T H.273
HDR = frozenset({16, 18})
#: without these the scaler makes everything a little darker when it changes the matrix
_EXACT = (
    Interpolation.BICUBIC
    | Interpolation.ACCURATE_RND
    | Interpolation.FULL_CHR_H_INT
    | Interpolation.FULL_CHR_H_INP
)


def write_reel(
    frames: Iterable[Image.Image | VideoFrame],
    size: tuple[int, int],
    path: Path,
    sound_of: Path | None = None,
) -> None:
    """Write frames of any size as a film of this size, with the sound of another film if that has one."""
    with ExitStack() as exits:
        container = exits.enter_context(av.open(str(path), "w", format="mp4", options=FASTSTART))
        stream = container.add_stream("libx264", rate=FPS, options=_ENCODER)
        _describe(stream, size)
        # Every stream must be known before the first packet is written.
        sound: Iterator[Packet[Any]] = iter(())
        if sound_of is not None:
            source = exits.enter_context(av.open(str(sound_of), format="mp4"))
            sound = chain.from_iterable([copied(heard, source, container) for heard in source.streams.audio])
        before: Image.Image | VideoFrame | None = None
        for at, frame in enumerate(frames):
            if frame is not before:
                given = _frame_of(frame) if isinstance(frame, Image.Image) else frame
                shown, before = _in_colours_of_television(given, size), frame
            shown.pts, shown.time_base = at, Fraction(1, FPS)
            container.mux(stream.encode(shown))
        container.mux(stream.encode(None))
        for packet in sound:
            container.mux(packet)


def copied(
    stream: AudioStream | VideoStream, source: InputContainer, target: OutputContainer
) -> Iterator["Packet[Any]"]:
    """Announce a stream of one film in another one, and answer its packets as they are."""
    same = target.add_stream_from_template(stream)

    def packets() -> Iterator["Packet[Any]"]:
        for packet in source.demux(stream):
            # The last one is empty and only says that there are no more.
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
    # Said in the file, because players guess by the size otherwise and show other colours.
    context.colorspace = context.color_primaries = context.color_trc = _BT709
    context.color_range = _LIMITED


def _frame_of(picture: Image.Image) -> VideoFrame:
    # Four bytes a pixel is how Pillow keeps them, so that nothing is converted.
    return VideoFrame.from_bytes(picture.tobytes("raw", "RGBX"), *picture.size, format="rgba")


def _in_colours_of_television(frame: VideoFrame, size: tuple[int, int]) -> VideoFrame:
    # FFmpeg's own way to tone-map is a dark one, but nothing here is made to be kept.
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
