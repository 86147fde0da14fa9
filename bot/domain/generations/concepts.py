"""Camera concepts and motions that the video models know; a provider's own list takes precedence."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.domain.errors import InvalidRequest
from bot.domain.text import begins, list_items, nearest

# fmt: off
#: as documented; replaced by a provider's list once that was fetched
CONCEPTS = (
    "aerial", "aerial_drone", "bolt_cam", "crane_down", "crane_up", "dolly_zoom", "elevator_doors",
    "eye_level", "ground_level", "handheld", "high_angle", "low_angle", "orbit_left", "orbit_right",
    "over_the_shoulder", "overhead", "pan_left", "pan_right", "pedestal_down", "pedestal_up", "pov",
    "pull_out", "push_in",
    "roll_left", "roll_right", "selfie", "static", "tilt_down", "tilt_up", "tiny_planet", "truck_left",
    "truck_right", "zoom_in", "zoom_out",
)
# fmt: on
#: prefixes of the concepts that are movements
_MOVEMENTS = ("crane", "orbit", "pan", "pedestal", "pull", "push", "roll", "static", "tilt", "truck", "zoom")
#: movements as they are written in a prompt, suggested until a provider's list was fetched
CAMERA_MOTIONS = tuple(f"camera {key.replace('_', ' ')}" for key in CONCEPTS if key.startswith(_MOVEMENTS))
#: the options that take concepts and motions
CONCEPTS_OPTION, MOTION_OPTION = "concepts", "camera_motion"
_KEY = re.compile(r"[a-z0-9]+(_[a-z0-9]+)*")
#: concepts of one request
CONCEPTS_MAX = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Vocabulary:
    """Terms that a provider's video models understand in addition to the prompt."""

    concepts: frozenset[str] = frozenset()
    camera_motions: tuple[str, ...] = ()


#: the words of each provider's models, by provider
Vocabularies = Mapping[str, Vocabulary]


def fetched_concepts(vocabularies: Vocabularies) -> frozenset[str]:
    """The concepts that providers have listed; empty until one has."""
    return frozenset().union(*(words.concepts for words in vocabularies.values()))


def read_concepts(text: str) -> tuple[str, ...]:
    """Read a list of concepts, separated by commas or spaces."""
    keys = list_items(text)
    for key in keys:
        if not _KEY.fullmatch(key):
            raise InvalidRequest(
                f"{key[:40]!r} is not a concept; write them like dolly_zoom, pan_left", option=CONCEPTS_OPTION
            )
    if len(keys) > CONCEPTS_MAX:
        raise InvalidRequest(f"At most {CONCEPTS_MAX} concepts can be given", option=CONCEPTS_OPTION)
    return tuple(dict.fromkeys(keys))


def motions_like(typed: str, known: Sequence[str]) -> tuple[str, ...]:
    """The camera motions that have, for every typed word, a word that begins with it."""
    return tuple(motion for motion in known if all(begins(motion, word) for word in typed.split()))


def check_concepts(keys: tuple[str, ...], known: frozenset[str]) -> None:
    """Refuse concepts that the provider does not know, and suggest the nearest known one."""
    for key in keys:
        if known and key not in known:
            near = nearest(key, known, similarity=0.5)
            hint = f" Did you mean {near}?" if near else ""
            raise InvalidRequest(f"There is no concept {key[:40]}.{hint}", option=CONCEPTS_OPTION)
