"""Camera motion: what concepts, and the words after "camera" in a prompt, do to the view of a picture."""

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from PIL import Image, ImageDraw, ImageFilter

from simulator.drawing.reframe import reframe
from simulator.drawing.spec import Placement

_PHRASE = re.compile(r"\bcamera\b([^.,;!?\n]{0,60})")
#: the widest view is so much larger than the picture
_WIDEST = 1.35


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """A motion from the whole picture at the start to another view at the end."""

    #: how far the camera travels to the right and down, in shares of the frame
    x: float = 0.0
    y: float = 0.0
    #: how much closer it comes; below 0 it draws back
    zoom: float = 0.0
    #: how far it turns clockwise, in degrees
    roll: float = 0.0
    #: how much more near things move than distant ones
    depth: float = 0.3
    #: how much a hand-held camera shakes
    shake: float = 0.0

    def reversed(self) -> "Move":
        return replace(self, x=-self.x, y=-self.y, zoom=-self.zoom, roll=-self.roll)


#: keys of the concepts, in the order of the API's list
CONCEPTS = tuple(
    """
    truck_left truck_right pan_left pan_right pedestal_up pedestal_down low_angle high_angle selfie roll_left
    roll_right zoom_in zoom_out over_the_shoulder orbit_left orbit_right static tiny_planet bolt_cam
    dolly_zoom overhead handheld pov aerial_drone aerial push_in pull_out crane_up crane_down tilt_up
    tilt_down elevator_doors ground_level eye_level
    """.split()  # noqa: SIM905 - one word a line would be half a page
)
_PAIRS = {
    ("truck_right", "truck_left"): Move(x=0.12, depth=0.6),
    ("pan_right", "pan_left"): Move(x=0.14, depth=0.0),
    ("orbit_right", "orbit_left"): Move(x=0.1, roll=2.0, depth=1.2),
    ("pedestal_down", "pedestal_up"): Move(y=0.1, depth=0.5),
    ("tilt_down", "tilt_up"): Move(y=0.11, depth=0.0),
    ("crane_down", "crane_up"): Move(y=0.1, zoom=0.05, depth=0.6),
    ("high_angle", "low_angle"): Move(y=0.05, roll=0.5),
    ("roll_right", "roll_left"): Move(roll=10.0, depth=0.0),
    ("zoom_in", "zoom_out"): Move(zoom=0.45, depth=0.0),
    ("push_in", "pull_out"): Move(zoom=0.35, depth=0.6),
}
#: by the key of the concept
MOVES = (
    {key: move for (key, _), move in _PAIRS.items()}
    | {key: move.reversed() for (_, key), move in _PAIRS.items()}
    | {
        "selfie": Move(zoom=0.08, shake=0.5),
        "over_the_shoulder": Move(x=0.06, zoom=0.12),
        "static": Move(depth=0.0),
        "tiny_planet": Move(zoom=-0.5, roll=12.0),
        "bolt_cam": Move(x=0.1, zoom=0.6, shake=0.3),
        "dolly_zoom": Move(zoom=0.3, depth=-0.9),
        "overhead": Move(y=0.06, zoom=0.2),
        "handheld": Move(zoom=0.08, shake=1.0),
        "pov": Move(zoom=0.3, shake=0.4, depth=0.6),
        "aerial_drone": Move(x=0.08, y=-0.05, zoom=0.12, depth=0.6),
        "aerial": Move(y=-0.05, zoom=-0.3),
        "elevator_doors": Move(zoom=0.25, depth=0.4),
        "ground_level": Move(y=0.04, x=0.08, depth=0.7),
        "eye_level": Move(x=0.05),
    }
)

#: phrases for a prompt that move the camera, by the concept that they mean
PHRASES = {
    f"camera {key.replace('_', ' ')}": key
    for key in CONCEPTS
    if key.startswith(("truck", "pan", "pedestal", "roll", "zoom", "orbit", "push", "pull", "crane", "tilt"))
} | {
    "camera static": "static",
    "camera handheld": "handheld",
    "camera move left": "truck_left",
    "camera move right": "truck_right",
    "camera move up": "pedestal_up",
    "camera move down": "pedestal_down",
}

#: where no other motion is asked for
DEFAULT = Move(x=0.03, zoom=0.12)


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """What the camera sees at one moment."""

    #: its distance from the middle of the picture, in shares of the frame
    x: float = 0.0
    y: float = 0.0
    #: 1 sees the picture whole, more a part of it, less its surroundings too
    zoom: float = 1.0
    roll: float = 0.0
    depth: float = 0.0


def moves_of(concepts: Iterable[str], prompt: str) -> list[Move]:
    """Find the moves that concepts or the prompt ask for."""
    keys = dict.fromkeys([*concepts, *_phrases_in(prompt)])
    return [MOVES[key] for key in keys if key in MOVES] or [DEFAULT]


def view_at(moves: Iterable[Move], progress: float, beat: float) -> View:
    """Return the view at `progress` from 0, the whole picture, to 1; `beat` is the time from 0 to 1."""
    x = y = roll = depth = 0.0
    zoom = 1.0
    for move in moves:
        shake = move.shake * 0.008 * min(1.0, 8 * progress)
        x += move.x * progress + shake * (math.sin(math.tau * 5 * beat) + math.sin(math.tau * 13 * beat) / 2)
        y += move.y * progress + shake * (math.sin(math.tau * 7 * beat) + math.sin(math.tau * 11 * beat) / 2)
        roll += move.roll * progress
        zoom *= 1 + move.zoom * progress if move.zoom > 0 else 1 / (1 - move.zoom * progress)
        depth = max(depth, move.depth, key=abs)
    if zoom >= 1:
        # Come closer where the camera would else look over the picture's edge.
        zoom = max(zoom, 1 / max(0.3, 1 - 2 * max(abs(x), abs(y))))
    return View(x=x, y=y, zoom=max(zoom, 1 / _WIDEST), roll=roll, depth=depth)


class Shot:
    """A picture under a moving camera."""

    def __init__(self, picture: Image.Image) -> None:
        self._picture = picture
        self._wide: Image.Image | None = None

    def seen(self, view: View) -> Image.Image:
        if view == View(depth=view.depth):
            return self._picture
        width, height = self._picture.size
        source = self._picture if view.zoom >= 1 else self._surrounded()
        seen = (width / view.zoom, height / view.zoom)
        left = _clamped((source.width - seen[0]) / 2 + view.x * width, source.width - seen[0])
        top = _clamped((source.height - seen[1]) / 2 + view.y * height, source.height - seen[1])
        box = (left, top, left + seen[0], top + seen[1])
        shown = source.resize((width, height), Image.Resampling.BILINEAR, box=box)
        return rolled(shown, view.roll) if view.roll else shown

    def _surrounded(self) -> Image.Image:
        if self._wide is None:
            width, height = (round(side * _WIDEST) for side in self._picture.size)
            place = Placement(width=self._picture.width, height=self._picture.height)
            wide = reframe(self._picture, (width, height), place, Image.Resampling.BILINEAR)
            # Blur the seam, so that the picture's edge is not seen from further away.
            seam, soft = Image.new("L", wide.size), min(wide.size) // 30
            left, top = (width - self._picture.width) // 2, (height - self._picture.height) // 2
            box = (left, top, left + self._picture.width, top + self._picture.height)
            ImageDraw.Draw(seam).rectangle(box, outline=255, width=soft)
            blurred = wide.filter(ImageFilter.GaussianBlur(soft))
            self._wide = Image.composite(blurred, wide, seam.filter(ImageFilter.BoxBlur(soft)))
        return self._wide


def rolled(picture: Image.Image, degrees: float) -> Image.Image:
    """Turn the camera, and come so close that no corner is empty."""
    width, height = picture.size
    angle = math.radians(abs(degrees))
    zoom = math.cos(angle) + max(width / height, height / width) * math.sin(angle)
    turned = picture.rotate(-degrees, Image.Resampling.BILINEAR)
    left, top = (width - width / zoom) / 2, (height - height / zoom) / 2
    return turned.resize(picture.size, Image.Resampling.BILINEAR, box=(left, top, width - left, height - top))


def _clamped(value: float, largest: float) -> float:
    return min(max(value, 0.0), max(largest, 0.0))


def _phrases_in(prompt: str) -> list[str]:
    """Find phrases such as "camera orbits slowly to the left"."""
    found: list[str] = []
    for text in _PHRASE.findall(prompt.lower()):
        for phrase, key in PHRASES.items():
            verb, _, direction = phrase.removeprefix("camera ").partition(" ")
            if re.search(rf"\b{verb}\w*\b.*?(?:\b|^){direction}(?:\b|$)", text):
                found.append(key)
                break
    return found
