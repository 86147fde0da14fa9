"""Fills areas of a picture: gradients, shapes with smooth edges, and glows."""

import math

from PIL import Image, ImageDraw, ImageOps

from simulator.drawing.palette import Colour

Point = tuple[float, float]

#: shapes are drawn this much larger and then reduced, which smooths their edges
OVERSAMPLING = 2


def ellipse(x: float, y: float, rx: float, ry: float, degrees: float = 0.0) -> list[Point]:
    """The outline of an ellipse, turned clockwise."""
    cosine, sine = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    rim = [(rx * math.cos(turn / 9), ry * math.sin(turn / 9)) for turn in range(57)]
    return [(x + across * cosine - down * sine, y + across * sine + down * cosine) for across, down in rim]


def gradient(size: tuple[int, int], top: Colour, bottom: Colour, middle: Colour | None = None) -> Image.Image:
    ramp = Image.linear_gradient("L").resize((1, size[1]), Image.Resampling.BILINEAR)
    return ImageOps.colorize(ramp, top, bottom, mid=middle).resize(size, Image.Resampling.NEAREST)


def fill(picture: Image.Image, points: list[Point], top: Colour, bottom: Colour) -> None:
    """Fill a polygon with a vertical gradient."""
    first = max(0, int(min(y for _, y in points)))
    last = min(picture.height, int(max(y for _, y in points)) + 1)
    if first < last:
        size = (picture.width, last - first)
        mask = Image.new("L", (size[0] * OVERSAMPLING, size[1] * OVERSAMPLING))
        enlarged = [(x * OVERSAMPLING, (y - first) * OVERSAMPLING) for x, y in points]
        ImageDraw.Draw(mask).polygon(enlarged, fill=255)
        picture.paste(gradient(size, top, bottom), (0, first), mask.reduce(OVERSAMPLING))


def fill_below(picture: Image.Image, line: list[Point], low: float, top: Colour, bottom: Colour) -> None:
    """Fill the area between a line from left to right and a height."""
    fill(picture, [*line, (line[-1][0], low), (line[0][0], low)], top, bottom)


def glow(picture: Image.Image, centre: Point, reach: float, colour: Colour, strength: float) -> None:
    """Lighten the picture around a point, ever less with the distance."""
    fade = [round(strength * max(0, 181 - value) ** 2 / 128) for value in range(256)]
    halo = Image.radial_gradient("L").point(fade).resize((round(reach * 2), round(reach * 2)))
    picture.paste(colour, (round(centre[0] - reach), round(centre[1] - reach)), halo)
