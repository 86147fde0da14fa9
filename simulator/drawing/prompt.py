"""Reads a prompt: the subjects, place, light, weather and colours that its words name."""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from random import Random

from simulator.drawing.palette import Colour, from_hex
from simulator.drawing.subjects import sections, wearable

_FILE = Path(__file__).with_name("vocabulary.txt")
_WORD = re.compile(r"[^\W\d_]+")
#: scripts that put no space between words
_UNSPACED = re.compile(r"[\u3040-\u30ff\u4e00-\u9fff]")
_SUBJECTS_MAX = 2
#: how many words may stand between a colour and what it colours
_REACH = 2
#: the place of a kind of subject, and of one that can be anywhere
_PLACES = {"table": "table", "afloat": "water", "shore": "water", "bust": "portrait"}
_ANYWHERE = ("hills", "mountains", "water", "forest")
#: who is shown where the prompt names a place for somebody, but nobody
_DEFAULT_SUBJECTS = {"portrait": ["person"], "table": ["cup"]}


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What the words of a prompt mean."""

    subjects: list[str]
    worn: list[str]
    place: str
    mood: str | None
    time: str | None
    weather: str | None
    #: colours by the subject or part that they belong to, and the others
    colours: Mapping[str, Colour]
    free_colours: list[Colour]
    monochrome: bool


def read_prompt(prompt: str) -> Reading:
    words = _words(prompt)
    place, mood, time, weather = (_first(words, table) for table in ("place", "mood", "time", "weather"))
    subjects = _meanings(words, "subject")[:_SUBJECTS_MAX]
    if place is None and subjects:
        anywhere = Random(repr(subjects)).choice(_ANYWHERE)  # noqa: S311 - not a secret
        place = _PLACES.get(sections()[subjects[0]].kind, anywhere)
    place = place or ("hills" if time or mood else "abstract")
    subjects = subjects or _DEFAULT_SUBJECTS.get(place, [])
    colours = list(_assigned_colours(words))
    return Reading(
        subjects=subjects * 2 if _first(words, "pair") and len(subjects) == 1 else subjects,
        worn=[thing for thing in _meanings(words, "worn") if any(wearable(thing, name) for name in subjects)],
        place=place,
        mood=mood,
        time=time,
        weather=None if place in ("abstract", "table") else weather,
        colours={owner: colour for owner, colour in reversed(colours) if owner},
        free_colours=[colour for owner, colour in colours if owner is None],
        monochrome=bool(_first(words, "monochrome")) or "black and white photo" in prompt.lower(),
    )


def plain(text: str) -> str:
    """Write symbols as their names, such as 🎸 as "guitar", and letters without their accents."""
    symbols = {sign for sign in text if unicodedata.category(sign) == "So"}
    spelled = text.translate({ord(sign): f" {unicodedata.name(sign, '').lower()} " for sign in symbols})
    return "".join(sign for sign in unicodedata.normalize("NFKD", spelled) if not unicodedata.combining(sign))


def _assigned_colours(words: list[str]) -> Iterator[tuple[str | None, Colour]]:
    """Give each colour to the subject or part that follows it closely, else to the one right before it."""
    owners = [_first([word], "part") or _first([word], "subject") for word in words]
    for at, word in enumerate(words):
        for code in _meanings([word], "colour"):
            after = (owner for owner in owners[at + 1 : at + 2 + _REACH] if owner)
            yield next(after, None) or (owners[at - 1] if at else None), from_hex(code)


@cache
def _vocabulary() -> Mapping[str, Mapping[str, list[str]]]:
    """Return the meanings of every known word, by table."""
    lines = [line.split() for line in _FILE.read_text("utf-8").splitlines() if line and line[0] != "#"]
    for name, section in sections().items():
        if name[0] != "_":
            lines.append(["worn" if name[0] == "+" else "subject", name, *section.words])
    found: dict[str, dict[str, list[str]]] = {}
    for table, meaning, *words in lines:
        for word in words:
            found.setdefault(table, {}).setdefault(plain(word), []).append(meaning)
    return found


def _words(prompt: str) -> list[str]:
    text = plain(prompt).lower()
    known = {word for table in _vocabulary().values() for word in table}
    for word in sorted(filter(_UNSPACED.search, known), key=len):
        text = text.replace(word, f" {word} ")
    return _WORD.findall(text)


def _first(words: list[str], table: str) -> str | None:
    return next(iter(_meanings(words, table)), None)


def _meanings(words: list[str], table: str) -> list[str]:
    """Find the meanings of the known words, each once, in the order of the prompt; plurals count too."""
    known, found = _vocabulary()[table], list[str]()
    for word in words:
        forms = (word, word.removesuffix("s"), word.removesuffix("es"), f"{word.removesuffix('ies')}y")
        found += next((known[form] for form in forms if form in known), [])
    return list(dict.fromkeys(found))
