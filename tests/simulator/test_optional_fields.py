"""Fields that may be left out, be null or be empty, as the API's description and examples have them."""

from pathlib import Path
from typing import Any

from tests.simulator.client import STILL, simulator_at

MEDIA = {"url": "https://a.example/source"}
REFRAME = {"media": MEDIA, "aspect_ratio": "9:16"}

ACCEPTED: list[tuple[str, dict[str, Any]]] = [
    ("/image", {}),
    ("/image", {"model": None, "aspect_ratio": None, "format": None, "generation_type": None}),
    ("/image", {"sync": None, "sync_timeout": None, "callback_url": None}),
    ("/image", {"image_ref": None, "style_ref": None, "character_ref": None, "modify_image_ref": None}),
    ("/image", {"image_ref": [], "style_ref": [], "character_ref": {}}),
    ("/image", {"character_ref": {"identity0": None}}),
    ("/image", {"character_ref": {"identity0": {}}}),
    ("/image", {"character_ref": {"identity0": {"images": []}}}),
    ("/image", {"image_ref": [{**MEDIA, "weight": None}]}),
    ("/video", {}),
    ("/video", {"model": None, "aspect_ratio": None, "resolution": None, "duration": None, "loop": None}),
    ("/video", {"keyframes": None, "concepts": None, "callback_url": None, "generation_type": None}),
    ("/video", {"keyframes": {"frame0": {"type": "image", **MEDIA}, "frame1": None}, "concepts": []}),
    ("", {}),
    ("/image/reframe", {**REFRAME, "generation_type": "reframe_image", "model": "photon-1"}),
    (
        "/image/reframe",
        {**REFRAME, "generation_type": "reframe_image", "model": "photon-1", "format": None, "x_start": None},
    ),
    ("/video/reframe", {**REFRAME, "generation_type": "reframe_video", "model": "ray-2"}),
    ("/video/reframe", {**REFRAME, "generation_type": None, "model": "ray-2", "first_frame": None}),
    ("/video/modify", {"media": MEDIA, "model": "ray-2", "mode": "flex_1"}),
    ("/video/modify", {"media": MEDIA, "model": "ray-2", "mode": "flex_1", "generation_type": None}),
]


REQUIRED = [
    ("/image/reframe", "model"),
    ("/image/reframe", "aspect_ratio"),
    ("/image/reframe", "media"),
    ("/video/reframe", "model"),
    ("/video/modify", "mode"),
]


async def test_what_the_description_does_not_require_may_be_missing(tmp_path: Path) -> None:
    async with simulator_at(tmp_path, speed=STILL, fetch=_nothing) as caller:
        for at, (path, fields) in enumerate(ACCEPTED):
            body = {"prompt": "a quiet lake", **fields}
            answer = await caller.call("POST", f"/generations{path}", key=f"key {at}", json=body)
            assert answer.status_code == 201, (path, fields, answer.text)
            assert answer.json()["request"]["model"] in ("photon-1", "ray-2")


async def test_what_the_description_requires_may_be_neither_missing_nor_null(tmp_path: Path) -> None:
    async with simulator_at(tmp_path, speed=STILL, fetch=_nothing) as caller:
        for path, missing in REQUIRED:
            kind = "image" if "image" in path else "video"
            body: dict[str, Any] = {
                **REFRAME,
                "generation_type": f"{path.rpartition('/')[2]}_{kind}",
                "model": "photon-1" if kind == "image" else "ray-2",
                "mode": "flex_1",
            }
            without = {name: body[name] for name in body if name != missing}
            for sent in (without, body | {missing: None}):
                answer = await caller.call("POST", f"/generations{path}", json=sent)
                assert answer.status_code == 422
                assert [fault["loc"] for fault in answer.json()["detail"]] == [["body", missing]]


async def _nothing(_: str) -> bytes:
    return b""
