"""What was sent is recognised in the API's normalised echo, and in no other."""

import struct
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from bot.domain.generations.media import MediaKind, Reference
from bot.domain.generations.models import AspectRatio, Duration, Resolution, VideoModel
from bot.domain.generations.requests import (
    AnyRequest,
    ImageRequest,
    ReframeImageRequest,
    ReframeVideoRequest,
    VideoRequest,
)
from bot.providers.luma.requests import create
from bot.providers.luma.responses import fingerprint, read_generation

JOBS = ["j1", "j2", "j3", "j4"]
#: ids of generations that are gone on from, by their jobs
VIDEOS = {"v1": "3ce343aa-5746-4ab3-b167-4e29f83d3f42", "v2": "123e4567-e89b-12d3-a456-426614174000"}
MEDIA = {job: f"https://bot.example/media/{job}.jpg?sig=first" for job in JOBS} | VIDEOS
SIGNED_AGAIN = {job: f"https://bot.example:443/media/{job}.jpg?sig=second&t=2#x" for job in JOBS} | VIDEOS

prompts = st.text(min_size=3).map(str.strip)
pixels = st.none() | st.integers(0, 4096)
weights = st.none() | st.integers(0, 100).map(lambda percent: percent / 100)
references = st.lists(
    st.builds(Reference, job=st.sampled_from(JOBS), weight=weights),
    max_size=4,
    unique_by=lambda each: each.job,
).map(tuple)
places: dict[str, Any] = dict.fromkeys(
    ("grid_position_x", "grid_position_y", "x_start", "x_end", "y_start", "y_end", "resized_width"), pixels
)
pictures = st.builds(Reference, job=st.sampled_from(JOBS), weight=weights)
plain = st.builds(Reference, job=st.sampled_from(JOBS))
videos = st.builds(Reference, job=st.sampled_from([*VIDEOS]), kind=st.just(MediaKind.VIDEO))
ends = st.none() | plain | videos
ratios = st.sampled_from(AspectRatio)
requests: st.SearchStrategy[AnyRequest] = (
    st.builds(
        ImageRequest,
        prompt=prompts,
        aspect_ratio=ratios,
        image_refs=references,
        style_refs=st.lists(pictures, max_size=3).map(tuple),
        character_refs=st.lists(plain, max_size=4).map(tuple),
        modify_ref=st.none() | pictures,
    )
    | st.builds(
        VideoRequest,
        prompt=prompts,
        model=st.sampled_from(VideoModel),
        aspect_ratio=ratios,
        resolution=st.sampled_from(Resolution),
        duration=st.sampled_from(Duration),
        loop=st.booleans(),
        start=ends,
        end=ends,
        concepts=st.lists(st.sampled_from(["pov", "zoom_in"]), unique=True).map(tuple),
    )
    | st.builds(ReframeImageRequest, source=plain, aspect_ratio=ratios, prompt=prompts, **places)
    | st.builds(
        ReframeVideoRequest,
        source=plain,
        aspect_ratio=ratios,
        prompt=prompts,
        first_frame=st.none() | plain,
        **places,
    )
)


def single_precision(value: float) -> float:
    (narrowed,) = struct.unpack("f", struct.pack("f", value))
    return float(narrowed)


def echo(body: Mapping[str, Any]) -> dict[str, Any]:
    """Normalise a request as an API does that keeps it in a record of all fields."""
    filled: dict[str, Any] = dict.fromkeys(
        (
            *("image_ref", "style_ref", "character_ref", "modify_image_ref", "prompt", "callback_url"),
            *("keyframes", "concepts", "first_frame", "loop"),
        )
    )
    filled |= {"model": "photon-1", "aspect_ratio": "16:9", "format": "jpg"}
    filled |= {"resolution": "720p", "duration": "5s"}
    filled |= {"sync": False, "sync_timeout": 60.0, "added_later": "default"} | dict(body)
    filled["prompt"] = (filled["prompt"] or "").strip()
    filled["type"] = filled.pop("generation_type")
    if filled["resolution"] == "1080p":
        filled["resolution"] = 1080
    if filled["keyframes"]:
        filled["keyframes"] = {"frame0": None, "frame1": None} | filled["keyframes"]
    if filled["character_ref"]:
        filled["character_ref"] = {"identity1": None} | filled["character_ref"]
    for name in ("image_ref", "style_ref"):
        if filled[name]:
            filled[name] = [_echo_reference(**reference) for reference in filled[name]]
    return {
        name: float(value) if name.startswith(("grid_", "x_", "y_")) and value is not None else value
        for name, value in filled.items()
    }


def _echo_reference(url: str, weight: float | None = None) -> dict[str, Any]:
    return {"url": url, "weight": None if weight is None else single_precision(weight)}


@settings(max_examples=50)
@given(request=requests)
def test_what_is_sent_equals_its_echo(request: AnyRequest) -> None:
    """The echo may have been signed for another attempt and carries that attempt's callback."""
    _compare_with_echo(request)


@settings(max_examples=50)
@given(one=requests, other=requests)
def test_different_requests_differ(one: AnyRequest, other: AnyRequest) -> None:
    _compare(one, other)


@pytest.mark.soak
@settings(max_examples=1_000)
@given(one=requests, other=requests)
def test_requests_equal_their_echo_and_differ_in_a_long_run(one: AnyRequest, other: AnyRequest) -> None:
    _compare_with_echo(one)
    _compare(one, other)


def _compare_with_echo(request: AnyRequest) -> None:
    _, sent = create(request, media=MEDIA)
    _, listed = create(request, media=SIGNED_AGAIN, callback_url="https://bot.example/callbacks/other")
    generation = read_generation({"id": "g", "request": echo(listed)})
    assert generation is not None
    assert generation.fingerprint == fingerprint(sent)


def _compare(one: AnyRequest, other: AnyRequest) -> None:
    assume(one != other)
    digests = {fingerprint(create(request, media=MEDIA)[1]) for request in (one, other)}
    assert len(digests) == 2


BASE: dict[str, Any] = {"prompt": "a fox", "image_ref": [{"url": "https://a.example/x", "weight": 0.5}]}


@pytest.mark.parametrize(
    "same",
    [
        {"model": "photon-1"},
        {"prompt": " a fox\n"},
        {"aspect_ratio": "16:9", "format": "jpg"},
        {"callback_url": "https://x", "sync": True, "sync_timeout": 3, "generation_type": "image"},
        {"resolution": "720p", "duration": "5s", "keyframes": {"frame0": None, "frame1": None}},
        {"resolution": 720, "duration": 5, "concepts": [], "first_frame": None},
        {"style_ref": [], "character_ref": {"identity0": None}, "loop": False},
        {"image_ref": [{"weight": 0.50, "url": "HTTPS://A.example:443/x?sig=1"}]},
    ],
)
def test_spelling_does_not_matter(same: dict[str, Any]) -> None:
    assert fingerprint({**BASE, **same}) == fingerprint(BASE)


@pytest.mark.parametrize(
    "changed",
    [
        {"prompt": "a fox?"},
        {"model": "photon-flash-1"},
        {"image_ref": [{"url": "https://a.example/x", "weight": 0.51}]},
        {"image_ref": [{"url": "https://a.example/y", "weight": 0.5}]},
        {"image_ref": [{"url": "https://a.example:8443/x", "weight": 0.5}]},
        {"style_ref": [{"url": "https://a.example/x"}]},
        {"character_ref": {"identity0": {"images": ["https://a.example/x"]}}},
        {"loop": True},
        {"resolution": "1080p"},
        {"resolution": "8k"},
        {"duration": "9s"},
        {"keyframes": {"frame0": {"type": "image", "url": "https://a.example/x"}}},
        {"keyframes": {"frame1": {"type": "image", "url": "https://a.example/x"}}},
        {"concepts": [{"key": "pov"}]},
        {"first_frame": {"url": "https://a.example/x"}},
    ],
)
def test_substance_matters(changed: dict[str, Any]) -> None:
    assert fingerprint({**BASE, **changed}) != fingerprint(BASE)


@pytest.mark.parametrize("spelling", ["1080p", "1080", 1080, " 1080P "])
def test_a_resolution_is_the_same_in_every_documented_spelling(spelling: object) -> None:
    assert fingerprint({**BASE, "resolution": spelling}) == fingerprint({**BASE, "resolution": "1080p"})


def test_the_documented_echo_is_that_of_what_was_sent() -> None:
    """The example answer of the documents: what was not sent is null, and the format is left out."""
    request = ImageRequest(prompt="man as a warrior", character_refs=(Reference(job="j1"),))
    _, sent = create(request, media={"j1": "https://input_image.jpg"})
    documented = {
        "type": "image",
        "model": "photon-1",
        "prompt": "man as a warrior",
        "aspect_ratio": "16:9",
        "callback_url": None,
        "image_ref": None,
        "style_ref": None,
        "character_ref": {"identity0": {"images": ["https://input_image.jpg"]}},
        "modify_image_ref": None,
    }
    assert fingerprint(documented) == fingerprint(sent)


def test_an_address_in_a_prompt_is_part_of_the_prompt() -> None:
    assert fingerprint({"prompt": "https://a/?q=1"}) != fingerprint({"prompt": "https://a/?q=2"})
