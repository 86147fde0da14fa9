"""Painting: pure functions from a commission to a picture, run in worker processes."""

import io
from pathlib import Path

from PIL import Image

from simulator.drawing.caption import write_caption
from simulator.drawing.commission import PictureSpec
from simulator.drawing.reframing import paint_reframe
from simulator.drawing.scene import paint_scene
from simulator.file_store import write_atomically

_JPEG_QUALITY = 88


def paint(commission: PictureSpec, target: Path) -> None:
    """Paint a picture into a file; its suffix says the format."""
    write_atomically(_encoded(compose(commission), target.suffix), target)


def compose(commission: PictureSpec) -> Image.Image:
    if commission.of_role("media"):
        # What a reframe shows is its source: no word is written over it.
        return paint_reframe(commission)
    picture = paint_scene(commission)
    write_caption(picture, commission.prompt, f"{commission.model} · {commission.aspect_ratio}")
    return picture


def _encoded(picture: Image.Image, suffix: str) -> bytes:
    buffer = io.BytesIO()
    if suffix == ".png":
        # Level 1 is a third larger than the best and many times faster.
        picture.save(buffer, "PNG", compress_level=1)
    else:
        picture.save(buffer, "JPEG", quality=_JPEG_QUALITY)
    return buffer.getvalue()
