"""What commands build on: finished, still there, and of the right kind."""

import pytest

from bot.domain.command_text.parsing import parse
from bot.domain.commands import Animate, Extend, GenerateCommand, Imagine, Reframe
from bot.domain.errors import InvalidRequest
from bot.domain.generations.media import MediaKind, Reference
from bot.domain.generations.models import AspectRatio
from bot.domain.jobs.inputs import known_media, known_ratio, require_kind, require_result, with_kind
from bot.domain.jobs.job import FINAL, Job, State
from tests.domain.people import PICTURE, VIDEO, film, job

_SHOT, _FILM = job(), film()
_JOBS = {_SHOT.id: _SHOT, _FILM.id: _FILM}
_PICTURE, _VIDEO = Reference(job=_SHOT.id), Reference(job=_FILM.id)
_PAGE = Reference(url="https://fox.example/a.mp4", kind=MediaKind.VIDEO)
_TO_EXTEND = "needs a picture, and this is a video; /extend extends a video that was made here, /reframe"
_TO_ANIMATE = "needs a video, and this is a picture; /animate turns a picture into a video"


@pytest.mark.parametrize("wrong", [_VIDEO, _PAGE, Reference.of(VIDEO)])
@pytest.mark.parametrize(
    ("command", "option"),
    [
        (Imagine(prompt="a fox"), "image"),
        (Imagine(prompt="a fox"), "style"),
        (Imagine(prompt="a fox"), "character"),
        (Imagine(prompt="a fox"), "modify"),
        (Animate(prompt="a fox"), "start"),
        (Animate(prompt="a fox"), "end"),
        (Extend(job=_FILM.id), "image"),
        (Reframe(aspect_ratio="1:1", media=_FILM.id), "first_frame"),
    ],
)
def test_a_video_where_a_picture_is_needed_is_told_with_what_helps(
    command: GenerateCommand, option: str, wrong: Reference
) -> None:
    several = isinstance(getattr(command, option), tuple)
    command = command.model_copy(update={option: (_PICTURE, wrong) if several else wrong})
    with pytest.raises(InvalidRequest, match=f"^{option} {_TO_EXTEND}"):
        command.request(_JOBS)


@pytest.mark.parametrize("command", [Extend(job=_SHOT.id), Extend(job=_FILM.id, to=_SHOT.id)])
def test_a_picture_where_a_video_is_needed_is_told_with_what_helps(command: Extend) -> None:
    with pytest.raises(InvalidRequest, match=f"^(job|to) {_TO_ANIMATE}$"):
        command.request(_JOBS)


@pytest.mark.parametrize(
    ("source", "words"),
    [
        *((film(state), "has not finished yet") for state in sorted(set(State) - FINAL)),
        (film(State.FAILED), "This job has no result"),
        (film(State.CANCELLED), "This job has no result"),
        (film(deleted=True), "The source of this job was deleted"),
        (film(expired=True), "The source of this job has expired and was deleted"),
    ],
)
@pytest.mark.parametrize(
    "command",
    [
        Imagine(prompt="a fox", image=(_VIDEO,)),
        Animate(prompt="a fox", start=_VIDEO),
        Animate(prompt="a fox", end=_VIDEO),
        Extend(job=_FILM.id),
        Reframe(aspect_ratio="1:1", media=_VIDEO),
    ],
)
def test_nothing_is_made_from_what_is_not_there(source: Job, command: GenerateCommand, words: str) -> None:
    with pytest.raises(InvalidRequest, match=words):
        command.request({source.id: source})


def test_a_finished_job_can_be_built_on() -> None:
    for made in (_SHOT, _FILM):
        assert made is require_result(made)


def test_a_reference_learns_its_kind_from_its_job() -> None:
    assert MediaKind.VIDEO is with_kind(_VIDEO, _JOBS).kind
    assert MediaKind.PICTURE is with_kind(_PICTURE.model_copy(update={"kind": MediaKind.VIDEO}), _JOBS).kind
    assert _PAGE is with_kind(_PAGE, {})


def test_the_first_frame_of_a_video_is_a_picture() -> None:
    frame = Reference(job=_FILM.id, first_frame_only=True)
    assert frame == require_kind(frame, _JOBS, MediaKind.PICTURE, "start")
    assert frame == Animate(prompt="a fox", start=frame).request(_JOBS).start
    named = parse(f"/animate a fox --start #{_FILM.id}/first_frame")
    assert isinstance(named, Animate)
    assert frame == named.request(_JOBS).start
    # A picture has no frames.
    assert _PICTURE == with_kind(_PICTURE.model_copy(update={"first_frame_only": True}), _JOBS)


def test_a_source_is_described_by_its_job_or_the_request() -> None:
    sources = (_PICTURE, _VIDEO, Reference.of(VIDEO), _PAGE)
    assert [PICTURE, VIDEO, VIDEO, None] == [known_media(source, _JOBS) for source in sources]


def test_the_ratio_is_that_of_the_first_thing_whose_size_is_known() -> None:
    assert known_ratio((None, _PAGE), _JOBS) is None
    assert AspectRatio.LANDSCAPE is known_ratio((None, _PAGE, _PICTURE), _JOBS)


def test_a_picture_guided_by_others_names_their_jobs_and_keeps_their_influence() -> None:
    strong = _PICTURE.model_copy(update={"weight": 1.0})
    command = Imagine(
        prompt="a fox", image=(strong, _PICTURE), style=(_PICTURE,), character=(_PICTURE,), modify=strong
    )
    request = command.request(_JOBS)
    assert (_SHOT.id,) == command.jobs
    assert (strong, _PICTURE) == request.image_refs
    assert ((_PICTURE,), (_PICTURE,), strong) == (
        request.style_refs,
        request.character_refs,
        request.modify_ref,
    )


def test_an_extension_names_all_jobs_that_it_builds_on_once() -> None:
    command = Extend(job=_FILM.id, image=_PICTURE)
    assert (_FILM.id, _SHOT.id) == command.jobs
    assert (_FILM.id,) == Extend(job=_FILM.id, to=_FILM.id).jobs
