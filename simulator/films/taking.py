"""A take, frame by frame: the scene under a moving camera, led in and out by the pictures given."""

import math
from collections.abc import Iterator

from PIL import Image, ImageChops, ImageOps

from simulator.drawing.caption import caption_strip
from simulator.drawing.plan import plan_scene
from simulator.drawing.scene import lens
from simulator.films.acting import Troupe
from simulator.films.air import Air
from simulator.films.camera import View, look, moves_of
from simulator.films.footage import open_still
from simulator.films.pacing import paced
from simulator.films.scenery import build_scenery
from simulator.films.script import Take
from simulator.formats import FPS

#: short side of what is drawn, in pixels; what is larger is made larger by the encoder
_DRAWN, _DRAWN_LARGE = 540, 720
_LARGE = 1000
#: share of a film over which a picture gives way to the scene
_DISSOLVE = 0.45
#: how much closer the camera comes to a picture in a whole film
_STILL_ZOOM = 0.14


class _Scene:
    """What the words describe."""

    def __init__(self, take: Take, size: tuple[int, int], tone: Image.Image | None) -> None:
        plan = plan_scene(take.prompt, take.id, tone)
        seconds = take.frames / FPS
        self._scenery = build_scenery(plan, size)
        self._troupe = Troupe(self._scenery, seconds)
        self._air = Air(self._scenery, plan.chance)
        self._lens = lens(size)
        self._caption = caption_strip(size, take.prompt, f"{take.model} · {seconds:g} s")

    def show(self, view: View, beat: float, drift: float) -> Image.Image:
        picture = self._scenery.backdrop(view, drift)
        self._air.behind(picture, view, beat)
        self._troupe.enter(picture, view, beat)
        self._air.before(picture, beat)
        if view.roll:
            picture = _turned(picture, view.roll)
        picture = ImageChops.multiply(picture, self._lens)
        picture.paste(self._caption, (0, picture.height - self._caption.height), self._caption)
        return picture


def shoot(take: Take) -> Iterator[Image.Image]:
    """Make the frames one by one, smaller than the film where that is large."""
    size = _drawn_size(take.size)
    opening, closing = (
        None if still is None else ImageOps.fit(open_still(still), size, Image.Resampling.BICUBIC)
        for still in (take.opening, take.closing)
    )
    scene = _Scene(take, size, opening or closing) if take.prompt else None
    moves = moves_of(take.concepts, take.prompt)

    def draw(at: int) -> Image.Image:
        beat = at / take.frames
        time = beat if take.loop else at / max(1, take.frames - 1)
        progress = (1 - math.cos(math.tau * time)) / 2 if take.loop else time
        view = look(moves, progress, beat)
        first, last = _shares(time, take, scene=scene is not None)
        picture = None
        if scene is not None and first < 1 and last < 1:
            picture = scene.show(view, beat, progress)
        for still, share, away in ((opening, first, progress), (closing, last, 1 - time)):
            if still is not None and share > 0:
                shown = _approach(still, view, away)
                picture = shown if picture is None or share >= 1 else Image.blend(picture, shown, share)
        assert picture is not None  # noqa: S101 - without words there is a picture to begin or end with
        return picture

    return paced(range(take.frames), draw, drawn_fps=take.drawn_fps, frames=take.frames)


def _drawn_size(size: tuple[int, int]) -> tuple[int, int]:
    short = min(size)
    scale = min(1.0, (_DRAWN_LARGE if short > _LARGE else _DRAWN) / short)
    return max(2, round(size[0] * scale)), max(2, round(size[1] * scale))


def _shares(time: float, take: Take, *, scene: bool) -> tuple[float, float]:
    """How much of the opening and of the closing picture is seen."""
    from_start, from_end = time, 1 - time
    if take.loop:
        from_start = from_end = min(time, 1 - time)
    if scene:
        first = 1 - _smooth(from_start / _DISSOLVE)
        last = 1 - _smooth(from_end / _DISSOLVE)
        return first if take.opening else 0.0, last if take.closing else 0.0
    if take.opening and take.closing:
        return 1.0 if time < 1 else 0.0, _smooth(time)
    return float(take.opening is not None), float(take.closing is not None)


def _smooth(share: float) -> float:
    share = min(max(share, 0.0), 1.0)
    return share * share * (3 - 2 * share)


def _approach(still: Image.Image, view: View, away: float) -> Image.Image:
    """Look at a picture ever closer; where `away` is 0 it is seen whole."""
    if away <= 0:
        return still
    zoom = 1 + _STILL_ZOOM * away
    width, height = still.width / zoom, still.height / zoom
    left = min(max((still.width - width) * (0.5 + view.x * 2), 0.0), still.width - width)
    top = min(max((still.height - height) * (0.5 + view.y * 2), 0.0), still.height - height)
    return still.resize(still.size, Image.Resampling.BILINEAR, box=(left, top, left + width, top + height))


def _turned(picture: Image.Image, degrees: float) -> Image.Image:
    """Turn the camera, coming so close that no corner is empty."""
    angle = math.radians(abs(degrees))
    longest = max(picture.width / picture.height, picture.height / picture.width)
    zoom = math.cos(angle) + longest * math.sin(angle)
    sine, cosine = math.sin(math.radians(degrees)) / zoom, math.cos(angle) / zoom
    x, y = picture.width / 2, picture.height / 2
    matrix = (cosine, sine, x - cosine * x - sine * y, -sine, cosine, y + sine * x - cosine * y)
    return picture.transform(picture.size, Image.Transform.AFFINE, matrix, Image.Resampling.BILINEAR)
