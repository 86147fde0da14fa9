"""Composes a scene from a prompt: its light, its place, and who stands where."""

from dataclasses import dataclass, replace
from functools import lru_cache
from random import Random

from PIL import Image, ImageChops, ImageDraw, ImageFilter, ImageOps

from simulator.drawing.backdrop import draw_backdrop
from simulator.drawing.canvas import RADIUS, gradient
from simulator.drawing.palette import BLACK, PALETTES, WHITE, Colour, Palette, mix, palette_of
from simulator.drawing.prompt import Reading, read_prompt
from simulator.drawing.subjects import draw_subject, sections, wearable

_SUBJECTS_MAX = 2
#: who is shown where the prompt names a place for somebody, but nobody
_DEFAULT_SUBJECTS = {"portrait": ("person",), "table": ("cup",)}
_HOURS = ("dawn", "sunset", "noon", "night")
#: moods for a subject about whose surroundings the prompt says nothing
_MOODS = ("spring", "forest", "sea", "autumn", "noon", "dawn")
#: the place for a kind of subject
_PLACES = {"table": "table", "afloat": "water", "shore": "water", "bust": "portrait"}
#: where the feet of a kind of subject are, in shares of the height
_FEET = {"bust": (1.0, 1.0), "float": (0.62, 0.78), "table": (0.82, 0.88), "afloat": (0.84, 0.86)}
_GREY: Colour = (196, 198, 204)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sprite:
    """A subject on a transparent square."""

    image: Image.Image
    #: see `subjects.txt`
    kind: str
    #: the middle of its lower edge, in pixels
    x: int
    y: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    backdrop: Image.Image
    sprites: tuple[Sprite, ...]
    #: a kind of `WEATHERS`, or None
    weather: str | None
    monochrome: bool

    def finished(self, picture: Image.Image) -> Image.Image:
        """Darken the corners, and remove the colours where the prompt asks for it."""
        picture = ImageChops.multiply(picture, _vignette(picture.size))
        return picture.convert("L").convert("RGB") if self.monochrome else picture


def compose_scene(
    prompt: str, identifier: str, size: tuple[int, int], tone: Image.Image | None = None
) -> Scene:
    """Compose what a prompt names; `tone` gives the palette instead of the prompt's mood."""
    reading = read_prompt(prompt)
    # What is drawn behind a subject does not depend on it.
    look, layout = Random(f"{identifier} look"), Random(f"{identifier} layout")  # noqa: S311 - not a secret
    palette = coloured(_light(reading, look) if tone is None else palette_of(tone), reading)
    place = _place(reading)
    subjects = reading.subjects[:_SUBJECTS_MAX] or list(_DEFAULT_SUBJECTS.get(place, ()))
    if reading.pair and len(subjects) == 1:
        subjects *= 2
    weather = None if place in ("abstract", "table") else reading.weather
    if weather is None and palette.dark and place in ("hills", "forest"):
        weather = "fireflies"
    return Scene(
        backdrop=draw_backdrop(place, size, palette, look),
        sprites=_sprites(subjects, reading, palette, size, layout),
        weather=weather,
        monochrome=reading.monochrome,
    )


def prompt_palette(prompt: str) -> Palette:
    reading = read_prompt(prompt)
    return coloured(_light(reading, Random(prompt)), reading)  # noqa: S311 - not a secret


def coloured(palette: Palette, reading: Reading) -> Palette:
    """Apply the colours that the prompt names for parts of the scene, or for all of it."""
    own = {part: colour for part, colour in reading.colours.items() if part in ("near", "sky", "water")}
    palette = replace(palette, **own)
    if "sky" in own:
        palette = replace(palette, zenith=mix(own["sky"], BLACK, 0.25), horizon=mix(own["sky"], WHITE, 0.4))
    if not reading.free_colours:
        return palette
    first, last = reading.free_colours[0], reading.free_colours[-1]
    palette = replace(palette, accent=first, second=last if last != first else palette.second)
    if reading.subjects:
        return palette
    sky = mix(first, last if last != first else WHITE, 0.4)
    return replace(
        palette,
        zenith=mix(first, BLACK, 0.25),
        sky=sky,
        horizon=mix(last, WHITE, 0.6),
        near=mix(last, BLACK, 0.4),
    )


def draw_shadow(picture: Image.Image, sprite: Sprite) -> None:
    """Draw the soft shadow under a subject that stands on something."""
    if sprite.kind in ("float", "bust"):
        return
    half, low = round(sprite.image.width * 0.42), round(sprite.image.width * 0.06)
    small = Image.new("L", (half // 2, low))
    ImageDraw.Draw(small).ellipse((half // 12, low // 8, half // 2 - half // 12, low - low // 8), fill=110)
    soft = small.filter(ImageFilter.GaussianBlur(low / 7)).resize(
        (half * 2, low * 2), Image.Resampling.BICUBIC
    )
    picture.paste((12, 12, 24), (sprite.x - half, sprite.y - round(sprite.image.width * 0.035) - low), soft)


def _light(reading: Reading, random: Random) -> Palette:
    """Choose the light by the prompt, and a little by chance, so that no two pictures are alike."""
    if reading.mood or reading.time:
        hour = PALETTES[reading.time or random.choice(_HOURS)]
        share = random.uniform(0.35, 0.65) if reading.time else random.uniform(0.1, 0.45)
        palette = PALETTES[reading.mood or random.choice(_HOURS)].mixed(hour, share if reading.mood else 0.8)
    elif reading.subjects:
        palette = PALETTES[random.choice(_MOODS)].mixed(
            PALETTES[random.choice(_HOURS[:3])], random.random() * 0.4
        )
    else:
        palette = PALETTES[random.choice(tuple(PALETTES))]
    return palette.mixed(PALETTES[random.choice(tuple(PALETTES))], random.uniform(0.0, 0.15))


def _place(reading: Reading) -> str:
    kinds = {sections()[name].kind for name in reading.subjects}
    if reading.place:
        return reading.place
    if not kinds:
        return "hills" if reading.time or reading.mood else "abstract"
    if len(kinds) == 1 and (place := _PLACES.get(*kinds)):
        return place
    return Random(repr(reading.subjects)).choice(("hills", "mountains", "water", "forest"))  # noqa: S311


def _sprites(
    names: list[str], reading: Reading, palette: Palette, size: tuple[int, int], random: Random
) -> tuple[Sprite, ...]:
    """Draw the subjects, one anywhere or two beside each other; the first one wears what is named."""
    width, height = size
    worn = [thing for thing in reading.worn if any(wearable(thing, name) for name in names if name != thing)]
    names = [name for name in names if name not in worn]
    found: list[Sprite] = []
    for at, name in enumerate(names):
        kind, alone = sections()[name].kind, len(names) == 1
        share = random.uniform(0.8, 0.92) if kind == "bust" and alone else random.uniform(0.5, 0.72)
        side = round(min(height * share, width * (0.8 if alone else 0.48)))
        spread = (
            min(0.24, (width - side) / width / 2 - 0.02) * random.choice((-1, 0, 1)) * random.uniform(0.5, 1)
        )
        middle = 0.5 + (spread if alone else (at - 0.5) * 0.46)
        y = max(height * random.uniform(*_FEET.get(kind, (0.87, 0.92))), side + height * 0.03)
        colours = {"hair": _GREY} if "beard" in worn else {}
        colours |= {
            part: reading.colours[key]
            for part, key in (("main", name), ("hair", "hair"))
            if key in reading.colours
        }
        things = [thing for thing in worn if at == 0 and wearable(thing, name)]
        image = _lit(draw_subject(name, things, palette, colours, side), palette)
        if kind != "bust" and random.choice((True, False)):
            image = ImageOps.mirror(image)
        found.append(Sprite(image=image, kind=kind, x=round(width * middle), y=round(y)))
    return tuple(found)


def _lit(image: Image.Image, palette: Palette) -> Image.Image:
    """Light a flat drawing from above and give it some of the scene's air."""
    warm, cool = mix(WHITE, palette.light, 0.35), mix((205, 200, 215), palette.sky, 0.25)
    lit = ImageChops.multiply(image.convert("RGB"), gradient(image.size, warm, cool, warm))
    lit = Image.blend(lit, Image.new("RGB", lit.size, palette.sky), 0.12 if palette.dark else 0.04)
    lit.putalpha(image.getchannel("A"))
    return lit


@lru_cache(maxsize=2)
def _vignette(size: tuple[int, int]) -> Image.Image:
    dim = [255 - round(46 * min(1.0, value / RADIUS) ** 2.6) for value in range(256)]
    # Larger than the picture, so that only the corners lie outside of the circle.
    width, height = size[0] * 5 // 4, size[1] * 5 // 4
    veil = Image.radial_gradient("L").point(dim).resize((width, height), Image.Resampling.BILINEAR)
    veil = veil.crop((size[0] // 8, size[1] // 8, size[0] // 8 + size[0], size[1] // 8 + size[1]))
    return Image.merge("RGB", (veil, veil, veil))
