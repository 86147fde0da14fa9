"""Where a reframe puts its source, and which values are refused."""

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.errors import InvalidRequest
from bot.domain.generations.framing import Box, check_placement, framing, is_placed
from bot.domain.generations.media import Media, Reference
from bot.domain.generations.models import PICTURE_SIZES, AspectRatio
from bot.domain.generations.requests import ReframeImageRequest

_SOURCE = Media(file="f" * 64, mime="image/png", size=9, width=1000, height=500)


def _request(values: Mapping[str, Any], ratio: AspectRatio = AspectRatio.SQUARE) -> ReframeImageRequest:
    return ReframeImageRequest(source=Reference(job="1" * 24), aspect_ratio=ratio, **values)


@pytest.mark.parametrize(
    ("values", "crop", "placed"),
    [
        # As large as fits, in the middle.
        ({}, (0, 0, 1000, 500), (0, 384, 1536, 768)),
        ({"grid_position_y": 0}, (0, 0, 1000, 500), (0, 0, 1536, 768)),
        ({"grid_position_x": -100}, (0, 0, 1000, 500), (-100, 384, 1536, 768)),
        # One side gives the other one, two distort.
        ({"resized_width": 500}, (0, 0, 1000, 500), (518, 643, 500, 250)),
        ({"resized_height": 500}, (0, 0, 1000, 500), (268, 518, 1000, 500)),
        ({"resized_width": 300, "resized_height": 400}, (0, 0, 1000, 500), (618, 568, 300, 400)),
        # A part of the source.
        ({"x_start": 250, "x_end": 750}, (250, 0, 500, 500), (0, 0, 1536, 1536)),
        ({"y_start": 100}, (0, 100, 1000, 400), (0, 461, 1536, 614)),
    ],
)
def test_a_source_is_placed(values: dict[str, int], crop: tuple[int, ...], placed: tuple[int, ...]) -> None:
    found = framing(_request(values), _SOURCE)
    assert (1536, 1536) == (found.width, found.height)
    for expected, box in ((crop, found.crop), (placed, found.placed)):
        assert expected == (box.left, box.top, box.width, box.height)
    assert is_placed(_request(values)) is bool(values)


@given(
    st.sampled_from(sorted(PICTURE_SIZES)),
    st.integers(1, 5000),
    st.integers(1, 5000),
)
def test_without_values_every_source_is_whole_inside_the_frame(
    ratio: AspectRatio, width: int, height: int
) -> None:
    source = _SOURCE
    media = Media(file=source.file, mime=source.mime, size=9, width=width, height=height)
    found = framing(_request({}, ratio), media)
    assert PICTURE_SIZES[ratio] == (found.width, found.height)
    assert Box(left=0, top=0, width=width, height=height) == found.crop
    assert found.placed.left >= 0
    assert found.placed.top >= 0
    assert found.placed.right <= found.width
    assert found.placed.bottom <= found.height
    assert found.placed.width == found.width or found.placed.height == found.height


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"x_start": 5, "x_end": 5}, "x_end must be larger than x_start"),
        ({"x_start": 1000}, "x_start is 1000, and the source is only 1000 pixels wide"),
        ({"y_end": 501}, "y_end is 501, and the source is only 500 pixels high"),
        # Everything that is wrong is named at once.
        ({"x_end": 1001, "y_start": 900}, "x_end is 1001, .*; y_start is 900"),
        ({"grid_position_x": 1536}, "grid_position_x 1536 puts the source of 1536 × 768 pixels outside"),
        ({"grid_position_y": -768}, "grid_position_y -768 puts the source .* outside of the new frame"),
        (
            {"y_start": 0, "y_end": 10, "resized_height": 8000},
            "resized_height makes the source 800000 × 8000 pixels, and a side has at most 8192",
        ),
    ],
)
def test_values_that_cannot_be_are_refused_together(values: dict[str, int], told: str) -> None:
    with pytest.raises(InvalidRequest, match=told):
        check_placement(_request(values), _SOURCE)


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"x_start": 5, "x_end": 5}, "x_end must be larger than x_start"),
        ({"grid_position_x": 1536}, "grid_position_x 1536 is outside of the new frame of 1536 × 1536"),
        ({"grid_position_y": -500, "resized_height": 500}, "grid_position_y -500 is outside"),
        ({"x_end": 9000, "grid_position_x": -8000}, None),
    ],
)
def test_of_a_source_that_was_not_probed_only_what_is_certain_is_refused(
    values: dict[str, int], told: str | None
) -> None:
    if told is None:
        check_placement(_request(values), None)
        return
    with pytest.raises(InvalidRequest, match=told):
        check_placement(_request(values), None)
