"""Renders a video from a prompt: the camera moves over the given pictures, or over a drawn scene."""

import math
from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from PIL import Image, ImageOps

from simulator.drawing.picture import caption_strip
from simulator.drawing.prompt import read_prompt
from simulator.drawing.scene import compose_scene, draw_weather
from simulator.formats import FPS, nearest_ratio
from simulator.video.camera import DEFAULT, Shot, moves_of, view_at
from simulator.video.decode import open_frame
from simulator.video.spec import DrawnVideo, GenerateVideo

#: the short side of what is drawn, in pixels; larger videos are enlarged by the encoder
_DRAWN_SHORT = 720
#: frames in which caption and weather appear over a given picture
_FADE = 12
#: the part of a video in which its first picture gives way to its last one
_PUSH_FROM, _PUSH_TO = 0.35, 0.65

_Item = TypeVar("_Item")


def generated(spec: GenerateVideo) -> Iterator[Image.Image]:
    """Yield the frames. They begin and end with exactly the keyframes that are given."""
    scale = min(1.0, _DRAWN_SHORT / min(spec.size))
    size = (round(spec.size[0] * scale), round(spec.size[1] * scale))
    picture_at, weather = _picture_at(spec, size), read_prompt(spec.prompt).weather
    note = f"{spec.model} · {nearest_ratio(*spec.size)} · {spec.frames / FPS:g} s"
    strip = caption_strip(size, spec.prompt, note)

    def draw(at: int) -> Image.Image:
        picture = picture_at(at)
        # A keyframe itself stays untouched.
        from_start = at if spec.start else _FADE
        to_end = spec.frames - 1 - at if spec.end or (spec.loop and spec.start) else _FADE
        drawn = picture.copy()
        draw_weather(drawn, weather, spec.id, at / spec.frames)
        drawn.paste(strip, (0, size[1] - strip.height), strip)
        return Image.blend(picture, drawn, min(1.0, from_start / _FADE, to_end / _FADE))

    return paced(spec, range(spec.frames), draw)


def paced(
    spec: DrawnVideo, items: Iterable[_Item], draw: Callable[[_Item], Image.Image]
) -> Iterator[Image.Image]:
    """Draw as many frames a second as the spec says, and the last one; repeat the previous one in between."""
    drawn: Image.Image | None = None
    for at, item in enumerate(items):
        if drawn is None or at % (FPS // spec.drawn_fps) == 0 or at == spec.frames - 1:
            drawn = draw(item)
        yield drawn


def push(first: Image.Image, second: Image.Image, share: float) -> Image.Image:
    """Turn the camera from the first picture to the second one, which is right of it."""
    left = round(first.width * (1 - math.cos(math.pi * min(1.0, max(0.0, share)))) / 2)
    shown = first.crop((left, 0, left + first.width, first.height))
    shown.paste(second, (first.width - left, 0))
    return shown


def _picture_at(spec: GenerateVideo, size: tuple[int, int]) -> Callable[[int], Image.Image]:
    """Return a function that draws the picture of a frame, without caption and weather."""
    moves = moves_of(spec.concepts, spec.prompt)
    # Without a motion asked for, the camera draws back to a last picture.
    back = [move if move is DEFAULT else move.reversed() for move in moves]
    start, end = (
        Shot(ImageOps.fit(open_frame(keyframe), size, Image.Resampling.BICUBIC)) if keyframe else None
        for keyframe in (spec.start, spec.end)
    )
    if start is None and end is None:
        scene = Shot(compose_scene(spec.prompt, spec.id, size))
        # A drawn scene has no surroundings: the camera draws back until it sees all of it.
        start, end = (None, scene) if any(move.zoom < 1 for move in moves) else (scene, None)

    def draw(at: int) -> Image.Image:
        beat, time = at / spec.frames, at / max(1, spec.frames - 1)
        progress = (1 - math.cos(math.tau * beat)) / 2 if spec.loop else time
        shown = [start.seen(view_at(moves, progress, beat))] if start else []
        if end:
            shown.append(end.seen(view_at(back, progress if spec.loop else 1 - progress, beat)))
        return push(shown[0], shown[-1], (time - _PUSH_FROM) / (_PUSH_TO - _PUSH_FROM) if shown[1:] else 0)

    return draw
