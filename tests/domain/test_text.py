"""Text from outside can be stored, and loses nothing but what cannot be."""

from collections.abc import Callable
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.text import parse_json, storable, storable_json

#: every code point, lone surrogates and NUL included
_ANY = st.text(st.characters(codec=None))
_PARTS: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | _ANY,
    lambda inner: st.lists(inner) | st.dictionaries(_ANY, inner),
)


@given(_ANY)
def test_any_text_becomes_storable(text: str) -> None:
    made = storable(text)
    assert "\0" not in made
    made.encode()
    assert storable(made) == made


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")))
def test_what_can_be_stored_stays_as_it_is(text: str) -> None:
    assert storable(text) == text


@pytest.mark.parametrize(
    ("text", "made"),
    [
        ("a\0b", "ab"),
        ("\ud800", "\ufffd"),
        ("x\udfffy", "x\ufffdy"),
        ("\udc00\ud800", "\ufffd\ufffd"),
        ("\ud83d\ude00", "😀"),
        ("😀\ud83d", "😀\ufffd"),
        ("\ud83d\0\ude00", "😀"),
    ],
)
def test_only_what_cannot_be_stored_is_dropped_or_replaced(text: str, made: str) -> None:
    assert storable(text) == made


@given(_PARTS)
def test_any_json_becomes_storable(value: Any) -> None:
    made = orjson.dumps(storable_json(value), option=orjson.OPT_PASSTHROUGH_SUBCLASS, default=str)
    # An escaped backslash before `u0000` spells no character.
    assert b"\\u0000" not in made.replace(rb"\\", b"")


def test_a_nested_value_keeps_its_shape() -> None:
    assert storable_json({"a\0": ["b\0", {"c": "\ud800"}], "d": 1, "e": None}) == {
        "a": ["b", {"c": "\ufffd"}],
        "d": 1,
        "e": None,
    }


def test_nesting_is_no_limit() -> None:
    deep: Any = "a\0"
    for _ in range(100_000):
        deep = [deep]
    made = storable_json(deep)
    while isinstance(made, list):
        (made,) = made
    assert made == "a"


@pytest.mark.parametrize("kind", [str, str.encode])
def test_a_null_character_in_json_is_dropped(kind: Callable[[str], bytes | str]) -> None:
    assert parse_json(kind(r'{"a\u0000": ["b\u0000c", "\\u0000"]}')) == {"a": ["bc", "\\u0000"]}


def test_half_an_emoji_in_json_is_read_like_everything_else() -> None:
    assert parse_json(b'{"reason": "no \\ud83d", "n": 1, "a\\u0000": "b"}') == {
        "reason": "no \ufffd",
        "n": 1,
        "a": "b",
    }


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b'"\\ud83d', b'["\\ud83d", NaN]', b'"\xff\\ud83d"', b"[" * 5_000, b'["\\ud83d",' * 100_000],
)
def test_what_is_no_json_is_refused(content: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - whichever it is, its reader knows what to say
        parse_json(content)
