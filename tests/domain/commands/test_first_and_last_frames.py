"""What may stand at the two ends of a video, and whether it may loop: every combination."""

from collections.abc import Mapping

import pytest

from bot.domain.commands import Animate, Direction, Extend
from bot.domain.errors import InvalidRequest
from bot.domain.generations.media import Media, MediaKind, Reference
from bot.domain.generations.models import AspectRatio, Resolution, VideoModel
from bot.domain.generations.requests import VideoRequest, check_video, dump_request, load_request
from bot.domain.jobs.actions import Action, ActionInput, follow_up_request
from bot.domain.jobs.job import Job
from tests.domain.people import PICTURE, film, job

_SHOT, _FILM, _OTHER = "1" * 24, "2" * 24, "3" * 24
_URL = Reference(url="https://fox.example/a.png")
_PICTURE, _VIDEO = Reference(job=_SHOT), Reference(job=_FILM, kind=MediaKind.VIDEO)
_SECOND = Reference(job=_OTHER, kind=MediaKind.VIDEO)
_JOBS: Mapping[str, Job] = {
    _SHOT: job(id=_SHOT),
    _FILM: film(
        id=_FILM,
        request=VideoRequest(
            prompt="a red fox runs",
            model=VideoModel.RAY_2,
            aspect_ratio=AspectRatio.ULTRAWIDE,
            resolution=Resolution.P1080,
        ),
    ),
    _OTHER: film(id=_OTHER),
}

_EXTENDED = {
    "forward": (Extend(job=_FILM), _VIDEO, None),
    "reverse": (Extend(job=_FILM, direction=Direction.REVERSE), None, _VIDEO),
    "to an end picture": (Extend(job=_FILM, image=_PICTURE), _VIDEO, _PICTURE),
    "from a start picture": (Extend(job=_FILM, direction=Direction.REVERSE, image=_URL), _URL, _VIDEO),
    "between two": (Extend(job=_FILM, to=_OTHER), _VIDEO, _SECOND),
}
_NO_LOOP = {
    "reverse": "extend reverse",
    "to an end picture": "interpolate video to image",
    "from a start picture": "interpolate image to video",
    "between two": "interpolate between two videos",
}


@pytest.mark.parametrize("loop", [False, True])
@pytest.mark.parametrize("end", [None, _PICTURE, _URL, Reference.of(PICTURE)])
@pytest.mark.parametrize("start", [None, _PICTURE, _URL, Reference.of(PICTURE)])
def test_a_video_from_pictures_loops_unless_both_ends_are_given(
    start: Reference | None, end: Reference | None, loop: bool
) -> None:
    command = Animate(prompt="a fox runs", start=start, end=end, loop=loop)
    if loop and start and end:
        with pytest.raises(InvalidRequest, match=r"^Loop is not supported for keyframes$"):
            command.request(_JOBS)
        return
    request = command.request(_JOBS)
    assert (start, end, loop) == (request.start, request.end, request.loop)
    assert () == request.generations


@pytest.mark.parametrize("case", _EXTENDED)
def test_every_way_to_extend_puts_the_video_at_the_right_end(case: str) -> None:
    command, start, end = _EXTENDED[case]
    request = command.request(_JOBS)
    assert (start, end) == (request.start, request.end)
    assert tuple(one for one in (start, end) if one in (_VIDEO, _SECOND)) == request.generations
    assert request == load_request(dump_request(request))


@pytest.mark.parametrize("case", _EXTENDED)
def test_what_goes_on_for_ever_goes_forward_alone(case: str) -> None:
    command = _EXTENDED[case][0].model_copy(update={"loop": True})
    if case in _NO_LOOP:
        with pytest.raises(InvalidRequest, match=f"^Loop is not supported for {_NO_LOOP[case]}$"):
            command.request(_JOBS)
    else:
        assert command.request(_JOBS).loop


@pytest.mark.parametrize("start", [None, _PICTURE, _VIDEO])
@pytest.mark.parametrize("end", [None, _PICTURE, _VIDEO])
def test_words_are_needed_unless_a_picture_stands_at_an_end(
    start: Reference | None, end: Reference | None
) -> None:
    request = VideoRequest(start=start, end=end)
    if _PICTURE in (start, end):
        assert request is check_video(request)
    else:
        with pytest.raises(InvalidRequest, match=r"^Prompt is required$"):
            check_video(request)


@pytest.mark.parametrize("prompt", ["", "a fox"])
def test_a_prompt_is_checked_even_with_a_picture(prompt: str) -> None:
    assert prompt == Animate(prompt=prompt, start=_URL).request(_JOBS).prompt
    with pytest.raises(InvalidRequest, match="too short"):
        Animate(prompt="ab", start=_URL).request(_JOBS)
    with pytest.raises(InvalidRequest, match="too long"):
        Animate(prompt="x" * 4990, camera_motion="camera orbit left").request(_JOBS)


def test_a_camera_motion_is_part_of_the_words() -> None:
    moved = Animate(prompt="a fox ", camera_motion=" camera orbit left")
    assert "a fox, camera orbit left" == moved.request({}).prompt
    assert "camera orbit left" == moved.model_copy(update={"prompt": ""}).request({}).prompt


def test_an_extension_has_the_shape_and_words_of_its_video_unless_asked_otherwise() -> None:
    own = Extend(job=_FILM).request(_JOBS)
    assert ("a red fox runs", VideoModel.RAY_2, AspectRatio.ULTRAWIDE, Resolution.P1080) == (
        own.prompt,
        own.model,
        own.aspect_ratio,
        own.resolution,
    )
    asked = Extend(
        job=_FILM, prompt=" it sleeps ", model=VideoModel.RAY_FLASH_2, resolution=Resolution.P540
    ).request(_JOBS)
    assert VideoModel.RAY_FLASH_2 is asked.model
    assert ("it sleeps", Resolution.P540) == (asked.prompt, asked.resolution)
    assert own.aspect_ratio is asked.aspect_ratio


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (Extend(), "job is missing: /extend needs a finished video"),
        (
            Extend(job=_FILM, to=_OTHER, image=_URL),
            "to and image both say what stands at the other end; .*",
        ),
        (
            Extend(job=_FILM, to=_OTHER, direction=Direction.REVERSE),
            "direction is not needed with to: the first job comes first",
        ),
    ],
)
def test_an_extension_that_contradicts_itself_is_refused(command: Extend, words: str) -> None:
    with pytest.raises(InvalidRequest, match=f"^{words}$"):
        command.request(_JOBS)


@pytest.mark.parametrize(
    ("start", "aspect_ratio", "expected"),
    [
        (None, None, AspectRatio.LANDSCAPE),
        (_URL, None, AspectRatio.LANDSCAPE),
        (Reference(job="4" * 24), None, AspectRatio.PORTRAIT),
        (Reference(job="4" * 24), AspectRatio.SQUARE, AspectRatio.SQUARE),
    ],
)
def test_a_video_has_the_ratio_of_its_picture_unless_asked_otherwise(
    start: Reference | None, aspect_ratio: AspectRatio | None, expected: AspectRatio
) -> None:
    tall = job(id="4" * 24, result=_sized(1152, 2048))
    command = Animate(prompt="a fox runs", start=start, aspect_ratio=aspect_ratio)
    assert expected is command.request({tall.id: tall}).aspect_ratio


def test_a_video_has_the_ratio_of_its_last_picture_where_the_first_is_unknown() -> None:
    end = Reference.of(_sized(1000, 1000))
    assert AspectRatio.SQUARE is Animate(start=_URL, end=end).request({}).aspect_ratio


def _sized(width: int, height: int) -> Media:
    return Media(file="b" * 64, mime="image/png", size=10, width=width, height=height)


_MAKINGS = [
    VideoRequest(prompt="a fox runs", start=start, end=end, loop=loop)
    for start in (None, _URL, _SECOND)
    for end in (None, _URL, _SECOND)
    for loop in (False, True)
]


def _allowed(request: VideoRequest) -> bool:
    try:
        check_video(request)
    except InvalidRequest:
        return False
    return True


def test_of_nine_pairs_of_ends_five_forbid_a_loop() -> None:
    assert (18, 13) == (len(_MAKINGS), sum(map(_allowed, _MAKINGS)))


@pytest.mark.parametrize("request_", [one for one in _MAKINGS if _allowed(one)])
@pytest.mark.parametrize(
    "action",
    [Action.AGAIN, Action.EDIT, Action.VARIATION, Action.EXTEND, Action.REVERSE, Action.REFRAME],
)
def test_every_action_on_every_video_asks_for_what_is_taken(action: Action, request_: VideoRequest) -> None:
    source = film(request=request_)
    found = follow_up_request(action, source, ActionInput(prompt="a blue fox"))
    assert found == load_request(dump_request(found))
    if isinstance(found, VideoRequest):
        assert found is check_video(found)
    expected = {
        Action.EXTEND: (Reference(job=source.id, kind=MediaKind.VIDEO), None),
        Action.REVERSE: (None, Reference(job=source.id, kind=MediaKind.VIDEO)),
        Action.VARIATION: (
            Reference(job=source.id, first_frame_only=True),
            _URL if request_.end is _URL else None,
        ),
        Action.REFRAME: (None, None),
    }.get(action, (request_.start, request_.end))
    assert expected == (getattr(found, "start", None), getattr(found, "end", None))


def test_new_words_for_a_loop_that_the_api_no_longer_takes_are_refused() -> None:
    request = VideoRequest(prompt="a fox runs", end=_SECOND, loop=True)
    with pytest.raises(InvalidRequest, match="extend reverse"):
        follow_up_request(Action.EDIT, film(request=request), ActionInput(prompt="a blue fox"))
