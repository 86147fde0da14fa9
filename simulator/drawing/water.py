"""Water that mirrors what stands above it, with the light's broken path."""

from PIL import Image, ImageDraw, ImageFilter, ImageOps

from simulator.drawing.colours import mix
from simulator.drawing.sky import Sky, gradient
from simulator.drawing.stage import Stage


def paint_water(stage: Stage, sky: Sky) -> None:
    """Fill everything below the horizon."""
    picture, horizon, palette = stage.picture, stage.horizon, stage.palette
    width, height = picture.size
    depth = height - horizon
    small = (width // 4, max(1, depth // 4))
    above = stage.view.crop((0, max(0, horizon - round(depth * 1.5)), width, horizon))
    mirror = ImageOps.flip(above).resize(small, Image.Resampling.BOX)
    mirror = mirror.filter(ImageFilter.BoxBlur((small[0] / 90, 2)))
    deep = gradient(
        small, small[1], (mix(palette.water, palette.sky[2], 0.5), mix(palette.water, palette.near, 0.45))
    )
    surface = Image.blend(deep, mirror, 0.45).resize((width, depth), Image.Resampling.BICUBIC)
    picture.paste(surface, (0, horizon))
    _glitter(stage, sky)


def _glitter(stage: Stage, sky: Sky) -> None:
    """Break the light's mirror image into flakes, which lie on a sheet of their own to shine through."""
    horizon, palette, chance = stage.horizon, stage.palette, stage.chance
    width, height = stage.picture.size
    depth = height - horizon
    flakes = Image.new("RGBA", (width, depth))
    draw = ImageDraw.Draw(flakes)
    for row in range(2, depth, max(3, depth // 70)):
        share = row / depth
        spread = sky.light_radius * (0.5 + 1.5 * share)
        for _ in range(2):
            x = sky.light_x + chance.gauss(0, 0.5) * spread
            half = spread * chance.uniform(0.12, 0.5)
            thickness = max(1.0, height / 640 * (0.5 + 1.6 * share))
            tone = (*palette.light, round(150 * (1 - share) + 30))
            draw.ellipse((x - half, row - thickness, x + half, row + thickness), fill=tone)
    stage.picture.paste(flakes, (0, horizon), flakes)
