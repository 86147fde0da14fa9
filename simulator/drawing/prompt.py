"""Reads a prompt: the subjects, place, light, weather and colours that its words name."""

import re
import unicodedata
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from simulator.drawing.palette import Colour, from_hex
from simulator.drawing.subjects import sections

_FILE = Path(__file__).with_name("vocabulary.txt")
_WORD = re.compile(r"[^\W\d_]+")
#: scripts that put no space between words
_UNSPACED = re.compile(r"[\u3040-\u30ff\u4e00-\u9fff]")
#: how many words may stand between a colour and what it colours
_REACH = 2
_BLACK_AND_WHITE = {"black", "white", "photograph"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What the words of a prompt mean."""

    subjects: list[str]
    #: things to wear or hold
    worn: list[str]
    place: str | None
    mood: str | None
    time: str | None
    weather: str | None
    #: colours by the subject or part that they belong to
    colours: dict[str, Colour] = field(default_factory=dict)
    #: colours that belong to nothing in particular
    free_colours: list[Colour] = field(default_factory=list)
    #: whether there are two of the subject
    pair: bool = False
    monochrome: bool = False


@cache
def _vocabulary() -> Mapping[str, Mapping[str, str]]:
    """Return the meaning of every known word, by table."""
    found: dict[str, dict[str, str]] = {"subject": {}, "worn": {"guitar": "guitar"}}
    for line in _FILE.read_text("utf-8").splitlines():
        if line and not line.startswith("#"):
            table, meaning, *words = line.split()
            for word in words:
                found.setdefault(table, {}).setdefault(_folded(word), meaning)
    for name, section in sections().items():
        for word in section.words if name[0] != "_" else ():
            if name[0] != "+":
                found["subject"].setdefault(_folded(word), name)
                continue
            # One word can mean several things to wear: a sailor has a beard and a cap.
            known = found["worn"].get(_folded(word), "")
            found["worn"][_folded(word)] = f"{known} {name[1:]}".strip()
    return found


def read_prompt(prompt: str) -> Reading:
    text = _folded(prompt)
    for word in _unspaced_words():
        text = text.replace(word, f" {word} ")
    words = _WORD.findall(text)
    colours, free_colours = _assigned_colours(words)
    flags = _meanings(words, "flag")
    return Reading(
        subjects=_meanings(words, "subject"),
        worn=list(dict.fromkeys(" ".join(_meanings(words, "worn")).split())),
        place=_first(words, "place"),
        mood=_first(words, "mood"),
        time=_first(words, "time"),
        weather=_first(words, "weather"),
        colours=colours,
        free_colours=free_colours,
        pair="pair" in flags,
        monochrome="monochrome" in flags or set(words) >= _BLACK_AND_WHITE,
    )


def _assigned_colours(words: list[str]) -> tuple[dict[str, Colour], list[Colour]]:
    """Give each colour to the subject or part that follows it closely, else to the one right before it."""
    owners = [_meaning(word, "part") or _meaning(word, "subject") for word in words]
    assigned: dict[str, Colour] = {}
    free: list[Colour] = []
    for at, word in enumerate(words):
        code = _meaning(word, "colour")
        if code is None:
            continue
        after = (owner for owner in owners[at + 1 : at + 2 + _REACH] if owner)
        owner = next(after, None) or (owners[at - 1] if at else None)
        if owner is None:
            free.append(from_hex(code))
        else:
            assigned.setdefault(owner, from_hex(code))
    return assigned, free


def _folded(text: str) -> str:
    """Lower-case without accents; a symbol such as 🎸 becomes its name."""
    named = "".join(
        f" {unicodedata.name(sign, '')} " if unicodedata.category(sign) == "So" else sign for sign in text
    )
    return "".join(s for s in unicodedata.normalize("NFKD", named.lower()) if not unicodedata.combining(s))


@cache
def _unspaced_words() -> Collection[str]:
    words = {word for table in _vocabulary().values() for word in table if _UNSPACED.search(word)}
    return sorted(words, key=len)


def _first(words: list[str], table: str) -> str | None:
    return next(iter(_meanings(words, table)), None)


def _meanings(words: list[str], table: str) -> list[str]:
    """Find the meanings of the known words, each once, in the order of the prompt."""
    return list(dict.fromkeys(meaning for word in words if (meaning := _meaning(word, table))))


def _meaning(word: str, table: str) -> str | None:
    """Look a word up in the singular or the plural."""
    known = _vocabulary()[table]
    forms = (word, word.removesuffix("s"), word.removesuffix("es"), f"{word.removesuffix('ies')}y")
    return next((known[form] for form in forms if form in known), None)
