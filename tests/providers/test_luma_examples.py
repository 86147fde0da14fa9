"""Every example of the API's documents is produced from a command, field by field."""

import json
from collections.abc import Mapping
from typing import Any

import jsonschema
import pytest

from bot.domain.command_text.parsing import parse
from bot.domain.commands import GenerateCommand
from bot.domain.errors import InvalidRequest
from bot.domain.generations.media import Media, MediaKind
from bot.domain.generations.models import VideoModel
from bot.domain.generations.requests import AnyRequest, ImageRequest, VideoRequest
from bot.domain.jobs.job import Job, State
from bot.providers.luma.requests import create
from tests.providers import seeds
from tests.providers.documented import (
    ADDRESSES,
    DESCRIBED,
    DRAWN,
    ENDS,
    EXAMPLES,
    GENERATIONS,
    HEARD_VIDEOS,
    MODIFIED_VIDEOS,
    PICTURES,
    REFRAMED_PICTURES,
    REFRAMED_VIDEOS,
    UPSCALED_VIDEOS,
    VIDEOS,
    Body,
    Example,
)
from tests.providers.documented_listing import LISTED

#: said by us although the examples leave it out: labels, and defaults made explicit
ADDED: Mapping[str, Body] = {
    PICTURES: {"generation_type": "image", "model": "photon-1", "aspect_ratio": "16:9", "format": "jpg"},
    VIDEOS: {
        "generation_type": "video",
        "model": "ray-flash-2",
        "aspect_ratio": "16:9",
        "resolution": "720p",
        "duration": "5s",
        "loop": False,
    },
    REFRAMED_PICTURES: {"generation_type": "reframe_image", "model": "photon-1", "format": "jpg"},
    REFRAMED_VIDEOS: {"generation_type": "reframe_video", "model": "ray-flash-2"},
    MODIFIED_VIDEOS: {"generation_type": "modify_video", "model": "ray-flash-2"},
    UPSCALED_VIDEOS: {"generation_type": "upscale_video"},
    HEARD_VIDEOS: {"generation_type": "add_audio"},
}
#: fields that we never send: a create is answered at once
NEVER_SENT = {"sync", "sync_timeout"}

ASKED = [*(one for one in EXAMPLES if one.refusal is None), *DESCRIBED]
FORBIDDEN = [one for one in EXAMPLES if one.refusal is not None]


def finished(job: str) -> Job:
    """A job that made a video or, if it is `DRAWN`, a picture."""
    request: AnyRequest = (
        ImageRequest(prompt="earlier")
        if job == DRAWN
        else VideoRequest(prompt="earlier", model=VideoModel.RAY_FLASH_2)
    )
    moving = request.makes is MediaKind.VIDEO
    return Job(
        id=job,
        card="c1",
        position=0,
        workspace="w",
        member="m",
        person="p",
        member_name="Ann",
        provider="luma",
        lane=request.lane,
        queue="luma",
        request=request,
        title="earlier",
        price=0,
        state=State.COMPLETED,
        virtual_time=0,
        attempt=1,
        account="a",
        remote_id=GENERATIONS.get(job, "of a picture"),
        created_at=0,
        claimed_at=0,
        submitted_at=0,
        finished_at=0,
        deadline=0,
        result=Media(
            file=job,
            mime="video/mp4" if moving else "image/jpeg",
            size=1,
            width=1280,
            height=720,
            duration_ms=5000 if moving else None,
        ),
        failure=None,
        parent=None,
        private=False,
        stars=0,
        deleted=False,
    )


JOBS = {job: finished(job) for job in (*GENERATIONS, DRAWN)}


def spelled(command: str, callback_url: str | None = None) -> tuple[str, Body]:
    """The path and body that a typed command ends in."""
    making = parse(command)
    assert isinstance(making, GenerateCommand)
    request = making.request(JOBS)
    going_on = request.generations
    media = {
        reference.key: reference.url or (GENERATIONS if reference in going_on else ADDRESSES)[reference.key]
        for reference in request.references
    }
    path, body = create(request, media=media, callback_url=callback_url)
    for generation in GENERATIONS.values():
        path = path.replace(generation, "{id}")
    return path, body


@pytest.mark.parametrize("example", ASKED, ids=lambda one: one.command)
def test_a_command_asks_for_what_the_documents_show(example: Example) -> None:
    path, body = spelled(example.command, example.body.get("callback_url"))
    assert path == example.path
    assert body == ADDED[path] | example.body


@pytest.mark.parametrize("example", FORBIDDEN, ids=lambda one: one.command)
def test_what_the_documents_forbid_is_refused_although_an_example_shows_it(example: Example) -> None:
    with pytest.raises(InvalidRequest, match=example.refusal):
        spelled(example.command)


@pytest.mark.parametrize(("command", "keyframes", "reason"), ENDS, ids=lambda value: str(value)[:60])
def test_every_pair_of_ends_is_spelled_and_loops_only_where_it_can(
    command: str, keyframes: Body, reason: str | None
) -> None:
    expected = ADDED[VIDEOS] | {"prompt": "it moves"} | keyframes
    assert spelled(command) == (VIDEOS, expected)
    if reason is None:
        assert spelled(f"{command} --loop") == (VIDEOS, expected | {"loop": True})
    else:
        with pytest.raises(InvalidRequest, match=f"Loop is not supported for {reason}"):
            spelled(f"{command} --loop")


BY_COMMAND = {one.command: one for one in EXAMPLES if "callback_url" not in one.body}
BY_COMMAND |= {one.command: one for one in EXAMPLES if one.command not in BY_COMMAND}


@pytest.mark.parametrize(
    ("document", "heading", "command"), LISTED, ids=[f"{one[0]} · {one[1]}" for one in LISTED]
)
def test_every_example_of_every_document_is_asked_for_by_a_command(
    document: str, heading: str, command: str
) -> None:
    """Or refused, where the documents forbid elsewhere what the example shows."""
    example = BY_COMMAND[command]
    if example.refusal is not None:
        assert document == "OpenAPI", heading
        with pytest.raises(InvalidRequest, match=example.refusal):
            spelled(command)
        return
    path, body = spelled(command, example.body.get("callback_url"))
    assert (path, body) == (example.path, ADDED[path] | example.body)


needs_documents = pytest.mark.skipif(not seeds.REFERENCE.exists(), reason="the documents are not at hand")


@needs_documents
def test_the_examples_are_those_of_the_documents() -> None:
    """Neither is one of theirs missing in the list, nor one of ours made up."""
    # Where the API reports progress is no part of a command.
    bodies = {one.command: _key(one.path, _without_callback(one.body)) for one in EXAMPLES}
    listed = sorted((document, heading, *bodies[command]) for document, heading, command in LISTED)
    shown = [
        (one.document, one.heading, *_key(one.path, _without_callback(one.body))) for one in seeds.shown()
    ]
    assert listed == sorted(shown)
    reported = {_key(one.path, one.body) for one in seeds.shown() if "callback_url" in one.body}
    assert reported == {_key(one.path, one.body) for one in EXAMPLES if "callback_url" in one.body}
    assert {command for _, _, command in LISTED} == bodies.keys()


def _without_callback(body: Body) -> Body:
    return {name: value for name, value in body.items() if name != "callback_url"}


def _key(path: str, body: Body) -> tuple[str, str]:
    return path, json.dumps(body, sort_keys=True)


@needs_documents
@pytest.mark.parametrize(
    "command", [*(one.command for one in ASKED), *(one[0] for one in ENDS)], ids=lambda command: command
)
def test_what_is_asked_conforms_to_the_description(command: str) -> None:
    path, body = spelled(command, "https://bot.example/callbacks/t")
    jsonschema.validate(
        body,
        {**_schema(path), "components": seeds.description()["components"]},
        cls=jsonschema.Draft202012Validator,
        format_checker=jsonschema.FormatChecker(),
    )
    assert body.keys() <= _schema(path)["properties"].keys()


@needs_documents
def test_every_described_field_of_every_create_is_asked_for_by_some_command() -> None:
    sent: dict[str, set[str]] = {}
    for example in ASKED:
        path, body = spelled(example.command, "https://bot.example/callbacks/t")
        sent.setdefault(path, set()).update(body)
    assert sent == {path: _schema(path)["properties"].keys() - NEVER_SENT for path in _creates()}


def _creates() -> set[str]:
    return {path for path, calls in seeds.description()["paths"].items() if "post" in calls}


def _schema(path: str) -> dict[str, Any]:
    content = seeds.description()["paths"][path]["post"]["requestBody"]["content"]
    name = content["application/json"]["schema"]["$ref"].rpartition("/")[2]
    schema: dict[str, Any] = seeds.description()["components"]["schemas"][name]
    return schema
