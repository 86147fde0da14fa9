"""Writes videos: H.264 in MP4, with the index first, so that a browser plays them while they load."""

from collections.abc import Iterable
from contextlib import nullcontext
from fractions import Fraction
from pathlib import Path

import av
from av.audio.stream import AudioStream
from av.container import InputContainer, OutputContainer
from av.video.frame import VideoFrame
from av.video.reformatter import ColorRange, Colorspace, Interpolation
from av.video.stream import VideoStream
from PIL import Image

from simulator.formats import FPS

Track = AudioStream | VideoStream

#: puts the index first
FASTSTART = {"movflags": "+faststart"}
#: fast rather than small; sharp enough that an extension continues its source
_ENCODER = {"preset": "ultrafast", "crf": "21", "tune": "fastdecode"}
_BT709 = 1
#: without these the scaler darkens everything a little when it changes the matrix
_EXACT = Interpolation.BICUBIC | Interpolation.ACCURATE_RND
_EXACT |= Interpolation.FULL_CHR_H_INT | Interpolation.FULL_CHR_H_INP


def write_video(
    frames: Iterable[Image.Image], size: tuple[int, int], path: Path, audio_from: Path | None = None
) -> None:
    """Write frames of any size as a video of this size, with the audio of another video if it has any."""
    with (
        av.open(str(path), "w", format="mp4", options=FASTSTART) as container,
        av.open(str(audio_from), format="mp4") if audio_from else nullcontext() as source,
    ):
        stream = container.add_stream("libx264", rate=FPS, options=_ENCODER)
        context = stream.codec_context
        context.width, context.height = size
        # A player can seek to every second.
        context.pix_fmt, context.gop_size, context.thread_count = "yuv420p", FPS, 2
        # Stated in the file: players else guess by the size and show other colours.
        context.colorspace = context.color_primaries = context.color_trc = context.color_range = _BT709
        # Every stream must be added before the first packet is written.
        tracks = source.streams.audio if source else ()
        copies = [(track, container.add_stream_from_template(track)) for track in tracks]
        before: Image.Image | None = None
        for at, frame in enumerate(frames):
            if frame is not before:
                shown, before = _converted(frame, size), frame
            shown.pts, shown.time_base = at, Fraction(1, FPS)
            container.mux(stream.encode(shown))
        container.mux(stream.encode(None))
        for track, copy in copies:
            if source:
                copy_packets(source, track, container, copy)


def copy_packets(source: InputContainer, stream: Track, target: OutputContainer, copy: Track) -> None:
    """Copy a stream unchanged into a stream of another file."""
    for packet in source.demux(stream):
        # The last packet is empty and only marks the end.
        if packet.dts is not None:
            packet.stream = copy
            target.mux(packet)


def _converted(picture: Image.Image, size: tuple[int, int]) -> VideoFrame:
    # Pillow stores four bytes a pixel, so nothing is converted.
    frame = VideoFrame.from_bytes(picture.tobytes("raw", "RGBX"), *picture.size, format="rgba")
    to = {"dst_colorspace": Colorspace.ITU709, "dst_color_range": ColorRange.MPEG}
    return frame.reformat(*size, format="yuv420p", interpolation=_EXACT, **to)
