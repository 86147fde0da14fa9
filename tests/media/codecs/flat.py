"""Videos of flat colours in every way to store them, by formulas of their own, and how to read them."""

import struct
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

Colour = tuple[int, int, int]

GBR, BT709, UNTAGGED, BT601_PAL, BT601, SMPTE240, BT2020 = 0, 1, 2, 5, 6, 7, 9
LIMITED, FULL = 1, 2
#: of red and of blue in luma, by the matrix's code point in ITU-T H.273
_PARTS = {
    BT709: (0.2126, 0.0722),
    BT601_PAL: (0.299, 0.114),
    BT601: (0.299, 0.114),
    SMPTE240: (0.212, 0.087),
    BT2020: (0.2627, 0.0593),
}
#: of which plane in FFmpeg's formats a number is
_GBR_PLANES = (1, 2, 0)


#: what is drawn side by side in a striped video
STRIPES: tuple[Colour, ...] = ((199, 39, 40), (38, 178, 37), (40, 45, 190), (128, 128, 128))


def middle(stripe: int, width: int) -> int:
    """The horizontal pixel in the middle of one of the stripes of a picture."""
    return (2 * stripe + 1) * width // (2 * len(STRIPES))


def flat_video(
    path: Path, colour: Colour, *, matrix: int, size: tuple[int, int] = (128, 72), **more: Any
) -> Path:
    """A video of one colour; `more` is as for `striped_video`."""
    return striped_video(path, [colour], matrix=matrix, size=size, **more)


def striped_video(
    path: Path,
    colours: Sequence[Colour] = STRIPES,
    *,
    matrix: int,
    tagged: bool = True,
    extent: int = LIMITED,
    primaries: int = UNTAGGED,
    transfer: int = UNTAGGED,
    pixels: str = "yuv420p",
    size: tuple[int, int] = (256, 72),
    codec: str = "ffv1",
    container: str = "matroska",
) -> Path:
    """Two frames of upright stripes whose numbers are those of these code points; `tagged` says so."""
    with av.open(path, "w", format=container) as out:
        track = out.add_stream(codec, rate=24, options={"crf": "1"} if "x26" in codec else {})
        assert isinstance(track, VideoStream)
        track.width, track.height, track.pix_fmt = *size, pixels
        encoder = track.codec_context
        encoder.thread_count = 1
        if tagged:
            encoder.colorspace, encoder.color_range = matrix, extent
            encoder.color_primaries, encoder.color_trc = primaries, transfer
        for number in range(2):
            frame = _frame([_numbers(colour, matrix, extent) for colour in colours], pixels, size)
            frame.pts, frame.time_base = number, Fraction(1, 24)
            if tagged:
                frame.colorspace, frame.color_range = matrix, extent
            out.mux(track.encode(frame))
        out.mux(track.encode(None))
    return path


def _numbers(colour: Colour, matrix: int, extent: int) -> tuple[float, float, float]:
    """The planes' numbers, of 8 bits."""
    red, green, blue = (part / 255 for part in colour)
    if matrix == GBR:
        return green * 255, blue * 255, red * 255
    of_red, of_blue = _PARTS[matrix]
    luma = of_red * red + (1 - of_red - of_blue) * green + of_blue * blue
    chroma = (blue - luma) / (1 - of_blue) / 2, (red - luma) / (1 - of_red) / 2
    if extent == FULL:
        return luma * 255, *(part * 255 + 128 for part in chroma)  # type: ignore[return-value]
    return luma * 219 + 16, *(part * 224 + 128 for part in chroma)  # type: ignore[return-value]


def _frame(stripes: Sequence[tuple[float, float, float]], pixels: str, size: tuple[int, int]) -> VideoFrame:
    frame = VideoFrame(*size, pixels)
    bits = frame.format.components[0].bits
    for plane, numbers in zip(frame.planes, zip(*stripes, strict=True), strict=False):
        levels = [struct.pack("<H" if bits > 8 else "B", round(one * 2 ** (bits - 8))) for one in numbers]
        row = b"".join(level * (plane.width // len(levels)) for level in levels)
        plane.update((row + bytes(plane.line_size - len(row))) * plane.height)
    return frame


def first_frame(path: Path) -> VideoFrame:
    with av.open(path) as container:
        return next(container.decode(video=0))


def shown(frame: VideoFrame, at: int | None = None) -> tuple[float, ...]:
    """The colour of a Y'CbCr frame of 8 bits, by what its tags say: halfway down, `at` pixels from the left.

    Without `at` it is the colour in the middle.
    """
    x, y = (frame.width // 2 if at is None else at) // 2, frame.height // 4
    places = ((2 * x, 2 * y), (x, y), (x, y))
    first, *chroma = (
        bytes(plane)[down * plane.line_size + across]
        for plane, (across, down) in zip(frame.planes, places, strict=True)
    )
    assert frame.color_range == LIMITED
    of_red, of_blue = _PARTS[frame.colorspace]
    luma, blue, red = (first - 16) / 219, *((part - 128) / 224 for part in chroma)
    red, blue = luma + 2 * (1 - of_red) * red, luma + 2 * (1 - of_blue) * blue
    green = (luma - of_red * red - of_blue * blue) / (1 - of_red - of_blue)
    return red * 255, green * 255, blue * 255
