"""A film that begins with a given picture."""

from collections.abc import Iterator

from PIL import Image, ImageOps

from simulator.films.footage import open_still
from simulator.films.script import Still
from simulator.formats import FPS

#: how long the picture takes to give way
_FRAMES = FPS


def led_in(frames: Iterator[Image.Image], opening: Still | None) -> Iterator[Image.Image]:
    """Let the opening picture give way to the film within a second."""
    if opening is None:
        yield from frames
        return
    picture: Image.Image | None = None
    for at, frame in enumerate(frames):
        if at >= _FRAMES:
            yield frame
            continue
        if picture is None:
            picture = ImageOps.fit(open_still(opening), frame.size, Image.Resampling.BICUBIC)
        yield Image.blend(picture, frame, at / _FRAMES)
