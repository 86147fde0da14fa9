"""`/reframe`: pictures and videos, each with its own options and lengths."""

from typing import Any

import pytest

from bot.domain.command_text.parsing import parse
from bot.domain.commands import Reframe
from bot.domain.errors import InvalidRequest
from bot.domain.generations.media import Media, MediaKind, Reference
from bot.domain.generations.models import AspectRatio, ImageFormat, ImageModel, VideoModel
from bot.domain.generations.requests import (
    REFRAME_MAX_MS,
    ReframeImageRequest,
    ReframeVideoRequest,
    VideoRequest,
)
from bot.domain.jobs.actions import Action, follow_up_request
from bot.domain.money.pricing import is_upper_bound, price, published_rates
from tests.domain.people import PICTURE, VIDEO, film, job

_JOBS = {job().id: job(), film().id: film()}
_PICTURES = [Reference(job=job().id), Reference.of(PICTURE), Reference(url="https://fox.example/a.png")]
_PAGE = Reference(url="https://fox.example/a.mp4", kind=MediaKind.VIDEO)
_VIDEOS = [Reference(job=film().id), Reference.of(VIDEO), _PAGE]
_FRAME = Reference(url="https://fox.example/frame.png")


def _reframe(**values: Any) -> Reframe:
    return Reframe(aspect_ratio=AspectRatio.PORTRAIT, **values)


def _lasting(milliseconds: int) -> Reference:
    return Reference.of(
        Media(file="b" * 64, mime="video/mp4", size=9, width=640, height=360, duration_ms=milliseconds)
    )


@pytest.mark.parametrize("source", _PICTURES)
def test_a_picture_is_reframed_as_a_picture(source: Reference) -> None:
    request = _reframe(media=source, prompt=" more sky ").request(_JOBS)
    expected = ReframeImageRequest(source=source, aspect_ratio=AspectRatio.PORTRAIT, prompt="more sky")
    assert expected == request
    asked = _reframe(media=source, model=ImageModel.PHOTON_FLASH_1, format=ImageFormat.PNG).request(_JOBS)
    assert isinstance(asked, ReframeImageRequest)
    assert (ImageModel.PHOTON_FLASH_1, ImageFormat.PNG) == (asked.model, asked.format)


@pytest.mark.parametrize("source", _VIDEOS)
def test_a_video_is_reframed_as_a_video(source: Reference) -> None:
    request = _reframe(media=source, first_frame=_FRAME, model=VideoModel.RAY_2).request(_JOBS)
    assert isinstance(request, ReframeVideoRequest)
    assert source.model_copy(update={"kind": MediaKind.VIDEO}) == request.source
    assert (VideoModel.RAY_2, _FRAME) == (request.model, request.first_frame)
    assert (None if source is _PAGE else 5000) == request.duration_ms
    assert VideoModel.RAY_FLASH_2 is _reframe(media=source).request(_JOBS).model


@pytest.mark.parametrize(
    ("source", "values", "words"),
    [
        (_PICTURES[0], {"model": "ray-2"}, "ray-2 reframes videos, and this is a picture; leave model out"),
        (_PICTURES[1], {"model": "ray-2"}, "ray-2 reframes videos, and this is a picture; leave model out"),
        (_PICTURES[0], {"first_frame": _FRAME}, "first_frame is for videos, and this is a picture"),
        (_VIDEOS[0], {"model": "photon-1"}, "photon-1 reframes pictures, and this is a video"),
        (_VIDEOS[2], {"model": "photon-1"}, "photon-1 reframes pictures, and this is a video"),
        (_VIDEOS[1], {"format": "png"}, "format is for pictures, and this is a video; leave it out"),
        (_VIDEOS[1], {"x_start": 9, "x_end": 9}, "x_end must be larger than x_start"),
        (_PICTURES[1], {"y_start": 10, "y_end": 9}, "y_end must be larger than y_start"),
        (_PICTURES[1], {"prompt": "ab"}, "Prompt is too short"),
        (None, {}, "media is missing: /reframe needs a picture or video"),
    ],
)
def test_what_does_not_go_together_is_refused(
    source: Reference | None, values: dict[str, Any], words: str
) -> None:
    with pytest.raises(InvalidRequest, match=f"^{words}"):
        _reframe(media=source, **values).request(_JOBS)


def test_an_address_that_does_not_tell_what_it_is_follows_the_model() -> None:
    request = _reframe(media=_PICTURES[2], model=VideoModel.RAY_2).request({})
    assert isinstance(request, ReframeVideoRequest)
    assert MediaKind.VIDEO is request.source.kind


@pytest.mark.parametrize(
    ("model", "milliseconds"),
    [
        (VideoModel.RAY_2, 10_000),
        (VideoModel.RAY_2, 10_100),
        (VideoModel.RAY_FLASH_2, 30_000),
        (VideoModel.RAY_FLASH_2, 30_042),
        (VideoModel.RAY_FLASH_2, 11_000),
    ],
)
def test_a_video_up_to_the_longest_is_taken_and_its_length_kept(model: VideoModel, milliseconds: int) -> None:
    """Containers round a length up to a whole frame: that must not make a video of ten seconds too long."""
    request = _reframe(media=_lasting(milliseconds), model=model).request({})
    assert isinstance(request, ReframeVideoRequest)
    assert milliseconds == request.duration_ms
    unknown = request.model_copy(update={"duration_ms": None})
    assert price(request, published_rates()) <= price(unknown, published_rates())


@pytest.mark.parametrize(
    ("model", "milliseconds", "words"),
    [
        (VideoModel.RAY_2, 11_000, r"11 s long, and ray-2 takes up to 10 s; ray-flash-2 takes up to 30 s"),
        (VideoModel.RAY_2, 10_400, r"10\.4 s long, and ray-2 takes up to 10 s; ray-flash-2 takes up to 30 s"),
        (
            VideoModel.RAY_FLASH_2,
            31_000,
            r"31 s long, and ray-flash-2 takes up to 30 s; send a shorter part of it",
        ),
    ],
)
def test_a_video_that_is_too_long_is_refused_with_the_model_that_could(
    model: VideoModel, milliseconds: int, words: str
) -> None:
    with pytest.raises(InvalidRequest, match=f"^This video is {words}$"):
        _reframe(media=_lasting(milliseconds), model=model).request({})


@pytest.mark.parametrize("model", REFRAME_MAX_MS)
def test_a_video_of_unknown_length_costs_the_most_until_it_has_been_looked_at(model: VideoModel) -> None:
    request = _reframe(media=_PAGE, model=model).request({})
    assert isinstance(request, ReframeVideoRequest)
    assert is_upper_bound(request)
    longest = request.model_copy(update={"duration_ms": REFRAME_MAX_MS[model]})
    assert price(longest, published_rates()) == price(request, published_rates())
    assert not is_upper_bound(longest)
    assert not is_upper_bound(_reframe(media=_PICTURES[2]).request({}))


@pytest.mark.parametrize(
    ("milliseconds", "model"), [(9_000, VideoModel.RAY_2), (12_000, VideoModel.RAY_FLASH_2)]
)
def test_a_button_reframes_with_the_own_model_unless_the_video_is_too_long_for_it(
    milliseconds: int, model: VideoModel
) -> None:
    result = _lasting(milliseconds).file
    request = VideoRequest(prompt="a fox runs", model=VideoModel.RAY_2)
    found = follow_up_request(Action.REFRAME, film(request=request, result=result))
    assert isinstance(found, ReframeVideoRequest)
    assert (model, milliseconds) == (found.model, found.duration_ms)


def test_a_video_that_no_model_takes_is_not_reframed_by_a_button_either() -> None:
    with pytest.raises(InvalidRequest, match="31 s long"):
        follow_up_request(Action.REFRAME, film(result=_lasting(31_000).file))


def test_every_pixel_of_the_frame_can_be_written_as_text() -> None:
    pixels = {
        "grid_position_x": 0,
        "grid_position_y": 10,
        "x_start": 1,
        "x_end": 20,
        "y_start": 2,
        "y_end": 30,
        "resized_width": 400,
        "resized_height": 8192,
    }
    flags = " ".join(f"--{name.replace('_', '-')} {value}" for name, value in pixels.items())
    command = parse(f"/reframe 9:16 {film().id} {flags} more sky")
    assert isinstance(command, Reframe)
    for source in (job(), film()):
        request = command.model_copy(update={"media": Reference(job=source.id)}).request(_JOBS)
        assert pixels == {name: getattr(request, name) for name in pixels}
        assert "more sky" == request.prompt


@pytest.mark.parametrize("flag", ["--x_start -1", "--x_end 8193", "--resized_width 0", "--y_end 1.5"])
def test_pixels_outside_of_any_picture_are_refused(flag: str) -> None:
    with pytest.raises(InvalidRequest, match=r"must be a whole number from [01] to 8192"):
        parse(f"/reframe 9:16 {flag}")


def test_a_button_reframes_a_video_of_a_model_that_reframes_none_with_another() -> None:
    request = VideoRequest(prompt="a fox runs", model=VideoModel.RAY_1_6)
    found = follow_up_request(Action.REFRAME, film(request=request, result=_lasting(5_000).file))
    assert VideoModel.RAY_FLASH_2 is found.model
    with pytest.raises(InvalidRequest, match="ray-1-6 does not reframe videos; choose ray-flash-2"):
        _reframe(media=_lasting(5_000), model=VideoModel.RAY_1_6).request({})
