"""Brings pictures and videos into our storage: download, probe, store, convert."""

import asyncio
import os
import tempfile
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import (
    AbstractAsyncContextManager,
    AsyncExitStack,
    asynccontextmanager,
    nullcontext,
    suppress,
)
from functools import partial
from pathlib import Path
from weakref import WeakValueDictionary

from bot.domain.errors import MediaLost, MediaRefused, MediaUnavailable
from bot.domain.generations.framing import Framing
from bot.domain.generations.media import Media, MediaKind
from bot.domain.generations.requests import PICTURE_MAX_BYTES, REFRAME_MAX_MS, VIDEO_MAX_BYTES
from bot.domain.jobs.lineage import PlacedNode
from bot.domain.reports.charts import BarChart
from bot.media.codecs.calls import (
    CANVAS,
    CODECS,
    convert_picture,
    draw_chart,
    draw_framing,
    draw_lineage,
    draw_thumbnail,
    probe,
    shrink_picture,
    take_still,
    transcode,
)
from bot.media.codecs.probe import Probe
from bot.media.disk import disk_errors
from bot.media.download.fetcher import Fetcher
from bot.media.sandbox.pool import Args, FairGate, Result, SandboxPool
from bot.media.storage.base import Storage

#: Limits on wall-clock time in seconds, with room for a busy machine. CPU time has lower limits, since other
#: calls wait for it.
PROBE_S = 60.0
REWRITE_S = 60.0
TRANSCODE_S = 240.0
CHART_S = 20.0
#: CPU time in seconds for pictures and for probing a video
CPU_S = 10.0
#: CPU time in seconds to shrink a picture, which may take several attempts
_SHRINK_CPU_S = 30.0

#: probes kept in memory
_CACHED_PROBES = 1_000

#: names of renditions: of `Media.poster`, and of a small picture of it
_STILL, _THUMBNAIL = "still", "thumb"

#: longest video that any command accepts, and the tolerance for rounding in containers
_INPUT_MAX_MS = max(REFRAME_MAX_MS.values())
_TOLERANCE_MS = 200

#: types that the API accepts without conversion
_API_PICTURES = frozenset({"image/jpeg", "image/png"})
_API_VIDEOS = frozenset({"video/mp4", "video/quicktime"})


class _Processes:
    """The processes for results or for inputs."""

    def __init__(self, pool: SandboxPool) -> None:
        self.pool = pool
        #: Transcoding is slow: one video at a time leaves a process free for other calls.
        self.transcoding = FairGate(1)


class MediaLibrary:
    """Stores media from outside and converts stored media. All errors are `MediaError`s."""

    def __init__(
        self,
        *,
        fetcher: Fetcher,
        storage: Storage,
        results: SandboxPool,
        inputs: SandboxPool,
        charge: Callable[[str, float], None] = lambda _member, _seconds: None,
    ) -> None:
        """`results` processes files of providers, `inputs` those of members: no result waits for an input.

        `charge` is called with a member and the seconds of CPU time used for them.
        """
        self._fetcher = fetcher
        self._storage = storage
        self._results = _Processes(results)
        self._inputs = _Processes(inputs)
        self._charge = charge
        #: probes of stored files by id, so that a file is probed once
        self._probes: OrderedDict[str, Probe] = OrderedDict()
        #: locks by rendition, so that each is made once
        self._making: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    @property
    def incoming(self) -> Path:
        """The folder for incoming files; leftovers are removed after an hour."""
        return self._storage.incoming

    def local(self, file_id: str) -> AbstractAsyncContextManager[Path]:
        """A path where a stored file or rendition can be read while the context lasts."""
        return self._storage.local(file_id)

    async def size(self, file_id: str) -> int:
        """Bytes of a stored file or rendition; 0 where it is gone."""
        return await self._storage.size(file_id)

    @property
    def links_origin(self) -> str | None:
        """The origin to which links to media may redirect; None: nowhere."""
        return self._storage.links_origin

    def check_address(self, url: str, *, from_platform: bool = False) -> None:
        """Raise MediaRefused for a URL that `fetch_and_store` would refuse without I/O."""
        self._fetcher.check(url, from_platform=from_platform)

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
        """Download and store a picture or a video; equal content gives the same file.

        `timeout_s` limits the download; see `Fetcher.fetch` for `from_platform` and `headers`. `member` is
        the owner of an input, here and below, for fair scheduling; None for a result.
        """
        with self._storage.incoming_quota.share(member) if member else nullcontext() as share:
            fetched = await self._fetcher.fetch(
                url,
                max_bytes=max_bytes,
                timeout_s=timeout_s,
                into=self._storage.incoming,
                admit=share.add if share else lambda _size: None,
                from_platform=from_platform,
                headers=headers,
            )
            return await self.store_file(fetched.path, member=member)

    async def store_file(self, path: Path, *, member: str | None = None) -> Media:
        """Store a file from `incoming`, which is removed there even on failure."""
        if path.parent != self._storage.incoming:
            raise ValueError("only files in the folder for incoming files can be stored")
        try:
            found = await self._probe(path, member)
            media = await self._storage.put(
                path, mime=found.mime, width=found.width, height=found.height, duration_ms=found.duration_ms
            )
            self._cache(media.file, found)
            if media.kind is MediaKind.VIDEO:
                await self._add_still(media, member)
        except BaseException:
            await asyncio.to_thread(path.unlink, missing_ok=True)
            raise
        return media

    async def describe(self, file_id: str, *, member: str | None = None) -> Media:
        """Describe a stored file."""
        if not (size := await self._storage.size(file_id)):
            raise MediaLost
        found = await self._probe_stored(file_id, member)
        return Media(
            file=file_id,
            mime=found.mime,
            size=size,
            width=found.width,
            height=found.height,
            duration_ms=found.duration_ms,
        )

    async def to_api_input(self, media: Media, *, member: str | None = None) -> Media:
        """The media unchanged if the API accepts it, else a converted copy, stored as a new file.

        Raises MediaRefused, with the remedy, if it cannot be converted.
        """
        found = await self._probe_stored(media.file, member)
        _check_input(found)
        if _is_input(found, media.size):
            return media
        async with self._storage.local(media.file) as source, self._new_file() as target:
            if media.kind is MediaKind.PICTURE:
                await self._run(convert_picture, source, target, PICTURE_MAX_BYTES, member=member)
            else:
                await self._transcode(media, source, target, VIDEO_MAX_BYTES, member)
            return await self.store_file(target, member=member)

    async def smaller(self, media: Media, max_bytes: int) -> str:
        """The id of a version of at most `max_bytes`; it is made once, as a rendition.

        Pictures are converted to JPEG and videos to H.264, at a lower resolution if necessary. Raises
        MediaRefused if the quality would be too low.
        """
        if media.size <= max_bytes:
            return media.file
        name = f"fit-{max_bytes}"
        rendition = f"{media.file}.{name}"
        async with self._making.setdefault(rendition, asyncio.Lock()):
            if not await self._storage.exists(rendition):
                await self._shrink(media, name, max_bytes)
        return rendition

    async def thumbnail(self, media: Media, *, member: str | None = None) -> str:
        """The id of a small JPEG of a picture or of a video's first frame; made once, as a rendition."""
        rendition = f"{media.file}.{_THUMBNAIL}"
        async with self._making.setdefault(rendition, asyncio.Lock()):
            if not await self._storage.exists(rendition):
                async with self._storage.local(media.poster) as source, self._new_file() as target:
                    await self._run(draw_thumbnail, source, target, member=member)
                    await self._storage.put_rendition(media.file, _THUMBNAIL, target)
        return rendition

    async def draw_framing(self, media: Media, framing: Framing, *, member: str) -> bytes:
        """A PNG that shows where a stored picture, or the first frame of a video, will be in a new frame."""
        boxes = [(box.left, box.top, box.width, box.height) for box in (framing.crop, framing.placed)]
        async with self._storage.local(media.poster) as source, self._new_file() as target:
            await self._run(
                draw_framing,
                source,
                target,
                (framing.width, framing.height),
                boxes[0],
                boxes[1],
                member=member,
            )
            with disk_errors():
                return await asyncio.to_thread(target.read_bytes)

    async def draw_chart(self, chart: BarChart, *, member: str) -> bytes:
        """A chart as PNG."""
        async with self._new_file() as target:
            await self._run(draw_chart, target, chart, member=member, timeout_s=CHART_S, imports=(CANVAS,))
            with disk_errors():
                return await asyncio.to_thread(target.read_bytes)

    async def draw_lineage(
        self, nodes: tuple[PlacedNode, ...], results: Mapping[str, Media], *, member: str
    ) -> bytes:
        """A PNG of a family tree with the pictures of these results; what is not stored is left out."""
        async with AsyncExitStack() as exits, self._new_file() as target:
            stills: list[tuple[str, Path]] = []
            for key, media in results.items():
                with suppress(MediaUnavailable, MediaRefused):
                    file = await self.thumbnail(media, member=member)
                    stills.append((key, await exits.enter_async_context(self._storage.local(file))))
            await self._run(draw_lineage, target, nodes, tuple(stills), member=member)
            with disk_errors():
                return await asyncio.to_thread(target.read_bytes)

    async def _probe(self, path: Path, member: str | None = None) -> Probe:
        return await self._run(probe, path, member=member, timeout_s=PROBE_S)

    async def _probe_stored(self, file: str, member: str | None) -> Probe:
        """The probe of a stored file, from memory if possible."""
        found = self._probes.get(file)
        if found is None:
            async with self._storage.local(file) as path:
                found = await self._probe(path, member)
            self._cache(file, found)
        return found

    def _cache(self, file: str, found: Probe) -> None:
        self._probes[file] = found
        self._probes.move_to_end(file)
        if len(self._probes) > _CACHED_PROBES:
            self._probes.popitem(last=False)

    async def _add_still(self, media: Media, member: str | None) -> None:
        async with self._storage.local(media.file) as source, self._new_file() as target:
            await self._run(take_still, source, target, member=member)
            await self._storage.put_rendition(media.file, _STILL, target)

    async def _shrink(self, media: Media, name: str, max_bytes: int) -> None:
        async with self._storage.local(media.file) as source, self._new_file() as target:
            if media.kind is MediaKind.PICTURE:
                await self._run(shrink_picture, source, target, max_bytes, member=None, cpu_s=_SHRINK_CPU_S)
            else:
                await self._transcode(media, source, target, max_bytes, None)
            await self._storage.put_rendition(media.file, name, target)

    async def _transcode(
        self, media: Media, source: Path, target: Path, max_bytes: int, member: str | None
    ) -> None:
        size, duration_ms = (media.width, media.height), media.duration_ms or 0
        async with self._processes(member).transcoding.slot(member):
            await self._run(
                transcode,
                source,
                target,
                max_bytes,
                size,
                duration_ms,
                member=member,
                timeout_s=TRANSCODE_S,
                cpu_s=TRANSCODE_S,
            )

    def _processes(self, member: str | None) -> _Processes:
        return self._results if member is None else self._inputs

    async def _run(
        self,
        function: Callable[[*Args], Result],
        *args: *Args,
        member: str | None,
        timeout_s: float = REWRITE_S,
        cpu_s: float = CPU_S,
        imports: Sequence[str] = CODECS,
    ) -> Result:
        return await self._processes(member).pool.run(
            function,
            *args,
            timeout_s=timeout_s,
            cpu_s=cpu_s,
            key=member,
            used=None if member is None else partial(self._charge, member),
            imports=imports,
        )

    @asynccontextmanager
    async def _new_file(self) -> AsyncIterator[Path]:
        """Create a temporary file for a sandboxed process; removed at the end unless it was moved."""
        with disk_errors():
            path = await asyncio.to_thread(_empty_file, self._storage.incoming)
        try:
            yield path
        finally:
            await asyncio.to_thread(path.unlink, missing_ok=True)


def _empty_file(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=folder)
    os.close(handle)
    return Path(name)


def _check_input(found: Probe) -> None:
    if found.animated:
        raise MediaRefused("This picture is animated: send a video as MP4, or a still picture.")
    if found.duration_ms is not None and found.duration_ms > _INPUT_MAX_MS + _TOLERANCE_MS:
        raise MediaRefused(
            f"This video is {found.duration_ms / 1000:.0f} s long, and at most {_INPUT_MAX_MS // 1000} s "
            "can be used: cut it first."
        )


def _is_input(found: Probe, size: int) -> bool:
    if found.duration_ms is None:
        return found.plain and found.mime in _API_PICTURES and size <= PICTURE_MAX_BYTES
    return found.plain and found.mime in _API_VIDEOS and size <= VIDEO_MAX_BYTES
