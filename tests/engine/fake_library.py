"""What stands in for the internet: a library that brings in small files by their address."""

import asyncio
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from bot.domain.generations.framing import Framing
from bot.domain.generations.media import Media, MediaKind
from bot.domain.generations.requests import PICTURE_MAX_BYTES, VIDEO_MAX_BYTES
from bot.domain.jobs.lineage import PlacedNode
from bot.domain.reports.charts import BarChart
from bot.media.codecs.framing import draw_framing
from bot.media.download.fetcher import Fetcher
from bot.media.download.transport import FetchRules
from bot.media.ingest import MediaLibrary
from bot.media.storage.base import Storage

PNG, MP4 = b"\x89PNG\r\n\x1a\n", b"\0\0\0\x20ftypisom"
#: what the API takes as it is
_PLAIN = frozenset({"image/png", "image/jpeg", "video/mp4"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What lies at an address."""

    mime: str = "image/png"
    width: int = 64
    height: int = 48
    #: None: a picture
    duration_ms: int | None = None
    content: bytes | None = None
    #: the picture that stands for a video
    poster: bytes | None = None


def film(duration_ms: int = 5_000) -> Found:
    return Found(mime="video/mp4", width=1280, height=720, duration_ms=duration_ms)


class FakeLibrary(MediaLibrary):
    """Brings in a small picture or video for every address, or what a test says, into the real storage."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage
        #: by which addresses are checked; nothing is fetched with it
        self._fetcher = Fetcher(FetchRules(own_hosts=frozenset({"bot.invalid"})))
        #: that were drawn
        self.charts: list[BarChart] = []
        #: a queue of errors for the next fetches of an address, before what follows
        self.setbacks: dict[str, deque[Exception]] = {}
        #: an error instead of the file, by address; `*` is every address
        self.errors: dict[str, Exception] = {}
        #: what lies at an address; else a video where it ends in .mp4, and a picture everywhere else
        self.found: dict[str, Found] = {}
        self.content: Callable[[str], bytes] = lambda url: (
            (MP4 if url.endswith(".mp4") else PNG) + url.encode()
        )
        self.fetched: list[str] = []
        #: `from_platform`, and headers, of the last fetch of each address
        self.told: dict[str, tuple[bool, Mapping[str, str]]] = {}
        #: bytes at most of the last fetch of each address
        self.most: dict[str, int] = {}
        #: fetches wait for it
        self.gate: asyncio.Event | None = None
        #: whose input each piece of work was for, None for a result
        self.members: list[str | None] = []
        #: the family trees that were drawn, with the pictures of their nodes
        self.trees: list[tuple[tuple[PlacedNode, ...], Mapping[str, Media]]] = []
        #: why nothing can be made usable
        self.unusable: Exception | None = None
        #: what a file is, by its content
        self.identify: Callable[[bytes], Found] = lambda content: (
            film() if content.startswith(MP4) else Found()
        )

    async def fetch_and_store(
        self,
        url: str,
        *,
        max_bytes: int,
        timeout_s: float,
        from_platform: bool = False,
        headers: Mapping[str, str] | None = None,
        member: str | None = None,
    ) -> Media:
        assert timeout_s > 0
        self.members.append(member)
        self.fetched.append(url)
        self.most[url] = max_bytes
        self.told[url] = from_platform, dict(headers or {})
        if self.gate is not None:
            await self.gate.wait()
        if setbacks := self.setbacks.get(url) or self.setbacks.get("*"):
            raise setbacks.popleft()
        if (error := self.errors.get(url) or self.errors.get("*")) is not None:
            raise error
        found = self.found.get(url) or (film() if url.endswith(".mp4") else Found())
        return await self._keep(found.content or self.content(url), found)

    async def describe(self, file_id: str, *, member: str | None = None) -> Media:
        self.members.append(member)
        content = await self._read(file_id)
        found = self.identify(content)
        return Media(
            file=file_id,
            mime=found.mime,
            size=len(content),
            width=found.width,
            height=found.height,
            duration_ms=found.duration_ms,
        )

    async def _read(self, file_id: str) -> bytes:
        async with self.local(file_id) as path:
            return await asyncio.to_thread(path.read_bytes)

    async def store_file(self, path: Path, *, member: str | None = None) -> Media:
        self.members.append(member)
        content = await asyncio.to_thread(path.read_bytes)
        await asyncio.to_thread(path.unlink)
        return await self._keep(content, self.identify(content))

    async def to_api_input(self, media: Media, *, member: str | None = None) -> Media:
        self.members.append(member)
        if self.unusable is not None:
            raise self.unusable
        most = VIDEO_MAX_BYTES if media.kind is MediaKind.VIDEO else PICTURE_MAX_BYTES
        if media.mime in _PLAIN and media.size <= most:
            return media
        if media.kind is MediaKind.VIDEO:
            return await self._keep(MP4 + media.file.encode(), film(media.duration_ms or 0))
        return await self._keep(PNG + media.file.encode(), Found(width=media.width, height=media.height))

    async def draw_framing(self, media: Media, framing: Framing, *, member: str) -> bytes:
        self.members.append(member)
        boxes = [(box.left, box.top, box.width, box.height) for box in (framing.crop, framing.placed)]
        target = self._storage.incoming / f"{media.file}.framing"
        size = (framing.width, framing.height)
        async with self.local(media.poster) as source:
            await asyncio.to_thread(draw_framing, source, target, size, boxes[0], boxes[1])
        return await asyncio.to_thread(target.read_bytes)

    async def draw_chart(self, chart: BarChart, *, member: str) -> bytes:
        self.members.append(member)
        if self.unusable is not None:
            raise self.unusable
        self.charts.append(chart)
        return PNG + chart.title.encode()

    async def draw_lineage(
        self, nodes: tuple[PlacedNode, ...], results: Mapping[str, Media], *, member: str
    ) -> bytes:
        self.members.append(member)
        self.trees.append((nodes, results))
        return PNG

    async def thumbnail(self, media: Media, *, member: str | None = None) -> str:
        self.members.append(member)
        return media.poster

    async def _keep(self, content: bytes, found: Found) -> Media:
        media = await self._storage.put(
            content,
            mime=found.mime,
            width=found.width,
            height=found.height,
            duration_ms=found.duration_ms,
        )
        if media.kind is MediaKind.VIDEO:
            frame = self._storage.incoming / f"{media.file}.frame"
            frame.write_bytes(found.poster or b"\xff\xd8\xff\xe0" + media.file.encode())
            await self._storage.put_rendition(media.file, "still", frame)
        return media
