"""A form's values become the command line that a person would have typed."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.command_text.command_line import command_line
from bot.domain.command_text.parsing import parse
from bot.domain.commands import CATALOGUE, build
from bot.domain.generations.models import AspectRatio, ImageModel

JOB = "01k9zv3f5k0q8x7w2m4n6p8r"


@pytest.mark.parametrize(
    ("name", "values", "text"),
    [
        ("imagine", {"prompt": "a red fox"}, "/imagine a red fox"),
        (
            "imagine",
            {"prompt": "a red fox", "model": "photon-1", "count": 1},
            "/imagine a red fox --model photon-1 --count 1",
        ),
        (
            "imagine",
            {"prompt": "a red fox", "aspect_ratio": "1:1", "count": 4, "private": True},
            "/imagine a red fox --aspect_ratio 1:1 --count 4 --private",
        ),
        ("imagine", {"prompt": "a fox", "private": False}, "/imagine a fox --private=no"),
        (
            "imagine",
            {"prompt": "a fox", "image": (f"{JOB}@0.85", "https://example.org/a.png")},
            f"/imagine a fox --image {JOB}@0.85 --image https://example.org/a.png",
        ),
        ("imagine", {"prompt": "a fox --count 3"}, '/imagine --prompt "a fox --count 3"'),
        ("reframe", {"aspect_ratio": "9:16", "media": JOB}, f"/reframe 9:16 --media {JOB}"),
        ("reframe", {"aspect_ratio": "9:16", "prompt": "more sky"}, "/reframe 9:16 more sky"),
        ("show", {"job": JOB}, f"/show {JOB}"),
        ("history", {"count": 20}, "/history --count 20"),
        ("quota", {}, "/quota"),
        ("quotas set", {"amount": "5", "member": "ada"}, "/quotas set ada --amount 5"),
    ],
)
def test_form_values_become_a_command_line(name: str, values: dict[str, Any], text: str) -> None:
    found = command_line(CATALOGUE[name], values)
    assert parse(found) == build(CATALOGUE[name], values)
    assert text == found


@given(
    prompt=st.text(st.characters(codec="utf-8", exclude_categories=["C"]), min_size=1, max_size=60),
    model=st.sampled_from(ImageModel),
    aspect_ratio=st.sampled_from(AspectRatio),
    count=st.integers(1, 4),
    private=st.booleans(),
)
def test_any_command_line_is_parsed_back(
    prompt: str, model: str, aspect_ratio: str, *, count: int, private: bool
) -> None:
    """Except for a prompt with every kind of quote, which no command line can contain."""
    if not prompt.split() or set(prompt) & set("\"'«»“”„‘’"):
        return
    values = {
        "prompt": " ".join(prompt.split()),
        "model": str(model),
        "aspect_ratio": str(aspect_ratio),
        "count": count,
        "private": private,
    }
    command = CATALOGUE["imagine"]
    assert build(command, values) == parse(command_line(command, values))
