"""Prices of requests in whole micro-dollars."""

from fractions import Fraction
from math import ceil

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.errors import InvalidRequest
from bot.domain.generations.media import MediaKind, Reference
from bot.domain.generations.models import (
    ASPECT_RATIOS,
    PICTURE_SIZES,
    AspectRatio,
    Duration,
    ImageModel,
    Resolution,
    VideoModel,
    video_size,
)
from bot.domain.generations.requests import (
    REFRAME_MAX_MS,
    AnyRequest,
    AudioRequest,
    ImageRequest,
    ModifyVideoRequest,
    ReframeImageRequest,
    ReframeVideoRequest,
    UpscaleRequest,
    VideoRequest,
)
from bot.domain.money.pricing import (
    Rates,
    has_price,
    is_estimate,
    is_upper_bound,
    price,
    published_rates,
    read_money,
    read_rates,
)

_RATES = st.integers(0, 10**7)
#: models whose price depends on the size of the video
_BY_SIZE = (VideoModel.RAY_2, VideoModel.RAY_FLASH_2)


def _picture(aspect_ratio: AspectRatio, model: ImageModel = ImageModel.PHOTON_1) -> ImageRequest:
    return ImageRequest(prompt="a fox", model=model, aspect_ratio=aspect_ratio)


def _clip(resolution: Resolution, duration: Duration) -> VideoRequest:
    return VideoRequest(prompt="a fox", model=VideoModel.RAY_3_2, resolution=resolution, duration=duration)


def _rates(rate: int) -> Rates:
    return Rates(dated=published_rates().dated, image={ImageModel.PHOTON_1: rate}, video={})


@given(st.sampled_from(list(PICTURE_SIZES)), _RATES)
def test_a_price_is_the_exact_one_rounded_up(aspect_ratio: AspectRatio, rate: int) -> None:
    width, height = PICTURE_SIZES[aspect_ratio]
    found = price(_picture(aspect_ratio), _rates(rate))
    assert type(found) is int
    assert ceil(Fraction(rate) * width * height / 10**6) == found


@given(st.sampled_from(AspectRatio), _RATES, _RATES)
def test_a_higher_rate_never_makes_a_lower_price(aspect_ratio: AspectRatio, one: int, other: int) -> None:
    low, high = sorted((one, other))
    assert price(_picture(aspect_ratio), _rates(low)) <= price(_picture(aspect_ratio), _rates(high))


@pytest.mark.parametrize(
    ("model", "low", "high"),
    [(ImageModel.PHOTON_1, 17_000, 18_500), (ImageModel.PHOTON_FLASH_1, 4_450, 4_800)],
)
@pytest.mark.parametrize("aspect_ratio", AspectRatio)
def test_pictures_cost_what_is_published(
    model: ImageModel, low: int, high: int, aspect_ratio: AspectRatio
) -> None:
    """1.7–1.8 ¢ for photon-1 and 0.45–0.47 ¢ for photon-flash-1, as rounded in the documents."""
    assert low <= price(_picture(aspect_ratio, model), published_rates()) <= high


@pytest.mark.parametrize(
    ("model", "resolution", "five", "nine"),
    [
        (VideoModel.RAY_2, Resolution.P540, "39.8", "71.7"),
        (VideoModel.RAY_2, Resolution.P720, "70.8", "127.4"),
        (VideoModel.RAY_2, Resolution.P1080, "159.3", "286.7"),
        (VideoModel.RAY_2, Resolution.P2160, "637.0", "1146.6"),
        (VideoModel.RAY_FLASH_2, Resolution.P540, "13.7", "24.6"),
        (VideoModel.RAY_FLASH_2, Resolution.P720, "24.3", "43.8"),
        (VideoModel.RAY_FLASH_2, Resolution.P1080, "54.7", "98.5"),
        (VideoModel.RAY_FLASH_2, Resolution.P2160, "219.0", "394.2"),
    ],
)
def test_videos_cost_what_is_published(
    model: VideoModel, resolution: Resolution, five: str, nine: str
) -> None:
    """The documents' table at 16:9, in cents with one decimal; its last cell is rounded up by 0.05 ¢."""
    request = VideoRequest(prompt="a fox", model=model, resolution=resolution)
    for duration, cents in ((Duration.FIVE, five), (Duration.NINE, nine)):
        found = price(request.model_copy(update={"duration": duration}), published_rates())
        assert abs(Fraction(cents) - Fraction(found, 10_000)) < Fraction("0.051")


@st.composite
def _videos(draw: st.DrawFn) -> VideoRequest:
    return VideoRequest(
        prompt="a fox",
        model=draw(st.sampled_from(_BY_SIZE)),
        aspect_ratio=draw(st.sampled_from(list(PICTURE_SIZES))),
        resolution=draw(st.sampled_from(Resolution)),
        duration=draw(st.sampled_from(Duration)),
    )


@given(_videos(), _RATES)
def test_a_video_costs_each_pixel_of_each_frame_rounded_up(request_: VideoRequest, rate: int) -> None:
    width, height = video_size(request_.aspect_ratio, request_.resolution)
    rates = Rates(dated=published_rates().dated, image={}, video={request_.model: rate})
    found = price(request_, rates)
    assert type(found) is int
    exact = Fraction(rate) * width * height * 24 * request_.duration.ms / 1000 / 10**6
    assert ceil(exact) == found


@given(_videos())
def test_more_of_a_video_costs_more(request_: VideoRequest) -> None:
    def cost(**changes: object) -> int:
        return price(request_.model_copy(update=changes), published_rates())

    for name, values in (("resolution", Resolution), ("duration", Duration)):
        costs = [cost(**{name: value}) for value in values]
        assert sorted(set(costs)) == costs
    assert cost(model=VideoModel.RAY_FLASH_2) < cost(model=VideoModel.RAY_2)


@given(
    st.sampled_from(list(REFRAME_MAX_MS)),
    st.sampled_from(AspectRatio),
    st.integers(1, 30_200),
    st.integers(1, 30_200),
)
def test_a_longer_source_never_costs_less_and_an_unknown_one_the_most(
    model: VideoModel, aspect_ratio: AspectRatio, one: int, other: int
) -> None:
    """What is reserved before anybody has looked must be enough, for a price is only ever lowered."""

    def cost(duration_ms: int | None) -> int:
        request = ReframeVideoRequest(
            source=Reference(job="0" * 24), model=model, aspect_ratio=aspect_ratio, duration_ms=duration_ms
        )
        assert is_upper_bound(request) is (duration_ms is None)
        return price(request, published_rates())

    short, long = sorted((one, other))
    assert 0 < cost(short) <= cost(long) <= cost(None)


_SOURCE = {
    "source": Reference(job="0" * 24, kind=MediaKind.VIDEO),
    "aspect_ratio": AspectRatio.LANDSCAPE,
    "duration_ms": 5_000,
}


@pytest.mark.parametrize(("model", "cents"), [(VideoModel.RAY_2, 175), (VideoModel.RAY_FLASH_2, 60)])
def test_a_modified_video_costs_what_is_published(model: VideoModel, cents: int) -> None:
    """The documents' examples of 5 s in 720p at 16:9: $1.75 and $0.60, rounded to cents."""
    request = ModifyVideoRequest(model=model, prompt="snow", **_SOURCE)
    assert cents == round(price(request, published_rates()) / 10_000)


@given(
    st.sampled_from([VideoModel.RAY_2, VideoModel.RAY_FLASH_2]),
    st.sampled_from(tuple(ASPECT_RATIOS[VideoModel.RAY_2])),
    st.integers(1, 15_200),
)
def test_what_is_reserved_for_a_modified_video_is_enough_for_every_source(
    model: VideoModel, aspect_ratio: AspectRatio, duration_ms: int
) -> None:
    unknown = ModifyVideoRequest(source=Reference(url="https://fox.example/a.mp4"), model=model)
    known = unknown.model_copy(update={"aspect_ratio": aspect_ratio, "duration_ms": duration_ms})
    assert (True, False) == (is_upper_bound(unknown), is_upper_bound(known))
    assert 0 < price(known, published_rates()) <= price(unknown, published_rates())


@pytest.mark.parametrize("model", [VideoModel.RAY_2, VideoModel.RAY_FLASH_2])
@pytest.mark.parametrize("aspect_ratio", AspectRatio)
def test_a_change_costs_a_video_in_720p_of_the_same_length_unless_the_operator_says_otherwise(
    model: VideoModel, aspect_ratio: AspectRatio
) -> None:
    source = _SOURCE | {"aspect_ratio": aspect_ratio}
    video = VideoRequest(prompt="a fox", model=model, aspect_ratio=aspect_ratio)
    upscale = UpscaleRequest(model=model, resolution=Resolution.P2160, **source)
    audio = AudioRequest(model=model, **source)
    for request in (upscale, audio):
        assert is_estimate(request)
        assert price(video, published_rates()) == price(request, published_rates())
    rates = read_rates(f"dated = 2026-01-01\n[image]\n[video]\n{model} = 1\n[upscale]\n{model} = 2_000_000")
    pixels = price(audio, rates)
    assert pixels == price(video, rates)
    assert price(upscale, rates) == ceil(Fraction(2_000_000 * 120 * _area(aspect_ratio), 10**6))


def _area(aspect_ratio: AspectRatio) -> int:
    width, height = video_size(aspect_ratio, Resolution.P720)
    return width * height


def test_rates_without_a_price_of_modified_videos_leave_the_published_one() -> None:
    rates = read_rates("dated = 2026-01-01\n[image]\n[video]")
    assert published_rates().modify == rates.modify
    with pytest.raises(ValueError, match="the rate of ray-2 must be whole micro-dollars"):
        read_rates("dated = 2026-01-01\n[image]\n[modify]\nray-2 = 0.5")


@given(_videos())
def test_a_frame_that_follows_its_picture_is_enough_for_every_picture(request_: VideoRequest) -> None:
    unknown = request_.model_copy(update={"follows_picture": True})
    assert is_upper_bound(unknown)
    assert price(request_, published_rates()) <= price(unknown, published_rates())


def test_the_size_of_a_video_is_documented_for_one_frame_alone() -> None:
    for aspect_ratio in AspectRatio:
        estimated = is_estimate(VideoRequest(aspect_ratio=aspect_ratio))
        assert (aspect_ratio is not AspectRatio.LANDSCAPE) is estimated


def test_a_plain_picture_is_an_estimate_and_a_reframed_one_is_not() -> None:
    reframed = ReframeImageRequest(source=Reference(job="0" * 24), aspect_ratio=AspectRatio.SQUARE)
    assert is_estimate(_picture(AspectRatio.SQUARE))
    assert not is_estimate(reframed)
    assert price(_picture(AspectRatio.SQUARE), published_rates()) == price(reframed, published_rates())


_REFERENCE = Reference(job="0" * 24)


@pytest.mark.parametrize(
    ("request_", "dollars"),
    [
        (ImageRequest(prompt="a fox", model=ImageModel.UNI_1), "0.0404"),
        (ImageRequest(prompt="a fox", model=ImageModel.UNI_1, image_refs=(_REFERENCE, _REFERENCE)), "0.0464"),
        (ImageRequest(prompt="a fox", model=ImageModel.UNI_1_MAX), "0.10"),
        (_clip(Resolution.P360, Duration.FIVE), "0.06"),
        (_clip(Resolution.P540, Duration.FIVE), "0.15"),
        (_clip(Resolution.P720, Duration.FIVE), "0.30"),
        (_clip(Resolution.P1080, Duration.FIVE), "1.20"),
        (_clip(Resolution.P720, Duration.TEN), "0.90"),
        (
            ReframeVideoRequest(
                source=_REFERENCE,
                model=VideoModel.RAY_3_2,
                aspect_ratio=AspectRatio.SQUARE,
                duration_ms=5_000,
            ),
            "0.60",
        ),
        (ModifyVideoRequest(source=_REFERENCE, model=VideoModel.RAY_3_2, duration_ms=5_000), "1.08"),
    ],
)
def test_the_luma_agents_models_cost_what_their_price_list_says(request_: AnyRequest, dollars: str) -> None:
    assert read_money(dollars) == price(request_, published_rates())
    assert not is_estimate(request_)


def test_a_gateway_without_prices_is_estimated() -> None:
    request = VideoRequest(prompt="a fox", model=VideoModel.RAY_1_6)
    assert is_estimate(request)
    assert price(request, published_rates()) == price(
        VideoRequest(prompt="a fox", model=VideoModel.RAY_2), published_rates()
    )


@pytest.mark.parametrize("dated", ["2026-03-01", "2026-03-01T09:30:00Z", "2026-03-01 09:30:00"])
def test_rates_may_be_dated_with_a_time(dated: str) -> None:
    assert "2026-03-01" == str(read_rates(f"dated = {dated}\n[image]\n[video]").dated)


def test_a_missing_price_names_the_remedy_for_the_operator() -> None:
    rates = read_rates("dated = 2025-05-01\n[image]\nphoton-1 = 7300\n[video]\nray-2 = 6400")
    assert (True, False) == (has_price(VideoModel.RAY_2, rates), has_price(VideoModel.RAY_3_2, rates))
    for model in (ImageModel.UNI_1, ImageModel.PHOTON_FLASH_1):
        with pytest.raises(InvalidRequest, match=rf"no price for {model} yet.*REVERIE_RATES_FILE"):
            price(ImageRequest(prompt="a fox", model=model), rates)


def test_a_model_without_a_rate_cannot_be_used() -> None:
    with pytest.raises(InvalidRequest, match="no price for photon-flash-1"):
        price(_picture(AspectRatio.SQUARE, ImageModel.PHOTON_FLASH_1), _rates(1))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "nonsense",
        "dated = 2025-05-01",
        "dated = 'May'\n[image]\nphoton-1 = 1",
        "dated = 2025-05-01\n[image]\nphoton-1 = 0.0073",
        "dated = 2025-05-01\n[image]\nphoton-1 = -1",
        "dated = 2025-05-01\n[image]\nphoton-1 = true",
        "dated = 2025-05-01\n[image]\nphoton-1 = 1\n[video]\nray-2 = 0.0064",
        "dated = 2025-05-01\nvideo = 3\n[image]\nphoton-1 = 1",
        "dated = 2025-05-01\n[image]\n[picture]\nuni-1 = 40400",
        "dated = 2025-05-01\n[image]\n[picture]\nuni-1 = { each = 40400 }",
        "dated = 2025-05-01\n[image]\n[clip.ray]\n5s = 3",
        "dated = 2025-05-01\n[image]\n[reframed]\nray = 0.12",
    ],
)
def test_a_rates_file_that_is_wrong_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        read_rates(text)
