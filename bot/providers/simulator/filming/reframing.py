"""A film in a new frame: the source plays on inside, its surroundings move along."""

from collections.abc import Iterator

from PIL import Image

from bot.providers.simulator.filming.footage import frames_of, upright
from bot.providers.simulator.filming.opening import led_in
from bot.providers.simulator.filming.pacing import paced
from bot.providers.simulator.filming.script import Reframing
from bot.providers.simulator.painting.reframing import reframe


def reframed(script: Reframing) -> Iterator[Image.Image]:
    frames = paced(
        frames_of(script.source, script.frames),
        lambda frame: reframe(upright(frame), script.size, script.placement, Image.Resampling.BILINEAR),
        pictures_per_s=script.pictures_per_s,
        frames=script.frames,
    )
    return led_in(frames, script.opening)
