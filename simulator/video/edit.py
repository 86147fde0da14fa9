"""Renders videos from another video: in a new frame, or in another style."""

from collections.abc import Iterator

from PIL import Image

from simulator.drawing.palette import palette_of
from simulator.drawing.reframe import reframe
from simulator.drawing.repaint import repaint
from simulator.drawing.scene import prompt_palette
from simulator.video.decode import open_frame, read_frames, upright
from simulator.video.frames import begun_with, paced
from simulator.video.spec import ModifyVideo, ReframeVideo


def reframed(spec: ReframeVideo) -> Iterator[Image.Image]:
    """Show the source inside the new frame, and its surroundings moving along."""
    frames = paced(
        read_frames(spec.source, spec.frames),
        lambda frame: reframe(upright(frame), spec.size, spec.placement, Image.Resampling.BILINEAR),
        drawn_fps=spec.drawn_fps,
        frames=spec.frames,
    )
    return begun_with(frames, spec.first_frame)


def modified(spec: ModifyVideo) -> Iterator[Image.Image]:
    """Repaint the source in the light of the prompt, or of the first frame that is given."""
    given = spec.first_frame
    palette = prompt_palette(spec.prompt) if given is None else palette_of(open_frame(given))
    frames = paced(
        read_frames(spec.source, spec.frames),
        lambda frame: repaint(upright(frame, spec.size), palette, spec.strength),
        drawn_fps=spec.drawn_fps,
        frames=spec.frames,
    )
    return begun_with(frames, spec.first_frame)
