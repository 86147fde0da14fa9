"""Large shapes with smooth edges, laid straight on the picture."""

import math
from collections.abc import Callable, Sequence

from PIL import Image, ImageDraw

from simulator.drawing.brush import OVERSAMPLING, Point
from simulator.drawing.colours import Colour
from simulator.drawing.sky import gradient


def fill_below(
    picture: Image.Image, line: Sequence[Point], bottom: float, colours: tuple[Colour, Colour]
) -> None:
    """Fill from a line down to `bottom`, from the first colour to the second."""
    shape = [*line, (line[-1][0], bottom), (line[0][0], bottom)]
    _stamp(picture, shape, lambda size: gradient(size, size[1], colours))


def fill_shape(picture: Image.Image, shape: Sequence[Point], colour: Colour) -> None:
    _stamp(picture, shape, lambda size: Image.new("RGB", size, colour))


def _stamp(
    picture: Image.Image, shape: Sequence[Point], paint: Callable[[tuple[int, int]], Image.Image]
) -> None:
    """Lay paint on a shape with smooth edges."""
    left, right = 0, picture.width
    top = max(0, math.floor(min(y for _, y in shape)) - 1)
    bottom = min(picture.height, math.ceil(max(y for _, y in shape)) + 1)
    if bottom <= top:
        return
    size = (right - left, bottom - top)
    mask = Image.new("L", (size[0] * OVERSAMPLING, size[1] * OVERSAMPLING))
    points = [((x - left) * OVERSAMPLING, (y - top) * OVERSAMPLING) for x, y in shape]
    ImageDraw.Draw(mask).polygon(points, fill=255)
    picture.paste(paint(size), (left, top), mask.reduce(OVERSAMPLING))
