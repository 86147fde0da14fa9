"""Redraws a picture: as a variation, in another style, with a character in it, or in a new frame."""

from random import Random

from PIL import Image, ImageChops, ImageDraw, ImageFilter, ImageOps

from simulator.drawing.palette import BLACK, PALETTES, WHITE, Palette, mix, palette_of
from simulator.drawing.prompt import read_prompt
from simulator.drawing.scene import coloured
from simulator.drawing.spec import PictureSpec, Placement

#: the surroundings are drawn this much smaller, then blurred and enlarged
_SHRINK = 4


def repaint(picture: Image.Image, palette: Palette, strength: float) -> Image.Image:
    """Redraw a picture with flat colours and outlines, tinted with a palette, the more the stronger."""
    small = picture.reduce(2)
    grey = ImageOps.autocontrast(small.convert("L"), cutoff=1)
    flat = ImageOps.posterize(small.filter(ImageFilter.MedianFilter(3)), 3)
    shades = ImageOps.posterize(grey, 3)
    tinted = ImageOps.colorize(shades, palette.near, palette.light, palette.sky, midpoint=120)
    lines = grey.filter(ImageFilter.FIND_EDGES).point(lambda value: 255 - min(255, value * 3))
    painted = Image.blend(flat, tinted, strength)
    painted = ImageChops.multiply(painted, Image.merge("RGB", (lines, lines, lines)))
    return Image.blend(picture, painted.resize(picture.size, Image.Resampling.BILINEAR), strength)


def variation_of(reference: Image.Image, weight: float, spec: PictureSpec) -> Image.Image:
    """Redraw a reference, closer to it the more it weighs; each id crops and tints it in its own way."""
    random, reading = Random(f"{spec.id} variation"), read_prompt(spec.prompt)  # noqa: S311 - not a secret
    bleed, centre = random.uniform(0.02, 0.1 - 0.05 * weight), (random.random(), random.random())
    picture = ImageOps.fit(reference, spec.size, Image.Resampling.BICUBIC, bleed, centre)
    palette = palette_of(reference).mixed(PALETTES[random.choice(("dawn", "sunset", "noon", "spring"))], 0.3)
    picture = repaint(picture, coloured(palette, reading), 0.12 + 0.5 * (1 - weight))
    for colour in [*reading.free_colours, *reading.colours.values()][:1]:
        shades = (mix(colour, BLACK, 0.8), mix(colour, WHITE, 0.85), colour)
        picture = Image.blend(picture, ImageOps.colorize(picture.convert("L"), *shades), 0.35)
    return picture


def add_portraits(picture: Image.Image, faces: list[Image.Image]) -> None:
    """Show the pictures of a character as round portraits in the upper left corner."""
    side = round(min(picture.size) * 0.2)
    mask = Image.new("L", (side * 2, side * 2))
    ImageDraw.Draw(mask).ellipse((0, 0, side * 2 - 1, side * 2 - 1), fill=255)
    for at, face in enumerate(faces[:4]):
        portrait = ImageOps.fit(face, (side, side), Image.Resampling.BICUBIC, centering=(0.5, 0.35))
        ImageDraw.Draw(portrait).ellipse((0, 0, side - 1, side - 1), outline=WHITE, width=side // 24)
        picture.paste(portrait, (side // 8 + at * side * 9 // 8, side // 8), mask.reduce(2))


def reframe(picture: Image.Image, size: tuple[int, int], placement: Placement) -> Image.Image:
    source = picture.crop(_crop_box(picture, placement))
    source = source.resize(_shown_size(source.size, size, placement), Image.Resampling.BICUBIC)
    left, top = placement.grid_position_x, placement.grid_position_y
    left = (size[0] - source.width) // 2 if left is None else left
    top = (size[1] - source.height) // 2 if top is None else top
    framed = _surroundings(source, size, (left, top))
    framed.paste(source, (left, top))
    return framed


def _crop_box(picture: Image.Image, placement: Placement) -> tuple[int, int, int, int]:
    left = min(placement.x_start or 0, picture.width - 1)
    top = min(placement.y_start or 0, picture.height - 1)
    right, bottom = placement.x_end or picture.width, placement.y_end or picture.height
    return left, top, max(left + 1, min(right, picture.width)), max(top + 1, min(bottom, picture.height))


def _shown_size(source: tuple[int, int], frame: tuple[int, int], placement: Placement) -> tuple[int, int]:
    """Return the size as asked, else as large as fits; distorted only if both sides are asked for."""
    width, height = placement.resized_width, placement.resized_height
    across, down = (width or frame[0]) / source[0], (height or frame[1]) / source[1]
    if not (width and height):
        across = down = across if width else down if height else min(across, down)
    return max(1, round(source[0] * across)), max(1, round(source[1] * down))


def _surroundings(source: Image.Image, size: tuple[int, int], corner: tuple[int, int]) -> Image.Image:
    """Continue the source as if its edges were mirrors, ever softer."""
    small = (size[0] // _SHRINK, size[1] // _SHRINK)
    left, top = corner[0] // _SHRINK, corner[1] // _SHRINK
    tile = source.resize((-(-source.width // _SHRINK), -(-source.height // _SHRINK)), Image.Resampling.BOX)
    mirrored = Image.new("RGB", small)
    for column in range(-(left // tile.width) - 1, (small[0] - left) // tile.width + 1):
        for row in range(-(top // tile.height) - 1, (small[1] - top) // tile.height + 1):
            copy = ImageOps.mirror(tile) if column % 2 else tile
            copy = ImageOps.flip(copy) if row % 2 else copy
            mirrored.paste(copy, (left + column * tile.width, top + row * tile.height))
    # Far from the source only its colours are kept, and no mirrored text is read near to it.
    far = mirrored.filter(ImageFilter.GaussianBlur(max(small) / 16))
    soft, closeness = max(small) // 24, Image.new("L", small)
    closeness.paste(255, (left - soft, top - soft, left + tile.width + soft, top + tile.height + soft))
    closeness = closeness.filter(ImageFilter.BoxBlur(soft))
    near = mirrored.filter(ImageFilter.GaussianBlur(2))
    return Image.composite(near, far, closeness).resize(size, Image.Resampling.BICUBIC)
