"""The command that makes a job again: with every option, and read back as the same request."""

from typing import Any

import pytest

from bot.domain.command_text.job_settings import settings_of
from bot.domain.command_text.parsing import parse
from bot.domain.commands import GenerateCommand, build
from bot.domain.generations.media import MediaKind, Reference
from bot.domain.generations.requests import (
    AnyRequest,
    AudioRequest,
    ImageRequest,
    ModifyVideoRequest,
    ReframeImageRequest,
    ReframeVideoRequest,
    UpscaleRequest,
    VideoRequest,
)
from tests.domain.people import PICTURE, film, job

_PICTURE = job(id="p" * 23 + "1")
_FILM, _OTHER = film(id="v" * 23 + "2"), film(id="w" * 23 + "3")
_JOBS = {one.id: one for one in (_PICTURE, _FILM, _OTHER)}
_IDS = {f"{one.id[-6:]}": one.id for one in _JOBS.values()}


def _still(weight: float | None = None) -> Reference:
    return Reference(job=_PICTURE.id, weight=weight)


def _film(which: str = _FILM.id) -> Reference:
    return Reference(job=which, kind=MediaKind.VIDEO)


_URL = Reference(url="https://example.org/a.png")
_REQUESTS: dict[str, AnyRequest] = {
    "picture": ImageRequest(prompt="a fox", model="photon-flash-1", aspect_ratio="21:9", format="png"),
    "references": ImageRequest(
        prompt="1:1 scale --ar of a fox",
        image_refs=(_still(0.85), _URL),
        style_refs=(_URL, _still(0.5)),
        character_refs=(_still(),),
        modify_ref=_still(0.1),
    ),
    "video": VideoRequest(
        prompt="a fox runs", model="ray-2", duration="9s", resolution="1080p", concepts=("pov", "pan_left")
    ),
    "frames": VideoRequest(start=_still(), end=_URL, aspect_ratio="4:3"),
    "first frame": VideoRequest(
        prompt="a fox runs", start=Reference(job=_FILM.id, first_frame_only=True), end=_still()
    ),
    "loop": VideoRequest(prompt="a fox runs", loop=True),
    "extension": VideoRequest(prompt="it sleeps", start=_film(), end=_still()),
    "beginning": VideoRequest(prompt="it wakes", end=_film()),
    "join": VideoRequest(prompt="it runs on", start=_film(), end=_film(_OTHER.id)),
    "reframed": ReframeImageRequest(
        source=_still(), aspect_ratio="9:16", prompt="more sky", grid_position_y=0, x_end=900
    ),
    "reframed video": ReframeVideoRequest(source=_film(), aspect_ratio="1:1", first_frame=_URL),
    "modified": ModifyVideoRequest(source=_film(), prompt="snow", mode="reimagine_2", model="ray-2"),
    "upscaled": UpscaleRequest(
        source=_film(), model="ray-2", aspect_ratio="16:9", duration_ms=5000, resolution="4k"
    ),
    "audio": AudioRequest(
        source=_film(),
        model="ray-2",
        aspect_ratio="16:9",
        duration_ms=5000,
        prompt="wind",
        negative_prompt="rain",
    ),
}
#: known of a video only once it was probed
_PROBED = {"duration_ms", "aspect_ratio", "model"}


@pytest.mark.parametrize("request_", _REQUESTS.values(), ids=_REQUESTS.keys())
def test_the_command_of_a_job_makes_the_same_request(request_: AnyRequest) -> None:
    settings = settings_of(job(request=request_))
    for command in (
        parse(settings.line).renamed(_IDS),
        build(settings.command, settings.texts).renamed(_IDS),
    ):
        assert isinstance(command, GenerateCommand)
        assert _essence(command.request(_JOBS)) == _essence(request_)


def _essence(request: AnyRequest) -> dict[str, Any]:
    unknown = _PROBED if request.edited else {"duration_ms"}
    if isinstance(request, ModifyVideoRequest):
        unknown = unknown | {"aspect_ratio"}
    return request.model_dump(exclude=unknown)


def test_every_option_is_written_and_files_are_named_apart() -> None:
    request = ImageRequest(prompt="a fox", image_refs=(Reference.of(PICTURE), _still(0.5)))
    settings = settings_of(job(request=request, private=True))
    assert settings.line == (
        "/imagine a fox --model photon-1 --aspect_ratio 16:9 --count 1 --format jpg "
        f"--image #{_PICTURE.id[-6:]}@0.5 --private"
    )
    assert settings.files == ("image",)
