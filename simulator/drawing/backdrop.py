"""Draws what is behind the subjects: a landscape, a room, a studio, deep water, or abstract shapes."""

from random import Random

from PIL import Image, ImageChops, ImageDraw, ImageFilter, ImageOps

from simulator.drawing.canvas import OVERSAMPLING, fill_below, glow, gradient
from simulator.drawing.landscape import draw_landscape, ridge
from simulator.drawing.palette import BLACK, WHITE, Palette, mix


def draw_backdrop(place: str, size: tuple[int, int], palette: Palette, random: Random) -> Image.Image:
    """Draw a place of the vocabulary."""
    drawn = {"portrait": _studio, "table": _room, "underwater": _seabed, "abstract": _tiles}
    return (
        drawn[place](size, palette, random)
        if place in drawn
        else draw_landscape(place, size, palette, random)
    )


def _studio(size: tuple[int, int], palette: Palette, random: Random) -> Image.Image:
    """Lights out of focus."""
    width, height = size[0] // 8, size[1] // 8
    top, bottom = mix(palette.zenith, palette.sky, 0.4), mix(palette.far, palette.horizon, 0.3)
    picture = gradient((width, height), top, bottom)
    draw = ImageDraw.Draw(picture, "RGBA")
    for _ in range(random.randint(7, 16)):
        centre, radius = (random.random() * width, random.random() * height), random.uniform(0.04, 0.16)
        colour = random.choice((palette.light, palette.second, palette.horizon, palette.accent))
        draw.circle(centre, radius * min(width, height), fill=(*colour, random.randint(40, 110)))
    picture = picture.filter(ImageFilter.GaussianBlur(min(width, height) / 45))
    glow(picture, (width * random.uniform(0.2, 0.8), height * 0.4), max(size) / 13, palette.light, 0.55)
    return picture.resize(size, Image.Resampling.BICUBIC)


def _room(size: tuple[int, int], palette: Palette, random: Random) -> Image.Image:
    """A wall with a window, and a table in front."""
    width, height = size
    wall, top = mix(palette.sky, palette.horizon, 0.45), mix(palette.near, palette.horizon, 0.2)
    picture = gradient(size, mix(wall, BLACK, 0.12), mix(wall, WHITE, 0.25))
    place = random.choice(("hills", "mountains", "forest"))
    outside = draw_landscape(place, (width // 3, height // 2), palette, random)
    window, middle = ImageOps.expand(outside, height // 50, mix(wall, WHITE, 0.7)), width // 6 + height // 50
    ImageDraw.Draw(window).line((middle, 0, middle, height), fill=mix(wall, WHITE, 0.7), width=height // 70)
    x, y = round(random.choice((0.08, 0.32, 0.58)) * width), round(height * random.uniform(0.06, 0.12))
    picture.paste(window, (x, y))
    glow(picture, (x + middle, y + height / 4), height * 0.7, palette.light, 0.3)
    edge = round(height * random.uniform(0.62, 0.7))
    picture.paste(gradient((width, height - edge), mix(top, WHITE, 0.25), mix(top, BLACK, 0.3)), (0, edge))
    return picture


def _seabed(size: tuple[int, int], palette: Palette, random: Random) -> Image.Image:
    """Rays of light in deep water, over dark ground."""
    width, height = small = (size[0] // 4, size[1] // 4)
    rays = Image.new("L", small)
    for _ in range(random.randint(4, 8)):
        x, half = random.random() * width, width * random.uniform(0.01, 0.05)
        end = x + random.uniform(-0.5, 0.5) * height
        beam = [(x - half, 0), (x + half, 0), (end + half * 4, height), (end - half * 4, height)]
        ImageDraw.Draw(rays).polygon(beam, fill=80)
    fade = ImageOps.flip(Image.linear_gradient("L")).resize(small)
    picture = gradient(small, mix(palette.zenith, WHITE, 0.25), palette.horizon, palette.sky)
    picture.paste(palette.light, (0, 0), ImageChops.multiply(rays, fade).filter(ImageFilter.GaussianBlur(3)))
    picture = picture.resize(size, Image.Resampling.BICUBIC)
    for depth, base in ((0.45, 0.78), (0.95, 0.86)):
        colour = mix(palette.horizon, palette.near, depth)
        line = ridge(size[0], size[1] * base, size[1] * 0.07, random)
        fill_below(picture, line, size[1], colour, mix(colour, BLACK, 0.3))
    return picture


def _tiles(size: tuple[int, int], palette: Palette, random: Random) -> Image.Image:
    """Circles, quarters of circles and triangles on a grid."""
    colours = (palette.accent, palette.second, palette.zenith, palette.sky, palette.near, palette.horizon)
    picture = Image.new("RGB", (size[0] * OVERSAMPLING, size[1] * OVERSAMPLING))
    draw, side = ImageDraw.Draw(picture), -(-picture.height // random.choice((2, 3, 4, 5)))
    for x in range(0, picture.width, side):
        for y in range(0, picture.height, side):
            ground, shape = random.sample(colours, 2)
            corners = [(x, y), (x + side, y), (x + side, y + side), (x, y + side)]
            draw.rectangle((x, y, x + side, y + side), fill=ground)
            match random.randrange(3):
                case 0:
                    draw.circle((x + side / 2, y + side / 2), side * random.choice((0.25, 0.5)), fill=shape)
                case 1:
                    turn, (across, down) = random.choice(list(enumerate(corners)))
                    box = (across - side, down - side, across + side, down + side)
                    draw.pieslice(box, 90 * turn, 90 * turn + 90, fill=shape)
                case _:
                    draw.polygon(random.sample(corners, 3), fill=shape)
    return picture.reduce(OVERSAMPLING)
