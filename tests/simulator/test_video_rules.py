"""What the simulator takes and refuses for videos, in the API's own words; nothing is rendered here."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.simulator.client import STILL, ApiClient, simulator_at
from tests.simulator.videos import create_video, post_video, store_video, write_source

PICTURE = {"type": "image", "url": "https://a.example/picture.jpg"}
EARLIER = {"type": "generation", "id": "first"}
LATER = {"type": "generation", "id": "second"}


@dataclass(frozen=True, slots=True, kw_only=True)
class IdleSimulator:
    """A simulator in which nothing goes on, but for two videos that are ready."""

    caller: ApiClient
    first: str
    second: str

    async def post(self, path: str = "/video", **body: Any) -> tuple[int, Any]:
        frames = body.get("keyframes") or {}
        for name, frame in frames.items():
            if frame and frame.get("type") == "generation":
                frames = frames | {name: frame | {"id": getattr(self, frame["id"], frame["id"])}}
        body = body | {"keyframes": frames} if frames else body
        answer = await post_video(self.caller, path.replace("first", self.first), **body)
        return answer.status_code, answer.json().get("detail")


@asynccontextmanager
async def room(folder: Path, **settings: Any) -> AsyncIterator[IdleSimulator]:
    at = [0]

    async def no_media(_: str) -> bytes:
        return b""

    source = write_source(folder / "source.mp4", frames=4)
    async with simulator_at(folder, clock_ms=lambda: at[0], fetch=no_media, speed=1, **settings) as caller:
        ready = [await create_video(caller, prompt=f"video {number}", model="ray-2") for number in (1, 2)]
        for one in ready:
            store_video(folder, one, source)
        at[0] = 1_000_000
        yield IdleSimulator(caller=caller, first=ready[0]["id"], second=ready[1]["id"])


COMBINATIONS = [
    ({"frame0": PICTURE}, None),
    ({"frame1": PICTURE}, None),
    ({"frame0": PICTURE, "frame1": PICTURE}, "Loop is not supported for keyframes"),
    ({"frame0": EARLIER}, None),
    ({"frame1": EARLIER}, "Loop is not supported for extend reverse"),
    ({"frame0": EARLIER, "frame1": PICTURE}, "Loop is not supported for interpolate video to image"),
    ({"frame0": PICTURE, "frame1": EARLIER}, "Loop is not supported for interpolate image to video"),
    ({"frame0": EARLIER, "frame1": LATER}, "Loop is not supported for interpolate between two videos"),
]


async def test_every_combination_of_keyframes_is_taken_and_looped_only_where_it_can_be(
    tmp_path: Path,
) -> None:
    async with room(tmp_path, video_concurrent=99, video_per_minute=99) as here:
        for keyframes, refusal in COMBINATIONS:
            plain = await here.post(model="ray-2", prompt="a tiger rolls", keyframes=keyframes)
            looped = await here.post(model="ray-2", prompt="a tiger rolls", keyframes=keyframes, loop=True)
            assert plain == (201, None), keyframes
            assert looped == ((400, refusal) if refusal else (201, None)), keyframes


async def test_words_are_required_unless_a_picture_is_given(tmp_path: Path) -> None:
    async with room(tmp_path, video_concurrent=99, video_per_minute=99) as here:
        for keyframes, _ in [(None, None), *COMBINATIONS]:
            pictured = any(frame["type"] == "image" for frame in (keyframes or {}).values())
            body: dict[str, Any] = {"keyframes": keyframes} if keyframes else {}
            expected = (201, None) if pictured else (400, "Prompt is required")
            assert await here.post(model="ray-2", **body) == expected, keyframes


TOO_SHORT = "Prompt is too short, minimum length is 3 characters"
SOMEWHERE = {"url": "http://a.example/"}

REFUSALS: list[tuple[dict[str, Any], int, str]] = [
    ({"keyframes": {"frame0": None, "frame1": None}}, 400, "No keyframes provided"),
    ({"keyframes": {}}, 400, "No keyframes provided"),
    ({"prompt": "ab"}, 400, TOO_SHORT),
    ({"prompt": "a" * 5001}, 400, "Prompt is too long, maximum length is 5000 characters"),
    ({"prompt": "ab", "keyframes": {"frame0": PICTURE}}, 400, TOO_SHORT),
    ({"generation_type": "hologram"}, 400, "Unknown request type"),
    ({"model": "ray-1-6"}, 400, "Model ray-1-6 is not supported anymore, use ray-2 or ray-flash-2"),
    ({"concepts": [{"key": "wobble"}]}, 400, "400: concept wobble is not supported"),
    ({"resolution": "8k"}, 400, "400: resolution 8k is not supported, use 540p, 720p, 1080p, 4k"),
    ({"duration": "7s"}, 400, "400: duration 7s is not supported, use 5s, 9s"),
    ({"keyframes": {"frame0": {"type": "generation", "id": "00000000-0000-4000-8000-000000000000"}}}, 404,
     "Generation not found"),
]  # fmt: skip


async def test_rules_are_told_word_for_word(tmp_path: Path) -> None:
    async with room(tmp_path) as here:
        for change, status, detail in REFUSALS:
            body = {"model": "ray-2", "prompt": "a good prompt", **change}
            assert await here.post(**body) == (status, detail), change


MALFORMED: list[tuple[str, dict[str, Any], list[str]]] = [
    ("/video", {"model": "ray-9"}, ["body", "model"]),
    ("/video", {"aspect_ratio": "2:1"}, ["body", "aspect_ratio"]),
    ("/video", {"duration": []}, ["body", "duration"]),
    ("/video", {"duration": {"seconds": 5}}, ["body", "duration"]),
    ("/video", {"keyframes": {"frame0": {"type": "image"}}},
     ["body", "keyframes", "frame0", "image", "url"]),
    ("/video", {"keyframes": {"frame0": SOMEWHERE}}, ["body", "keyframes", "frame0"]),
    ("/video/reframe", {"model": "ray-2", "media": SOMEWHERE}, ["body", "aspect_ratio"]),
    ("/video/reframe", {"model": "photon-1", "media": SOMEWHERE, "aspect_ratio": "1:1"},
     ["body", "model"]),
    ("/video/modify", {"model": "ray-2", "mode": "flex_1"}, ["body", "media"]),
    ("/video/modify", {"model": "ray-2", "mode": "flex_4", "media": SOMEWHERE},
     ["body", "mode"]),
    ("/first/audio", {"callback_url": "nowhere"}, ["body", "callback_url"]),
]  # fmt: skip


async def test_malformed_fields_are_named(tmp_path: Path) -> None:
    async with room(tmp_path) as here:
        for path, body, loc in MALFORMED:
            prompt = {"prompt": "a good prompt"} if path == "/video" else {}
            status, detail = await here.post(path, **prompt, **body)
            assert (status, detail[0]["loc"]) == (422, loc), (path, body)


async def test_only_own_finished_videos_can_be_built_on(tmp_path: Path) -> None:
    async with room(tmp_path) as here:
        caller = here.caller
        picture = await caller.create("a picture")
        running = await create_video(caller, model="ray-2", prompt="still running")
        for path, base in (
            ("/video", {"model": "ray-2", "prompt": "and then"}),
            ("/{}/upscale", {}),
            ("/{}/audio", {}),
        ):
            for identifier, key, expected in (
                (picture["id"], "luma-test-key", (400, f"Generation {picture['id']} is not a video")),
                (running["id"], "luma-test-key", (400, f"Generation {running['id']} is not completed")),
                (here.first, "another", (404, "Generation not found")),
            ):
                body = base | (
                    {"keyframes": {"frame0": {"type": "generation", "id": identifier}}} if base else {}
                )
                answer = await post_video(caller, path.format(identifier), key=key, **body)
                assert (answer.status_code, answer.json()["detail"]) == expected


async def test_a_create_echoes_the_normalised_request(tmp_path: Path) -> None:
    async with room(tmp_path) as here:
        for path, status in (("/video", 201), ("", 201)):
            answer = await post_video(
                here.caller,
                path,
                prompt="a car",
                model="ray-2",
                resolution="1080",
                concepts=[{"key": "dolly_zoom"}],
            )
            assert answer.status_code == status
            told = answer.json()
            assert (told["generation_type"], told["model"], told["state"], told["assets"]) == (
                "video",
                "ray-2",
                "queued",
                None,
            )
            assert told["request"] == {
                "generation_type": "video",
                "model": "ray-2",
                "prompt": "a car",
                "aspect_ratio": "16:9",
                "loop": False,
                "keyframes": None,
                "resolution": "1080p",
                "duration": "5s",
                "concepts": [{"key": "dolly_zoom"}],
                "callback_url": None,
            }


async def test_an_extension_takes_the_shape_of_its_video(tmp_path: Path) -> None:
    at = [0]
    async with simulator_at(tmp_path, clock_ms=lambda: at[0], speed=1) as caller:
        tall = await create_video(caller, model="ray-2", prompt="a tall video", aspect_ratio="9:21")
        store_video(tmp_path, tall, write_source(tmp_path / "source.mp4", frames=4))
        at[0] = 1_000_000
        frames = {"frame0": {"type": "generation", "id": tall["id"]}}
        more = await create_video(caller, model="ray-2", prompt="and more", keyframes=frames)
        assert more["request"]["aspect_ratio"] == "9:21"
        assert more["request"]["keyframes"] == frames | {"frame1": None}


async def test_concepts_and_camera_motions_are_listed(tmp_path: Path) -> None:
    async with simulator_at(tmp_path) as caller:
        concepts = (await caller.call("GET", "/generations/concepts/list")).json()
        motions = (await caller.call("GET", "/generations/camera_motion/list")).json()
        assert {"dolly_zoom", "handheld", "orbit_left", "eye_level"} <= set(concepts)
        assert len(concepts) == 34
        assert "camera orbit left" in motions


async def test_sound_and_upscaling_are_answered_with_200_and_a_new_generation(tmp_path: Path) -> None:
    async with room(tmp_path) as here:
        larger = await post_video(here.caller, f"/{here.first}/upscale", resolution="1080p")
        heard = await post_video(
            here.caller, f"/{here.first}/audio", prompt="wind and waves", negative_prompt="voices"
        )
        assert (larger.status_code, heard.status_code) == (200, 200)
        assert len({here.first, larger.json()["id"], heard.json()["id"]}) == 3
        assert larger.json()["request"] == {
            "generation_type": "upscale_video",
            "resolution": "1080p",
            "callback_url": None,
        }
        assert heard.json()["request"]["negative_prompt"] == "voices"
        smaller = await post_video(here.caller, f"/{here.first}/upscale", resolution="540p")
        assert smaller.json() == {"detail": "400: the generation already has this resolution"}


async def test_videos_have_limits_of_their_own(tmp_path: Path) -> None:
    async with simulator_at(tmp_path, speed=STILL) as caller:
        statuses = [
            (await post_video(caller, model="ray-2", prompt=f"video {number}")).status_code
            for number in range(11)
        ]
        assert statuses == [201] * 10 + [429]
        assert (await caller.post_image("pictures go on")).status_code == 201
    async with simulator_at(tmp_path / "fast", speed=1e9, video_concurrent=99) as caller:
        statuses = [
            (await post_video(caller, model="ray-2", prompt=f"video {number}")).status_code
            for number in range(21)
        ]
        assert statuses == [201] * 20 + [429]


async def test_flash_takes_a_minute_and_the_other_one_longer(tmp_path: Path) -> None:
    at = [0]
    async with simulator_at(tmp_path, clock_ms=lambda: at[0], speed=1) as caller:
        flash = await create_video(caller, model="ray-flash-2", prompt="a quick one")
        slow = await create_video(caller, model="ray-2", prompt="a slow one")
        states = []
        for second in (30, 80, 130):
            at[0] = second * 1000
            states.append([(await caller.get(one["id"]))["state"] for one in (flash, slow)])
        assert states == [["dreaming"] * 2, ["completed", "dreaming"], ["completed"] * 2]


async def test_a_video_that_fails_tells_why_and_is_paid_back(tmp_path: Path) -> None:
    async with simulator_at(tmp_path, speed=10_000) as caller:
        await caller.fault("moderation", reason="Frame moderation failed")
        ended = await caller.ended((await create_video(caller, model="ray-2", prompt="not this"))["id"])
        assert (ended["failure_reason"], ended["assets"]) == ("Frame moderation failed", None)
        assert await caller.credit() == 100_000.0
