"""What a scene will be, decided from the words before anything is painted."""

import hashlib
from dataclasses import dataclass, replace
from random import Random

from PIL import Image

from simulator.drawing.colours import NAMED_COLOURS, PALETTES, Palette, palette_of
from simulator.drawing.words import LAND_KINDS, LANDS, MOODS, TIMES, first_match, words_of

_HORIZON = (0.56, 0.66)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    words: list[str]
    palette: Palette
    #: where the land begins, as a share of the height
    horizon: float
    #: kind of land
    land: str
    #: what a variation changes follows from the generation's own id …
    chance: Random
    #: … and what it keeps from the prompt
    steady: Random


def plan_scene(prompt: str, identifier: str, tone: Image.Image | None) -> Plan:
    """Read a prompt; `tone` is a picture that lends its colours."""
    words = words_of(prompt)
    steady, chance = _chance(prompt), _chance(identifier + prompt)
    palette = _palette(words, tone, steady)
    horizon = chance.uniform(*_HORIZON)
    land = first_match(words, LANDS) or steady.choice(LAND_KINDS)
    return Plan(words=words, palette=palette, horizon=horizon, land=land, chance=chance, steady=steady)


def _chance(text: str) -> Random:
    return Random(hashlib.sha256(text.encode(errors="replace")).digest())  # noqa: S311 - a picture, not a secret


def _palette(words: list[str], tone: Image.Image | None, steady: Random) -> Palette:
    mood = first_match(words, TIMES) or first_match(words, MOODS) or steady.choice(sorted(PALETTES))
    palette = PALETTES[mood] if tone is None else palette_of(tone)
    named = [NAMED_COLOURS[word] for word in words if word in NAMED_COLOURS]
    first, second, *_ = (*named, *palette.accents)
    return replace(palette, accents=(first, second))
