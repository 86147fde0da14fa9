"""Redraws an existing picture: as a variation of a reference, in another style, or with a character in it."""

from random import Random

from PIL import Image, ImageChops, ImageDraw, ImageFilter, ImageOps

from simulator.drawing.canvas import gradient
from simulator.drawing.palette import BLACK, PALETTES, WHITE, Palette, mix, palette_of
from simulator.drawing.prompt import read_prompt
from simulator.drawing.scene import coloured

#: from this strength on little of the source remains
_STRONG = 0.7
_PORTRAITS_MAX = 4


def repaint(picture: Image.Image, palette: Palette, strength: float) -> Image.Image:
    """Redraw a picture with flat colours and outlines, tinted with a palette, the more the stronger."""
    small = picture.reduce(2)
    grey = ImageOps.autocontrast(small.convert("L"), cutoff=1)
    flat = ImageOps.posterize(small.filter(ImageFilter.MedianFilter(3)), 3)
    shades = ImageOps.posterize(grey, 3)
    painted = Image.blend(
        flat, ImageOps.colorize(shades, palette.near, palette.light, palette.sky, midpoint=120), strength
    )
    if strength > _STRONG:
        sky = gradient(small.size, palette.zenith, palette.near, palette.horizon)
        painted = Image.blend(painted, ImageChops.overlay(painted, sky), strength)
    lines = grey.filter(ImageFilter.FIND_EDGES).point(lambda value: 255 - min(255, value * 3))
    painted = ImageChops.multiply(painted, Image.merge("RGB", (lines, lines, lines)))
    return Image.blend(picture, painted.resize(picture.size, Image.Resampling.BILINEAR), strength)


def variation_of(
    reference: Image.Image, size: tuple[int, int], *, weight: float, prompt: str, identifier: str
) -> Image.Image:
    """Redraw a reference, closer to it the more it weighs; each id crops and tints it in its own way."""
    random, reading = Random(f"{identifier} variation"), read_prompt(prompt)  # noqa: S311 - not a secret
    zoom = 1 + random.uniform(0.04, 0.1 + 0.1 * (1 - weight))
    enlarged = ImageOps.fit(
        reference, (round(size[0] * zoom), round(size[1] * zoom)), Image.Resampling.BICUBIC
    )
    left, top = random.randint(0, enlarged.width - size[0]), random.randint(0, enlarged.height - size[1])
    picture = enlarged.crop((left, top, left + size[0], top + size[1]))
    palette = palette_of(reference).mixed(PALETTES[random.choice(("dawn", "sunset", "noon", "spring"))], 0.3)
    picture = repaint(picture, coloured(palette, reading), 0.12 + 0.5 * (1 - weight))
    named = [*reading.free_colours, *reading.colours.values()]
    if not named:
        return picture
    tint = ImageOps.colorize(
        picture.convert("L"), mix(named[0], BLACK, 0.8), mix(named[0], WHITE, 0.85), named[0]
    )
    return Image.blend(picture, tint, 0.35)


def add_portraits(picture: Image.Image, faces: list[Image.Image]) -> None:
    """Show the pictures of a character as round portraits in the upper left corner."""
    side = round(min(picture.size) * 0.2)
    ring, gap = side // 24, side // 8
    mask = Image.new("L", (side * 2, side * 2))
    ImageDraw.Draw(mask).ellipse((0, 0, side * 2 - 1, side * 2 - 1), fill=255)
    inner = side - 2 * ring
    for at, face in enumerate(faces[:_PORTRAITS_MAX]):
        left = gap + at * (side + gap)
        picture.paste(WHITE, (left, gap), mask.reduce(2))
        portrait = ImageOps.fit(face, (inner, inner), Image.Resampling.BICUBIC, centering=(0.5, 0.35))
        picture.paste(portrait, (left + ring, gap + ring), mask.resize((inner, inner)))
