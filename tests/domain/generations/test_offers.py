"""Requests go to a provider that can make them; open fields follow what it offers, chosen ones do not."""

from collections.abc import Collection
from dataclasses import replace

import pytest

from bot.domain.errors import InvalidRequest
from bot.domain.generations.media import MediaKind, Reference
from bot.domain.generations.models import AspectRatio, Duration, ImageModel, Resolution, VideoModel
from bot.domain.generations.offers import OPEN_FIELDS, Feature, Offer, Routed, offered_values, route
from bot.domain.generations.requests import (
    AnyRequest,
    ImageRequest,
    ReframeImageRequest,
    ReframeVideoRequest,
    VideoRequest,
)
from bot.providers.luma import CAPABILITIES
from bot.providers.luma_agents import CAPABILITIES as AGENTS_CAPABILITIES

PICTURE, VIDEO = Reference(job="j1"), Reference(job="j2", kind=MediaKind.VIDEO)
LUMA = CAPABILITIES.offers
#: makes pictures with references, and videos from text or one start picture
OTHER = (
    Offer(kind="image", model=ImageModel.UNI_1, features=frozenset({Feature.REFERENCES})),
    Offer(
        kind="video",
        model=VideoModel.RAY_3_2,
        features=frozenset({Feature.FROM_TEXT, Feature.START, Feature.LOOP}),
        shortest_only=frozenset({Feature.LOOP}),
    ),
    Offer(kind="reframe_video", model=VideoModel.RAY_3_2, features=frozenset()),
)
FOX = ImageRequest(prompt="a fox")
RUN = VideoRequest(prompt="it runs")


def routed(
    request: AnyRequest, open_fields: Collection[str] = OPEN_FIELDS, *, order: str = "luma other"
) -> Routed:
    known = {"luma": LUMA, "other": OTHER}
    return route(request, {name: known[name] for name in order.split()}, open_fields)


def test_a_chosen_model_decides_the_provider() -> None:
    chosen = OPEN_FIELDS - {"model"}
    assert "other" == routed(FOX.model_copy(update={"model": ImageModel.UNI_1}), chosen).provider
    assert "luma" == routed(FOX, chosen, order="other luma").provider


def test_an_open_model_is_that_of_the_preferred_provider() -> None:
    assert ImageModel.PHOTON_1 is routed(FOX).request.model
    assert Routed(provider="other", request=FOX.model_copy(update={"model": ImageModel.UNI_1})) == routed(
        FOX, order="other luma"
    )
    assert VideoModel.RAY_3_2 is routed(RUN, order="other").request.model


def test_an_open_model_goes_to_the_first_provider_that_can_do_what_is_used() -> None:
    styled = FOX.model_copy(update={"style_refs": (PICTURE,)})
    assert ("luma", ImageModel.PHOTON_1) == (
        routed(styled, order="other luma").provider,
        routed(styled, order="other luma").request.model,
    )
    reframed = ReframeImageRequest(source=PICTURE, model=ImageModel.UNI_1, aspect_ratio=AspectRatio.SQUARE)
    assert ImageModel.PHOTON_1 is routed(reframed, order="other luma").request.model


@pytest.mark.parametrize(
    ("request_", "order", "words"),
    [
        (
            FOX.model_copy(update={"model": ImageModel.UNI_1}),
            "luma",
            "uni-1 is not available here right now; choose photon-1",
        ),
        (ReframeImageRequest(source=PICTURE, aspect_ratio=AspectRatio.SQUARE), "other", "reframes pictures"),
        (
            RUN.model_copy(update={"model": VideoModel.RAY_3_2, "concepts": ("pov",)}),
            "luma other",
            "ray-3.2 takes no concepts; choose ray-flash-2 or ray-2",
        ),
        (
            RUN.model_copy(update={"model": VideoModel.RAY_3_2, "end": PICTURE}),
            "other",
            "ray-3.2 takes no end pictures; leave that out",
        ),
        (
            RUN.model_copy(update={"model": VideoModel.RAY_3_2, "duration": Duration.NINE}),
            "luma other",
            "ray-3.2 has no duration 9s; the nearest is 10s",
        ),
        (
            RUN.model_copy(update={"model": VideoModel.RAY_3_2, "resolution": Resolution.P2160}),
            "luma other",
            "ray-3.2 has no resolution 4k; the nearest is 1080p",
        ),
        (
            FOX.model_copy(update={"aspect_ratio": AspectRatio.PHOTO}),
            "luma other",
            "aspect_ratio 3:2 is not offered with photon-1; the nearest are 16:9 and 4:3",
        ),
        (
            RUN.model_copy(update={"model": VideoModel.RAY_3_2, "loop": True, "duration": Duration.TEN}),
            "luma other",
            "ray-3.2 takes loops with a duration of 5s only",
        ),
    ],
)
def test_what_was_chosen_and_is_not_offered_is_refused_with_the_nearest(
    request_: AnyRequest, order: str, words: str
) -> None:
    with pytest.raises(InvalidRequest, match=words):
        routed(request_, (), order=order)


def test_several_styles_are_sent_where_several_are_taken() -> None:
    one, two = (FOX.model_copy(update={"style_refs": (PICTURE,) * count}) for count in (1, 2))
    single = {"other": (replace(OTHER[0], features=frozenset({Feature.STYLE})),)}
    assert one == route(one, {"luma": LUMA}, ()).request
    assert two == route(two, {"luma": LUMA}, ()).request
    assert (PICTURE,) == route(one, single, OPEN_FIELDS).request.references
    with pytest.raises(InvalidRequest, match="uni-1 takes no more than one style reference; leave that out"):
        route(two, single, OPEN_FIELDS)
    with pytest.raises(InvalidRequest, match="uni-1 takes no style references; leave that out"):
        routed(two, order="other")


def test_open_values_become_the_nearest_that_the_model_makes() -> None:
    request = RUN.model_copy(
        update={
            "duration": Duration.NINE,
            "resolution": Resolution.P2160,
            "aspect_ratio": AspectRatio.ULTRATALL,
        }
    )
    fitted = routed(request, order="other").request
    assert isinstance(fitted, VideoRequest)
    assert (Duration.TEN, Resolution.P1080, AspectRatio.PORTRAIT) == (
        fitted.duration,
        fitted.resolution,
        fitted.aspect_ratio,
    )


def test_a_shape_that_follows_its_picture_stays_open() -> None:
    request = RUN.model_copy(update={"start": PICTURE, "follows_picture": True})
    fitted = routed(request, order="other").request
    assert isinstance(fitted, VideoRequest)
    assert fitted.follows_picture


def test_an_influence_that_nobody_chose_is_left_out_where_there_is_none() -> None:
    weighted = FOX.model_copy(update={"image_refs": (Reference(job="j1", weight=0.85),)})
    assert weighted == routed(weighted).request
    fitted = routed(weighted, order="other").request
    assert (Reference(job="j1"),) == fitted.references
    with pytest.raises(InvalidRequest, match="uni-1 takes no influences of pictures; leave that out"):
        routed(weighted, {"model"}, order="other")


def test_a_source_that_is_too_long_for_the_offered_model_is_refused() -> None:
    request = ReframeVideoRequest(
        source=VIDEO, model=VideoModel.RAY_FLASH_2, aspect_ratio=AspectRatio.SQUARE, duration_ms=25_000
    )
    assert request == routed(request).request
    with pytest.raises(InvalidRequest, match=r"25 s long, and ray-3\.2 takes up to 18 s"):
        routed(request, order="other")


def test_only_what_providers_offer_is_a_choice() -> None:
    values = offered_values({"other": OTHER})
    assert {"uni-1", "ray-3.2"} == values["model"]
    assert {"5s", "10s"} == values["duration"]
    assert "9:21" not in values["aspect_ratio"]
    assert {"5s", "9s"} == offered_values({"luma": LUMA})["duration"]


def test_a_video_is_placed_by_all_of_its_position_and_size_or_not_at_all() -> None:
    placed = {"grid_position_x": 0, "grid_position_y": 512, "resized_width": 1152, "resized_height": 1024}
    plain = ReframeVideoRequest(source=VIDEO, model=VideoModel.RAY_3_2, aspect_ratio=AspectRatio.PORTRAIT)
    whole = plain.model_copy(update=placed)
    offers = {"luma-agents": AGENTS_CAPABILITIES.offers}
    for request in (plain, whole):
        assert "luma-agents" == route(request, offers, ()).provider
    for name in placed:
        part = whole.model_copy(update={name: None})
        with pytest.raises(InvalidRequest, match=r"takes no part of grid_position_x.*alone; leave that out"):
            route(part, offers, ())
        others = {**offers, "luma": LUMA}
        assert "luma" == route(part.model_copy(update={"model": VideoModel.RAY_2}), others, ()).provider
