"""Videos over the wire: asked for, waited for, fetched whole and in part, edited, and after a kill."""

import asyncio
from pathlib import Path
from typing import Any

from PIL import Image
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route

from tests.media_workers import SharedPool
from tests.patience import PATIENCE_S, until
from tests.simulator.client import served, simulator_at
from tests.simulator.process import alone
from tests.simulator.videos import (
    SMALL,
    create_video,
    decode,
    difference,
    download_video,
    post_video,
    store_video,
    write_source,
)

FAST = 10_000


async def test_a_dreaming_video_has_a_small_film_of_its_progress(tmp_path: Path) -> None:
    at = [1_760_000_000_000]
    async with simulator_at(tmp_path, clock_ms=lambda: at[0], speed=1, open_pool=SharedPool) as caller:
        video = await create_video(caller, prompt="a red boat at sea", model="ray-2")
        assert video["assets"] is None
        at[0] += 60_000
        dreaming = await caller.get(video["id"])
        assert ("dreaming", None) == (dreaming["state"], dreaming["assets"]["video"])
        film = decode((await caller.http.get(dreaming["assets"]["progress_video"])).content)
        assert ((320, 180), 48) == (film.size, len(film.frames))
        at[0] += 600_000
        assert (await caller.get(video["id"]))["assets"]["progress_video"] is None


async def test_a_video_is_made_served_and_edited(tmp_path: Path) -> None:
    """The one long story: a video of five seconds, its poster, ranges, its continuation and its sound."""
    async with simulator_at(tmp_path, speed=FAST, drawn_fps=2, open_pool=SharedPool) as caller:
        body = {
            "model": "ray-flash-2",
            "resolution": "540p",
            "aspect_ratio": "4:3",
            "prompt": "a red boat at sea",
        }
        done = await caller.ended((await create_video(caller, **body))["id"])
        assert done["assets"] == {
            "video": f"{caller.root}/assets/{done['id']}/video.mp4",
            "image": f"{caller.root}/assets/{done['id']}/thumbnail.jpg",
            "progress_video": None,
        }
        poster = await caller.http.get(done["assets"]["image"])
        assert (poster.status_code, poster.headers["content-type"]) == (200, "image/jpeg")
        content = await download_video(caller, done)
        shown = decode(content)
        assert (shown.codec, shown.size, len(shown.frames)) == ("h264", (720, 540), 120)
        assert shown.rate == 24

        part = await caller.http.get(done["assets"]["video"], headers={"Range": "bytes=100-299"})
        assert (part.status_code, part.content) == (206, content[100:300])
        assert part.headers["content-range"] == f"bytes 100-299/{len(content)}"
        beyond = await caller.http.get(done["assets"]["video"], headers={"Range": f"bytes={len(content)}-"})
        assert beyond.status_code == 416

        heard = await caller.ended((await create_video(caller, f"/{done['id']}/audio", prompt="waves"))["id"])
        await caller.call("DELETE", f"/generations/{done['id']}")
        sounding = decode(await download_video(caller, heard))
        assert (sounding.sound, len(sounding.frames)) == ("aac", 120)
        assert difference(shown.frames[60], sounding.frames[60]) == 0


async def test_pictures_and_videos_are_brought_in_from_the_web(tmp_path: Path) -> None:
    write_source(tmp_path / "video.mp4", frames=6)
    Image.new("RGB", SMALL, (20, 160, 60)).save(tmp_path / "picture.png")
    asked: list[str] = []

    async def show(request: Request) -> Response:
        asked.append(request.path_params["name"])
        return FileResponse(tmp_path / request.path_params["name"])

    async with (
        served(Starlette(routes=[Route("/{name}", show)])) as url,
        simulator_at(tmp_path, speed=FAST, open_pool=SharedPool) as caller,
    ):
        media: dict[str, Any] = {
            "media": {"url": f"{url}/video.mp4"},
            "first_frame": {"url": f"{url}/picture.png"},
        }
        made = await create_video(
            caller, "/video/modify", model="ray-2", mode="flex_2", prompt="at night", **media
        )
        done = await caller.ended(made["id"])
        frames = decode(await download_video(caller, done)).frames
        assert len(frames) == 6
        assert difference(frames[0], Image.new("RGB", SMALL, (20, 160, 60))) < 6
        assert sorted(asked) == ["picture.png", "video.mp4"]
        body: dict[str, Any] = {
            "model": "ray-flash-2",
            "aspect_ratio": "21:9",
            "media": {"url": f"{url}/video.mp4"},
        }
        wide = await caller.ended((await create_video(caller, "/video/reframe", **body))["id"])
        assert decode(await download_video(caller, wide)).size == (2432, 1024)
        keyframes = {"frame0": {"type": "image", "url": f"{url}/video.mp4"}}
        wrong = await caller.ended((await create_video(caller, model="ray-2", keyframes=keyframes))["id"])
        assert wrong["failure_reason"] == "Failed to read user input frames"


async def test_an_upscaled_video_is_larger(tmp_path: Path) -> None:
    async with simulator_at(tmp_path, speed=FAST, open_pool=SharedPool) as caller:
        done = await caller.ended((await create_video(caller, model="ray-2", prompt="a small one"))["id"])
        store_video(tmp_path, done, write_source(tmp_path / "video.mp4", frames=4))
        larger = await caller.ended((await create_video(caller, f"/{done['id']}/upscale"))["id"])
        shown = decode(await download_video(caller, larger))
        assert (shown.size, len(shown.frames)) == ((1920, 1080), 4)


async def test_a_changed_video_keeps_its_id_where_that_is_set(tmp_path: Path) -> None:
    """First audio, then a higher resolution: each is charged, and a new file of the one generation."""
    async with simulator_at(tmp_path, speed=FAST, open_pool=SharedPool, edits_keep_id=True) as caller:
        video = await caller.ended((await create_video(caller, model="ray-2", prompt="a small one"))["id"])
        store_video(tmp_path, video, write_source(tmp_path / "video.mp4", frames=4))
        paid = await caller.credit()
        answer = await create_video(caller, f"/{video['id']}/audio", prompt="waves")
        assert (answer["id"], answer["created_at"]) == (video["id"], video["created_at"])
        assert answer["request"]["generation_type"] == "add_audio"
        heard = await caller.ended(video["id"])
        assert heard["assets"]["video"] == f"{caller.root}/assets/{video['id']}/video-2.mp4"
        assert decode(await download_video(caller, heard)).sound == "aac"
        assert (less := await caller.credit()) < paid

        await create_video(caller, f"/{video['id']}/upscale", resolution="1080p")
        larger = decode(await download_video(caller, await caller.ended(video["id"])))
        assert (larger.size, larger.sound, len(larger.frames)) == ((1920, 1080), "aac", 4)
        assert await caller.credit() < less
        listed = (await caller.call("GET", "/generations")).json()["generations"]
        assert [one["id"] for one in listed] == [video["id"]]


async def test_callbacks_tell_of_a_video_with_its_assets(tmp_path: Path) -> None:
    heard: list[dict[str, Any]] = []
    ended = asyncio.Event()

    async def hear(request: Request) -> Response:
        heard.append(await request.json())
        if heard[-1]["state"] == "completed":
            ended.set()
        return Response()

    async with (
        served(Starlette(routes=[Route("/hook", hear, methods=["POST"])])) as url,
        simulator_at(tmp_path, speed=FAST) as caller,
    ):
        made = await create_video(caller, model="ray-2", prompt="call me", callback_url=f"{url}/hook")
        async with asyncio.timeout(PATIENCE_S):
            await ended.wait()
        assert [one["state"] for one in heard] == ["dreaming", "completed"]
        assert heard[-1] == await caller.get(made["id"])
        assert heard[-1]["assets"]["video"]


async def test_faults_strike_videos_too(tmp_path: Path) -> None:
    async with simulator_at(tmp_path, speed=FAST) as caller:
        await caller.fault("server_error", match="video")
        assert (await post_video(caller, model="ray-2", prompt="a video")).status_code == 500
        await caller.fault("broken_asset")
        done = await caller.ended((await create_video(caller, model="ray-2", prompt="a video"))["id"])
        for name in ("video", "image"):
            assert (await caller.http.get(done["assets"][name])).content.startswith(b"<html>")
        await caller.fault("stuck")
        await create_video(caller, model="ray-2", prompt="a video")
        assert (await caller.page())["generations"][0]["state"] == "dreaming"


async def test_the_page_shows_what_was_made_to_this_machine_only(tmp_path: Path) -> None:
    async with simulator_at(tmp_path, prefix="/simulator", speed=FAST) as caller:
        done = await caller.ended(
            (await create_video(caller, model="ray-2", prompt="<b>bold</b> words"))["id"]
        )
        await caller.fault("stuck", match="nobody")
        answer = await caller.http.get(f"{caller.root}/")
        assert answer.status_code == 200
        assert "script-src" not in answer.headers["content-security-policy"]
        assert "&lt;b&gt;bold&lt;/b&gt; words" in answer.text
        assert "<b>" not in answer.text
        for told in (done["assets"]["image"], "completed", "1280×720, 5 s", "stuck", "nobody"):
            assert told in answer.text
        away = await caller.http.get(f"{caller.root}/", headers={"Host": "rebound.example"})
        assert away.status_code == 403


def _begun(folder: Path) -> list[Path]:
    return list(folder.rglob(".video.mp4.*"))


async def test_a_video_survives_a_kill_while_it_is_made(tmp_path: Path) -> None:
    """Killed in the middle of rendering: afterwards the video is whole, and what builds on it goes on."""
    body = {"model": "ray-flash-2", "resolution": "540p", "aspect_ratio": "1:1"}
    async with alone(tmp_path, speed=FAST) as (process, client):
        first = await client.ended((await create_video(client, prompt="a fox in autumn", **body))["id"])
        keyframes = {"frame0": {"type": "generation", "id": first["id"]}}
        second = await create_video(client, prompt="and it runs away", keyframes=keyframes, **body)

        async def is_rendered() -> bool:
            return any(_begun(tmp_path))

        await until(is_rendered)
        await process.kill()
    async with alone(tmp_path, speed=FAST) as (_, client):
        assert (await client.ended(second["id"]))["state"] == "completed"
        earlier = decode(await download_video(client, await client.get(first["id"]))).frames
        poster = await client.http.get((await client.get(second["id"]))["assets"]["image"])
        (tmp_path / "poster.jpg").write_bytes(poster.content)
        with Image.open(tmp_path / "poster.jpg") as opening:
            assert difference(earlier[-1], opening) < 6
            assert difference(earlier[0], opening) > difference(earlier[-1], opening)
