"""Drawing smooth shapes: a brush with its own coordinates, gradients and large filled areas."""

import math
from collections.abc import Sequence

from PIL import Image, ImageDraw, ImageOps

from simulator.drawing.palette import Colour

Point = tuple[float, float]

#: shapes are drawn this much larger and then reduced, which smooths their edges
_OVERSAMPLING = 2
_CURVE_STEPS = 8
#: value of Pillow's radial gradient at the middle of each edge
RADIUS = 181


class Brush:
    """Draws on a square of 100 by 100 units, y downwards."""

    def __init__(
        self,
        draw: ImageDraw.ImageDraw,
        origin: Point,
        scale: float,
        *,
        turn: float = 0.0,
        mirror: float | None = None,
    ) -> None:
        """Draw with `scale` pixels a unit, turned clockwise by radians, mirrored at x = `mirror`."""
        self._draw, self._origin, self._scale, self._turn, self._mirror = draw, origin, scale, turn, mirror

    def placed(self, x: float, y: float, *, scale: float = 1.0, degrees: float = 0.0) -> "Brush":
        """Return a brush whose origin is at (x, y), smaller and turned clockwise."""
        turn = math.radians(degrees)
        if self._mirror is None:
            return Brush(self._draw, self._pixel((x, y)), self._scale * scale, turn=self._turn + turn)
        turn = self._turn - turn
        return Brush(self._draw, self._pixel((x, y)), self._scale * scale, turn=turn, mirror=0.0)

    def mirrored(self, middle: float) -> "Brush":
        return Brush(self._draw, self._origin, self._scale, turn=self._turn, mirror=middle)

    def polygon(self, points: Sequence[Point], fill: Colour) -> None:
        self._draw.polygon([self._pixel(point) for point in points], fill=(*fill, 255))

    def curve(self, points: Sequence[Point], fill: Colour) -> None:
        """Fill a closed smooth curve through the points."""
        self.polygon(_smooth([points[-1], *points, points[0], points[1]]), fill)

    def ellipse(self, centre: Point, rx: float, ry: float, fill: Colour, degrees: float = 0.0) -> None:
        steps = [math.tau * step / 48 for step in range(48)]
        part = self.placed(*centre, degrees=degrees)
        part.polygon([(rx * math.cos(angle), ry * math.sin(angle)) for angle in steps], fill)

    def line(self, points: Sequence[Point], width: float, fill: Colour) -> None:
        """Draw a smooth line with round ends."""
        pixels = [self._pixel(point) for point in _smooth([points[0], *points, points[-1]])]
        thickness = width * self._scale
        self._draw.line(pixels, fill=(*fill, 255), width=max(1, round(thickness)), joint="curve")
        half = thickness / 2
        for x, y in pixels if half > 1 else ():
            self._draw.ellipse((x - half, y - half, x + half, y + half), fill=(*fill, 255))

    def box(self, corners: tuple[Point, Point], radius: float, fill: Colour) -> None:
        (left, top), (right, bottom) = corners
        r = min(radius, (right - left) / 2, (bottom - top) / 2)
        centres = ((right - r, bottom - r), (left + r, bottom - r), (left + r, top + r), (right - r, top + r))
        turns = [math.tau * step / 48 for step in range(48)]
        rounded = [
            (x + r * math.cos(angle), y + r * math.sin(angle))
            for quarter, (x, y) in enumerate(centres)
            for angle in turns[12 * quarter : 12 * quarter + 13]
        ]
        self.polygon(rounded, fill)

    def _pixel(self, point: Point) -> Point:
        x = point[0] if self._mirror is None else 2 * self._mirror - point[0]
        x, y = x * self._scale, point[1] * self._scale
        cosine, sine = math.cos(self._turn), math.sin(self._turn)
        return self._origin[0] + x * cosine - y * sine, self._origin[1] + x * sine + y * cosine


def sheet(side: int) -> tuple[Image.Image, Brush]:
    """Return a transparent square and its brush; `finish` reduces it to `side` pixels."""
    image = Image.new("RGBA", (side * _OVERSAMPLING, side * _OVERSAMPLING))
    return image, Brush(ImageDraw.Draw(image), (0, 0), side * _OVERSAMPLING / 100)


def finish(image: Image.Image) -> Image.Image:
    return image.reduce(_OVERSAMPLING)


def gradient(size: tuple[int, int], top: Colour, bottom: Colour, middle: Colour | None = None) -> Image.Image:
    ramp = Image.linear_gradient("L").resize((1, size[1]), Image.Resampling.BILINEAR)
    return ImageOps.colorize(ramp, top, bottom, mid=middle).resize(size, Image.Resampling.NEAREST)


def fill_area(
    picture: Image.Image, points: Sequence[Point], top: Colour, bottom: Colour | None = None
) -> None:
    """Fill a polygon as wide as the picture, with a vertical gradient where two colours are given."""
    first = max(0, math.floor(min(y for _, y in points)))
    last = min(picture.height, math.ceil(max(y for _, y in points)))
    if first >= last:
        return
    size = (picture.width, last - first)
    mask = Image.new("L", (size[0] * _OVERSAMPLING, size[1] * _OVERSAMPLING))
    enlarged = [(x * _OVERSAMPLING, (y - first) * _OVERSAMPLING) for x, y in points]
    ImageDraw.Draw(mask).polygon(enlarged, fill=255)
    paint = Image.new("RGB", size, top) if bottom is None else gradient(size, top, bottom)
    picture.paste(paint, (0, first), mask.reduce(_OVERSAMPLING))


def glow(picture: Image.Image, centre: Point, reach: float, colour: Colour, strength: float) -> None:
    """Lighten the picture around a point, ever less with the distance."""
    fade = [round(255 * strength * max(0.0, 1 - value / RADIUS) ** 2) for value in range(256)]
    side = max(2, round(reach * 2))
    halo = Image.radial_gradient("L").point(fade).resize((side, side), Image.Resampling.BICUBIC)
    picture.paste(colour, (round(centre[0] - reach), round(centre[1] - reach)), halo)


def _smooth(points: Sequence[Point]) -> list[Point]:
    """Round a line off between its second and its last but one point (Catmull-Rom)."""
    found = [
        (_spline([x for x, _ in window], t), _spline([y for _, y in window], t))
        for window in zip(points, points[1:], points[2:], points[3:], strict=False)
        for t in (step / _CURVE_STEPS for step in range(_CURVE_STEPS))
    ]
    return [*found, points[-2]]


def _spline(values: Sequence[float], t: float) -> float:
    a, b, c, d = values
    return 0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3)
