"""What tests of videos share: asking for them, holding one ready, and looking into it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from io import BytesIO
from pathlib import Path
from typing import Any, overload

import av
import httpx
from PIL import Image, ImageChops, ImageDraw, ImageStat

from simulator.file_store import FileStore
from simulator.formats import FPS
from simulator.video.encode import write_video
from tests.simulator.client import KEY, ApiClient

#: width and height of a source video
SMALL = (320, 180)


class _Frames(Sequence[Image.Image]):
    """The frames of a video; only those that are looked at become pictures."""

    def __init__(self, frames: list[av.VideoFrame]) -> None:
        self._frames = frames

    def __len__(self) -> int:
        return len(self._frames)

    @overload
    def __getitem__(self, at: int) -> Image.Image: ...

    @overload
    def __getitem__(self, at: slice) -> Sequence[Image.Image]: ...

    def __getitem__(self, at: int | slice) -> Image.Image | Sequence[Image.Image]:
        return _Frames(self._frames[at]) if isinstance(at, slice) else _picture(self._frames[at])


@dataclass(frozen=True, slots=True, kw_only=True)
class DecodedVideo:
    """A video as a player sees it."""

    codec: str
    pixels: str
    size: tuple[int, int]
    rate: Fraction | None
    frames: Sequence[Image.Image]
    sound: str | None
    sound_s: float

    @property
    def seconds(self) -> float:
        return len(self.frames) / FPS


def decode(video: Path | bytes) -> DecodedVideo:
    """Decode a video whole."""
    with av.open(BytesIO(video) if isinstance(video, bytes) else str(video), "r") as container:
        stream = container.streams.video[0]
        frames = _Frames(list(container.decode(stream)))
        heard = container.streams.audio[0] if container.streams.audio else None
        sound_s = 0.0
        if heard is not None and heard.duration is not None and heard.time_base is not None:
            sound_s = float(heard.duration * heard.time_base)
        return DecodedVideo(
            codec=stream.codec_context.name,
            pixels=stream.codec_context.pix_fmt or "",
            size=(stream.width, stream.height),
            rate=stream.average_rate,
            frames=frames,
            sound=None if heard is None else heard.codec_context.name,
            sound_s=sound_s,
        )


def _picture(frame: av.VideoFrame) -> Image.Image:
    plane = frame.reformat(format="rgb24").planes[0]
    return Image.frombytes("RGB", (frame.width, frame.height), bytes(plane), "raw", "RGB", plane.line_size)


def difference(one: Image.Image, other: Image.Image) -> float:
    """Mean absolute difference of two pictures, from 0 to 255; the second one is fitted to the first."""
    fitted = other.convert("RGB").resize(one.size, Image.Resampling.BICUBIC)
    return sum(ImageStat.Stat(ImageChops.difference(one.convert("RGB"), fitted)).mean) / 3


def write_source(path: Path, *, frames: int = FPS, size: tuple[int, int] = SMALL) -> Path:
    """Write a video of a ball that rolls from left to right over a yellow ground."""
    write_video(_rolling(frames, size), size, path)
    return path


def _rolling(frames: int, size: tuple[int, int]) -> Iterator[Image.Image]:
    for at in range(frames):
        picture = Image.new("RGB", size, (120, 180, 220))
        draw = ImageDraw.Draw(picture)
        draw.rectangle((0, size[1] * 0.7, *size), fill=(220, 190, 90))
        x, y, radius = size[0] * (0.15 + 0.7 * at / frames), size[1] * 0.6, size[1] * 0.15
        draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=(200, 40, 60))
        yield picture


def store_video(folder: Path, generation: dict[str, Any], video: Path) -> None:
    """Put a video where the simulator keeps those that it has made already."""
    files = FileStore(folder / "simulator.db.media")
    target = files.asset(generation["id"], "video.mp4")
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(video.read_bytes())


async def post_video(
    caller: ApiClient, path: str = "/video", *, key: str = KEY, **body: Any
) -> httpx.Response:
    return await caller.call("POST", f"/generations{path}", key=key, json=body)


async def create_video(
    caller: ApiClient, path: str = "/video", *, key: str = KEY, **body: Any
) -> dict[str, Any]:
    answer = await post_video(caller, path, key=key, **body)
    assert answer.status_code in (200, 201), answer.text
    found: dict[str, Any] = answer.json()
    return found


async def download_video(caller: ApiClient, generation: dict[str, Any]) -> bytes:
    answer = await caller.http.get(generation["assets"]["video"], timeout=120)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "video/mp4"), answer.text
    return answer.content
