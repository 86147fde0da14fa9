"""The upper half of a scene: gradient, sun or moon, stars and clouds. All soft, so it is drawn small."""

import math
from dataclasses import dataclass
from functools import cache
from random import Random

from PIL import Image, ImageDraw, ImageFilter

from simulator.drawing.brush import finish, sheet
from simulator.drawing.colours import Colour, Palette, mix

#: the sky is drawn this much smaller than it is shown
_SHRINK = 4
_RADIAL = 128


@dataclass(frozen=True, slots=True, kw_only=True)
class Sky:
    picture: Image.Image
    #: centre of the sun or moon, in pixels
    light_x: int
    light_y: int
    light_radius: int


def paint_sky(
    size: tuple[int, int], horizon: int, palette: Palette, chance: Random, *, clouded: bool = True
) -> Sky:
    width, height = size
    small = (width // _SHRINK, height // _SHRINK)
    base = gradient(small, horizon // _SHRINK, palette.sky)
    unit = min(size)
    radius = round(unit * chance.uniform(0.055, 0.085))
    x = round(width * chance.choice((chance.uniform(0.14, 0.34), chance.uniform(0.66, 0.86))))
    lowest = 0.45 if palette.dark else 0.8
    y = round(horizon * chance.uniform(0.28, lowest))
    _glow(base, x // _SHRINK, y // _SHRINK, round(radius * 5.5) // _SHRINK, palette)
    if clouded:
        base.paste(cloud_colour(palette), (0, 0), cloud_veil(base.size, horizon // _SHRINK, chance))
    picture = base.resize(size, Image.Resampling.BICUBIC)
    if palette.dark:
        _stars(picture, horizon, unit, chance)
    _disc(picture, x, y, radius, palette)
    return Sky(picture=picture, light_x=x, light_y=y, light_radius=radius)


def cloud_colour(palette: Palette) -> Colour:
    if palette.dark:
        return mix(palette.sky[1], palette.sky[2], 0.6)
    return mix(palette.sky[2], palette.light, 0.5)


def cloud_veil(size: tuple[int, int], horizon: int, chance: Random) -> Image.Image:
    """Draw where clouds are and how thick."""
    width = size[0]
    veil = Image.new("L", size)
    draw = ImageDraw.Draw(veil)
    for _ in range(chance.randint(4, 7)):
        x, y = chance.uniform(-0.1, 1.0) * width, horizon * chance.uniform(0.12, 0.86)
        length, thickness = width * chance.uniform(0.12, 0.34), horizon * chance.uniform(0.012, 0.03)
        for _ in range(9):
            left = x + chance.uniform(0, length)
            reach = length * chance.uniform(0.16, 0.4)
            lift = chance.uniform(-1.6, 1.0) * thickness
            draw.ellipse(
                (left - reach, y + lift - thickness, left + reach, y + lift + thickness),
                fill=chance.randint(70, 165),
            )
    return veil.filter(ImageFilter.GaussianBlur(max(2.0, width / 160)))


def gradient(size: tuple[int, int], end: int, colours: tuple[Colour, ...]) -> Image.Image:
    """Blend the colours from the top down to the row `end`, the last one below it."""
    picture = Image.new("RGB", size, colours[-1])
    ramp = Image.new("RGB", (1, max(end, 1)))
    steps = max(end - 1, 1)
    for row in range(max(end, 1)):
        place = row / steps * (len(colours) - 1)
        at = min(int(place), len(colours) - 2)
        ramp.putpixel((0, row), mix(colours[at], colours[at + 1], place - at))
    picture.paste(ramp.resize((size[0], ramp.height), Image.Resampling.NEAREST), (0, 0))
    return picture


@cache
def radial() -> Image.Image:
    """Distance from the centre, 255 from the middle of each edge outwards."""
    half = _RADIAL / 2
    distances = (
        math.hypot(x + 0.5 - half, y + 0.5 - half) / half for y in range(_RADIAL) for x in range(_RADIAL)
    )
    return Image.frombytes("L", (_RADIAL, _RADIAL), bytes(min(255, round(255 * d)) for d in distances))


def _glow(picture: Image.Image, x: int, y: int, reach: int, palette: Palette) -> None:
    side = reach * 2
    strength = 0.5 if palette.dark else 0.72
    fade = [round(255 * strength * (1 - value / 255) ** 2) for value in range(256)]
    halo = radial().point(fade).resize((side, side), Image.Resampling.BICUBIC)
    picture.paste(palette.light, (x - reach, y - reach), halo)


def _stars(picture: Image.Image, horizon: int, unit: int, chance: Random) -> None:
    draw = ImageDraw.Draw(picture)
    for _ in range(240):
        x, y = chance.randrange(picture.width), round(chance.random() ** 1.4 * horizon * 0.9)
        radius = unit / 1150 * chance.choice((0.7, 0.7, 0.9, 1.4, 2.0))
        under = picture.getpixel((x, y))
        assert isinstance(under, tuple)  # noqa: S101 - an RGB picture
        shine = mix((under[0], under[1], under[2]), (255, 252, 240), chance.uniform(0.35, 0.95))
        draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=shine)


def _disc(picture: Image.Image, x: int, y: int, radius: int, palette: Palette) -> None:
    image, brush = sheet(radius * 2)
    brush.circle(50, 50, 49, palette.light)
    if palette.dark:
        shade = mix(palette.light, palette.sky[1], 0.16)
        for spot_x, spot_y, size in ((36, 38, 10), (62, 30, 6), (58, 64, 13), (30, 66, 6), (74, 52, 5)):
            brush.circle(spot_x, spot_y, size, shade)
    disc = finish(image)
    picture.paste(disc, (x - radius, y - radius), disc)
