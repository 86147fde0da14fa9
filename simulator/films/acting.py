"""How the actors move: each after its kind, in whole cycles, so that a loop closes."""

import math
from collections.abc import Callable
from dataclasses import dataclass

from PIL import Image

from simulator.drawing.cast import Actor, shadow
from simulator.drawing.subjects import AFLOAT, AIRBORNE
from simulator.films.camera import View
from simulator.films.scenery import Scenery

#: words that make everybody livelier
_LIVELY = frozenset(
    {"dance", "dances", "dancing", "jump", "jumps", "jumping", "run", "runs", "running"}
    | {"play", "plays", "playing", "roll", "rolls", "rolling", "hop", "hops"}
)
#: who moves in which way; everybody else hops
_KINDS: dict[str, frozenset[str]] = {
    "building": frozenset({"castle", "house", "lighthouse", "crystal", "cup"}),
    "plant": frozenset({"tree", "flower", "mushroom"}),
    "vehicle": frozenset({"car"}),
    "winged": frozenset({"bird", "butterfly"}),
    "afloat": AFLOAT,
    "airborne": AIRBORNE,
}
#: transparent border of a sprite, as a share of its side, so that nothing is cut when it leans
_BORDER = 0.12


@dataclass(frozen=True, slots=True, kw_only=True)
class Pose:
    """How somebody stands at one moment. Lengths are shares of its side."""

    x: float = 0.0
    y: float = 0.0
    #: clockwise, in degrees
    lean: float = 0.0
    #: how far its top is ahead of its foot
    shear: float = 0.0
    #: its height and its width, as a factor
    tall: float = 1.0
    wide: float = 1.0


class _Rhythm:
    """Waves that are whole over the length of a film."""

    def __init__(self, beat: float, seconds: float) -> None:
        self._beat = beat
        self._seconds = seconds

    def wave(self, per_second: float, shift: float = 0.0) -> float:
        return math.sin(math.tau * (max(1, round(per_second * self._seconds)) * self._beat + shift))


def pose(name: str, beat: float, seconds: float, *, lively: bool) -> Pose:
    """Say how an actor stands; `beat` goes from 0 to 1 over the film."""
    rhythm = _Rhythm(beat, seconds)
    kind = next((kind for kind, names in _KINDS.items() if name in names), None)
    return _WAYS[kind](rhythm) if kind else _hop(rhythm, 1.8 if lively else 1.0)


def _hop(rhythm: _Rhythm, energy: float) -> Pose:
    """Shift from foot to foot; with more energy it is a dance."""
    pace = 0.5 * energy
    hop = abs(rhythm.wave(pace))
    return Pose(
        x=0.05 * energy * rhythm.wave(0.25),
        y=-0.035 * energy * hop,
        lean=2.4 * energy * rhythm.wave(pace),
        tall=1 + 0.03 * energy * (hop - 0.5),
        wide=1 - 0.02 * energy * (hop - 0.5),
    )


_WAYS: dict[str, Callable[[_Rhythm], Pose]] = {
    "building": lambda _: Pose(),
    "plant": lambda r: Pose(shear=0.045 * r.wave(0.4) + 0.015 * r.wave(1.1)),
    "vehicle": lambda r: Pose(x=0.1 * r.wave(0.2), y=-0.006 * abs(r.wave(3.0)), lean=0.8 * r.wave(1.0)),
    "winged": lambda r: Pose(
        x=0.12 * r.wave(0.3),
        y=0.07 * r.wave(0.6, 0.2),
        lean=6 * r.wave(0.3),
        wide=1 - 0.16 * abs(r.wave(2.5)),
    ),
    "afloat": lambda r: Pose(x=0.03 * r.wave(0.2), y=0.014 * r.wave(0.5), lean=4 * r.wave(0.4)),
    "airborne": lambda r: Pose(x=0.05 * r.wave(0.2), y=0.045 * r.wave(0.4), lean=2.5 * r.wave(0.25)),
}


class Troupe:
    """The actors of a film, ready to enter any of its frames."""

    def __init__(self, scenery: Scenery, seconds: float) -> None:
        self._scenery = scenery
        self._seconds = seconds
        self._lively = not _LIVELY.isdisjoint(scenery.plan.words)
        self._members = [(actor, _bordered(actor.drawn), shadow(actor.side)) for actor in scenery.actors]

    def enter(self, picture: Image.Image, view: View, beat: float) -> None:
        for at, (actor, sprite, soft) in enumerate(self._members):
            # Two of a kind do not move in step.
            posed = pose(actor.name, (beat + at * 0.37) % 1.0, self._seconds, lively=self._lively)
            x, y, zoom = self._scenery.place(
                actor.x + posed.x * actor.side, actor.y + posed.y * actor.side, 1.0, view
            )
            if actor.grounded:
                ground = self._scenery.place(actor.x, actor.y - actor.side * 0.03, 1.0, view)[1]
                size = (max(1, round(soft.width * zoom)), max(1, round(soft.height * zoom)))
                cast_shadow = soft if size == soft.size else soft.resize(size, Image.Resampling.BILINEAR)
                picture.paste(
                    (12, 12, 24), (round(x - size[0] / 2), round(ground - size[1] / 2)), cast_shadow
                )
            _stamp(picture, sprite, actor, posed, (x, y, zoom))


def _bordered(drawn: Image.Image) -> Image.Image:
    border = round(drawn.width * _BORDER)
    sheet = Image.new("RGBA", (drawn.width + 2 * border, drawn.height + 2 * border))
    sheet.paste(drawn, (border, border))
    return sheet


def _stamp(
    picture: Image.Image, sprite: Image.Image, actor: Actor, posed: Pose, place: tuple[float, float, float]
) -> None:
    """Draw a sprite with its foot at a place between pixels, leaning and stretched."""
    x, y, zoom = place
    side = math.ceil(sprite.width * zoom)
    border = (sprite.width - actor.side) / 2
    left, top = math.floor(x - side / 2), math.floor(y - side + border * zoom)
    angle = math.radians(posed.lean)
    sine, cosine = math.sin(angle), math.cos(angle)
    # From a pixel of the patch back to the sprite: move to the foot, turn back, shrink, lean.
    wide, tall = 1 / (zoom * posed.wide), 1 / (zoom * posed.tall)
    a, b = cosine * wide, sine * wide
    d, e = -sine * tall, cosine * tall
    a, b = a + posed.shear * d, b + posed.shear * e
    foot_x, foot_y = sprite.width / 2, sprite.height - border
    c = foot_x - a * (x - left) - b * (y - top)
    f = foot_y - d * (x - left) - e * (y - top)
    patch = sprite.transform(
        (side, side), Image.Transform.AFFINE, (a, b, c, d, e, f), Image.Resampling.BILINEAR
    )
    picture.paste(patch, (left, top), patch)
