"""How the camera moves: what concepts and the words after "camera" mean for what is seen."""

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass

_PHRASE = re.compile(r"\bcamera\b([^.,;!?\n]{0,60})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """A motion from the beginning of a film to its end. Lengths are shares of the frame."""

    #: how far the camera travels to the right and down
    x: float = 0.0
    y: float = 0.0
    #: how much closer it comes; below 0 it begins close and draws back
    zoom: float = 0.0
    #: how far it turns clockwise, in degrees
    roll: float = 0.0
    #: how much less the distance moves than what is near: 0 turns the camera, 1 carries it
    spread: float = 0.6
    #: how much a hand trembles
    tremble: float = 0.0


#: by the key of the concept
MOVES = {
    "truck_left": Move(x=-0.2, spread=0.8),
    "truck_right": Move(x=0.2, spread=0.8),
    "pan_left": Move(x=-0.18, spread=0.1),
    "pan_right": Move(x=0.18, spread=0.1),
    "pedestal_up": Move(y=-0.1, spread=0.7),
    "pedestal_down": Move(y=0.1, spread=0.7),
    "low_angle": Move(y=-0.05, zoom=0.1),
    "high_angle": Move(y=0.05, zoom=0.1),
    "selfie": Move(zoom=0.06, tremble=0.5),
    "roll_left": Move(roll=-10.0, spread=0.0),
    "roll_right": Move(roll=10.0, spread=0.0),
    "zoom_in": Move(zoom=0.45, spread=0.0),
    "zoom_out": Move(zoom=-0.45, spread=0.0),
    "over_the_shoulder": Move(x=0.06, zoom=0.12),
    "orbit_left": Move(x=-0.2, zoom=0.08, spread=1.4),
    "orbit_right": Move(x=0.2, zoom=0.08, spread=1.4),
    "static": Move(spread=0.0),
    "tiny_planet": Move(zoom=-0.5, roll=12.0, spread=0.3),
    "bolt_cam": Move(x=0.12, zoom=0.6, tremble=0.3),
    "dolly_zoom": Move(zoom=-0.5, spread=1.0),
    "overhead": Move(y=0.08, zoom=-0.2),
    "handheld": Move(zoom=0.06, tremble=1.0),
    "pov": Move(zoom=0.3, tremble=0.4, spread=0.8),
    "aerial_drone": Move(x=0.1, y=-0.06, zoom=-0.25, spread=0.8),
    "aerial": Move(y=-0.06, zoom=-0.25, spread=0.8),
    "push_in": Move(zoom=0.35, spread=0.8),
    "pull_out": Move(zoom=-0.35, spread=0.8),
    "crane_up": Move(y=-0.1, zoom=-0.12, spread=0.7),
    "crane_down": Move(y=0.1, zoom=0.12, spread=0.7),
    "tilt_up": Move(y=-0.1, spread=0.1),
    "tilt_down": Move(y=0.1, spread=0.1),
    "elevator_doors": Move(zoom=0.3, spread=0.5),
    "ground_level": Move(y=0.04, x=0.08, spread=0.9),
    "eye_level": Move(x=0.05),
}

CONCEPTS = tuple(MOVES)

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

#: where nothing else is asked for
_BREATH = Move(x=0.04, zoom=0.1)


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """What the camera sees at one moment."""

    #: its place, as a share of the frame from the middle
    x: float = 0.0
    y: float = 0.0
    #: never below 1
    zoom: float = 1.0
    roll: float = 0.0
    spread: float = 0.0

    def share(self, nearness: float) -> float:
        """How much of its motion is seen at this distance."""
        return 1 - self.spread * (1 - nearness)


def moves_of(concepts: Iterable[str], prompt: str) -> list[Move]:
    """Find the moves that are asked for by concept or by word."""
    keys = dict.fromkeys([*concepts, *_spoken(prompt)])
    return [MOVES[key] for key in keys if key in MOVES] or [_BREATH]


def look(moves: Iterable[Move], progress: float, beat: float) -> View:
    """Say where the camera is; `progress` goes from 0 to 1 or there and back, `beat` from 0 to 1 in time."""
    x = y = roll = spread = 0.0
    zoom = 1.0
    for move in moves:
        x += move.x * (progress - 0.5)
        y += move.y * (progress - 0.5)
        roll += move.roll * (progress - 0.5)
        zoom *= 1 + abs(move.zoom) * (progress if move.zoom > 0 else 1 - progress)
        spread = max(spread, move.spread)
        x += move.tremble * 0.006 * (math.sin(math.tau * 5 * beat) + math.sin(math.tau * 13 * beat) / 2)
        y += move.tremble * 0.006 * (math.sin(math.tau * 7 * beat) + math.sin(math.tau * 11 * beat) / 2)
    return View(x=x, y=y, zoom=zoom, roll=roll, spread=spread)


def _spoken(prompt: str) -> list[str]:
    """Find phrases such as "camera orbits slowly to the left"."""
    found: list[str] = []
    for heard in _PHRASE.findall(prompt.lower()):
        for phrase, key in PHRASES.items():
            verb, _, way = phrase.removeprefix("camera ").partition(" ")
            if re.search(rf"\b{verb}\w*\b.*?(?:\b|^){way}(?:\b|$)", heard):
                found.append(key)
                break
    return found
