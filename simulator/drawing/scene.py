"""Composes a scene from a prompt: its light, its place, its weather, and who stands where."""

import math
from dataclasses import dataclass, replace
from random import Random

from PIL import Image, ImageChops, ImageDraw, ImageFilter, ImageOps

from simulator.drawing.backdrop import draw_backdrop
from simulator.drawing.canvas import gradient
from simulator.drawing.palette import BLACK, PALETTES, WHITE, Palette, mix, palette_of
from simulator.drawing.prompt import Reading, read_prompt
from simulator.drawing.subjects import draw_subject, sections, wearable

_HOURS = ("dawn", "sunset", "noon", "night")
#: moods for a subject about whose surroundings the prompt says nothing
_MOODS = ("spring", "forest", "sea", "autumn", "noon", "dawn")
#: where the feet of a kind of subject are, in shares of the height
_FEET = {"bust": (1.0, 1.0), "float": (0.62, 0.78), "table": (0.82, 0.88), "afloat": (0.84, 0.86)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Weather:
    colours: tuple[tuple[int, int, int, int], ...]
    #: whole heights of the frame that a particle falls in a video
    falls: int
    #: radius, and how far a particle sways, in shares of the frame
    size: float
    sway: float = 0.03
    #: length of a streak, in sizes; 0 draws a dot
    streak: int = 0


WEATHERS = {
    "snow": Weather(colours=((255, 253, 248, 225),), falls=1, size=0.005),
    "rain": Weather(colours=((222, 232, 244, 110),), falls=7, size=0.0012, sway=0, streak=26),
    "leaves": Weather(colours=((214, 96, 38, 200), (240, 170, 60, 200)), falls=1, size=0.008, sway=0.06),
    "petals": Weather(colours=((255, 205, 220, 200), (255, 236, 242, 200)), falls=1, size=0.007, sway=0.06),
    "bubbles": Weather(colours=((226, 246, 255, 110),), falls=-1, size=0.007),
    "sparks": Weather(colours=((255, 170, 70, 200), (255, 214, 110, 200)), falls=-1, size=0.004),
    "fireflies": Weather(colours=((255, 236, 150, 200), (255, 236, 150, 90)), falls=0, size=0.004),
}


def compose_scene(
    prompt: str, identifier: str, size: tuple[int, int], tone: Image.Image | None = None
) -> Image.Image:
    """Draw what a prompt names, but no weather; `tone` gives the palette instead of the prompt's mood."""
    reading = read_prompt(prompt)
    # What is drawn behind a subject does not depend on it.
    look, layout = Random(f"{identifier} look"), Random(f"{identifier} layout")  # noqa: S311 - not a secret
    palette = coloured(palette_of(tone) if tone else _light(reading, look), reading)
    picture = draw_backdrop(reading.place, size, palette, look)
    for at in range(len(reading.subjects)):
        _place(picture, at, reading, palette, layout)
    dim = Image.radial_gradient("L").point([255 - round(40 * (value / 255) ** 3) for value in range(256)])
    corners = dim.resize(size, Image.Resampling.BILINEAR)
    picture = ImageChops.multiply(picture, Image.merge("RGB", (corners, corners, corners)))
    return picture.convert("L").convert("RGB") if reading.monochrome else picture


def draw_weather(picture: Image.Image, kind: str | None, seed: str, beat: float = 0.0) -> None:
    """Draw the particles at one moment; `beat` goes from 0 to 1 over a video and back to the start."""
    if kind is None:
        return
    weather, random = WEATHERS[kind], Random(seed)  # noqa: S311 - a picture, not a secret
    draw, (width, height) = ImageDraw.Draw(picture, "RGBA"), picture.size
    for at in range(round(90 * max(1.0, width / height))):
        x, y, phase, size = random.random(), random.random(), random.random(), random.uniform(0.4, 1.4)
        left = (x + weather.sway * math.sin(math.tau * (2 * beat + phase))) % 1.0 * width
        top = (y + weather.falls * (1 + at % 2) * beat) % 1.0 * height
        radius = max(0.6, weather.size * size * min(width, height))
        colour, streak = weather.colours[at % len(weather.colours)], radius * weather.streak
        if streak:
            end = (left - streak * 0.2, top + streak * size)
            draw.line((left, top, *end), fill=colour, width=max(1, round(radius * 2)))
        else:
            draw.circle((left, top), radius, fill=colour)


def prompt_palette(prompt: str) -> Palette:
    reading = read_prompt(prompt)
    return coloured(_light(reading, Random(prompt)), reading)  # noqa: S311 - not a secret


def coloured(palette: Palette, reading: Reading) -> Palette:
    """Apply the colours that the prompt names for parts of the scene, or for all of it."""
    parts = {part: colour for part, colour in reading.colours.items() if part in ("near", "sky", "water")}
    named = reading.free_colours
    if named:
        parts |= {"accent": named[0], "second": named[-1] if named[-1] != named[0] else palette.second}
    if named and not reading.subjects:
        parts |= {"sky": mix(named[0], WHITE, 0.2), "near": mix(named[-1], BLACK, 0.4)}
    if "sky" in parts:
        parts |= {"zenith": mix(parts["sky"], BLACK, 0.25), "horizon": mix(parts["sky"], WHITE, 0.45)}
    return replace(palette, **parts)


def _light(reading: Reading, random: Random) -> Palette:
    """Choose the light by the prompt, and a little by chance, so that no two pictures are alike."""
    hour = PALETTES[reading.time or random.choice(_HOURS)]
    moods = _MOODS if reading.subjects else tuple(PALETTES)
    palette = PALETTES[reading.mood or reading.time or random.choice(moods)]
    palette = palette.mixed(hour, random.uniform(0.35, 0.65) if reading.time else random.uniform(0, 0.4))
    return palette.mixed(PALETTES[random.choice(tuple(PALETTES))], random.uniform(0.0, 0.15))


def _place(picture: Image.Image, at: int, reading: Reading, palette: Palette, random: Random) -> None:
    """Draw a subject, alone or as one of two beside each other; the first one wears what is named."""
    name, alone, (width, height) = reading.subjects[at], len(reading.subjects) == 1, picture.size
    kind = sections()[name].kind
    share = random.uniform(0.8, 0.92) if kind == "bust" and alone else random.uniform(0.5, 0.72)
    side = round(min(height * share, width * (0.8 if alone else 0.48)))
    room = min(0.24, (width - side) / width / 2 - 0.02)
    x = width * (0.5 + (room * random.uniform(-1, 1) if alone else (at - 0.5) * 0.46))
    y = max(height * random.uniform(*_FEET.get(kind, (0.87, 0.92))), side + height * 0.03)
    worn = [thing for thing in reading.worn if at == 0 and wearable(thing, name)]
    hair = reading.colours.get("hair", mix(BLACK, WHITE, 0.75) if "+beard" in worn else None)
    given = {"main": reading.colours.get(name), "hair": hair}
    colours = {part: colour for part, colour in given.items() if colour}
    image = _lit(draw_subject(name, worn, palette, colours, side), palette)
    if kind != "bust" and random.choice((True, False)):
        image = ImageOps.mirror(image)
    if kind not in ("float", "bust"):
        shadow = Image.new("L", (side, side // 8))
        ImageDraw.Draw(shadow).ellipse((side // 7, side // 32, side * 6 // 7, side * 3 // 32), fill=110)
        shadow = shadow.filter(ImageFilter.GaussianBlur(side / 80))
        picture.paste((12, 12, 24), (round(x - side / 2), round(y - side * 0.1)), shadow)
    picture.paste(image, (round(x - side / 2), round(y - side)), image)


def _lit(image: Image.Image, palette: Palette) -> Image.Image:
    """Light a flat drawing from above and give it some of the scene's air."""
    warm, cool = mix(WHITE, palette.light, 0.35), mix((205, 200, 215), palette.sky, 0.25)
    lit = ImageChops.multiply(image.convert("RGB"), gradient(image.size, warm, cool, warm))
    lit = Image.blend(lit, Image.new("RGB", lit.size, palette.sky), 0.12 if palette.dark else 0.04)
    lit.putalpha(image.getchannel("A"))
    return lit
