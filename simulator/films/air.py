"""What is in the air and on the water: stars that twinkle, glints, snow, leaves, fireflies."""

import math
from dataclasses import dataclass
from random import Random

from PIL import Image, ImageDraw

from simulator.drawing.colours import Colour, mix
from simulator.films.camera import View
from simulator.films.scenery import Scenery

_STARS, _GLINTS, _MOTES = 46, 44, 52
_WHITE: Colour = (255, 255, 255)


@dataclass(frozen=True, slots=True, kw_only=True)
class Weather:
    """How motes move in the length of a film. Shares of the frame; falls and drifts are whole numbers."""

    colours: tuple[Colour, ...]
    falls: int
    drifts: int = 0
    sway: float = 0.02
    size: float = 0.004
    alpha: int = 190
    #: they shine in turns, like fireflies
    blinks: bool = False


_WEATHERS = {
    "snow snowy winter ice frozen arctic christmas glacier alps": Weather(
        colours=(_WHITE,), falls=1, sway=0.03, size=0.005, alpha=220
    ),
    "autumn fall october harvest": Weather(
        colours=((214, 96, 38), (240, 170, 60), (168, 62, 36)), falls=1, drifts=1, sway=0.05, size=0.007
    ),
    "spring blossom cherry petal garden rose tulip": Weather(
        colours=((255, 205, 220), (255, 232, 238)), falls=1, drifts=1, sway=0.05, size=0.006
    ),
    "underwater scuba fish whale shark dolphin goldfish": Weather(
        colours=((226, 246, 255),), falls=-1, sway=0.015, size=0.006, alpha=110
    ),
    "rain rainy storm": Weather(colours=((214, 226, 240),), falls=6, sway=0.0, size=0.003, alpha=120),
    "fire dragon volcano ember": Weather(
        colours=((255, 170, 70), (255, 110, 50)), falls=-1, sway=0.04, blinks=True
    ),
}


class Air:
    def __init__(self, scenery: Scenery, chance: Random) -> None:
        self._scenery = scenery
        self._chance = chance.random()
        plan = scenery.plan
        self._weather = _weather(plan.words, dark=plan.palette.dark)
        self._motes = [
            (chance.random(), chance.random(), chance.random(), chance.uniform(0.5, 1.3))
            for _ in range(_MOTES)
        ]
        width, horizon = scenery.extent[0], scenery.horizon
        self._stars = [
            (chance.random() * width, chance.random() ** 1.4 * horizon * 0.85, chance.random())
            for _ in range(_STARS if plan.palette.dark else 0)
        ]
        wet = plan.land in ("water", "city")
        self._glints = [
            (chance.gauss(0, 1), chance.random() ** 1.3, chance.random()) for _ in range(_GLINTS * wet)
        ]

    def behind(self, picture: Image.Image, view: View, beat: float) -> None:
        """Draw what lies behind the actors."""
        draw = ImageDraw.Draw(picture, "RGBA")
        unit = min(picture.size)
        for x, y, phase in self._stars:
            at_x, at_y, _ = self._scenery.place(x, y, 0.0, view)
            shine = max(0.0, math.sin(math.tau * (2 * beat + phase)))
            # Ridges may stand before a star that is low.
            if at_y < picture.height * 0.42:
                _dot(draw, at_x, at_y, unit / 520 * (0.4 + shine), (*_WHITE, round(235 * shine)))
        light = mix(self._scenery.plan.palette.light, _WHITE, 0.3)
        depth = self._scenery.extent[1] - self._scenery.horizon
        for spread, share, phase in self._glints:
            x = self._scenery.light[0] + spread * depth * (0.25 + 0.5 * share)
            at_x, at_y, zoom = self._scenery.place(
                x, self._scenery.horizon + 2 + share * depth * 0.46, 0.34, view
            )
            shine = max(0.0, math.sin(math.tau * (3 * beat + phase)))
            half, thin = unit * (0.006 + 0.02 * share) * zoom, max(0.7, unit / 700 * (0.6 + share))
            draw.ellipse(
                (at_x - half, at_y - thin, at_x + half, at_y + thin), fill=(*light, round(210 * shine))
            )

    def before(self, picture: Image.Image, beat: float) -> None:
        """Draw what lies between the actors and the camera."""
        weather = self._weather
        draw = ImageDraw.Draw(picture, "RGBA")
        width, height = picture.size
        for at, (x, y, phase, size) in enumerate(self._motes):
            sway = weather.sway * math.sin(math.tau * (2 * beat + phase))
            place_x = (x + weather.drifts * beat + sway) % 1.0 * width
            place_y = (y + weather.falls * (1 + at % 2) * beat) % 1.0 * height
            if weather.falls == 0:
                place_y += weather.sway * height * math.cos(math.tau * (beat + phase))
            shine = max(0.0, math.sin(math.tau * (2 * beat + phase))) if weather.blinks else 1.0
            colour = weather.colours[at % len(weather.colours)]
            radius = max(0.8, weather.size * size * min(width, height))
            _dot(draw, place_x, place_y, radius, (*colour, round(weather.alpha * shine)))


def _weather(words: list[str], *, dark: bool) -> Weather:
    for names, weather in _WEATHERS.items():
        if not set(names.split()).isdisjoint(words):
            return weather
    if dark:
        return Weather(colours=((255, 232, 150),), falls=0, sway=0.03, size=0.0035, blinks=True)
    return Weather(colours=(_WHITE,), falls=0, sway=0.04, size=0.0025, alpha=90)


def _dot(
    draw: ImageDraw.ImageDraw, x: float, y: float, radius: float, colour: tuple[int, int, int, int]
) -> None:
    """Draw a small light with a soft edge."""
    for reach, alpha in ((1.7, colour[3] // 3), (1.0, colour[3])):
        half = radius * reach
        draw.ellipse((x - half, y - half, x + half, y + half), fill=(*colour[:3], alpha))
