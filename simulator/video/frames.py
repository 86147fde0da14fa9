"""Sequences of frames: drawing fewer of them, and wiping from one picture to another."""

from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from typing import TypeVar

from PIL import Image

from simulator.formats import FPS

#: width of a wipe's soft edge, as a share of the frame
_SOFT = 0.12

_Item = TypeVar("_Item")


def paced(
    items: Iterable[_Item], draw: Callable[[_Item], Image.Image], *, drawn_fps: int, frames: int
) -> Iterator[Image.Image]:
    """Draw `drawn_fps` frames a second, and the last one of `frames`; repeat the previous one in between."""
    step, drawn = FPS // drawn_fps, None
    for at, item in enumerate(items):
        if drawn is None or at % step == 0 or at == frames - 1:
            drawn = draw(item)
        yield drawn


def wipe(first: Image.Image, second: Image.Image, share: float) -> Image.Image:
    """Uncover the second picture from right to left, behind a soft edge."""
    width, height = first.size
    soft = round(width * _SOFT)
    left = round(share * (width + soft))
    return Image.composite(
        second, first, _wipe_mask(width, height, soft).crop((left, 0, left + width, height))
    )


@lru_cache(maxsize=1)
def _wipe_mask(width: int, height: int, soft: int) -> Image.Image:
    mask = Image.new("L", (2 * width + soft, height), 255)
    mask.paste(0, (0, 0, width, height))
    mask.paste(Image.linear_gradient("L").rotate(90).resize((soft, height)), (width, 0))
    return mask
