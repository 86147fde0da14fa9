"""Renders videos from another video: in a new frame, or in another style."""

from collections.abc import Iterator

from PIL import Image, ImageOps

from simulator.drawing.palette import palette_of
from simulator.drawing.reframe import reframe
from simulator.drawing.repaint import repaint
from simulator.drawing.scene import prompt_palette
from simulator.formats import FPS
from simulator.video.decode import open_frame, read_frames, upright
from simulator.video.frames import paced, wipe
from simulator.video.spec import Keyframe, ModifyVideo, ReframeVideo

#: frames in which a first frame gives way
_OPENING = FPS


def reframed(spec: ReframeVideo) -> Iterator[Image.Image]:
    """Show the source inside the new frame, and its surroundings moving along."""
    frames = paced(
        read_frames(spec.source, spec.frames),
        lambda frame: reframe(upright(frame), spec.size, spec.placement, Image.Resampling.BILINEAR),
        drawn_fps=spec.drawn_fps,
        frames=spec.frames,
    )
    return _begun_with(frames, spec.first_frame)


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
    return _begun_with(frames, spec.first_frame)


def _begun_with(frames: Iterator[Image.Image], keyframe: Keyframe | None) -> Iterator[Image.Image]:
    """Begin with exactly the keyframe, which is wiped away within a second."""
    if keyframe is None:
        yield from frames
        return
    picture: Image.Image | None = None
    for at, frame in enumerate(frames):
        if picture is None:
            picture = ImageOps.fit(open_frame(keyframe), frame.size, Image.Resampling.BICUBIC)
        yield picture if at == 0 else wipe(picture, frame, at / _OPENING) if at < _OPENING else frame
