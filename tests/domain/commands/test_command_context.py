"""Files that come along with a command, the message it replies to, and what is left out."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.commands import (
    CATALOGUE,
    Animate,
    Audio,
    Extend,
    GenerateCommand,
    Imagine,
    Modify,
    Reframe,
    Upscale,
)
from bot.domain.errors import InvalidRequest
from bot.domain.generations.media import MediaKind, Reference
from tests.domain.people import film, job

_FILES = tuple(Reference(url=f"https://fox.example/{number}.png", via="discord") for number in range(5))
_GIVEN = Reference(url="https://fox.example/given.png")
_SHOT, _FILM = Reference(job=job().id), Reference(job=film().id, kind=MediaKind.VIDEO)


def test_files_fill_what_is_empty_in_order() -> None:
    assert Animate(prompt="a fox", start=_FILES[0]) == Animate(prompt="a fox").with_files(_FILES[:1])
    assert Animate(start=_FILES[0], end=_FILES[1]) == Animate().with_files(_FILES[:2])
    assert Animate(start=_GIVEN, end=_FILES[0]) == Animate(start=_GIVEN).with_files(_FILES[:1])
    assert Extend(image=_FILES[0]) == Extend().with_files(_FILES[:1])
    expected = Reframe(aspect_ratio="1:1", media=_FILES[0], first_frame=_FILES[1])
    assert expected == Reframe(aspect_ratio="1:1").with_files(_FILES[:2])


def test_of_a_video_and_a_picture_the_video_is_reframed_and_the_picture_is_its_first_frame() -> None:
    video = Reference(url="https://fox.example/a.mp4", kind=MediaKind.VIDEO)
    expected = Reframe(aspect_ratio="1:1", media=video, first_frame=_FILES[0])
    for files in ((video, _FILES[0]), (_FILES[0], video)):
        assert expected == Reframe(aspect_ratio="1:1").with_files(files)


@given(st.integers(0, 4), st.integers(0, 5))
def test_pictures_that_guide_are_added_to_those_that_were_named(named: int, along: int) -> None:
    command = Imagine(prompt="a fox", image=(_GIVEN,) * named)
    if named + along > 4:
        words = rf"^/imagine takes {4 - named or 'none'} of these {along} files; send fewer$"
        with pytest.raises(InvalidRequest, match=words):
            command.with_files(_FILES[:along])
    else:
        assert (*command.image, *_FILES[:along]) == command.with_files(_FILES[:along]).image


@pytest.mark.parametrize(
    ("command", "count", "words"),
    [
        (Animate(start=_GIVEN), 2, "/animate takes 1 of these 2 files"),
        (Animate(), 3, "/animate takes 2 of these 3 files"),
        (Extend(image=_GIVEN), 1, "/extend takes none of these 1 files"),
        (Reframe(aspect_ratio="1:1"), 5, "/reframe takes 2 of these 5 files"),
        (Modify(prompt="snow"), 3, "/modify takes 2 of these 3 files"),
        (Audio(), 1, "/audio takes none of these 1 files"),
    ],
)
def test_no_file_is_dropped_in_silence(command: GenerateCommand, count: int, words: str) -> None:
    with pytest.raises(InvalidRequest, match=words):
        command.with_files(_FILES[:count])


def test_what_a_command_builds_on_is_what_was_replied_to_or_made_last() -> None:
    assert Animate(prompt="a fox", start=_SHOT) == Animate(prompt="a fox").with_job(job())
    assert Imagine(prompt="a fox", image=(_SHOT,)) == Imagine(prompt="a fox").with_job(job())
    guided = Imagine(prompt="a fox", image=(_GIVEN,))
    assert (_GIVEN, _SHOT) == guided.with_job(job()).image
    assert Extend(job=film().id) == Extend().with_job(film())
    assert Reframe(aspect_ratio="1:1", media=_FILM) == Reframe(aspect_ratio="1:1").with_job(film())
    assert Modify(prompt="snow", media=_FILM) == Modify(prompt="snow").with_job(film())
    assert Upscale(job=film().id) == Upscale().with_job(film())


def test_a_job_that_was_not_named_is_named_afterwards() -> None:
    for command in (Animate(), Imagine(prompt="a fox"), Extend(), Reframe(aspect_ratio="1:1")):
        assert () == command.jobs
        assert (film().id,) == command.with_job(film()).jobs


def test_every_command_that_makes_takes_files_into_options_that_it_has() -> None:
    makings = [command for command in CATALOGUE.values() if issubclass(command, GenerateCommand)]
    assert [Imagine, Animate, Extend, Reframe, Modify, Upscale, Audio] == makings
    for command in makings:
        named = {*command.attachment_options, *(command.default_source or ())[:1]}
        assert named <= set(command.model_fields)


def test_several_pictures_are_several_jobs() -> None:
    assert (3, 1) == (Imagine(prompt="a fox", count=3).job_count, Animate().job_count)
