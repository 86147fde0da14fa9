"""Small pictures to bring in."""

from io import BytesIO
from random import Random
from typing import Any

from PIL import Image
from pillow_heif import register_heif_opener

register_heif_opener()


def picture(kind: str = "PNG", size: tuple[int, int] = (64, 48), **options: Any) -> bytes:
    file = BytesIO()
    _noise(size, seed=0).save(file, kind, **options)
    return file.getvalue()


def moving_picture(kind: str, frames: int = 4, size: tuple[int, int] = (64, 48)) -> bytes:
    first, *others = (_noise(size, seed=frame) for frame in range(frames))
    file = BytesIO()
    first.save(file, kind, save_all=True, append_images=others, duration=100)
    return file.getvalue()


def colour(image: Image.Image, at: tuple[int, int]) -> tuple[int, ...]:
    """Red, green and blue at a place."""
    found = image.convert("RGB").getpixel(at)
    assert isinstance(found, tuple)
    return found


def _noise(size: tuple[int, int], *, seed: int) -> Image.Image:
    """Draw what no encoder makes small: it is the same in every run."""
    return Image.frombytes("RGB", size, Random(seed).randbytes(3 * size[0] * size[1]))  # noqa: S311
