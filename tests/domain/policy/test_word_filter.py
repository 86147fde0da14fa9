"""The word filter: whole words, phrases and patterns, in linear time."""

import time

import pytest

from bot.domain.errors import InvalidRequest, NotAllowed
from bot.domain.generations.requests import ImageRequest
from bot.domain.identity import Place
from bot.domain.policy.access import Asked
from bot.domain.policy.check import check_policy
from bot.domain.policy.record import AgeGate, AgeMode, Policy
from bot.domain.policy.words import WordRule, find_words, read_pattern
from tests.domain.people import caller


@pytest.mark.parametrize(
    ("pattern", "text", "found"),
    [
        ("bad", "a bad fox", True),
        ("bad", "a BAD! fox", True),
        ("bad", "a badger", False),
        ("bad", "forbad", False),
        ("bad*", "a badger", True),
        ("bad*", "forbad", False),
        ("*bad", "forbad", True),
        ("*bad*", "unbadly", True),
        ("b*d", "bread", True),
        ("b*d", "b d", False),
        ("b*a*d", "broad", True),
        ("a*a", "a", False),
        ("very bad", "a very, bad fox", True),
        ("very bad", "a very good bad fox", False),
        ("very b*", "something very bold", True),
        ("straße", "die STRASSE", True),
        ("ﬁn", "fin", True),
        ("bad", "b\u200bad", True),
        ("ｂａｄ", "bad", True),
        ("*猫*", "一只猫在雪里", True),
    ],
)
def test_what_a_pattern_finds(pattern: str, text: str, found: bool) -> None:
    rules = [WordRule(pattern=read_pattern(pattern))]
    assert found == bool(find_words(rules, text))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "Write a word"),
        ("!!!", "Write a word"),
        ("*", "needs a letter beside it"),
        ("bad *", "needs a letter beside it"),
        ("x" * 61, "60 characters"),
        ("a b c d e f g", "6 words"),
    ],
)
def test_a_pattern_that_cannot_be_read_says_how_to_write_one(text: str, words: str) -> None:
    with pytest.raises(InvalidRequest, match=words):
        read_pattern(text)


def test_the_worst_patterns_take_no_time() -> None:
    worst = [WordRule(pattern="a*" * 20 + f"b{number}") for number in range(100)]
    worst += [WordRule(pattern="a a a a a b")] * 100
    prompts = ("a" * 5_000, "a " * 2_500)
    began = time.thread_time()
    assert [[], []] == [find_words(worst, prompt) for prompt in prompts]
    assert time.thread_time() - began < 1


HERE = Place(adapter="chat", workspace="discord:10", channel="c", age_restricted=False)
ADULTS = Place(adapter="chat", workspace="discord:10", channel="x", age_restricted=True)
MARKED = (WordRule(pattern="gore", age_restricted=True), WordRule(pattern="bad"))


@pytest.mark.parametrize(
    ("gate", "prompt", "place", "spoiler"),
    [
        (AgeGate(), "a red fox", HERE, False),
        (AgeGate(mode=AgeMode.SPOILERS), "a red fox", HERE, True),
        (AgeGate(mode=AgeMode.SPOILERS), "a red fox", ADULTS, False),
        (AgeGate(mode=AgeMode.CHANNELS), "a red fox", ADULTS, False),
        (AgeGate(mode=AgeMode.SPOILERS, marked_words_only=True), "a red fox", HERE, False),
        (AgeGate(mode=AgeMode.SPOILERS, marked_words_only=True), "gore and foxes", HERE, True),
        (AgeGate(), "gore and foxes", ADULTS, False),
    ],
)
def test_the_age_gate_hides_results(gate: AgeGate, prompt: str, place: Place, spoiler: bool) -> None:
    asked = Asked.of(caller(), place, ImageRequest(prompt=prompt))
    assert spoiler == check_policy(Policy(words=MARKED, age=gate), [asked])


@pytest.mark.parametrize(
    ("gate", "prompt", "words"),
    [
        (AgeGate(mode=AgeMode.CHANNELS), "a red fox", "age gate .* age-restricted channels"),
        (AgeGate(), "gore and foxes", "because of “gore”"),
        (AgeGate(), "a bad fox", "word filter .*“bad”.*Word it differently"),
    ],
)
def test_what_the_filter_refuses_it_names(gate: AgeGate, prompt: str, words: str) -> None:
    asked = Asked.of(caller(), HERE, ImageRequest(prompt=prompt))
    with pytest.raises(NotAllowed, match=words):
        check_policy(Policy(words=MARKED, age=gate), [asked])
