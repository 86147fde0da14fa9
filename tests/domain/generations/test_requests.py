"""What a job asks a provider for."""

import pytest

from bot.domain.errors import InvalidRequest
from bot.domain.generations.media import MediaKind, Reference
from bot.domain.generations.models import AspectRatio, Resolution, VideoModel
from bot.domain.generations.requests import (
    AnyRequest,
    ImageRequest,
    ReframeImageRequest,
    ReframeVideoRequest,
    VideoRequest,
    check_prompt,
    dump_request,
    load_request,
)
from tests.domain.people import PICTURE, VIDEO

_JOB, _URL, _FILM = Reference(job="2" * 24), Reference(url="https://fox.example/a.png"), Reference.of(VIDEO)
_STILL = Reference(job="2" * 24, first_frame_only=True)

_REQUESTS: list[AnyRequest] = [
    ImageRequest(prompt="a fox"),
    ImageRequest(
        prompt="a fox",
        image_refs=(_JOB.model_copy(update={"weight": 0.85}), _URL.model_copy(update={"weight": 0.0})),
        style_refs=(Reference.of(PICTURE),),
        character_refs=(_STILL,),
        modify_ref=_URL.model_copy(update={"file": PICTURE, "via": "discord"}),
    ),
    VideoRequest(prompt="a fox runs"),
    VideoRequest(start=_STILL, end=_URL, concepts=("pan_left", "dolly_zoom"), resolution=Resolution.P2160),
    VideoRequest(prompt="a fox runs", start=_JOB.model_copy(update={"kind": MediaKind.VIDEO}), loop=True),
    ReframeImageRequest(source=_URL, aspect_ratio=AspectRatio.SQUARE, grid_position_x=0, x_start=0, x_end=9),
    ReframeVideoRequest(source=_FILM, aspect_ratio=AspectRatio.SQUARE, first_frame=_STILL, duration_ms=5000),
    ReframeVideoRequest(source=_FILM, aspect_ratio=AspectRatio.SQUARE),
]


@pytest.mark.parametrize("request_", _REQUESTS)
def test_a_request_survives_the_store(request_: AnyRequest) -> None:
    assert request_ == load_request(dump_request(request_))


@pytest.mark.parametrize(
    ("stored", "styles"),
    [("null", ()), ('{"url": "https://fox.example/a.png", "weight": 0.4}', (0.4,))],
)
def test_a_request_that_was_stored_with_one_style_is_read(stored: str, styles: tuple[float, ...]) -> None:
    text = f'{{"kind": "image", "prompt": "a fox", "style_ref": {stored}}}'
    found = load_request(text)
    assert isinstance(found, ImageRequest)
    assert styles == tuple(one.weight for one in found.style_refs)
    assert found == load_request(dump_request(found))


def test_all_that_a_request_builds_on_is_found_in_a_fixed_order() -> None:
    request = _REQUESTS[1]
    keys = [_JOB.key, _URL.key, PICTURE.file, _STILL.key, _URL.key]
    assert keys == [one.key for one in request.references]
    assert () == _REQUESTS[0].references
    assert (_FILM, _STILL) == _REQUESTS[6].references


def test_what_has_been_brought_in_takes_the_place_of_its_address_and_keeps_its_influence() -> None:
    brought = _URL.model_copy(update={"file": PICTURE, "weight": 0.3})
    found = _REQUESTS[1].with_references({_URL.key: brought, "nothing": _FILM})
    assert isinstance(found, ImageRequest)
    assert [0.85, 0.0] == [one.weight for one in found.image_refs]
    assert _JOB.key == found.image_refs[0].key
    assert brought.model_copy(update={"weight": 0.0}) == found.image_refs[1]
    assert brought.model_copy(update={"weight": None}) == found.modify_ref
    assert ((Reference.of(PICTURE),), (_STILL,)) == (found.style_refs, found.character_refs)
    assert found == load_request(dump_request(found))


@pytest.mark.parametrize("request_", _REQUESTS)
def test_a_request_of_which_nothing_was_brought_in_stays_the_same(request_: AnyRequest) -> None:
    assert request_ == request_.with_references({})


def test_a_video_goes_on_from_the_videos_at_its_ends_alone() -> None:
    film = Reference(job="3" * 24, kind=MediaKind.VIDEO)
    assert (film,) == VideoRequest(prompt="a fox runs", start=film, end=_URL).generations
    assert (film, film) == VideoRequest(prompt="a fox runs", start=film, end=film).generations
    assert () == VideoRequest(start=_STILL).generations


def test_what_takes_equally_long_shares_a_pace() -> None:
    paces = [request.duration_class for request in _REQUESTS]
    assert [
        "image/photon-1",
        "image/photon-1",
        "video/ray-flash-2/720p/5s",
        "video/ray-flash-2/4k/5s",
        "video/ray-flash-2/720p/5s",
        "reframe_image/photon-1",
        "reframe_video/ray-flash-2",
        "reframe_video/ray-flash-2",
    ] == paces
    assert "video/ray-2/720p/5s" == VideoRequest(model=VideoModel.RAY_2).duration_class


@pytest.mark.parametrize(
    ("prompt", "words"),
    [
        (" ", "Prompt is required"),
        (" ab ", "Prompt is too short, minimum length is 3 characters"),
        ("x" * 5001, "Prompt is too long, maximum length is 5000 characters"),
    ],
)
def test_a_prompt_is_refused_in_the_words_of_the_api(prompt: str, words: str) -> None:
    with pytest.raises(InvalidRequest, match=f"^{words}$"):
        check_prompt(prompt)


def test_a_prompt_that_is_right_comes_back_without_its_margins() -> None:
    assert ("abc", "x" * 5000, "") == (
        check_prompt(" abc\n"),
        check_prompt("x" * 5000),
        check_prompt("  ", required=False),
    )
