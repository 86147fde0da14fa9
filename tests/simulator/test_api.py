"""The simulator's API as a caller meets it: shapes, states, lists, keys and refusals."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from tests.simulator.client import STILL, simulator_at


async def test_a_generation_goes_from_queued_over_dreaming_to_completed(tmp_path: Path) -> None:
    now = 1_733_153_680_388
    at = [now]
    async with simulator_at(tmp_path, clock_ms=lambda: at[0], speed=1) as caller:
        created = await caller.create("a lighthouse at dusk")
        identifier = created["id"]
        states = [created["state"]]
        for second in (5, 20):
            at[0] = now + second * 1000
            states.append((await caller.get(identifier))["state"])
        assert states == ["queued", "dreaming", "completed"]
        assert UUID(identifier).version == 4
        assert created["created_at"] == "2024-12-02T15:34:40.388000Z"


async def test_a_create_is_answered_in_the_documented_shape(tmp_path: Path) -> None:
    async with simulator_at(tmp_path, speed=STILL) as caller:
        created = await caller.create("man as a warrior", callback_url="http://127.0.0.1:9/x?y=%20Z")
        identifier, at = created.pop("id"), created.pop("created_at")
        assert identifier
        assert abs((datetime.now(UTC) - datetime.fromisoformat(at)).total_seconds()) < 60
        assert created == {
            "generation_type": "image",
            "type": "image",
            "state": "queued",
            "failure_reason": None,
            "assets": None,
            "model": "photon-v1.0",
            "request": {
                "generation_type": "image",
                "model": "photon-1",
                "prompt": "man as a warrior",
                "aspect_ratio": "16:9",
                "format": "jpg",
                "callback_url": "http://127.0.0.1:9/x?y=%20Z",
                "image_ref": None,
                "style_ref": None,
                "character_ref": None,
                "modify_image_ref": None,
            },
        }


async def test_flash_takes_less_time_and_has_its_own_label(tmp_path: Path) -> None:
    at = [0]
    async with simulator_at(tmp_path, clock_ms=lambda: at[0], speed=1) as caller:
        flash = await caller.create("a quick sketch", model="photon-flash-1")
        slow = await caller.create("a slow painting")
        at[0] = 7_000
        assert (await caller.get(flash["id"]))["state"] == "completed"
        assert (await caller.get(slow["id"]))["state"] == "dreaming"
        assert flash["model"] == "photon-flash-v1.0"


async def test_the_list_is_newest_first_and_says_whether_there_is_more(tmp_path: Path) -> None:
    async with simulator_at(tmp_path, speed=STILL) as caller:
        made = [(await caller.create(f"picture number {number}"))["id"] for number in range(5)]
        first, last = await caller.page(limit=2), await caller.page(limit=2, offset=4)
        everything = await caller.page()
        assert [one["id"] for one in first["generations"]] == [made[4], made[3]]
        assert {name: first[name] for name in ("has_more", "count", "limit", "offset")} == {
            "has_more": True,
            "count": 2,
            "limit": 2,
            "offset": 0,
        }
        assert [one["id"] for one in last["generations"]] == [made[0]]
        assert last["has_more"] is False
        assert everything["limit"] == 100
        assert everything["count"] == 5


async def test_the_list_may_lag_behind_while_get_does_not(tmp_path: Path) -> None:
    at = [1_000_000]
    async with simulator_at(tmp_path, clock_ms=lambda: at[0], list_lag_ms=500) as caller:
        created = await caller.create("a late entry")
        assert (await caller.get(created["id"]))["id"] == created["id"]
        at[0] += 499
        assert (await caller.page())["generations"] == []
        at[0] += 1
        assert [one["id"] for one in (await caller.page())["generations"]] == [created["id"]]


async def test_a_deleted_generation_is_gone(tmp_path: Path) -> None:
    async with simulator_at(tmp_path) as caller:
        identifier = (await caller.create("soon forgotten"))["id"]
        completed = await caller.ended(identifier)
        statuses = [
            (await caller.call(method, f"/generations/{identifier}")).status_code
            for method in ("DELETE", "GET", "DELETE")
        ]
        assert statuses == [204, 404, 404]
        assert (await caller.page())["generations"] == []
        assert (await caller.http.get(completed["assets"]["image"])).status_code == 404


async def test_each_key_is_an_account_of_its_own(tmp_path: Path) -> None:
    async with simulator_at(tmp_path, speed=STILL) as caller:
        identifier = (await caller.create("mine alone"))["id"]
        theirs = [
            (await caller.call(method, f"/generations/{identifier}", key="another")).status_code
            for method in ("GET", "DELETE")
        ]
        assert theirs == [404, 404]
        assert (await caller.page(key="another"))["generations"] == []
        assert await caller.credit(key="another") == 100_000.0
        assert await caller.credit() < 100_000.0


WRONG_AUTHORIZATIONS: list[str | None] = [None, "", "Bearer", "Basic abc", "Bearer invalid"]


async def test_a_call_without_a_good_key_is_refused(tmp_path: Path) -> None:
    async with simulator_at(tmp_path) as caller:
        for authorization in WRONG_AUTHORIZATIONS:
            headers = {} if authorization is None else {"Authorization": authorization}
            for path in ("/ping", "/credits", "/generations"):
                answer = await caller.http.get(caller.base_url + path, headers=headers)
                assert answer.status_code == 401
                assert isinstance(answer.json()["detail"], str)


BAD_PROMPTS: list[tuple[Any, str]] = [
    (None, "Prompt is required"),
    ("", "Prompt is required"),
    ("   ", "Prompt is required"),
    ("ab", "Prompt is too short, minimum length is 3 characters"),
    ("a" * 5001, "Prompt is too long, maximum length is 5000 characters"),
]


async def test_bad_prompts_are_refused_word_for_word(tmp_path: Path) -> None:
    async with simulator_at(tmp_path) as caller:
        for prompt, detail in BAD_PROMPTS:
            answer = await caller.post_image(prompt)
            assert (answer.status_code, answer.json()) == (400, {"detail": detail})


MALFORMED_FIELDS: list[tuple[dict[str, Any], list[Any], str]] = [
    ({"aspect_ratio": "2:1"}, ["body", "aspect_ratio"], "enum"),
    ({"model": "photon-9"}, ["body", "model"], "enum"),
    ({"format": "gif"}, ["body", "format"], "enum"),
    ({"prompt": 5}, ["body", "prompt"], "string_type"),
    (
        {"image_ref": [{"url": "http://a.example/x", "weight": 1.01}]},
        ["body", "image_ref", 0, "weight"],
        "less_than_equal",
    ),
    (
        {"image_ref": [{"url": "http://a.example/x", "weight": -0.1}]},
        ["body", "image_ref", 0, "weight"],
        "greater_than_equal",
    ),
    ({"image_ref": [{"weight": 0.5}]}, ["body", "image_ref", 0, "url"], "missing"),
    ({"style_ref": [{"url": "ftp://a.example/x"}]}, ["body", "style_ref", 0, "url"], "url_parsing"),
    ({"modify_image_ref": {"url": "http://"}}, ["body", "modify_image_ref", "url"], "url_parsing"),
    ({"callback_url": "http://[::1"}, ["body", "callback_url"], "url_parsing"),
    ({"callback_url": "data:text/plain,x"}, ["body", "callback_url"], "url_parsing"),
    ({"callback_url": "http://a.example:99999/"}, ["body", "callback_url"], "url_parsing"),
]


async def test_malformed_fields_are_named_one_by_one(tmp_path: Path) -> None:
    async with simulator_at(tmp_path) as caller:
        for fields, loc, kind in MALFORMED_FIELDS:
            answer = await caller.post_image(**{"prompt": "a good prompt", **fields})
            assert answer.status_code == 422
            (fault,) = answer.json()["detail"]
            assert (fault["loc"], fault["type"]) == (loc, kind)
            assert {"type", "loc", "msg", "input"} <= set(fault)
            assert (await caller.page())["generations"] == []


TOO_MANY_REFERENCES: list[tuple[str, Any, str]] = [
    ("image_ref", [{"url": "http://a.example/x"}] * 5, "400: at most 4 image references are supported"),
    ("style_ref", [{"url": "http://a.example/x"}] * 5, "400: at most 4 style references are supported"),
    (
        "character_ref",
        {"identity0": {"images": ["http://a.example/x"] * 5}},
        "400: at most 4 images of a character are supported",
    ),
]


async def test_unsupported_combinations_carry_their_status_in_the_text(tmp_path: Path) -> None:
    async with simulator_at(tmp_path) as caller:
        for field, value, detail in TOO_MANY_REFERENCES:
            answer = await caller.post_image("too many of them", **{field: value})
            assert (answer.status_code, answer.json()) == (400, {"detail": detail})


NO_JSON_OBJECTS = [b"", b"{", b"[]", b'"x"', b'{"prompt": "\\ud800 alone"}', b'{"prompt": NaN}']


async def test_bodies_that_are_no_json_object_are_refused(tmp_path: Path) -> None:
    async with simulator_at(tmp_path) as caller:
        for body in NO_JSON_OBJECTS:
            answer = await caller.call("POST", "/generations/image", content=body)
            assert answer.status_code == 422
            assert isinstance(answer.json()["detail"], list)


async def test_a_body_too_large_is_refused(tmp_path: Path) -> None:
    async with simulator_at(tmp_path) as caller:
        answer = await caller.call("POST", "/generations/image", content=b" " * (1 << 20) + b"{}")
        assert answer.status_code == 413


BAD_PAGES = [{"limit": "many"}, {"limit": "0"}, {"offset": "-1"}]


async def test_bad_page_numbers_are_refused(tmp_path: Path) -> None:
    async with simulator_at(tmp_path) as caller:
        for query in BAD_PAGES:
            answer = await caller.call("GET", "/generations", params=query)
            assert answer.status_code == 422
            assert answer.json()["detail"][0]["loc"] == ["query", next(iter(query))]


async def test_unknown_paths_and_methods_answer_in_the_same_shape(tmp_path: Path) -> None:
    async with simulator_at(tmp_path) as caller:
        unknown, wrong = await caller.call("GET", "/nothing"), await caller.call("PUT", "/credits")
        assert (unknown.status_code, unknown.json()) == (404, {"detail": "Not Found"})
        assert (wrong.status_code, wrong.json()) == (405, {"detail": "Method Not Allowed"})


async def test_a_synchronous_create_answers_the_finished_picture(tmp_path: Path) -> None:
    async with simulator_at(tmp_path) as caller:
        done = await caller.create("no time to poll", sync=True)
        assert done["state"] == "completed"
        assert done["assets"]["image"]


async def test_a_synchronous_create_answers_as_it_stands_when_time_is_up(tmp_path: Path) -> None:
    async with simulator_at(tmp_path, speed=STILL) as caller:
        waiting = await caller.create("in vain", sync=True, sync_timeout=0.05)
        assert waiting["state"] == "queued"


async def test_mounted_under_a_prefix_its_assets_are_found_there(tmp_path: Path) -> None:
    async with simulator_at(tmp_path, prefix="/machine/room") as caller:
        done = await caller.ended((await caller.create("deep inside"))["id"])
        url = done["assets"]["image"]
        assert url == f"{caller.root}/assets/{done['id']}/image.jpg"
        answer = await caller.http.get(url)
        assert (answer.status_code, answer.headers["content-type"]) == (200, "image/jpeg")


async def test_many_readers_of_a_new_picture_have_it_drawn_once(tmp_path: Path) -> None:
    async with simulator_at(tmp_path) as caller:
        done = await caller.ended((await caller.create("all eyes on this", format="png"))["id"])
        url = done["assets"]["image"]
        answers = await asyncio.gather(*(caller.http.get(url) for _ in range(8)))
        assert {answer.status_code for answer in answers} == {200}
        assert len({answer.content for answer in answers}) == 1
        assert len({answer.headers["last-modified"] for answer in answers}) == 1
        assert {"public, max-age=31536000, immutable"} == {one.headers["cache-control"] for one in answers}


async def test_an_asset_is_there_only_when_it_is_finished_and_under_its_own_name(tmp_path: Path) -> None:
    async with simulator_at(tmp_path, speed=STILL) as caller:
        identifier = (await caller.create("not yet"))["id"]
        early = await caller.http.get(f"{caller.root}/assets/{identifier}/image.jpg")
        assert early.status_code == 404
    async with simulator_at(tmp_path / "fast") as caller:
        done = await caller.ended((await caller.create("done now"))["id"])
        for name in ("image.png", "other.jpg", "..%2f..%2fsimulator.db"):
            answer = await caller.http.get(f"{caller.root}/assets/{done['id']}/{name}")
            assert answer.status_code == 404


async def test_the_control_routes_answer_to_loopback_names_only(tmp_path: Path) -> None:
    async with simulator_at(tmp_path) as caller:
        statuses = [
            (await caller.control("GET", "/faults", headers={"Host": host})).status_code
            for host in (
                "localhost:80",
                "127.0.0.1",
                "[::1]:8080",
                "rebound.example",
                "127.0.0.1.example",
                "",
            )
        ]
        assert statuses == [200, 200, 200, 403, 403, 403]


async def test_the_control_list_shows_all_keys_without_naming_them(tmp_path: Path) -> None:
    async with simulator_at(tmp_path, speed=STILL) as caller:
        await caller.create("the first one", key="key-one")
        second = await caller.create("the second one", key="key-two", callback_url="http://127.0.0.1:9/")
        await caller.call("DELETE", f"/generations/{second['id']}", key="key-two")
        answer = await caller.control("GET", "/generations")
        first, last = answer.json()["generations"]
        assert (first["prompt"], first["deleted"], last["deleted"]) == ("the first one", False, True)
        assert last["callback_url"] == "http://127.0.0.1:9/"
        assert first["key_hash"] != last["key_hash"]
        assert "key-one" not in answer.text
