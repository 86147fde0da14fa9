"""Draws the subjects of `subjects.txt`, which also explains its format."""

import re
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path

from PIL import Image

from simulator.drawing.canvas import Brush, finish, sheet
from simulator.drawing.palette import BLACK, WHITE, Colour, Palette, from_hex, mix

_FILE = Path(__file__).with_name("subjects.txt")
_COLOUR = re.compile(r"(\w+?)(?:([+-])(\d+)|~(\w+)/(\d+))?")
_CODES = """
    black 1e1a22 white fffdf8 steel b8c6d4 glass 96cde8 wood 78502f stone cec6be leaf 3e8a4c pink f09696
    gold f0c24b grey c9ccd2 steam eef0f2
    """.split()  # noqa: SIM905 - pairs are read best beside each other
_FIXED = {name: from_hex(code) for name, code in zip(_CODES[::2], _CODES[1::2], strict=True)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    #: how a subject moves and stands, or who wears it
    kind: str
    words: tuple[str, ...]
    shapes: tuple[str, ...]
    #: where the head of a subject is, and its width; empty where it can wear nothing
    head: tuple[float, ...]


@cache
def sections() -> Mapping[str, Section]:
    """Read the file: subjects by name, parts with a leading `_`, things to wear with a leading `+`."""
    found: dict[str, Section] = {}
    for block in re.split(r"^\[", _FILE.read_text("utf-8"), flags=re.MULTILINE)[1:]:
        title, _, body = block.partition("\n")
        name, _, rest = title.partition("]")
        kind, *words = rest.split() or [""]
        statements = [statement.strip() for statement in re.split(r"[;\n]", body) if statement.strip()]
        head = next((statement.split()[1:] for statement in statements if statement.startswith("head ")), ())
        found[name] = Section(
            kind=kind,
            words=tuple(words),
            shapes=tuple(statement for statement in statements if not statement.startswith("head ")),
            head=tuple(map(float, head)),
        )
    return found


def wearable(name: str, wearer: str) -> bool:
    """Whether a subject can wear or hold something."""
    if not sections()[wearer].head:
        return False
    return name == "guitar" or sections()[f"+{name}"].kind in ("any", wearer)


def draw_subject(
    name: str, worn: Collection[str], palette: Palette, colours: Mapping[str, Colour], side: int
) -> Image.Image:
    """Draw a subject on a transparent square; `colours` are those that the prompt gives it."""
    image, brush = sheet(side)
    section = sections()[name]
    scope = {**_FIXED, **asdict(palette), "main": palette.accent}
    _draw(section, brush, scope, colours)
    for thing in worn:
        if thing == "guitar":
            held = brush.placed(48, 74, scale=0.74, degrees=58).placed(-50, -76)
            _draw(sections()["guitar"], held, scope, {})
        elif section.head:
            x, y, width = section.head
            _draw(sections()[f"+{thing}"], brush.placed(x, y, scale=width / 100), scope, {}, middle=0)
    return finish(image)


def _draw(
    section: Section,
    brush: Brush,
    scope: Mapping[str, Colour],
    given: Mapping[str, Colour],
    middle: float = 50,
) -> None:
    colours = {**scope, **given}
    for line in section.shapes:
        mirrored, text = line.startswith("|"), line.removeprefix("|").split()
        match text[0]:
            case "let":
                for pair in text[1:]:
                    name, _, code = pair.partition("=")
                    colours[name] = given.get(name) or _colour(code, colours)
            case "use":
                for part in text[1:]:
                    _draw(sections()[f"_{part}"], brush, colours, {}, middle)
            case _:
                for side in (brush, brush.mirrored(middle)) if mirrored else (brush,):
                    _shape(text, side, colours)


def _shape(text: list[str], brush: Brush, colours: Mapping[str, Colour]) -> None:
    fill = _colour(text[1], colours)
    points = [(float(x), float(y)) for x, _, y in (item.partition(",") for item in text[2:]) if y]
    numbers = [float(item) for item in text[2:] if "," not in item]
    match text[0]:
        case "curve":
            brush.curve(points, fill)
        case "polygon":
            brush.polygon(points, fill)
        case "line":
            brush.line(points, numbers[0], fill)
        case "circle":
            brush.ellipse((numbers[0], numbers[1]), numbers[2], numbers[2], fill)
        case "ellipse":
            brush.ellipse((numbers[0], numbers[1]), numbers[2], numbers[3], fill, *numbers[4:])
        case "box":
            brush.box(((numbers[0], numbers[1]), (numbers[2], numbers[3])), numbers[4], fill)
        case "petals":
            x, y, count, length, turn = numbers
            for step in range(round(count)):
                petal = brush.placed(x, y, degrees=turn + step * 360 / count)
                petal.curve([(8, 0), (length * 0.6, -5.6), (length, 0), (length * 0.6, 5.6)], fill)
        case kind:
            raise ValueError(kind)


def _colour(code: str, colours: Mapping[str, Colour]) -> Colour:
    found = _COLOUR.fullmatch(code)
    assert found is not None, code  # noqa: S101 - the file is ours
    name, sign, percent, other, share = found.groups()
    colour = colours[name] if name in colours else from_hex(name)
    if sign:
        return mix(colour, WHITE if sign == "+" else BLACK, int(percent) / 100)
    return mix(colour, _colour(other, colours), int(share) / 100) if other else colour
