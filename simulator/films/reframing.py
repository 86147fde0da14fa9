"""A film in a new frame: the source plays on inside, its surroundings move along."""

from collections.abc import Iterator

from PIL import Image

from simulator.drawing.reframing import reframe
from simulator.films.footage import frames_of, upright
from simulator.films.opening import led_in
from simulator.films.pacing import paced
from simulator.films.script import Reframing


def reframed(script: Reframing) -> Iterator[Image.Image]:
    frames = paced(
        frames_of(script.source, script.frames),
        lambda frame: reframe(upright(frame), script.size, script.placement, Image.Resampling.BILINEAR),
        drawn_fps=script.drawn_fps,
        frames=script.frames,
    )
    return led_in(frames, script.opening)
