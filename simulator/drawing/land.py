"""The lower half of a scene: ridges that fade into the distance, trees, the ground to stand on."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import chain, pairwise
from random import Random

from PIL import Image

from simulator.drawing.brush import Point
from simulator.drawing.city import paint_skyline
from simulator.drawing.colours import Colour, Palette, mix
from simulator.drawing.shapes import fill_below, fill_shape
from simulator.drawing.sky import Sky
from simulator.drawing.stage import Stage
from simulator.drawing.water import paint_water

#: distance of the points of a ridge, in pixels
_STEP = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Plane:
    """A part of the land that lies at one distance."""

    #: from 0 on the horizon to 1 where subjects stand
    nearness: float
    paint: Callable[[Stage], None]


def paint_land(stage: Stage, kind: str, sky: Sky) -> None:
    """Paint everything behind the subject."""
    for plane in planes(kind, sky):
        plane.paint(stage)


def planes(kind: str, sky: Sky) -> list[Plane]:
    """Name what a land is made of, from the far to the near."""
    match kind:
        case "mountains":
            found = _ridges(layers=3, rise=0.24, rough=True)
        case "city":
            found = [Plane(nearness=0.1, paint=paint_skyline)]
        case "dunes":
            found = _ridges(layers=4, rise=0.06)
        case "water":
            found = _ridges(layers=2, rise=0.08, far_only=True)
        case "forest":
            found = _ridges(layers=3, rise=0.11)
            found += [
                Plane(nearness=0.4 + 0.15 * depth, paint=partial(_trees, depth=depth)) for depth in range(3)
            ]
        case _:
            found = _ridges(layers=4, rise=0.11)
    if kind in ("water", "city"):
        found.append(Plane(nearness=0.4, paint=partial(paint_water, sky=sky)))
    return [*found, Plane(nearness=1.0, paint=partial(_foreground, kind=kind))]


def _ridges(*, layers: int, rise: float, rough: bool = False, far_only: bool = False) -> list[Plane]:
    return [
        Plane(
            nearness=(0.2 if far_only else 0.7) * layer / layers,
            paint=partial(_ridge, layer=layer, layers=layers, rise=rise, rough=rough, far_only=far_only),
        )
        for layer in range(layers)
    ]


def _ridge(stage: Stage, *, layer: int, layers: int, rise: float, rough: bool, far_only: bool) -> None:
    picture, horizon, palette, chance = stage.picture, stage.horizon, stage.palette, stage.chance
    width, height = picture.size
    reach = 0 if far_only else height * 0.2
    depth = layer / max(1, layers - 1) * (0.35 if far_only else 0.8)
    colour = mix(mix(palette.far, palette.sky[2], 0.35), palette.near, depth)
    base = horizon + reach * layer / layers
    swing = height * rise * (1 - 0.35 * layer / layers)
    peaked = rough and layer < layers - 1
    line = (_jagged if peaked else _waves)(width, base, swing, chance)
    bottom = horizon if far_only else height
    fade = 0.3 if layer < layers - 1 else 0.06
    fill_below(picture, line, bottom, (colour, mix(colour, palette.sky[2], fade)))
    if peaked:
        _snow(picture, line, base - swing * 0.42, colour, palette)


def _waves(width: int, base: float, swing: float, chance: Random) -> list[Point]:
    waves = [
        (chance.uniform(0.6, 1.6) * (2**octave), chance.uniform(0, math.tau), 0.5**octave)
        for octave in range(4)
    ]
    return [
        (
            x,
            base
            - swing * (0.35 + 0.5 * sum(s * math.sin(math.tau * f * x / width + p) for f, p, s in waves)),
        )
        for x in range(0, width + _STEP, _STEP)
    ]


def _jagged(width: int, base: float, swing: float, chance: Random) -> list[Point]:
    """A mountain range: midpoints displaced again and again, ever less."""
    heights = [
        chance.uniform(0.2, 0.7),
        chance.uniform(0.6, 1.0),
        chance.uniform(0.15, 0.6),
        chance.uniform(0.5, 1.0),
        chance.uniform(0.2, 0.7),
    ]
    spread = 0.24
    while len(heights) < width / _STEP / 2:
        middles = [(a + b) / 2 + chance.uniform(-spread, spread) for a, b in pairwise(heights)]
        heights = [*chain.from_iterable(zip(heights, middles, strict=False)), heights[-1]]
        spread *= 0.52
    stride = width / (len(heights) - 1)
    return [(at * stride, base - swing * height) for at, height in enumerate(heights)]


def _snow(
    picture: Image.Image, line: Sequence[Point], limit: float, colour: Colour, palette: Palette
) -> None:
    """Put snow where the ridge is higher than `limit`."""
    white = mix(mix(colour, (255, 255, 255), 0.75), palette.sky[2], 0.3)
    below = [
        (x, max(y, y + (limit - y) * (0.55 + 0.35 * math.sin(x / 23) * math.cos(x / 9.5)))) for x, y in line
    ]
    fill_shape(picture, [*line, *below[::-1]], white)


def _trees(stage: Stage, *, depth: int) -> None:
    """Plant a row of firs; a greater depth is nearer."""
    picture, palette, chance = stage.picture, stage.palette, stage.chance
    width, height = picture.size
    foot = round(stage.horizon + height * (0.03 + 0.07 * depth))
    colour = mix(palette.far, palette.near, 0.35 + 0.3 * depth)
    size = height * (0.09 + 0.05 * depth)
    shape: list[Point] = []
    x = -size
    while x < width + size:
        tall, half = size * chance.uniform(0.7, 1.3), size * chance.uniform(0.2, 0.3)
        base = foot + chance.uniform(-0.1, 0.15) * size
        shape.append((x - half, base))
        for tier in range(3):
            y = base - tall * (0.2 + 0.27 * tier)
            shape += [(x - half * (0.62 - 0.2 * tier), y), (x - half * (0.8 - 0.24 * tier), y)]
        shape.append((x, base - tall))
        for tier in reversed(range(3)):
            y = base - tall * (0.2 + 0.27 * tier)
            shape += [(x + half * (0.8 - 0.24 * tier), y), (x + half * (0.62 - 0.2 * tier), y)]
        shape.append((x + half, base))
        x += half * chance.uniform(1.1, 2.6)
    bottom = round(foot + height * 0.16)
    fill_shape(picture, [(-size, bottom), *shape, (width + size, bottom)], colour)


def _foreground(stage: Stage, *, kind: str) -> None:
    """Paint the ground on which subjects stand."""
    picture, palette, chance = stage.picture, stage.palette, stage.chance
    width, height = picture.size
    line = _waves(width, height * 0.83, height * 0.035, chance)
    near = palette.near
    if kind == "water":
        near = mix(near, (214, 186, 138), 0.0 if palette.dark else 0.35)
    light = mix(near, palette.sky[2], 0.26)
    fill_below(picture, line, height, (light, mix(near, (0, 0, 0), 0.35)))
    if kind in ("hills", "forest", "mountains"):
        _grass(picture, line, mix(near, light, 0.6), chance)


def _grass(picture: Image.Image, line: Sequence[Point], colour: Colour, chance: Random) -> None:
    unit = min(picture.size)
    tufts: list[Point] = []
    for x, y in line:
        for _ in range(2):
            root, tip = x + chance.uniform(0, _STEP), unit * chance.uniform(0.004, 0.016)
            tufts += [(root - 2, y + 4), (root + chance.uniform(-5, 5), y - tip), (root + 2, y + 4)]
    fill_shape(picture, [(0, tufts[0][1] + 5), *tufts, (picture.width, tufts[-1][1] + 5)], colour)
