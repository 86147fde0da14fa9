"""API keys that people type, and what is shown of a key."""

import pytest

from bot.domain.command_text.parsing import parse
from bot.domain.errors import (
    InvalidRequest,
)
from bot.domain.workspace.workspace_keys import masked, without_typed_key

KEY = "luma-6c2e-4f7a-90b1-3f9a"


@pytest.mark.parametrize("text", [KEY, f"set {KEY}", f"--action {KEY}", f"--key={KEY}", f'"{KEY}" set'])
def test_a_typed_key_is_refused_and_not_quoted(text: str) -> None:
    line = f"/studio key {text}"
    with pytest.raises(InvalidRequest, match="never typed") as refused:
        parse(line)
    assert KEY not in str(refused.value)
    assert "/studio key •••" == without_typed_key(line)
    assert "studio  KEY •••" == without_typed_key(f"studio  KEY {text}")


@pytest.mark.parametrize(
    "line",
    [
        "/studio key",
        "/studio key set",
        "/studio key --action remove",
        "/studio key --action=“show”",
        "/imagine a studio key light",
    ],
)
def test_lines_without_a_key_are_shown_as_typed(line: str) -> None:
    assert line == without_typed_key(line)


@pytest.mark.parametrize(
    ("key", "shown"), [(KEY, "luma-…3f9a"), ("short-key", "…"), ("0123456789abcdef", "…cdef")]
)
def test_little_is_shown_of_a_key(key: str, shown: str) -> None:
    assert shown == masked(key)
