"""What a prompt is about: its words decide subject, land and mood, its hash the rest."""

import re
import unicodedata
from collections.abc import Mapping

_WORD = re.compile(r"[a-z]+")


def words_of(prompt: str) -> list[str]:
    """Split a prompt into lower-case words; a symbol such as 🎸 counts as its name."""
    spoken = "".join(
        f" {unicodedata.name(sign, '')} " if unicodedata.category(sign) == "So" else sign
        for sign in unicodedata.normalize("NFKD", prompt)
    )
    return _WORD.findall(spoken.lower())


def first_match(words: list[str], meanings: Mapping[str, str]) -> str | None:
    """Find what the first known word means, in the singular or the plural."""
    return next(iter(all_matches(words, meanings)), None)


def all_matches(words: list[str], meanings: Mapping[str, str]) -> list[str]:
    """Find what the known words mean, each meaning once, in the order of the prompt."""
    found = (_meaning(word, meanings) for word in words)
    return list(dict.fromkeys(meaning for meaning in found if meaning))


def _meaning(word: str, meanings: Mapping[str, str]) -> str | None:
    for form in (word, word.removesuffix("s"), word.removesuffix("es"), f"{word.removesuffix('ies')}y"):
        if form in meanings:
            return meanings[form]
    return None


def _index(table: Mapping[str, str]) -> dict[str, str]:
    return {word: meaning for meaning, words in table.items() for word in words.split()}


#: mood by time of day, which is heard before the other moods
TIMES = _index(
    {
        "sunset": "sunset dusk evening golden",
        "dawn": "dawn sunrise morning",
        "noon": "noon daylight midday",
        "night": "night midnight moonlit moonlight starry",
    }
)

#: mood by word
MOODS = _index(
    {
        "dawn": "dreamy serene misty foggy",
        "noon": "day sunny summer",
        "night": "moon star dark",
        "aurora": "aurora northern magic magical enchanted fairy",
        "autumn": "autumn fall october harvest",
        "winter": "winter snow snowy ice frozen arctic christmas",
        "neon": "neon cyberpunk synthwave futuristic electric disco party",
        "forest": "forest jungle woods rainforest green",
        "desert": "desert dune sahara canyon mars western",
        "spring": "spring blossom cherry garden meadow flower pastel",
        "sea": "sea ocean beach island tropical underwater coast scuba",
        "space": "space galaxy cosmos cosmic nebula planet astronaut",
    }
)

#: land by word
LANDS = _index(
    {
        "city": "city street skyline town downtown tokyo york london paris neon cyberpunk urban",
        "water": "sea ocean lake river beach island harbor harbour water boat ship sailboat coast shore"
        " underwater lighthouse tropical fish whale scuba",
        "mountains": "mountain alps peak snow snowy glacier winter dragon",
        "dunes": "desert dune sahara mars camel moon",
        "forest": "forest wood jungle tree woods rainforest mushroom",
        "hills": "hill meadow field garden farm countryside valley",
    }
)
LAND_KINDS = ("hills", "mountains", "water", "forest")

#: subject by word
SUBJECTS = _index(
    {
        "bear": "bear teddy teddybear grizzly",
        "panda": "panda",
        "cat": "cat kitten kitty kittie",
        "tiger": "tiger",
        "lion": "lion",
        "dog": "dog puppy hound corgi retriever",
        "fox": "fox",
        "rabbit": "rabbit bunny hare",
        "robot": "robot android mech cyborg",
        "astronaut": "astronaut cosmonaut spaceman diver scuba",
        "person": "person man woman girl boy lady wizard warrior knight king queen child portrait people",
        "car": "car taxi convertible porsche automobile racecar truck",
        "rocket": "rocket spaceship spacecraft shuttle ufo",
        "boat": "boat ship sailboat yacht sail",
        "castle": "castle palace fortress tower",
        "house": "house cottage cabin hut home village",
        "lighthouse": "lighthouse",
        "tree": "tree oak bonsai",
        "flower": "flower rose tulip daisy sunflower bouquet blossom lotus",
        "mushroom": "mushroom toadstool fungus",
        "fish": "fish goldfish whale shark dolphin",
        "bird": "bird eagle owl parrot dove swan penguin phoenix dragon",
        "butterfly": "butterfly moth",
        "balloon": "balloon",
        "cup": "cup coffee tea mug",
        "guitar": "guitar",
        "sunglasses": "sunglasse sunglasses glasses shades",
        "crystal": "crystal gem diamond jewel",
    }
)
