"""Drawing smooth shapes on transparent ground, in coordinates of the painter's choice."""

import math
from collections.abc import Sequence

from PIL import Image, ImageDraw

from simulator.drawing.colours import Colour

Point = tuple[float, float]

#: shapes are drawn this much larger and then shrunk, which smooths their edges
OVERSAMPLING = 2
_ROUND = 48
_SPLINE_STEPS = 8


class Brush:
    """Draws into a square of 100 by 100, y downwards; `turned` gives a brush for a part of it."""

    def __init__(self, draw: ImageDraw.ImageDraw, matrix: tuple[float, float, float, float]) -> None:
        self._draw = draw
        #: scale, turn in radians, and where (0, 0) lies
        self._scale, self._turn, self._x, self._y = matrix

    def turned(self, x: float, y: float, *, scale: float = 1.0, degrees: float = 0.0) -> "Brush":
        """Make a brush whose origin is here, smaller and turned clockwise."""
        left, top = self._at((x, y))
        return Brush(self._draw, (self._scale * scale, self._turn + math.radians(degrees), left, top))

    def polygon(self, points: Sequence[Point], fill: Colour) -> None:
        self._draw.polygon([self._at(point) for point in points], fill=(*fill, 255))

    def ellipse(
        self, x: float, y: float, rx: float, ry: float, fill: Colour, *, degrees: float = 0.0
    ) -> None:
        part = self.turned(x, y, degrees=degrees)
        part.polygon(arc((0, 0), rx, ry, 0, 360), fill)

    def circle(self, x: float, y: float, radius: float, fill: Colour) -> None:
        self.ellipse(x, y, radius, radius, fill)

    def blob(self, points: Sequence[Point], fill: Colour) -> None:
        """Fill a closed, smooth curve through the points."""
        self.polygon(_spline_through([points[-1], *points, points[0], points[1]]), fill)

    def line(self, points: Sequence[Point], width: float, fill: Colour) -> None:
        """Draw a smooth line with round ends."""
        curve = _spline_through([points[0], *points, points[-1]])
        placed = [self._at(point) for point in curve]
        thickness = width * self._scale
        self._draw.line(placed, fill=(*fill, 255), width=max(1, round(thickness)), joint="curve")
        half = thickness / 2
        for x, y in placed if half > 1 else ():
            self._draw.ellipse((x - half, y - half, x + half, y + half), fill=(*fill, 255))

    def box(
        self, left: float, top: float, right: float, bottom: float, fill: Colour, *, radius: float = 0.0
    ) -> None:
        radius = min(radius, (right - left) / 2, (bottom - top) / 2)
        corners = (
            ((right - radius, bottom - radius), 0),
            ((left + radius, bottom - radius), 90),
            ((left + radius, top + radius), 180),
            ((right - radius, top + radius), 270),
        )
        self.polygon(
            [point for at, start in corners for point in arc(at, radius, radius, start, start + 90)], fill
        )

    def _at(self, point: Point) -> Point:
        sine, cosine = math.sin(self._turn), math.cos(self._turn)
        x, y = point[0] * self._scale, point[1] * self._scale
        return self._x + x * cosine - y * sine, self._y + x * sine + y * cosine


def sheet(size: int) -> tuple[Image.Image, Brush]:
    """Make a transparent square and a brush for it; `finish` makes it `size` pixels large."""
    side = size * OVERSAMPLING
    image = Image.new("RGBA", (side, side))
    return image, Brush(ImageDraw.Draw(image), (side / 100, 0.0, 0.0, 0.0))


def finish(image: Image.Image) -> Image.Image:
    return image.reduce(OVERSAMPLING)


def arc(centre: Point, rx: float, ry: float, start: float, end: float) -> list[Point]:
    """Points along an ellipse from `start` to `end` degrees, clockwise from three o'clock."""
    steps = max(2, round(_ROUND * abs(end - start) / 360))
    return [
        (centre[0] + rx * math.cos(angle), centre[1] + ry * math.sin(angle))
        for angle in (math.radians(start + (end - start) * step / steps) for step in range(steps + 1))
    ]


def _spline_through(points: Sequence[Point]) -> list[Point]:
    """Round a line off between its second and its last but one point (Catmull-Rom)."""
    found = [
        (_spline([x for x, _ in window], t), _spline([y for _, y in window], t))
        for window in zip(points, points[1:], points[2:], points[3:], strict=False)
        for t in (step / _SPLINE_STEPS for step in range(_SPLINE_STEPS))
    ]
    return [*found, points[-2]]


def _spline(places: Sequence[float], t: float) -> float:
    a, b, c, d = places
    return 0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3)
