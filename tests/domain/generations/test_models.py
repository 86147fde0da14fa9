"""Frames and lengths, and the pixels that follow from them."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.domain.command_text.parsing import parse
from bot.domain.commands import Animate
from bot.domain.generations.models import (
    PICTURE_SIZES,
    AspectRatio,
    Duration,
    Resolution,
    even,
    nearest_ratio,
    video_size,
)

_PIXELS = st.integers(1, 20_000)


def _turned(aspect_ratio: AspectRatio) -> AspectRatio:
    across, down = aspect_ratio.parts
    return AspectRatio(f"{down}:{across}")


@pytest.mark.parametrize(
    ("resolution", "size"),
    [
        (Resolution.P540, (960, 540)),
        (Resolution.P720, (1280, 720)),
        (Resolution.P1080, (1920, 1080)),
        (Resolution.P2160, (3840, 2160)),
    ],
)
def test_a_video_has_the_size_that_its_resolution_names(
    resolution: Resolution, size: tuple[int, int]
) -> None:
    assert size == video_size(AspectRatio.LANDSCAPE, resolution)


@pytest.mark.parametrize("resolution", Resolution)
@pytest.mark.parametrize("aspect_ratio", AspectRatio)
def test_every_video_has_even_sides_the_right_short_one_and_the_ratio_asked_for(
    aspect_ratio: AspectRatio, resolution: Resolution
) -> None:
    width, height = video_size(aspect_ratio, resolution)
    assert (0, 0) == (width % 2, height % 2)
    assert resolution.short_side == min(width, height)
    assert aspect_ratio is nearest_ratio(width, height, tuple(AspectRatio))
    assert (height, width) == video_size(_turned(aspect_ratio), resolution)


@pytest.mark.parametrize("aspect_ratio", PICTURE_SIZES)
def test_the_documented_sizes_are_nearest_to_their_own_ratio(aspect_ratio: AspectRatio) -> None:
    assert aspect_ratio is nearest_ratio(*PICTURE_SIZES[aspect_ratio])


@pytest.mark.parametrize(
    ("width", "height", "nearest"),
    [
        (4000, 3000, AspectRatio.CLASSIC),
        (3024, 4032, AspectRatio.CLASSIC_PORTRAIT),
        (1080, 1080, AspectRatio.SQUARE),
        (1170, 2532, AspectRatio.ULTRATALL),
        (1179, 2096, AspectRatio.PORTRAIT),
        (5000, 500, AspectRatio.ULTRAWIDE),
    ],
)
def test_pictures_from_cameras_and_phones_have_the_ratio_that_people_expect(
    width: int, height: int, nearest: AspectRatio
) -> None:
    assert nearest is nearest_ratio(width, height)


@given(_PIXELS, _PIXELS)
@example(1000, 1160)
def test_a_picture_on_its_side_has_the_ratio_on_its_side(width: int, height: int) -> None:
    assert _turned(nearest_ratio(width, height)) is nearest_ratio(height, width)


@given(_PIXELS, _PIXELS, st.integers(2, 9))
def test_a_larger_copy_has_the_same_ratio(width: int, height: int, times: int) -> None:
    assert nearest_ratio(width, height) is nearest_ratio(width * times, height * times)


@given(st.floats(0, 10_000))
def test_the_nearest_even_number_is_one_pixel_away_at_most(pixels: float) -> None:
    found = even(pixels)
    assert 0 == found % 2
    assert found == 2 or abs(found - pixels) <= 1


def test_numbers_are_understood_without_their_unit() -> None:
    assert (Resolution.P1080, Duration.FIVE, 9000) == (Resolution("1080"), Duration("5"), Duration("9").ms)
    expected = Animate(prompt="a fox runs", resolution=Resolution.P1080, duration=Duration.NINE)
    assert expected == parse("/animate a fox runs --res 1080 --duration 9")


@pytest.mark.parametrize("value", ["", "p", "s", "2160", "1081", "7", "1080pp"])
def test_what_no_model_makes_is_not_understood(value: str) -> None:
    for enum in (Resolution, Duration):
        with pytest.raises(ValueError, match="is not a valid"):
            enum(value)
