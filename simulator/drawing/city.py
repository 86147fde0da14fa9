"""A skyline with lit windows."""

from random import Random

from PIL import ImageDraw

from simulator.drawing.colours import Colour, mix
from simulator.drawing.stage import Stage

_MASTS, _LIT = 0.3, 0.42


def paint_skyline(stage: Stage) -> None:
    horizon, palette, chance = stage.horizon, stage.palette, stage.chance
    width, height = stage.picture.size
    draw = ImageDraw.Draw(stage.picture)
    for layer, depth in enumerate((0.1, 0.45, 0.85)):
        colour = mix(mix(palette.far, palette.sky[2], 0.4), palette.near, depth)
        lamp = mix(colour, (255, 226, 150), 0.35 + 0.6 * depth)
        x = -chance.randrange(40)
        while x < width:
            across = round(width * chance.uniform(0.02, 0.055) * (1 + 0.3 * layer))
            tall = round(height * chance.uniform(0.08, 0.3) * (1.12 - 0.24 * layer))
            top = horizon - tall
            draw.rectangle((x, top, x + across, horizon), fill=colour)
            if chance.random() < _MASTS:
                mast = x + across // 2
                draw.line((mast, top, mast, top - tall // 4), fill=colour, width=max(2, width // 700))
            if layer:
                _windows(draw, (x, top, across, tall), lamp, chance, width)
            x += across + chance.randrange(max(1, across // 3))


def _windows(
    draw: ImageDraw.ImageDraw, tower: tuple[int, int, int, int], lamp: Colour, chance: Random, width: int
) -> None:
    left, top, across, tall = tower
    pane = max(3, width // 420)
    for x in range(left + pane, left + across - pane, pane * 2):
        for y in range(top + pane * 2, top + tall - pane, pane * 3):
            if chance.random() < _LIT:
                draw.rectangle((x, y, x + pane - 1, y + pane), fill=lamp)
