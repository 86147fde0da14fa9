"""Requests are spelled as documented, and every answer is read as far as it goes."""

import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.errors import Rejected
from bot.domain.requests import (
    AspectRatio,
    ImageFormat,
    ImageModel,
    ImageRequest,
    Reference,
    ReframeImageRequest,
)
from bot.providers.base import AnyRequest, Generation, GenerationState
from bot.providers.luma.wire import create, read_credit, read_generation, read_page

REFERENCE = Path(__file__).parents[3] / "shared" / "reference"
MEDIA = {"j1": "https://bot.example/media/1?sig=a", "j2": "https://bot.example/media/2"}
ID = "3ce343aa-5746-4ab3-b167-4e29f83d3f42"

REQUESTS: list[tuple[AnyRequest, str, dict[str, object]]] = [
    (
        ImageRequest(prompt="a fox"),
        "/generations/image",
        {
            "generation_type": "image",
            "prompt": "a fox",
            "model": "photon-1",
            "aspect_ratio": "16:9",
            "format": "jpg",
        },
    ),
    (
        ImageRequest(
            prompt="sunglasses",
            model=ImageModel.PHOTON_FLASH_1,
            aspect_ratio=AspectRatio.CLASSIC_PORTRAIT,
            format=ImageFormat.PNG,
            image_refs=(Reference(job="j1", weight=0.0), Reference(job="j2")),
        ),
        "/generations/image",
        {
            "generation_type": "image",
            "prompt": "sunglasses",
            "model": "photon-flash-1",
            "aspect_ratio": "3:4",
            "format": "png",
            "image_ref": [{"url": MEDIA["j1"], "weight": 0.0}, {"url": MEDIA["j2"]}],
        },
    ),
    (
        ReframeImageRequest(source=Reference(job="j2"), aspect_ratio=AspectRatio.ULTRAWIDE),
        "/generations/image/reframe",
        {
            "generation_type": "reframe_image",
            "media": {"url": MEDIA["j2"]},
            "model": "photon-1",
            "aspect_ratio": "21:9",
            "format": "jpg",
        },
    ),
    (
        ReframeImageRequest(
            source=Reference(job="j1"),
            aspect_ratio=AspectRatio.SQUARE,
            prompt="a meadow around it",
            grid_position_x=0,
            grid_position_y=128,
            x_start=1,
            x_end=2,
            y_start=3,
            y_end=4,
            resized_width=768,
            resized_height=512,
        ),
        "/generations/image/reframe",
        {
            "generation_type": "reframe_image",
            "media": {"url": MEDIA["j1"]},
            "model": "photon-1",
            "aspect_ratio": "1:1",
            "prompt": "a meadow around it",
            "format": "jpg",
            "grid_position_x": 0,
            "grid_position_y": 128,
            "x_start": 1,
            "x_end": 2,
            "y_start": 3,
            "y_end": 4,
            "resized_width": 768,
            "resized_height": 512,
        },
    ),
]


@pytest.mark.parametrize(("request_", "path", "body"), REQUESTS)
def test_requests_are_spelled_as_documented(request_: AnyRequest, path: str, body: dict[str, object]) -> None:
    """What is empty is left out; a weight or position of zero is not empty."""
    assert create(request_, media=MEDIA) == (path, body)


@pytest.mark.parametrize(("request_", "path", "body"), REQUESTS)
def test_a_callback_is_asked_for_where_one_is_given(
    request_: AnyRequest, path: str, body: dict[str, object]
) -> None:
    marked = {**body, "callback_url": "https://bot.example/callbacks/t"}
    assert create(request_, media=MEDIA, callback_url="https://bot.example/callbacks/t") == (path, marked)


def test_a_request_whose_picture_has_no_address_is_rejected() -> None:
    with pytest.raises(Rejected):
        create(ImageRequest(prompt="a fox", image_refs=(Reference(job="j9"),)), media=MEDIA)


@pytest.fixture(scope="module")
def spec() -> dict[str, Any]:
    path = REFERENCE / "dream-machine.openapi.yaml"
    if not path.exists():
        pytest.skip("the API's specification is not at hand")
    loaded: dict[str, Any] = yaml.safe_load(path.read_text())
    return loaded


@pytest.mark.parametrize("request_", [request for request, _, _ in REQUESTS])
def test_bodies_conform_to_the_specification(request_: AnyRequest, spec: dict[str, Any]) -> None:
    path, body = create(request_, media=MEDIA, callback_url="https://bot.example/callbacks/t")
    schema = spec["paths"][path]["post"]["requestBody"]["content"]["application/json"]["schema"]
    named = spec["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    jsonschema.validate(
        body,
        {**schema, "components": spec["components"]},
        cls=jsonschema.Draft202012Validator,
        format_checker=jsonschema.FormatChecker(),
    )
    assert body.keys() <= named["properties"].keys()


def documented_creates() -> list[dict[str, Any]]:
    """Bodies of the documentation's picture creates that an `ImageRequest` can express."""
    bodies: list[dict[str, Any]] = []
    for name in ("000", "001", "003"):
        for file in sorted((REFERENCE / "seeds").glob(f"{name}*.txt")):
            for data in re.findall(
                r"/generations/image\s.*?--data '\s*(\{.*?\})\s*'", file.read_text(), re.DOTALL
            ):
                body = json.loads(data)
                if body.keys() <= {"prompt", "model", "aspect_ratio", "image_ref", "callback_url"}:
                    bodies.append(body)
    return bodies


@pytest.mark.skipif(not REFERENCE.exists(), reason="the API's documentation is not at hand")
def test_documented_examples_are_sent_field_by_field() -> None:
    examples = documented_creates()
    assert len(examples) >= 8
    for example in examples:
        references = example.get("image_ref", [])
        request = ImageRequest(
            prompt=example["prompt"],
            **{key: example[key] for key in ("model", "aspect_ratio") if key in example},
            image_refs=tuple(
                Reference(job=str(place), weight=reference["weight"])
                for place, reference in enumerate(references)
            ),
        )
        media = {str(place): reference["url"] for place, reference in enumerate(references)}
        _, body = create(request, media=media, callback_url=example.get("callback_url"))
        assert {key: body.get(key) for key in example} == example


COMPLETED = {
    "id": ID,
    "type": "image",
    "state": "completed",
    "failure_reason": None,
    "created_at": "2024-12-02T15:34:40.388000Z",
    "assets": {"video": None, "image": "https://image.jpg"},
    "model": "photon-v1.0",
    "request": {"type": "image", "model": "photon-1", "prompt": "a", "callback_url": "https://b/c"},
}


def read(**changes: object) -> Generation:
    generation = read_generation({**COMPLETED, **changes})
    assert generation is not None
    return generation


def test_a_documented_generation_is_read_whole() -> None:
    generation = read()
    assert generation == Generation(
        id=ID,
        state=GenerationState.COMPLETED,
        created_at=1_733_153_680_388,
        asset_url="https://image.jpg",
        callback_url="https://b/c",
        fingerprint=generation.fingerprint,
    )
    assert generation.fingerprint


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        ("queued", GenerationState.QUEUED),
        ("failed", GenerationState.FAILED),
        ("processing", GenerationState.DREAMING),
        ("", GenerationState.DREAMING),
        (None, GenerationState.DREAMING),
        ([], GenerationState.DREAMING),
    ],
)
def test_an_unknown_state_still_runs(state: object, expected: GenerationState) -> None:
    generation = read(state=state)
    assert generation.state is expected
    assert generation.asset_url is None


@pytest.mark.parametrize(
    ("told", "milliseconds"),
    [
        ("2023-06-01T12:00:00Z", 1_685_620_800_000),
        ("2023-06-01T12:00:00", 1_685_620_800_000),
        ("2023-06-01 12:00:00.25", 1_685_620_800_250),
        ("2023-06-01T14:00:00.123456+02:00", 1_685_620_800_123),
        ("0001-01-01T00:00:00+14:00", -62_135_647_200_000),
        ("yesterday", None),
        ("", None),
        (1_685_620_800, None),
        (None, None),
    ],
)
def test_times_are_read_with_and_without_fraction_and_zone(told: object, milliseconds: int | None) -> None:
    assert read(created_at=told).created_at == milliseconds


@pytest.mark.parametrize(
    ("assets", "expected"),
    [
        ({"image": "https://i", "video": None}, "https://i"),
        ({"image": "https://thumbnail", "video": "https://v"}, "https://v"),
        ({"progress_video": "https://p"}, None),
        ({}, None),
        (None, None),
        ("https://i", None),
    ],
)
def test_the_asset_is_the_one_that_is_filled(assets: object, expected: str | None) -> None:
    assert read(assets=assets).asset_url == expected


def test_a_reason_is_read_only_from_a_failure() -> None:
    assert read(state="failed", failure_reason="Job failed").failure_reason == "Job failed"
    assert read(state="failed", failure_reason={"why": 1}).failure_reason is None
    assert read(state="dreaming", failure_reason="Job failed").failure_reason is None


def test_only_the_id_is_needed() -> None:
    assert read_generation({"id": ID}) == Generation(id=ID, state=GenerationState.DREAMING, created_at=None)


@pytest.mark.parametrize(
    ("has_more", "limit", "expected"), [(True, 9, True), (False, 1, False), (None, 1, True), (None, 9, False)]
)
def test_a_page_that_does_not_say_so_has_more_when_it_is_full(
    has_more: object, limit: int, expected: bool
) -> None:
    page = read_page({"generations": [COMPLETED], "has_more": has_more}, limit=limit)
    assert page is not None
    assert page.has_more is expected


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
)
fields = st.sampled_from([*COMPLETED, "image", "video", "callback_url", "url", "images", "media"])
generations = st.dictionaries(fields, anything | st.dictionaries(fields, anything))


@given(document=anything | generations, named=st.booleans())
def test_reading_never_fails(document: Any, named: bool) -> None:
    if named and isinstance(document, dict):
        document["id"] = ID
    generation = read_generation(document)
    if named and isinstance(document, dict):
        assert generation is not None
    page = read_page({"generations": [document, COMPLETED]}, limit=2)
    assert page is not None
    assert page.generations[-1].id == ID
    read_page(document, limit=1)
    assert read_credit(document) is None
    read_credit({"credit_balance": document})


def test_a_deeply_nested_echo_is_read() -> None:
    deep: Any = "bottom"
    for _ in range(5000):
        deep = [deep]
    assert read(request={"prompt": deep}).id == ID
