"""Draws sky and land, from the far to the near: hills, mountains, a forest, a desert, water or a city."""

import math
from random import Random

from PIL import Image, ImageDraw, ImageFilter, ImageOps

from simulator.drawing.canvas import Point, ellipse, fill, fill_below, glow, gradient
from simulator.drawing.palette import BLACK, WHITE, Palette, mix

#: distance of the points of a ridge, in pixels
_STEP = 8
_LAMP = (255, 226, 150)
#: half the outline of a fir from its foot to its top, tier by tier: half its width, and its height
_FIR = ((1, 0), (0.6, 0.25), (0.8, 0.27), (0.35, 0.6), (0.5, 0.62), (0, 1))


def draw_landscape(place: str, size: tuple[int, int], palette: Palette, random: Random) -> Image.Image:
    """Draw a place outdoors; one that has no land of its own has hills."""
    land = _Land(size, palette, random)
    match place:
        case "city":
            land.skyline()
            land.water()
        case "water":
            land.ridges(2, random.uniform(0.05, 0.1), reach=0.05)
            land.water()
        case "mountains":
            land.ridges(3, random.uniform(0.2, 0.3), peaks=True)
        case _:
            land.ridges(random.randint(3, 5), random.uniform(0.07, 0.14))
    for depth in range(3 if place == "forest" else 0):
        land.firs(depth)
    line = ridge(size[0], size[1] * random.uniform(0.8, 0.86), size[1] * 0.035, random)
    top, bottom = mix(palette.near, palette.horizon, 0.26), mix(palette.near, BLACK, 0.35)
    fill_below(land.picture, line, size[1], top, bottom)
    return land.picture


def ridge(width: int, base: float, swing: float, random: Random, *, peaks: bool = False) -> list[Point]:
    """A line of hills, or of mountains: waves of growing frequency, round or pointed."""
    waves = [(random.uniform(0.6, 1.6) * 2**n, random.random(), 0.5**n) for n in range(7 if peaks else 4)]

    def wave(turns: float) -> float:
        return 4 * abs(turns % 1 - 0.5) - 1 if peaks else math.sin(math.tau * turns)

    def height(x: float) -> float:
        return 0.35 + 0.5 * math.fsum(share * wave(pace * x / width + turn) for pace, turn, share in waves)

    return [(x, base - swing * height(x)) for x in range(0, width + _STEP, _STEP)]


class _Land:
    """A picture that is filled from behind."""

    def __init__(self, size: tuple[int, int], palette: Palette, random: Random) -> None:
        self._palette, self._random, (self._width, self._height) = palette, random, size
        self._horizon = round(size[1] * random.uniform(0.46, 0.7))
        self._light = min(size) * random.uniform(0.05, 0.1)
        self._light_x = size[0] * random.uniform(0.12, 0.88)
        self._light_y = self._horizon * random.uniform(0.25, 0.45 if palette.dark else 0.85)
        self.picture = self._sky()

    def _sky(self) -> Image.Image:
        palette, random, width, low = self._palette, self._random, self._width // 4, self._horizon // 4
        # Most of it is soft, so it is drawn at a quarter of the size.
        sky, clouds = (Image.new(mode, (width, self._height // 4)) for mode in ("RGB", "L"))
        sky.paste(palette.horizon, (0, 0, *sky.size))
        sky.paste(gradient((width, low), palette.zenith, palette.horizon, palette.sky))
        strength = 0.5 if palette.dark else 0.72
        glow(sky, (self._light_x / 4, self._light_y / 4), self._light * 1.4, palette.light, strength)
        centres = [(random.random() * width, random.random() * low) for _ in range(random.randint(2, 8))]
        for x, y in centres * 9:
            left, top, half = x + random.gauss(0, 0.08) * width, y + random.gauss(0, low / 60), width * 0.08
            puff = (left - half, top - low / 45, left + half, top + low / 45)
            ImageDraw.Draw(clouds).ellipse(puff, fill=random.randint(70, 165))
        colour = mix(palette.horizon, palette.sky if palette.dark else palette.light, 0.45)
        sky.paste(colour, (0, 0), clouds.filter(ImageFilter.GaussianBlur(max(2.0, width / 160))))
        sky = sky.resize((self._width, self._height), Image.Resampling.BICUBIC)
        for _ in range(220 if palette.dark else 0):
            place = (random.random() * self._width, random.random() ** 1.4 * self._horizon * 0.9)
            shine = mix(palette.sky, WHITE, random.uniform(0.35, 0.95))
            ImageDraw.Draw(sky).circle(place, self._light / 90 * random.uniform(0.7, 2), fill=shine)
        fill(
            sky, ellipse(self._light_x, self._light_y, self._light, self._light), palette.light, palette.light
        )
        return sky

    def ridges(self, layers: int, rise: float, *, reach: float = 0.2, peaks: bool = False) -> None:
        """Draw ridges, the nearer the lower; those with peaks have snow, but for the nearest."""
        palette = self._palette
        for layer in range(layers):
            nearness, nearest = 4 * reach * layer / (layers - 1), layer == layers - 1
            colour = mix(mix(palette.far, palette.horizon, 0.35), palette.near, nearness)
            base = self._horizon + self._height * reach * layer / layers
            swing = self._height * rise * (1 - 0.35 * layer / layers)
            line = ridge(self._width, base, swing, self._random, peaks=peaks and not nearest)
            mist = mix(colour, palette.horizon, 0.06 if nearest else 0.3)
            fill_below(self.picture, line, self._height, colour, mist)
            if peaks and not nearest:
                edge = [(x, max(y, base - swing * self._random.uniform(0.5, 0.8))) for x, y in line]
                snow = mix(mix(colour, WHITE, 0.75), palette.horizon, 0.3)
                fill(self.picture, [*line, *reversed(edge)], snow, snow)

    def firs(self, depth: int) -> None:
        """Draw a row of firs; a greater depth is nearer."""
        foot = self._horizon + self._height * (0.03 + 0.07 * depth)
        size, x, line = self._height * (0.09 + 0.05 * depth), 0.0, list[Point]()
        while x < self._width + size:
            tall, half = size * self._random.uniform(0.7, 1.3), size * self._random.uniform(0.2, 0.3)
            line += [(x - half * across, foot - tall * up) for across, up in _FIR]
            line += [(x + half * across, foot - tall * up) for across, up in reversed(_FIR)]
            x += half * self._random.uniform(1.1, 2.6)
        colour = mix(self._palette.far, self._palette.near, 0.35 + 0.3 * depth)
        fill_below(self.picture, line, foot + self._height * 0.16, colour, colour)

    def skyline(self) -> None:
        """Draw three rows of towers, the nearer ones with lit windows."""
        random, draw = self._random, ImageDraw.Draw(self.picture)
        pane, scale = max(3, self._width // 420), self._height * random.uniform(0.7, 1.6)
        for layer, depth in enumerate((0.1, 0.45, 0.85)):
            colour = mix(mix(self._palette.far, self._palette.horizon, 0.4), self._palette.near, depth)
            lamps, x = [mix(colour, _LAMP, 0.35 + 0.6 * depth), colour, colour], -random.randrange(40)
            while x < self._width:
                across = round(self._width * random.uniform(0.02, 0.055) * (1 + 0.3 * layer))
                top = self._horizon - round(scale * random.uniform(0.08, 0.3) * (1.12 - 0.24 * layer))
                draw.rectangle((x, top, x + across, self._horizon), fill=colour)
                for left in range(x + pane, x + across - pane, pane * 2) if layer else ():
                    for y in range(top + pane * 2, self._horizon - pane, pane * 3):
                        draw.rectangle((left, y, left + pane - 1, y + pane), fill=random.choice(lamps))
                x += across + random.randrange(max(1, across // 3))

    def water(self) -> None:
        """Fill everything below the horizon with a blurred mirror image and the light's reflection."""
        palette, horizon, size = self._palette, self._horizon, (self._width, self._height - self._horizon)
        above = self.picture.crop((0, max(0, horizon - size[1] * 3 // 2), size[0], horizon))
        mirror = ImageOps.flip(above).resize((size[0] // 4, size[1] // 4), Image.Resampling.BOX)
        mirror = mirror.filter(ImageFilter.BoxBlur((size[0] / 360, 2))).resize(size, Image.Resampling.BICUBIC)
        top, bottom = mix(palette.water, palette.horizon, 0.5), mix(palette.water, palette.near, 0.45)
        self.picture.paste(Image.blend(gradient(size, top, bottom), mirror, 0.45), (0, horizon))
        draw = ImageDraw.Draw(self.picture, "RGBA")
        for row in range(2, size[1], max(2, size[1] // 140)):
            near = row / size[1]
            spread, thick = self._light * (0.5 + 1.5 * near), self._height / 640 * (0.5 + 1.6 * near)
            x = self._light_x + self._random.gauss(0, 0.5) * spread
            half = spread * self._random.uniform(0.12, 0.5)
            box = (x - half, horizon + row - thick, x + half, horizon + row + thick)
            draw.ellipse(box, fill=(*palette.light, round(180 - 150 * near)))
