"""Every kind of video is asked for by our client, made by the simulator, fetched and looked into."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from pydantic import SecretStr
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route

from bot.domain.generations.media import MediaKind, Reference
from bot.domain.generations.models import AspectRatio, Duration, ModifyMode, Resolution, VideoModel
from bot.domain.generations.requests import (
    AnyRequest,
    AudioRequest,
    ModifyVideoRequest,
    ReframeVideoRequest,
    UpscaleRequest,
    VideoRequest,
)
from bot.providers.base import Generation, GenerationState, Input, InputGeneration, InputUrl
from bot.providers.luma import LumaProvider
from tests.media_workers import SharedPool
from tests.patience import until
from tests.simulator.client import KEY, ApiClient, served, simulator_at
from tests.simulator.videos import (
    SMALL,
    DecodedVideo,
    create_video,
    decode,
    difference,
    store_video,
    write_source,
)

MARKER = "http://127.0.0.1:1/callbacks/marker"
FAST = 10_000
GREEN, PINK = (20, 160, 60), (210, 60, 130)
#: mean difference of a frame from the picture that it was made from
LOSS = 6
PICTURE, LAST_PICTURE = Reference(url="picture.png"), Reference(url="last.png")
OWN = Reference(job="own", kind=MediaKind.VIDEO)
OTHER = Reference(job="other", kind=MediaKind.VIDEO)
CLIP = Reference(url="film.mp4", kind=MediaKind.VIDEO)


@asynccontextmanager
async def account(caller: ApiClient) -> AsyncIterator[LumaProvider]:
    """The account to which the simulator's films of `create_video` belong."""
    provider = LumaProvider(api_key=SecretStr(KEY), account="a1", base_url=caller.base_url)
    try:
        yield provider
    finally:
        await provider.close()


def video(**more: Any) -> VideoRequest:
    """A request for a film that is quickly made."""
    small = {"aspect_ratio": AspectRatio.SQUARE, "resolution": Resolution.P540}
    return VideoRequest.model_validate({"prompt": "a red boat at sea", **small, **more})


REQUESTS: list[AnyRequest] = [
    video(),
    video(model=VideoModel.RAY_2, resolution=Resolution.P1080, duration=Duration.NINE, loop=True),
    video(concepts=("dolly_zoom", "pan_left")),
    video(prompt="", start=PICTURE),
    video(end=PICTURE),
    video(start=PICTURE, end=LAST_PICTURE),
    video(start=OWN, loop=True),
    video(end=OWN),
    video(start=OWN, end=PICTURE),
    video(start=PICTURE, end=OWN),
    video(start=OWN, end=OTHER),
    ReframeVideoRequest(source=CLIP, aspect_ratio=AspectRatio.PORTRAIT, prompt="more sky"),
    ReframeVideoRequest(
        source=CLIP, aspect_ratio=AspectRatio.SQUARE, first_frame=PICTURE, grid_position_x=-9, x_end=64
    ),
    *(ModifyVideoRequest(source=CLIP, prompt="at night", mode=mode) for mode in ModifyMode),
    ModifyVideoRequest(source=CLIP, model=VideoModel.RAY_2, first_frame=PICTURE),
]
_EDITED = {
    "source": OWN,
    "model": VideoModel.RAY_2,
    "aspect_ratio": AspectRatio.LANDSCAPE,
    "duration_ms": 5_000,
}
CHANGES: list[AnyRequest] = [
    UpscaleRequest(resolution=Resolution.P1080, **_EDITED),
    AudioRequest(prompt="waves", negative_prompt="voices", **_EDITED),
]


async def test_the_echo_of_every_video_carries_our_marker_and_our_fingerprint(tmp_path: Path) -> None:
    at = [0]

    async def nothing(_: str) -> bytes:
        return b""

    async with (
        simulator_at(
            tmp_path,
            clock_ms=lambda: at[0],
            fetch=nothing,
            speed=1,
            video_concurrent=99,
            video_per_minute=99,
        ) as caller,
        account(caller) as provider,
    ):
        source = write_source(tmp_path / "source.mp4", frames=4)
        media: dict[str, Input] = {
            one.key: InputUrl(url=f"https://a.example/{one.key}?sig=a")
            for one in (PICTURE, LAST_PICTURE, CLIP)
        }
        for job in (OWN, OTHER):
            film = await create_video(caller, model="ray-2", prompt="what is built on")
            store_video(tmp_path, film, source)
            media[job.key] = InputGeneration(id=film["id"])
        at[0] = 1_000_000
        for request in [*REQUESTS, *CHANGES]:
            submitted = await provider.submit(request, media=media, callback_url=MARKER)
            newest = (await provider.page(limit=1, offset=0)).generations[0]
            assert newest.id == submitted.id
            for generation in (submitted, newest):
                assert generation.callback_url == MARKER
                # The echo of a change does not say which video it changes.
                own = provider.fingerprint(request, media)
                assert own == ("" if request.edited else generation.fingerprint), request


async def test_a_change_may_be_answered_with_the_same_generation(tmp_path: Path) -> None:
    async with (
        simulator_at(tmp_path, speed=FAST, edits_keep_id=True) as caller,
        account(caller) as provider,
    ):
        film = await caller.ended((await create_video(caller, model="ray-2", prompt="built on"))["id"])
        store_video(tmp_path, film, write_source(tmp_path / "source.mp4", frames=4))
        before = await provider.get(film["id"])
        for change in CHANGES:
            submitted = await provider.submit(
                change, media={OWN.key: InputGeneration(id=before.id)}, callback_url=MARKER
            )
            assert submitted.id == before.id
            await caller.ended(submitted.id)
            after = await provider.get(submitted.id)
            assert after.asset_url not in (None, before.asset_url)
            assert (after.callback_url, after.created_at) == (MARKER, before.created_at)
            before = after


class SimulatorFiles:
    """A simulator that hurries, our account at it, and files on the web to build on."""

    def __init__(self, folder: Path, caller: ApiClient, provider: LumaProvider, web: str) -> None:
        self._caller = caller
        self._provider = provider
        self._media: dict[str, Input] = {
            one.key: InputUrl(url=f"{web}/{one.key}") for one in (PICTURE, LAST_PICTURE, CLIP)
        }
        self._folder = folder

    async def store_video(self, reference: Reference) -> str:
        """Have an own film that is made already; answers its address."""
        film = await create_video(self._caller, model="ray-2", prompt="what is built on")
        store_video(self._folder, film, self._folder / "own.mp4")
        self._media[reference.key] = InputGeneration(id=film["id"])
        address = (await self._ended(film["id"])).asset_url
        assert address is not None
        return address

    async def make(self, request: AnyRequest, **media: str) -> DecodedVideo:
        """Ask for a film, wait for it, fetch it with its poster, and watch it."""
        inputs = {key: InputUrl(url=url) for key, url in media.items()}
        submitted = await self._provider.submit(request, media=self._media | inputs, callback_url=None)
        generation = await self._ended(submitted.id)
        assert generation.state is GenerationState.COMPLETED, generation.failure_reason
        assert generation.asset_url is not None
        assert generation.thumbnail_url is not None
        content = await self._caller.http.get(generation.asset_url, timeout=120)
        assert content.headers["content-type"] == "video/mp4"
        poster = await self._caller.http.get(generation.thumbnail_url, timeout=120)
        assert poster.headers["content-type"] == "image/jpeg"
        return decode(content.content)

    async def _ended(self, generation_id: str) -> Generation:
        async def has_ended() -> bool:
            state = (await self._provider.get(generation_id)).state
            return state in (GenerationState.COMPLETED, GenerationState.FAILED)

        await until(has_ended)
        return await self._provider.get(generation_id)


@pytest.fixture
async def service(tmp_path: Path) -> AsyncIterator[SimulatorFiles]:
    web = tmp_path / "web"
    web.mkdir()
    write_source(web / "film.mp4", frames=12)
    Image.new("RGB", (64, 64), GREEN).save(web / "picture.png")
    Image.new("RGB", (64, 64), PINK).save(web / "last.png")

    async def show(request: Request) -> Response:
        return FileResponse(web / request.path_params["name"])

    async with (
        served(Starlette(routes=[Route("/{name}", show)])) as url,
        # How it looks between its first and its last frame is no business of these tests.
        simulator_at(tmp_path, speed=FAST, drawn_fps=1, open_pool=SharedPool) as caller,
        account(caller) as provider,
    ):
        yield SimulatorFiles(tmp_path, caller, provider, url)


@pytest.fixture
def own(tmp_path: Path) -> Sequence[Image.Image]:
    """The frames of an own film that can be built on."""
    return decode(write_source(tmp_path / "own.mp4", frames=12, size=(180, 180))).frames


def plain(colour: tuple[int, int, int]) -> Image.Image:
    return Image.new("RGB", SMALL, colour)


async def test_a_film_begins_and_ends_with_the_pictures_given(service: SimulatorFiles) -> None:
    shown = await service.make(video(start=PICTURE, end=LAST_PICTURE))
    assert (shown.codec, shown.size, shown.rate, len(shown.frames)) == ("h264", (540, 540), Fraction(24), 120)
    assert difference(shown.frames[0], plain(GREEN)) < LOSS
    assert difference(shown.frames[-1], plain(PINK)) < LOSS


async def test_a_film_goes_on_from_an_own_one_to_a_picture_in_the_length_asked_for(
    service: SimulatorFiles, own: Sequence[Image.Image]
) -> None:
    await service.store_video(OWN)
    shown = await service.make(video(start=OWN, end=PICTURE, duration=Duration.NINE))
    assert (shown.codec, shown.size, shown.seconds) == ("h264", (540, 540), 9)
    assert difference(shown.frames[0], own[-1]) < LOSS
    assert difference(shown.frames[-1], plain(GREEN)) < LOSS


@pytest.mark.usefixtures("own")
async def test_an_own_film_gets_audio_and_is_made_larger(service: SimulatorFiles) -> None:
    await service.store_video(OWN)
    heard, larger = [await service.make(change) for change in reversed(CHANGES)]
    assert (heard.sound, heard.size) == ("aac", (180, 180))
    assert (larger.sound, larger.size) == (None, (1920, 1080))


async def test_a_film_from_the_web_is_modified_in_its_own_length(service: SimulatorFiles) -> None:
    shown = await service.make(ModifyVideoRequest(source=CLIP, prompt="at night", first_frame=PICTURE))
    assert (shown.codec, shown.size, shown.seconds) == ("h264", SMALL, 0.5)
    assert difference(shown.frames[0], plain(GREEN)) < LOSS


async def test_a_film_from_the_web_is_reframed_in_its_own_length(service: SimulatorFiles) -> None:
    shown = await service.make(
        ReframeVideoRequest(source=CLIP, aspect_ratio=AspectRatio.SQUARE, first_frame=PICTURE)
    )
    assert (shown.codec, shown.size, shown.seconds) == ("h264", (1536, 1536), 0.5)
    assert difference(shown.frames[0], plain(GREEN)) < LOSS


async def test_an_own_film_is_reframed_by_its_address(
    service: SimulatorFiles, own: Sequence[Image.Image]
) -> None:
    """As a source it is sent as an address, not as the generation that made it."""
    address = await service.store_video(OWN)
    request = ReframeVideoRequest(source=OWN, aspect_ratio=AspectRatio.SQUARE)
    shown = await service.make(request, own=address)
    assert (shown.size, shown.seconds) == ((1536, 1536), 0.5)
    assert difference(shown.frames[0], own[0]) < LOSS
    assert difference(shown.frames[-1], own[-1]) < LOSS
