"""The word filter: whole words, phrases, and words with `*` for any letters.

Patterns are no regular expressions: each is a list of words, and in a word `*` only separates pieces that are
searched for in turn. So the time grows with the length of the text alone, whatever pattern an admin writes.
"""

import re
import unicodedata
from collections.abc import Sequence

from bot.domain.errors import InvalidRequest
from bot.domain.policy.decided import Decided

#: patterns of a workspace, characters of one, and words of one
WORDS_MAX, WORD_LENGTH, _PHRASE_MAX = 200, 60, 6
_WORD = re.compile(r"\w+")
_PATTERN_WORD = re.compile(r"[\w*]+")


class WordRule(Decided):
    """One filtered word, phrase or pattern."""

    #: as `read_pattern` returns it
    pattern: str
    #: a prompt with it needs an age-restricted channel; else it is refused
    age_restricted: bool = False


def read_pattern(text: str) -> str:
    """Read a pattern as an admin types it; raises InvalidRequest that says how to write one."""
    words = _PATTERN_WORD.findall(_normalized(text))
    if not words:
        raise InvalidRequest("Write a word, a phrase, or a pattern such as bad* or *bad*", option="word")
    if len(text) > WORD_LENGTH or len(words) > _PHRASE_MAX:
        raise InvalidRequest(
            f"A pattern has {WORD_LENGTH} characters and {_PHRASE_MAX} words at most", option="word"
        )
    if any(not word.strip("*") for word in words):
        raise InvalidRequest(
            "* stands for letters of one word, so it needs a letter beside it: bad* or *bad*",
            option="word",
        )
    return " ".join(words)


def find_words(rules: Sequence[WordRule], text: str) -> list[WordRule]:
    """The rules whose pattern occurs in a text, in their order."""
    if not rules:
        return []
    whole = _normalized(text)
    words = _WORD.findall(whole)
    present, spaced = set(words), f" {' '.join(words)} "
    return [rule for rule in rules if _occurs(rule.pattern, words, present, spaced)]


def _normalized(text: str) -> str:
    """A text in which equal-looking words are equal: without case, width and invisible characters."""
    plain = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    return "".join(one for one in plain if unicodedata.category(one) != "Cf")


def _occurs(pattern: str, words: Sequence[str], present: set[str], spaced: str) -> bool:
    """Whether a pattern occurs; `spaced` has the words of the text between single spaces."""
    if "*" not in pattern:
        return f" {pattern} " in spaced
    # Most patterns are ruled out by a search for their pieces.
    if any(piece not in spaced for piece in pattern.replace("*", " ").split()):
        return False
    parts = pattern.split()
    size = len(parts)
    if size == 1:
        return any(_matches(pattern, word) for word in present)
    return any(all(map(_matches, parts, words[at : at + size])) for at in range(len(words) - size + 1))


def _matches(pattern: str, word: str) -> bool:
    """Whether a word matches; `*` stands for any letters, also for none."""
    first, *middle = pattern.split("*")
    if not middle:
        return word == pattern
    last = middle.pop()
    if len(word) < len(first) + len(last) or not (word.startswith(first) and word.endswith(last)):
        return False
    at, end = len(first), len(word) - len(last)
    for piece in middle:
        found = word.find(piece, at, end)
        if found < 0:
            return False
        at = found + len(piece)
    return True
