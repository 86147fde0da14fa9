"""Draws where a reframe puts its source in the new frame. Runs inside a confined process."""

from io import BytesIO
from pathlib import Path

from PIL import Image, ImageDraw

from bot.media.codecs.pictures import open_upright
from bot.media.disk import disk_errors

#: left, top, width, height in pixels
BoxPixels = tuple[int, int, int, int]

#: pixels of the longer side of what is shown
_LONG_SIDE = 360
_OUTSIDE, _NEW_AREA, _STRIPE = (20, 18, 26), (74, 68, 92), (92, 86, 112)
_SOURCE_EDGE, _FRAME_EDGE = (240, 200, 90), (255, 255, 255)
_STRIPE_STEP, _LINE = 12, 2
#: how dark it is outside of the frame, from 0 to 1
_SHADE = 0.7


def draw_framing(
    still: Path, target: Path, frame: tuple[int, int], crop: BoxPixels, placed: BoxPixels
) -> None:
    """Write a PNG of the new frame with the source in it; what is outside of the frame is dark.

    New areas are striped, and the source has an edge.
    """
    left, top = min(0, placed[0]), min(0, placed[1])
    right = max(frame[0], placed[0] + placed[2])
    bottom = max(frame[1], placed[1] + placed[3])
    scale = _LONG_SIDE / max(right - left, bottom - top)

    def scaled(x: float, y: float) -> tuple[int, int]:
        return round((x - left) * scale), round((y - top) * scale)

    inside = (*scaled(0, 0), *scaled(*frame))
    corner, opposite = scaled(placed[0], placed[1]), scaled(placed[0] + placed[2], placed[1] + placed[3])
    shown = Image.new("RGB", scaled(right, bottom), _NEW_AREA)
    _add_stripes(shown)
    size = (max(1, opposite[0] - corner[0]), max(1, opposite[1] - corner[1]))
    shown.paste(_source(still, crop, size), corner)
    canvas = Image.blend(shown, Image.new("RGB", shown.size, _OUTSIDE), _SHADE)
    canvas.paste(shown.crop(inside), inside[:2])
    draw = ImageDraw.Draw(canvas)
    for box, colour in (((*corner, *opposite), _SOURCE_EDGE), (inside, _FRAME_EDGE)):
        draw.rectangle((box[0], box[1], box[2] - 1, box[3] - 1), outline=colour, width=_LINE)
    content = BytesIO()
    canvas.save(content, "PNG", optimize=True)
    with disk_errors():
        target.write_bytes(content.getvalue())


def _add_stripes(area: Image.Image) -> None:
    draw = ImageDraw.Draw(area)
    for at in range(-area.height, area.width, _STRIPE_STEP):
        draw.line((at, area.height, at + area.height, 0), fill=_STRIPE, width=_LINE)


def _source(still: Path, crop: BoxPixels, size: tuple[int, int]) -> Image.Image:
    """The used part of the source in the size in which it is shown."""
    left, top, width, height = crop
    picture = open_upright(still)
    return picture.resize(
        size, Image.Resampling.BILINEAR, box=_inside((left, top, left + width, top + height), picture.size)
    )


def _inside(box: tuple[int, int, int, int], size: tuple[int, int]) -> tuple[int, int, int, int]:
    """The box without what a still that is smaller than its video does not have."""
    left, top = min(box[0], size[0] - 1), min(box[1], size[1] - 1)
    return left, top, min(max(box[2], left + 1), size[0]), min(max(box[3], top + 1), size[1])
