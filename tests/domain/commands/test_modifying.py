"""`/modify`: pictures by a reference, videos by a request of their own."""

import pytest

from bot.domain.command_text.parsing import parse
from bot.domain.commands import GenerateCommand, Modify
from bot.domain.errors import InvalidRequest
from bot.domain.generations.media import Media, MediaKind, Reference
from bot.domain.generations.models import AspectRatio, ImageModel, ModifyMode, VideoModel
from bot.domain.generations.requests import MODIFY_MAX_MS, AnyRequest, ImageRequest, ModifyVideoRequest
from bot.domain.jobs.job import Job
from bot.domain.money.pricing import is_upper_bound, price, published_rates
from bot.domain.options import options
from tests.domain.people import film, job

_SHOT, _FILM = job(id="4" * 24), film()
_JOBS = {one.id: one for one in (_SHOT, _FILM)}


def _asked(text: str, *, jobs: dict[str, Job] | None = None) -> AnyRequest:
    command = parse(text.format(shot=_SHOT.id, film=_FILM.id))
    assert isinstance(command, GenerateCommand)
    return command.request(jobs or _JOBS)


def test_a_picture_is_modified_by_the_image_call_in_its_own_frame() -> None:
    found = _asked("/modify {shot} make it snow --weight 0.05")
    assert isinstance(found, ImageRequest)
    assert ("make it snow", ImageModel.PHOTON_1) == (found.prompt, found.model)
    assert Reference(job=_SHOT.id, weight=0.05) == found.modify_ref
    assert (AspectRatio.LANDSCAPE, False) == (found.aspect_ratio, found.follows_picture)


def test_a_picture_from_an_address_gives_the_frame_once_it_was_probed() -> None:
    found = _asked("/modify https://fox.example/a.png make it snow")
    assert isinstance(found, ImageRequest)
    assert found.follows_picture
    assert is_upper_bound(found)
    tall = Media(file="e" * 64, mime="image/png", size=9, width=900, height=1600)
    assert found.modify_ref is not None
    probed = found.with_references({found.modify_ref.key: Reference.of(tall)})
    assert (AspectRatio.PORTRAIT, False) == (probed.aspect_ratio, probed.follows_picture)
    assert price(probed, published_rates()) <= price(found, published_rates())


@pytest.mark.parametrize("mode", ModifyMode)
def test_a_video_is_modified_in_each_of_nine_modes(mode: ModifyMode) -> None:
    found = _asked(f"/modify {{film}} make it snow --mode {mode}")
    expected = ModifyVideoRequest(
        source=Reference(job=_FILM.id, kind=MediaKind.VIDEO),
        prompt="make it snow",
        mode=mode,
        duration_ms=5000,
    )
    assert expected == found


def test_each_mode_is_explained_in_a_line() -> None:
    mode = next(option for option in options(Modify) if option.name == "mode")
    assert tuple(ModifyMode) == mode.choices
    assert len(set(mode.choice_notes)) == len(mode.choices)


def test_a_first_frame_can_stand_for_the_words() -> None:
    found = _asked("/modify {film} --first_frame {shot} --model ray-2")
    assert isinstance(found, ModifyVideoRequest)
    assert (Reference(job=_SHOT.id), VideoModel.RAY_2, "") == (found.first_frame, found.model, found.prompt)


@pytest.mark.parametrize(
    "text",
    [
        "/modify https://fox.example/film it snows --mode flex_2",
        "/modify https://fox.example/film it snows --model ray-2",
        "/modify https://fox.example/film it snows --first_frame {shot}",
        "/modify https://fox.example/film.mp4 it snows",
    ],
)
def test_what_only_videos_have_says_that_an_address_is_one(text: str) -> None:
    found = _asked(text)
    assert isinstance(found, ModifyVideoRequest)
    assert found.duration_ms is None
    assert is_upper_bound(found)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("/modify {shot}", "Prompt is required"),
        ("/modify {film}", "Prompt is required"),
        ("/modify {shot} snow --mode flex_1", "mode is for videos, and this is a picture"),
        ("/modify {shot} snow --first_frame {shot}", "first_frame is for videos"),
        ("/modify {shot} snow --model ray-2", "ray-2 modifies videos, and this is a picture"),
        ("/modify {film} snow --weight 0.5", "weight is for pictures, and this is a video"),
        ("/modify {film} snow --model photon-1", "photon-1 modifies pictures, and this is a video"),
        ("/modify {film} snow --first_frame {film}", "first_frame needs a picture"),
        ("/modify {film} snow --mode wild", "mode cannot be 'wild'; choose one of adhere_1, adhere_2"),
        ("/modify {shot} snow --weight 1.5", "weight must be a number from 0 to 1"),
        ("/modify {shot} snow --weight nan", "weight must be a number from 0 to 1"),
        ("/modify snow", "media is missing"),
    ],
)
def test_what_does_not_fit_is_refused_with_what_to_do(text: str, told: str) -> None:
    with pytest.raises(InvalidRequest, match=told):
        _asked(text)


@pytest.mark.parametrize("model", MODIFY_MAX_MS)
def test_a_video_may_be_as_long_as_its_model_takes(model: VideoModel) -> None:
    most = MODIFY_MAX_MS[model]
    for length, taken in ((most, True), (most + 200, True), (most + 201, False)):
        assert _FILM.result is not None
        media = Media(file="a" * 64, mime="video/mp4", size=9, width=1280, height=720, duration_ms=length)
        jobs = {_FILM.id: film(result=media)}
        text = f"/modify {{film}} it snows --model {model}"
        if taken:
            _asked(text, jobs=jobs)
            continue
        with pytest.raises(InvalidRequest, match=f"{model} takes up to {most // 1000} s"):
            _asked(text, jobs=jobs)


def test_a_video_that_only_the_other_model_takes_names_it() -> None:
    media = Media(file="a" * 64, mime="video/mp4", size=9, width=1280, height=720, duration_ms=12_000)
    with pytest.raises(InvalidRequest, match="ray-flash-2 takes up to 15 s"):
        _asked("/modify {film} it snows --model ray-2", jobs={_FILM.id: film(result=media)})
