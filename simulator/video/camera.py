"""Camera motion: what concepts, and the words after "camera" in a prompt, do to the view of a picture."""

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from PIL import Image

from simulator.drawing.repaint import reframe
from simulator.drawing.spec import Placement

#: the widest view is so much larger than the picture
_WIDEST = 1.35


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """What the camera sees at one moment, or at the end of a motion from the whole picture."""

    #: its distance from the middle of the picture, in shares of the frame
    x: float = 0.0
    y: float = 0.0
    #: 1 sees the picture whole, more a part of it, less its surroundings too
    zoom: float = 1.0
    #: how far it is turned clockwise, in degrees
    roll: float = 0.0
    #: how much a hand-held camera shakes on its way
    shake: float = 0.0

    def reversed(self) -> "View":
        return View(x=-self.x, y=-self.y, zoom=1 / self.zoom, roll=-self.roll, shake=self.shake)


_PAIRS = {
    ("truck_left", "truck_right"): View(x=-0.12),
    ("pan_left", "pan_right"): View(x=-0.14),
    ("pedestal_up", "pedestal_down"): View(y=-0.1),
    ("low_angle", "high_angle"): View(y=-0.05, roll=-0.5),
    ("roll_left", "roll_right"): View(roll=-10),
    ("zoom_in", "zoom_out"): View(zoom=1.45),
    ("orbit_left", "orbit_right"): View(x=-0.1, roll=-2),
    ("push_in", "pull_out"): View(zoom=1.35),
    ("crane_up", "crane_down"): View(y=-0.1, zoom=0.95),
    ("tilt_up", "tilt_down"): View(y=-0.11),
}
#: the view at the end, by the key of the concept
MOVES = {
    "static": View(),
    **{key: view for (key, _), view in _PAIRS.items()},
    **{key: view.reversed() for (_, key), view in _PAIRS.items()},
    "selfie": View(zoom=1.08, shake=0.5),
    "over_the_shoulder": View(x=0.06, zoom=1.12),
    "tiny_planet": View(zoom=0.67, roll=12),
    "bolt_cam": View(x=0.1, zoom=1.6, shake=0.3),
    "dolly_zoom": View(zoom=1.3),
    "overhead": View(y=0.06, zoom=1.2),
    "handheld": View(zoom=1.08, shake=1),
    "pov": View(zoom=1.3, shake=0.4),
    "aerial_drone": View(x=0.08, y=-0.05, zoom=1.12),
    "aerial": View(y=-0.05, zoom=0.77),
    "elevator_doors": View(zoom=1.25),
    "ground_level": View(y=0.04, x=0.08),
    "eye_level": View(x=0.05),
}
#: where no other motion is asked for
DEFAULT = View(x=0.03, zoom=1.12)

#: phrases for a prompt that move the camera, by the concept that they mean
PHRASES = {f"camera {key.replace('_', ' ')}": key for key in MOVES}


def moves_of(concepts: Iterable[str], prompt: str) -> list[View]:
    """Find the moves that concepts ask for, or phrases such as "camera orbits slowly to the left"."""
    keys = dict.fromkeys(concepts)
    for phrase, key in PHRASES.items():
        words = r"\w*\b[^.,;!?\n]{0,60}\b".join(phrase.split())
        if re.search(rf"\b{words}", prompt, re.IGNORECASE):
            keys[key] = None
    return [MOVES[key] for key in keys] or [DEFAULT]


def view_at(moves: Iterable[View], progress: float, beat: float) -> View:
    """Return the view at `progress` from 0, the whole picture, to 1; `beat` is the time from 0 to 1."""
    x = y = roll = 0.0
    zoom = 1.0
    for move in moves:
        shake = move.shake * 0.01 * min(1.0, 8 * progress)
        x += move.x * progress + shake * math.sin(math.tau * 5 * beat)
        y += move.y * progress + shake * math.sin(math.tau * 7 * beat)
        roll += move.roll * progress
        zoom *= move.zoom**progress
    if zoom >= 1:
        # Come closer where the camera would else look over the picture's edge.
        zoom = max(zoom, 1 / max(0.3, 1 - 2 * max(abs(x), abs(y)))) * (1 + abs(roll) / 25)
    return View(x=x, y=y, zoom=max(zoom, 1 / _WIDEST), roll=roll)


class Shot:
    """A picture under a moving camera."""

    def __init__(self, picture: Image.Image) -> None:
        self._picture = picture

    def seen(self, view: View) -> Image.Image:
        if view == View():
            return self._picture
        source, (width, height) = self._picture if view.zoom >= 1 else self._surrounded, self._picture.size
        across = math.cos(math.radians(view.roll)) / view.zoom
        down = math.sin(math.radians(view.roll)) / view.zoom
        x = source.width / 2 + view.x * width - (across * width + down * height) / 2
        y = source.height / 2 + view.y * height - (across * height - down * width) / 2
        turned = (across, down, x, -down, across, y)
        return source.transform((width, height), Image.Transform.AFFINE, turned, Image.Resampling.BILINEAR)

    @cached_property
    def _surrounded(self) -> Image.Image:
        width, height = self._picture.size
        wide, place = (round(width * _WIDEST), round(height * _WIDEST)), Placement(resized_width=width)
        return reframe(self._picture, wide, place)
