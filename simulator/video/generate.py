"""Renders a video from a prompt: the camera moves over the given pictures, or over a drawn scene."""

import math
from collections.abc import Callable, Iterator
from dataclasses import replace

from PIL import Image, ImageOps

from simulator.drawing.caption import caption_strip
from simulator.drawing.prompt import read_prompt
from simulator.drawing.scene import Sprite, compose_scene, draw_shadow
from simulator.drawing.weather import draw_weather
from simulator.formats import FPS, nearest_ratio
from simulator.video.camera import DEFAULT, Shot, View, moves_of, rolled, view_at
from simulator.video.decode import open_frame
from simulator.video.frames import paced, wipe
from simulator.video.spec import GenerateVideo, Keyframe

#: the short side of what is drawn, in pixels; larger videos are enlarged by the encoder
_DRAWN_SHORT = 720
#: frames in which caption and weather appear over a given picture
_FADE = 12
#: the part of a video in which its first picture gives way to its last one
_WIPE_FROM, _WIPE_TO = 0.35, 0.65
#: by kind of subject: how far it moves across and up, in shares of its side, and how often a second
_MOTIONS = {
    "hop": (0.03, 0.05, 0.5),
    "float": (0.05, 0.05, 0.3),
    "drive": (0.12, 0.006, 0.2),
    "sway": (0.012, 0.0, 0.4),
}


def generated(spec: GenerateVideo) -> Iterator[Image.Image]:
    """Yield the frames. They begin and end with exactly the keyframes that are given."""
    scale = min(1.0, _DRAWN_SHORT / min(spec.size))
    size = (max(2, round(spec.size[0] * scale)), max(2, round(spec.size[1] * scale)))
    overlay, picture_at = _overlay(spec, size), _picture_at(spec, size)

    def draw(at: int) -> Image.Image:
        return overlay(picture_at(at), at)

    return paced(range(spec.frames), draw, drawn_fps=spec.drawn_fps, frames=spec.frames)


def _picture_at(spec: GenerateVideo, size: tuple[int, int]) -> Callable[[int], Image.Image]:
    """Return a function that draws the picture of a frame, without caption and weather."""
    moves = moves_of(spec.concepts, spec.prompt)
    # Without a motion asked for, the camera draws back to a last picture.
    back = [move if move is DEFAULT else move.reversed() for move in moves]
    start, end = _shot(spec.start, size), _shot(spec.end, size)
    scene = _MovingScene(spec, size) if start is None and end is None else None

    def draw(at: int) -> Image.Image:
        beat, time = at / spec.frames, at / max(1, spec.frames - 1)
        progress = (1 - math.cos(math.tau * beat)) / 2 if spec.loop else time
        if scene is not None:
            return scene.seen(view_at(moves, progress, beat), beat)
        if start is not None and end is not None:
            share = (time - _WIPE_FROM) / (_WIPE_TO - _WIPE_FROM)
            first, last = view_at(moves, time, beat), view_at(back, 1 - time, beat)
            if share <= 0 or share >= 1:
                return start.seen(first) if share <= 0 else end.seen(last)
            return wipe(start.seen(first), end.seen(last), share)
        if start is not None:
            return start.seen(view_at(moves, progress, beat))
        assert end is not None  # noqa: S101 - a video without a start and a scene has an end
        return end.seen(view_at(back, progress if spec.loop else 1 - progress, beat))

    return draw


def _overlay(spec: GenerateVideo, size: tuple[int, int]) -> Callable[[Image.Image, int], Image.Image]:
    """Return a function that draws weather and caption over a frame; a keyframe itself stays untouched."""
    note = f"{spec.model} · {nearest_ratio(*spec.size)} · {spec.frames / FPS:g} s"
    strip = caption_strip(size, spec.prompt, note)
    opacity = strip.getchannel("A")
    weather = read_prompt(spec.prompt).weather

    def draw(picture: Image.Image, at: int) -> Image.Image:
        from_start = at if spec.start else _FADE
        to_end = spec.frames - 1 - at if spec.end or (spec.loop and spec.start) else _FADE
        strength = min(1.0, from_start / _FADE, to_end / _FADE)
        if strength <= 0:
            return picture
        picture = picture.copy()
        if weather:
            draw_weather(picture, weather, spec.id, at / spec.frames, strength)
        mask = opacity if strength >= 1 else opacity.point(lambda value: value * strength)
        picture.paste(strip, (0, picture.height - strip.height), mask)
        return picture

    return draw


def _shot(keyframe: Keyframe | None, size: tuple[int, int]) -> Shot | None:
    if keyframe is None:
        return None
    return Shot(ImageOps.fit(open_frame(keyframe), size, Image.Resampling.BICUBIC))


class _MovingScene:
    """A drawn scene whose subjects move, and move past what is far behind them."""

    def __init__(self, spec: GenerateVideo, size: tuple[int, int]) -> None:
        self._scene = compose_scene(spec.prompt, spec.id, size)
        self._backdrop = Shot(self._scene.backdrop)
        self._seconds = spec.frames / FPS

    def seen(self, view: View, beat: float) -> Image.Image:
        picture = self._backdrop.seen(replace(view, roll=0.0)).copy()
        for sprite in self._scene.sprites:
            self._place(picture, sprite, view, beat)
        if view.roll:
            picture = rolled(picture, view.roll)
        return self._scene.finished(picture)

    def _place(self, picture: Image.Image, sprite: Sprite, view: View, beat: float) -> None:
        width, height = picture.size
        nearness, zoom = 1 + view.depth, max(0.2, view.zoom ** (1 + view.depth / 2))
        image = sprite.image
        if zoom != 1:
            side = max(1, round(image.width * zoom))
            image = image.resize((side, side), Image.Resampling.BILINEAR)
        x = (sprite.x - width * (0.5 + view.x * nearness)) * zoom + width / 2
        y = (sprite.y - height * (0.5 + view.y * nearness)) * zoom + height / 2
        across, up, pace = _MOTIONS.get(sprite.kind, (0.0, 0.0, 0.0))
        # Whole cycles, so that a loop closes.
        turn = math.tau * max(1, round(pace * self._seconds)) * beat
        x += across * image.width * math.sin(turn)
        draw_shadow(picture, replace(sprite, image=image, x=round(x), y=round(y)))
        lift = abs(math.sin(2 * turn)) if sprite.kind == "hop" else math.sin(turn)
        left, top = round(x - image.width / 2), round(y - up * image.width * lift - image.width)
        picture.paste(image, (left, top), image)
