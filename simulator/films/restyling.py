"""A film in another style: flat colours and outlines, in the light and the world of the words."""

from collections.abc import Iterator

from PIL import Image, ImageChops, ImageFilter, ImageOps

from simulator.drawing.colours import Palette
from simulator.drawing.plan import plan_scene
from simulator.drawing.sky import gradient
from simulator.films.footage import frames_of, open_still, upright
from simulator.films.opening import led_in
from simulator.films.pacing import paced
from simulator.films.script import Restyling

#: the style is painted this much smaller, which also makes it broader
_SHRINK = 2
#: colours that are left of each channel, in bits
_BITS = 3
#: where more than this is changed, the world of the words shows through
_NEW_WORLD = 0.7


def restyled(script: Restyling) -> Iterator[Image.Image]:
    tone = None if script.opening is None else open_still(script.opening)
    palette = plan_scene(script.prompt, script.prompt, tone).palette
    frames = paced(
        frames_of(script.source, script.frames),
        lambda frame: _restyle(upright(frame, script.size), palette, script.strength),
        drawn_fps=script.drawn_fps,
        frames=script.frames,
    )
    return led_in(frames, script.opening)


def _restyle(picture: Image.Image, palette: Palette, strength: float) -> Image.Image:
    small = picture.reduce(_SHRINK)
    grey = ImageOps.autocontrast(small.convert("L"), cutoff=1)
    flat = ImageOps.posterize(small.filter(ImageFilter.MedianFilter(3)), _BITS)
    tinted = ImageOps.colorize(
        ImageOps.posterize(grey, _BITS), palette.near, palette.light, mid=palette.sky[1], midpoint=120
    )
    painted = Image.blend(flat, tinted, strength)
    if strength > _NEW_WORLD:
        sky = gradient(small.size, small.height, (*palette.sky, palette.near))
        painted = Image.blend(painted, ImageChops.overlay(painted, sky), strength)
    lines = grey.filter(ImageFilter.FIND_EDGES).point(lambda value: 255 - min(255, value * 3))
    painted = ImageChops.multiply(painted, Image.merge("RGB", (lines, lines, lines)))
    painted = painted.resize(picture.size, Image.Resampling.BILINEAR)
    return Image.blend(picture, painted, strength)
