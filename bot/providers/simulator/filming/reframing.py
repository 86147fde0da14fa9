"""A film in a new frame: the source plays on inside, its surroundings move along."""

from collections.abc import Iterator

from PIL import Image

from bot.providers.simulator.filming.footage import pictures_of
from bot.providers.simulator.filming.opening import led_in
from bot.providers.simulator.filming.script import Reframing
from bot.providers.simulator.painting.reframing import reframe


def reframed(script: Reframing) -> Iterator[Image.Image]:
    frames = (
        reframe(picture, script.size, script.placement, Image.Resampling.BILINEAR)
        for picture in pictures_of(script.source, script.frames)
    )
    return led_in(frames, script.opening)
