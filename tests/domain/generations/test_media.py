"""Stored pictures and videos, and how a request refers to them."""

from typing import Any

import pytest
from pydantic import ValidationError

from bot.domain.generations.media import MediaKind, Reference, kind_of_address
from bot.domain.generations.models import AspectRatio
from tests.domain.people import PICTURE, VIDEO

_JOB = "2" * 24
_URL = "https://fox.example/a.png"


def test_what_has_a_length_is_a_video() -> None:
    assert (MediaKind.PICTURE, MediaKind.VIDEO) == (PICTURE.kind, VIDEO.kind)
    assert (AspectRatio.LANDSCAPE,) * 2 == (PICTURE.aspect_ratio, VIDEO.aspect_ratio)


def test_a_picture_stands_for_itself_and_a_video_is_stood_for_by_its_first_frame() -> None:
    assert (PICTURE.file, f"{VIDEO.file}.still") == (PICTURE.poster, VIDEO.poster)


@pytest.mark.parametrize(
    "values", [{}, {"job": _JOB, "url": _URL}, {"job": _JOB, "file": PICTURE}, {"weight": 0.5}]
)
def test_a_reference_has_one_source(values: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match="a reference is a job, or a file or an address"):
        Reference(**values)


@pytest.mark.parametrize("weight", [-0.01, 1.01])
def test_an_influence_lies_between_0_and_1(weight: float) -> None:
    with pytest.raises(ValidationError):
        Reference(job=_JOB, weight=weight)


def test_the_things_that_a_request_builds_on_have_different_names() -> None:
    keys = [
        Reference(job=_JOB).key,
        Reference(job=_JOB, first_frame_only=True).key,
        Reference(url=_URL).key,
        Reference.of(PICTURE).key,
        Reference.of(VIDEO).key,
    ]
    assert len(keys) == len(set(keys))
    assert all(keys)


def test_an_address_keeps_its_name_when_it_has_been_brought_in() -> None:
    address = Reference(url=_URL)
    brought = address.model_copy(update={"file": PICTURE})
    assert address.key == brought.key
    assert address.pending
    assert not brought.pending
    assert not Reference(job=_JOB).pending
    assert not Reference.of(VIDEO).pending


def test_a_reference_to_a_file_is_of_its_kind() -> None:
    assert (MediaKind.PICTURE, MediaKind.VIDEO) == (Reference.of(PICTURE).kind, Reference.of(VIDEO).kind)


@pytest.mark.parametrize(
    ("url", "kind"),
    [
        ("https://fox.example/a.mp4", MediaKind.VIDEO),
        ("https://fox.example/A.MOV?token=a.png", MediaKind.VIDEO),
        ("https://fox.example/a.webm#t=1", MediaKind.VIDEO),
        ("https://fox.example/a.png?next=b.mp4", MediaKind.PICTURE),
        ("https://fox.mp4", MediaKind.PICTURE),
        ("https://fox.example/mp4", MediaKind.PICTURE),
        ("https://fox.example/", MediaKind.PICTURE),
    ],
)
def test_an_address_is_of_the_kind_that_its_path_ends_with(url: str, kind: MediaKind) -> None:
    assert kind is kind_of_address(url)
