"""What was sent is recognised in the API's normalised echo, and in no other."""

import struct
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from bot.domain.requests import AspectRatio, ImageRequest, Reference, ReframeImageRequest
from bot.providers.base import AnyRequest
from bot.providers.luma.fingerprints import fingerprint
from bot.providers.luma.wire import create, read_generation

JOBS = ["j1", "j2", "j3", "j4"]
MEDIA = {job: f"https://bot.example/media/{job}.jpg?sig=first" for job in JOBS}
SIGNED_AGAIN = {job: f"https://bot.example:443/media/{job}.jpg?sig=second&t=2#x" for job in JOBS}

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
requests: st.SearchStrategy[AnyRequest] = st.builds(
    ImageRequest,
    prompt=prompts,
    aspect_ratio=st.sampled_from(AspectRatio),
    image_refs=references,
) | st.builds(
    ReframeImageRequest,
    source=st.builds(Reference, job=st.sampled_from(JOBS)),
    aspect_ratio=st.sampled_from(AspectRatio),
    prompt=prompts,
    **places,
)


def single_precision(value: float) -> float:
    (narrowed,) = struct.unpack("f", struct.pack("f", value))
    return float(narrowed)


def echo(body: Mapping[str, Any]) -> dict[str, Any]:
    """Normalise a request as an API does that keeps it in a record of all fields."""
    filled: dict[str, Any] = dict.fromkeys(
        ("image_ref", "style_ref", "character_ref", "modify_image_ref", "prompt", "keyframes", "callback_url")
    )
    filled |= {"model": "photon-1", "aspect_ratio": "16:9", "format": "jpg"}
    filled |= {"sync": False, "sync_timeout": 60.0, "added_later": "default"} | dict(body)
    filled["prompt"] = (filled["prompt"] or "").strip()
    filled["type"] = filled.pop("generation_type")
    if filled["image_ref"]:
        filled["image_ref"] = [_echo_reference(**reference) for reference in filled["image_ref"]]
    return {
        name: float(value) if name.startswith(("grid_", "x_", "y_")) and value is not None else value
        for name, value in filled.items()
    }


def _echo_reference(url: str, weight: float | None = None) -> dict[str, Any]:
    return {"url": url, "weight": None if weight is None else single_precision(weight)}


@given(request=requests)
def test_what_is_sent_equals_its_echo(request: AnyRequest) -> None:
    """The echo may have been signed for another attempt and carries that attempt's callback."""
    _, sent = create(request, media=MEDIA)
    _, listed = create(request, media=SIGNED_AGAIN, callback_url="https://bot.example/callbacks/other")
    generation = read_generation({"id": "g", "request": echo(listed)})
    assert generation is not None
    assert generation.fingerprint == fingerprint(sent)


@given(one=requests, other=requests)
def test_different_requests_differ(one: AnyRequest, other: AnyRequest) -> None:
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
    ],
)
def test_substance_matters(changed: dict[str, Any]) -> None:
    assert fingerprint({**BASE, **changed}) != fingerprint(BASE)


def test_an_address_in_a_prompt_is_part_of_the_prompt() -> None:
    assert fingerprint({"prompt": "https://a/?q=1"}) != fingerprint({"prompt": "https://a/?q=2"})
