"""Snow, rain, leaves, bubbles, sparks and fireflies: what is in the air, still or moving."""

import math
from dataclasses import dataclass
from random import Random

from PIL import Image, ImageDraw

from simulator.drawing.palette import WHITE, Colour


@dataclass(frozen=True, slots=True, kw_only=True)
class Weather:
    """Particles of one kind. Lengths are shares of the frame; `falls` are whole heights per video."""

    colours: tuple[Colour, ...]
    falls: int
    size: float
    alpha: int = 200
    sway: float = 0.03
    count: int = 70
    #: length of a streak, in sizes; 1 draws a dot
    streak: float = 1.0


WEATHERS = {
    "snow": Weather(colours=(WHITE,), falls=1, size=0.005, alpha=225),
    "rain": Weather(
        colours=((222, 232, 244),), falls=7, size=0.0012, alpha=110, sway=0.0, count=150, streak=26
    ),
    "leaves": Weather(colours=((214, 96, 38), (240, 170, 60), (168, 62, 36)), falls=1, size=0.008, sway=0.06),
    "petals": Weather(colours=((255, 205, 220), (255, 236, 242)), falls=1, size=0.007, sway=0.06),
    "bubbles": Weather(colours=((226, 246, 255),), falls=-1, size=0.007, alpha=110, sway=0.02),
    "sparks": Weather(colours=((255, 170, 70), (255, 214, 110)), falls=-1, size=0.004, sway=0.05),
    "fireflies": Weather(colours=((255, 236, 150),), falls=0, size=0.0045, sway=0.04, count=34),
}


def draw_weather(
    picture: Image.Image, kind: str, seed: str, beat: float = 0.0, strength: float = 1.0
) -> None:
    """Draw the particles at one moment; `beat` goes from 0 to 1 over a video and back to the start."""
    weather, random = WEATHERS[kind], Random(seed)  # noqa: S311 - a picture, not a secret
    draw = ImageDraw.Draw(picture, "RGBA")
    width, height = picture.size
    for at in range(round(weather.count * max(1.0, width / height))):
        x, y, phase, size = random.random(), random.random(), random.random(), random.uniform(0.4, 1.4)
        turn = math.tau * (2 * beat + phase)
        left = (x + weather.sway * math.sin(turn)) % 1.0 * width
        top = (y + weather.falls * (1 + at % 2) * beat) % 1.0 * height
        radius = max(0.6, weather.size * size * min(width, height))
        alpha = weather.alpha * strength * (max(0.0, math.sin(turn)) if weather.falls == 0 else 1.0)
        colour = (*weather.colours[at % len(weather.colours)], round(alpha))
        if weather.streak > 1:
            end = (left - radius * weather.streak * 0.2, top + radius * weather.streak * size)
            draw.line((left, top, *end), fill=colour, width=max(1, round(radius * 2)))
        else:
            draw.ellipse((left - radius, top - radius, left + radius, top + radius), fill=colour)
