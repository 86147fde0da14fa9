"""Draws what is behind the subjects: sky and land, water, a city, a room, a studio, or abstract shapes."""

import math
from itertools import chain, pairwise
from random import Random

from PIL import Image, ImageChops, ImageDraw, ImageFilter, ImageOps

from simulator.drawing.canvas import Point, fill_area, glow, gradient
from simulator.drawing.palette import BLACK, WHITE, Colour, Palette, mix

#: distance of the points of a ridge, in pixels
_STEP = 8
_LAMP = (255, 226, 150)
#: share of windows that are lit
_LIT = 0.42


def draw_backdrop(place: str, size: tuple[int, int], palette: Palette, random: Random) -> Image.Image:
    """Draw a place: one of the vocabulary, or `hills`."""
    match place:
        case "abstract":
            return _abstract(size, palette, random)
        case "portrait":
            return _studio(size, palette, random)
        case "table":
            return _room(size, palette, random)
        case "underwater":
            return _seabed(size, palette, random)
        case _:
            return _Landscape(size, palette, random).drawn(place)


class _Landscape:
    """Sky and land, from the far to the near."""

    def __init__(self, size: tuple[int, int], palette: Palette, random: Random) -> None:
        self._palette, self._random = palette, random
        self._width, self._height = size
        self._horizon = round(size[1] * random.uniform(0.46, 0.7))
        self._light = round(min(size) * random.uniform(0.05, 0.1))
        self._light_x = round(size[0] * random.uniform(0.12, 0.88))
        self._light_y = round(self._horizon * random.uniform(0.25, 0.45 if palette.dark else 0.85))
        self._picture = self._sky()

    def drawn(self, place: str) -> Image.Image:
        random = self._random
        match place:
            case "city":
                self._skyline()
            case "water":
                self._ridges(2, random.uniform(0.05, 0.1), reach=0.0)
            case "mountains":
                self._ridges(3, random.uniform(0.2, 0.3), rough=True)
            case _:
                self._ridges(random.randint(3, 5), 0.07 if place == "dunes" else random.uniform(0.08, 0.14))
        for depth in range(3 if place == "forest" else 0):
            self._firs(depth)
        if place in ("city", "water"):
            self._water()
        near = self._palette.near
        line = _waves(self._width, self._height * random.uniform(0.8, 0.86), self._height * 0.035, random)
        self._fill(line, self._height, mix(near, self._palette.horizon, 0.26), mix(near, BLACK, 0.35))
        return self._picture

    def _sky(self) -> Image.Image:
        # Everything in it is soft, so it is drawn at a quarter of the size.
        palette, random = self._palette, self._random
        width, low = self._width // 4, self._horizon // 4
        picture = Image.new("RGB", (width, self._height // 4), palette.horizon)
        picture.paste(gradient((width, low), palette.zenith, palette.horizon, palette.sky))
        strength = 0.5 if palette.dark else 0.72
        glow(picture, (self._light_x / 4, self._light_y / 4), self._light * 1.4, palette.light, strength)
        veil = Image.new("L", picture.size)
        draw = ImageDraw.Draw(veil)
        for _ in range(random.randint(2, 8)):
            x, y, long = (
                random.uniform(-0.1, 1) * width,
                random.uniform(0.1, 0.9) * low,
                random.uniform(0.1, 0.3) * width,
            )
            for _ in range(9):
                left, top = x + random.uniform(0, long), y + random.uniform(-0.04, 0.02) * low
                box = (left - long / 3, top - low / 45, left + long / 3, top + low / 45)
                draw.ellipse(box, fill=random.randint(70, 165))
        cloud = mix(palette.horizon, palette.sky if palette.dark else palette.light, 0.45)
        picture.paste(cloud, (0, 0), veil.filter(ImageFilter.GaussianBlur(max(2.0, width / 160))))
        picture = picture.resize((self._width, self._height), Image.Resampling.BICUBIC)
        draw = ImageDraw.Draw(picture)
        for _ in range(220 if palette.dark else 0):
            star = self._light / 90 * random.choice((0.7, 0.9, 1.4, 2.0))
            x, y = random.random() * self._width, random.random() ** 1.4 * self._horizon * 0.9
            shine = mix(palette.sky, WHITE, random.uniform(0.35, 0.95))
            draw.ellipse((x - star, y - star, x + star, y + star), fill=shine)
        disc = Image.new("L", (self._light * 4, self._light * 4))
        ImageDraw.Draw(disc).ellipse((0, 0, disc.width - 1, disc.height - 1), fill=255)
        picture.paste(
            palette.light, (self._light_x - self._light, self._light_y - self._light), disc.reduce(2)
        )
        return picture

    def _fill(self, line: list[Point], bottom: float, *colours: Colour) -> None:
        fill_area(self._picture, [*line, (self._width, bottom), (0, bottom)], *colours)

    def _ridges(self, layers: int, rise: float, *, reach: float = 0.2, rough: bool = False) -> None:
        """Draw ridges; rough ones have peaks with snow, but for the nearest."""
        palette = self._palette
        for layer in range(layers):
            depth = layer / max(1, layers - 1) * (0.8 if reach else 0.35)
            colour = mix(mix(palette.far, palette.horizon, 0.35), palette.near, depth)
            base = self._horizon + self._height * reach * layer / layers
            swing = self._height * rise * (1 - 0.35 * layer / layers)
            peaked = rough and layer < layers - 1
            line = (_peaks if peaked else _waves)(self._width, base, swing, self._random)
            bottom = self._height if reach else self._horizon
            self._fill(
                line, bottom, colour, mix(colour, palette.horizon, 0.3 if layer < layers - 1 else 0.06)
            )
            if peaked:
                limit, ripple = base - swing * 0.42, (0.6, 0.25, 0.75, 0.4, 0.9, 0.5)
                edge = [(x, max(y, y + (limit - y) * ripple[at % 6])) for at, (x, y) in enumerate(line)]
                snow = mix(mix(colour, WHITE, 0.75), palette.horizon, 0.3)
                fill_area(self._picture, [*line, *reversed(edge)], snow)

    def _firs(self, depth: int) -> None:
        """Draw a row of firs; a greater depth is nearer."""
        foot, size = (
            self._horizon + self._height * (0.03 + 0.07 * depth),
            self._height * (0.09 + 0.05 * depth),
        )
        # Half an outline from the foot to the top: wide and narrow, tier by tier.
        tiers = ((1, 0), (0.6, 0.25), (0.8, 0.27), (0.35, 0.6), (0.5, 0.62), (0, 1))
        line, x = [(-size, foot)], -size
        while x < self._width + size:
            tall, half = size * self._random.uniform(0.7, 1.3), size * self._random.uniform(0.2, 0.3)
            line += [(x - half * across, foot - tall * up) for across, up in tiers]
            line += [(x + half * across, foot - tall * up) for across, up in reversed(tiers)]
            x += half * self._random.uniform(1.1, 2.6)
        self._fill(
            line, foot + self._height * 0.16, mix(self._palette.far, self._palette.near, 0.35 + 0.3 * depth)
        )

    def _skyline(self) -> None:
        """Draw three rows of towers, the nearer ones with lit windows."""
        random, draw = self._random, ImageDraw.Draw(self._picture)
        pane, scale = max(3, self._width // 420), self._height * random.uniform(0.7, 1.6)
        for layer, depth in enumerate((0.1, 0.45, 0.85)):
            colour = mix(mix(self._palette.far, self._palette.horizon, 0.4), self._palette.near, depth)
            x = -random.randrange(40)
            while x < self._width:
                across = round(self._width * random.uniform(0.02, 0.055) * (1 + 0.3 * layer))
                top = self._horizon - round(scale * random.uniform(0.08, 0.3) * (1.12 - 0.24 * layer))
                draw.rectangle((x, top, x + across, self._horizon), fill=colour)
                for left in range(x + pane, x + across - pane, pane * 2) if layer else ():
                    for y in range(top + pane * 2, self._horizon - pane, pane * 3):
                        if random.random() < _LIT:
                            draw.rectangle(
                                (left, y, left + pane - 1, y + pane),
                                fill=mix(colour, _LAMP, 0.35 + 0.6 * depth),
                            )
                x += across + random.randrange(max(1, across // 3))

    def _water(self) -> None:
        """Fill everything below the horizon with a blurred mirror image and the light's reflection."""
        palette, horizon, width = self._palette, self._horizon, self._width
        depth = self._height - horizon
        small = (width // 4, max(1, depth // 4))
        above = self._picture.crop((0, max(0, horizon - round(depth * 1.5)), width, horizon))
        mirror = (
            ImageOps.flip(above)
            .resize(small, Image.Resampling.BOX)
            .filter(ImageFilter.BoxBlur((small[0] / 90, 2)))
        )
        deep = gradient(
            small, mix(palette.water, palette.horizon, 0.5), mix(palette.water, palette.near, 0.45)
        )
        self._picture.paste(
            Image.blend(deep, mirror, 0.45).resize((width, depth), Image.Resampling.BICUBIC), (0, horizon)
        )
        draw = ImageDraw.Draw(self._picture, "RGBA")
        for row in range(2, depth, max(2, depth // 140)):
            spread = self._light * (0.5 + 1.5 * row / depth)
            x, half = (
                self._light_x + self._random.gauss(0, 0.5) * spread,
                spread * self._random.uniform(0.12, 0.5),
            )
            thick, y = max(1.0, self._height / 640 * (0.5 + 1.6 * row / depth)), horizon + row
            draw.ellipse(
                (x - half, y - thick, x + half, y + thick), fill=(*palette.light, 180 - 150 * row // depth)
            )


def _waves(width: int, base: float, swing: float, random: Random) -> list[Point]:
    waves = [(random.uniform(0.6, 1.6) * 2**n, random.uniform(0, math.tau), 0.5**n) for n in range(4)]
    return [
        (
            x,
            base
            - swing * (0.35 + 0.5 * sum(s * math.sin(math.tau * f * x / width + p) for f, p, s in waves)),
        )
        for x in range(0, width + _STEP, _STEP)
    ]


def _peaks(width: int, base: float, swing: float, random: Random) -> list[Point]:
    """A mountain range by midpoint displacement."""
    heights, spread = [random.uniform(0.2 + 0.4 * (at % 2), 0.65 + 0.35 * (at % 2)) for at in range(5)], 0.24
    while len(heights) < width / _STEP / 2:
        middles = [(a + b) / 2 + random.uniform(-spread, spread) for a, b in pairwise(heights)]
        heights = [*chain.from_iterable(zip(heights, middles, strict=False)), heights[-1]]
        spread *= 0.52
    return [(at * width / (len(heights) - 1), base - swing * height) for at, height in enumerate(heights)]


def _studio(size: tuple[int, int], palette: Palette, random: Random) -> Image.Image:
    """Lights out of focus."""
    small = (size[0] // 8, size[1] // 8)
    picture = gradient(small, mix(palette.zenith, palette.sky, 0.4), mix(palette.far, palette.horizon, 0.3))
    draw = ImageDraw.Draw(picture, "RGBA")
    for _ in range(random.randint(7, 16)):
        x, y, r = (
            random.random() * small[0],
            random.random() * small[1],
            min(small) * random.uniform(0.04, 0.16),
        )
        colour = random.choice((palette.light, palette.second, palette.horizon, palette.accent))
        draw.ellipse((x - r, y - r, x + r, y + r), fill=(*colour, random.randint(40, 110)))
    picture = picture.filter(ImageFilter.GaussianBlur(min(small) / 45))
    glow(
        picture, (small[0] * random.uniform(0.2, 0.8), small[1] * 0.4), max(small) * 0.6, palette.light, 0.55
    )
    return picture.resize(size, Image.Resampling.BICUBIC)


def _room(size: tuple[int, int], palette: Palette, random: Random) -> Image.Image:
    """A wall with a window, and a table in front."""
    width, height = size
    wall, top = mix(palette.sky, palette.horizon, 0.45), mix(palette.near, palette.horizon, 0.2)
    picture = gradient(size, mix(wall, BLACK, 0.12), mix(wall, WHITE, 0.25))
    outside = _Landscape((width // 3, height // 2), palette, random).drawn(
        random.choice(("hills", "mountains", "forest"))
    )
    window = ImageOps.expand(outside, height // 50, mix(wall, WHITE, 0.7))
    middle = window.width // 2
    ImageDraw.Draw(window).line((middle, 0, middle, height), fill=mix(wall, WHITE, 0.7), width=height // 70)
    x, y = round(random.choice((0.08, 0.32, 0.58)) * width), round(height * random.uniform(0.06, 0.12))
    picture.paste(window, (x, y))
    glow(picture, (x + middle, y + window.height / 2), height * 0.7, palette.light, 0.3)
    edge = round(height * random.uniform(0.62, 0.7))
    picture.paste(gradient((width, height - edge), mix(top, WHITE, 0.18), mix(top, BLACK, 0.3)), (0, edge))
    ImageDraw.Draw(picture).line(
        (0, edge, width, edge), fill=mix(top, WHITE, 0.4), width=max(2, height // 250)
    )
    return picture


def _seabed(size: tuple[int, int], palette: Palette, random: Random) -> Image.Image:
    """Rays of light in deep water, over dark ground."""
    small = (size[0] // 4, size[1] // 4)
    rays = Image.new("L", small)
    draw = ImageDraw.Draw(rays)
    for _ in range(random.randint(4, 8)):
        x, lean, half = (
            random.random() * small[0],
            random.uniform(-0.5, 0.5) * small[1],
            small[0] * random.uniform(0.01, 0.05),
        )
        draw.polygon(
            [(x - half, 0), (x + half, 0), (x + lean + half * 4, small[1]), (x + lean - half * 4, small[1])],
            fill=80,
        )
    fade = ImageOps.flip(Image.linear_gradient("L")).resize(small)
    picture = gradient(small, mix(palette.zenith, WHITE, 0.25), palette.horizon, palette.sky)
    picture.paste(palette.light, (0, 0), ImageChops.multiply(rays, fade).filter(ImageFilter.GaussianBlur(3)))
    picture = picture.resize(size, Image.Resampling.BICUBIC)
    for depth, base in ((0.45, 0.78), (0.95, 0.86)):
        colour = mix(palette.horizon, palette.near, depth)
        line = _waves(size[0], size[1] * base, size[1] * 0.07, random)
        fill_area(picture, [*line, size, (0, size[1])], colour, mix(colour, BLACK, 0.3))
    return picture


def _abstract(size: tuple[int, int], palette: Palette, random: Random) -> Image.Image:
    """Plain shapes on a grid, circles within circles, or bands below a sun, in the palette's colours."""
    width, height = size[0] * 2, size[1] * 2
    colours = [
        palette.accent,
        palette.second,
        palette.zenith,
        palette.sky,
        palette.near,
        mix(palette.accent, WHITE, 0.4),
    ]
    picture = Image.new("RGB", (width, height), mix(palette.horizon, WHITE, 0.35))
    draw = ImageDraw.Draw(picture)
    match random.randrange(3):
        case 0:
            side = -(-height // random.choice((2, 3, 4, 5)))
            for left in range(0, width, side):
                for top in range(0, height, side):
                    _tile(draw, (left, top), side, random.sample(colours, 2), random)
        case 1:
            for _ in range(random.randint(6, 10)):
                x, y, r = (
                    random.random() * width,
                    random.random() * height,
                    height * random.uniform(0.1, 0.42),
                )
                for share in (1.0, 0.78, 0.56, 0.34)[: random.randint(1, 4)]:
                    draw.circle((x, y), r * share, fill=random.choice(colours))
        case _:
            sun = (width * random.uniform(0.2, 0.8), height * random.uniform(0.2, 0.45))
            draw.circle(sun, height * random.uniform(0.14, 0.24), fill=colours[0])
            layers = random.randint(5, 8)
            for layer in range(layers):
                line = _waves(width, height * (0.42 + 0.6 * layer / layers), height * 0.16, random)
                draw.polygon([*line, (width, height), (0, height)], fill=colours[(layer + 1) % len(colours)])
    return picture.reduce(2)


def _tile(
    draw: ImageDraw.ImageDraw, corner: tuple[int, int], side: int, colours: list[Colour], random: Random
) -> None:
    left, top = corner
    ground, shape = colours
    draw.rectangle((left, top, left + side, top + side), fill=ground)
    match random.randrange(3):
        case 0:
            draw.circle((left + side / 2, top + side / 2), side * random.choice((0.25, 0.5)), fill=shape)
        case 1:
            # A quarter of a circle around one of the tile's corners.
            quarter = random.randrange(4)
            x, y = left - side * (quarter in (0, 3)), top - side * (quarter in (0, 1))
            draw.pieslice((x, y, x + 2 * side, y + 2 * side), 90 * quarter, 90 * quarter + 90, fill=shape)
        case _:
            corners = [(left, top), (left + side, top), (left + side, top + side), (left, top + side)]
            draw.polygon(random.sample(corners, 3), fill=shape)
