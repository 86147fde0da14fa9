"""Draws a picture or video in place of one that cannot be fetched; runs in a worker process."""

from pathlib import Path

from simulator.drawing.picture import draw_picture
from simulator.drawing.spec import PictureSpec
from simulator.formats import FPS, AspectRatio
from simulator.video.render import render_video
from simulator.video.spec import GenerateVideo

_MODEL = "stand-in"
#: length of a video, and how many frames of a second are drawn
_SECONDS, _DRAWN_FPS = 3, 6


def draw_stand_in(url: str, target: Path, longest_s: float | None) -> None:
    """Draw what the words of a URL say, a video where `longest_s` names its longest duration."""
    if longest_s is None:
        spec = PictureSpec(id=url, prompt=url, model=_MODEL, aspect_ratio=AspectRatio.LANDSCAPE)
        draw_picture(spec, target)
        return
    video = GenerateVideo(
        id=url,
        prompt=url,
        model=_MODEL,
        size=(640, 360),
        frames=round(min(longest_s, _SECONDS) * FPS),
        drawn_fps=_DRAWN_FPS,
        loop=False,
        concepts=(),
        start=None,
        end=None,
    )
    render_video(video, target)
