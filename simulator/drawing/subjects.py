"""Draws the subjects of `subjects.txt`, which also explains its format."""

import re
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, replace
from functools import cache
from pathlib import Path

from PIL import Image, ImageDraw

from simulator.drawing.canvas import OVERSAMPLING, Point, ellipse
from simulator.drawing.palette import Colour, Palette, from_hex, mix

_FILE = Path(__file__).with_name("subjects.txt")
_COLOUR = re.compile(r"(\w+)(?:([-+~])(?:(\w+)/)?(\d+))?")
_FIXED = "black=1e1a22 white=fffdf8 steel=b8c6d4 glass=96cde8 wood=78502f leaf=3e8a4c pink=f09696"


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    #: how a subject stands, or who wears it
    kind: str
    words: list[str]
    shapes: list[str]
    #: where the head of a subject is, and its width; empty where it can wear nothing
    head: list[float]


@cache
def sections() -> Mapping[str, Section]:
    """Read the file: subjects by name, parts with a leading `_`, things to wear with a leading `+`."""
    found: dict[str, Section] = {}
    for block in re.split(r"^\[", _FILE.read_text("utf-8"), flags=re.MULTILINE)[1:]:
        title, _, body = block.partition("\n")
        name, _, rest = title.partition("]")
        kind, *words = rest.split() or [""]
        shapes = [shape.strip() for shape in re.split(r"[;\n]", body) if shape.strip()]
        head = [float(item) for shape in shapes if shape.startswith("head ") for item in shape.split()[1:]]
        found[name] = Section(kind=kind, words=words, shapes=shapes, head=head)
    return found


def wearable(thing: str, wearer: str) -> bool:
    return bool(sections()[wearer].head) and sections()[thing].kind in ("any", wearer)


def draw_subject(
    name: str, worn: Collection[str], palette: Palette, colours: Mapping[str, Colour], side: int
) -> Image.Image:
    """Draw a subject on a transparent square; `colours` are those that the prompt gives it."""
    image = Image.new("RGBA", (side * OVERSAMPLING, side * OVERSAMPLING))
    pen = _Pen(draw=ImageDraw.Draw(image), unit=image.width / 100)
    fixed = {key: from_hex(code) for key, code in (item.split("=") for item in _FIXED.split())}
    scope = {**fixed, **asdict(palette), "main": palette.accent}
    _draw(sections()[name], pen, scope, colours)
    for thing in worn:
        x, y, width = (number * pen.unit for number in sections()[name].head)
        _draw(sections()[thing], replace(pen, unit=width / 100, x=x - width / 2, y=y), scope, {})
    return image.reduce(OVERSAMPLING)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Pen:
    """Draws in units from a corner in pixels."""

    draw: ImageDraw.ImageDraw
    unit: float
    x: float = 0
    y: float = 0
    mirrored: bool = False

    def pixels(self, points: list[Point]) -> list[Point]:
        placed = [(100 - x, y) for x, y in points] if self.mirrored else points
        return [(self.x + x * self.unit, self.y + y * self.unit) for x, y in placed]


def _draw(section: Section, pen: _Pen, scope: Mapping[str, Colour], given: Mapping[str, Colour]) -> None:
    colours = {**scope, **given}
    for shape in section.shapes:
        verb, *items = shape.removeprefix("|").split()
        if verb == "let":
            for name, code in (item.split("=") for item in items):
                colours[name] = given.get(name) or _colour(code, colours)
        elif verb == "use":
            for part in items:
                _draw(sections()[f"_{part}"], pen, colours, {})
        elif verb != "head":
            for mirrored in (False, True)[: 1 + shape.startswith("|")]:
                _shape(verb, items[1:], _colour(items[0], colours), replace(pen, mirrored=mirrored))


def _shape(verb: str, items: list[str], fill: Colour, pen: _Pen) -> None:
    points = [(float(x), float(y)) for x, comma, y in (item.partition(",") for item in items) if comma]
    numbers = [float(item) for item in items if "," not in item]
    if verb == "line":
        pixels, width = pen.pixels(_smooth([points[0], *points, points[-1]])), numbers[0] * pen.unit
        pen.draw.line(pixels, fill=fill, width=max(1, round(width)), joint="curve")
        for end in (pixels[0], pixels[-1]):
            pen.draw.circle(end, width / 2, fill=fill)
    elif verb == "box":
        (x, y), (across, down) = pen.pixels([(numbers[0], numbers[1]), (numbers[2], numbers[3])])
        box = (min(x, across), y, max(x, across), down)
        pen.draw.rounded_rectangle(box, numbers[4] * pen.unit, fill=fill)
    else:
        if verb == "curve":
            points = _smooth([points[-1], *points, *points[:2]])
        elif verb != "polygon":
            x, y, across, *more = numbers
            points = ellipse(x, y, across, *(more or [across]))
        pen.draw.polygon(pen.pixels(points), fill=fill)


def _smooth(points: list[Point]) -> list[Point]:
    """Round a line off between its second and its last but one point (Catmull-Rom)."""
    windows = zip(points, points[1:], points[2:], points[3:], strict=False)
    return [*(_spline(*window, step / 8) for window in windows for step in range(8)), points[-2]]


def _spline(a: Point, b: Point, c: Point, d: Point, t: float) -> Point:
    weights = (-t + 2 * t**2 - t**3, 2 - 5 * t**2 + 3 * t**3, t + 4 * t**2 - 3 * t**3, t**3 - t**2)
    x, y = (sum(w * p[axis] for w, p in zip(weights, (a, b, c, d), strict=True)) / 2 for axis in (0, 1))
    return x, y


def _colour(code: str, colours: Mapping[str, Colour]) -> Colour:
    """Read a colour: a name or a code, made lighter or darker or mixed with another one."""
    name, sign, other, percent = _COLOUR.findall(code)[0]
    colour = colours[name] if name in colours else from_hex(name)
    other = {"+": "white", "-": "black"}.get(sign, other)
    return mix(colour, _colour(other, colours), int(percent) / 100) if sign else colour
