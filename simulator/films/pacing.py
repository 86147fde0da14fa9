"""Drawing fewer pictures than a film shows, as suits a small machine."""

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from PIL import Image

from simulator.formats import FPS

_M = TypeVar("_M")


def paced(
    moments: Iterable[_M], draw: Callable[[_M], Image.Image], *, drawn_fps: int, frames: int
) -> Iterator[Image.Image]:
    """Draw so many pictures for each second, and the last of these frames; between them the last one stays.

    `moments` holds one for each frame, and at most `frames`.
    """
    step, drawn = FPS // drawn_fps, None
    for at, moment in enumerate(moments):
        if drawn is None or at % step == 0 or at == frames - 1:
            drawn = draw(moment)
        yield drawn
