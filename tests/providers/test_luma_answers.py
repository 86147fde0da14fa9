"""Every answer is read as far as it goes, and reading never fails."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.providers.base import Generation, GenerationState
from bot.providers.luma.responses import read_credit, read_generation, read_page, read_terms

ID = "3ce343aa-5746-4ab3-b167-4e29f83d3f42"

COMPLETED: dict[str, Any] = {
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
    ("assets", "asset", "still"),
    [
        ({"image": "https://i", "video": None}, "https://i", None),
        ({"image": "https://thumbnail", "video": "https://v"}, "https://v", "https://thumbnail"),
        ({"image": None, "video": "https://v"}, "https://v", None),
        ({"video": "https://v"}, "https://v", None),
        ({"progress_video": "https://p"}, None, None),
        ({}, None, None),
        (None, None, None),
        ("https://i", None, None),
    ],
)
def test_the_asset_is_the_one_that_is_filled(assets: object, asset: str | None, still: str | None) -> None:
    generation = read(assets=assets)
    assert (generation.asset_url, generation.thumbnail_url) == (asset, still)


@pytest.mark.parametrize("state", ["queued", "dreaming", "failed", "polishing"])
def test_what_is_not_completed_has_no_asset(state: str) -> None:
    generation = read(state=state, assets={"image": "https://thumbnail", "video": "https://v"})
    assert (generation.asset_url, generation.thumbnail_url) == (None, None)


@pytest.mark.parametrize(
    ("document", "words"),
    [
        (["zoom_in", "pov", "zoom_in"], ("zoom_in", "pov")),
        (["pov", None, "", 7, {"key": "x"}], ("pov",)),
        ([], ()),
        ({"concepts": ["pov"]}, None),
        (None, None),
    ],
)
def test_words_are_read_from_a_list_only(document: object, words: tuple[str, ...] | None) -> None:
    assert read_terms(document) == words


@pytest.mark.parametrize(
    ("state", "assets", "preview"),
    [
        ("dreaming", {"video": None, "progress_video": "https://p"}, "https://p"),
        ("polishing", {"progress_video": "https://p"}, "https://p"),
        ("completed", {"video": "https://v", "progress_video": "https://p"}, None),
        ("dreaming", None, None),
        ("dreaming", {"progress_video": 7}, None),
    ],
)
def test_a_preview_is_read_while_the_generation_runs(state: str, assets: object, preview: str | None) -> None:
    assert preview == read(state=state, assets=assets).preview_url


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


@settings(max_examples=50)
@given(document=anything | generations, named=st.booleans())
def test_reading_never_fails(document: Any, named: bool) -> None:
    _read_all(document, named=named)


@pytest.mark.soak
@settings(max_examples=1_000)
@given(document=anything | generations, named=st.booleans())
def test_reading_never_fails_in_a_long_run(document: Any, named: bool) -> None:
    _read_all(document, named=named)


def _read_all(document: Any, *, named: bool) -> None:
    if named and isinstance(document, dict):
        document["id"] = ID
    generation = read_generation(document)
    if named and isinstance(document, dict):
        assert generation is not None
    page = read_page({"generations": [document, COMPLETED]}, limit=2)
    assert page is not None
    assert page.generations[-1].id == ID
    read_page(document, limit=1)
    read_terms(document)
    assert read_credit(document) is None
    read_credit({"credit_balance": document})


def test_a_deeply_nested_echo_is_read() -> None:
    deep: Any = "bottom"
    for _ in range(5000):
        deep = [deep]
    assert read(request={"prompt": deep}).id == ID
