"""How a picture or a video from outside becomes a file of ours: fetched, looked at, kept, made to fit."""

import asyncio
import os
import tempfile
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, nullcontext
from functools import partial
from pathlib import Path
from weakref import WeakValueDictionary

from bot.domain.errors import MediaRefused
from bot.domain.media import Media, MediaKind
from bot.domain.requests import PICTURE_MAX_BYTES, REFRAME_MAX_MS, VIDEO_MAX_BYTES
from bot.media.codecs.pictures import convert_picture, shrink_picture
from bot.media.codecs.probe import Probe
from bot.media.codecs.probing import probe
from bot.media.codecs.transcoding import transcode
from bot.media.codecs.videos import take_still
from bot.media.disk_errors import disk_errors
from bot.media.download.fetcher import Fetcher
from bot.media.sandbox.fairness import FairGate
from bot.media.sandbox.pool import Args, Result, SandboxPool
from bot.media.storage import FolderStorage

#: Seconds of wall-clock time, with room for a machine that is busy: to read a file, to rewrite a picture, to
#: rewrite a video. Processor time is bounded more tightly, since the next in line waits for it.
PROBE_S = 60.0
REWRITE_S = 60.0
TRANSCODE_S = 240.0
#: processor time in seconds for pictures and for reading a video
CPU_S = 10.0
#: processor time to make a picture fit, which may take several attempts
_SHRINK_CPU_S = 30.0

#: files of which it is remembered what they are
_REMEMBERED = 1_000

#: name of the rendition that `Media.still` means
_STILL = "still"

#: the longest video that anything can be made from, and what containers add to a length
_INPUT_MAX_MS = max(REFRAME_MAX_MS.values())
_TOLERANCE_MS = 200

#: what the API reads as it is
_API_PICTURES = frozenset({"image/jpeg", "image/png"})
_API_VIDEOS = frozenset({"video/mp4", "video/quicktime"})


class _Lane:
    """One of the two ways through media work."""

    def __init__(self, pool: SandboxPool) -> None:
        self.pool = pool
        #: Videos take long to rewrite: one at a time leaves a process free for everything else.
        self.transcoding = FairGate(1)


class MediaLibrary:
    """Everything that enters our storage enters here. All errors are `MediaError`s."""

    def __init__(
        self,
        *,
        fetcher: Fetcher,
        storage: FolderStorage,
        results: SandboxPool,
        inputs: SandboxPool,
        charge: Callable[[str, float], None] = lambda _member, _seconds: None,
    ) -> None:
        """`results` and `inputs` work for what providers make and for what members send.

        They are two, so that no result waits behind an input. `charge` is told which member has used how
        many seconds of processor time.
        """
        self._fetcher = fetcher
        self._storage = storage
        self._results = _Lane(results)
        self._inputs = _Lane(inputs)
        self._charge = charge
        #: what is known of kept files, by id, so that taking one in and using it looks at it once
        self._known: OrderedDict[str, Probe] = OrderedDict()
        #: one making at a time for each rendition, whoever asks
        self._making: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    @property
    def incoming(self) -> Path:
        """The folder for files on their way in; what is left in it is removed after an hour."""
        return self._storage.incoming

    def path(self, file_id: str) -> Path:
        """Say where a kept file or rendition can be read."""
        return self._storage.path(file_id)

    def check_address(self, url: str, *, from_platform: bool = False) -> None:
        """Refuse what `fetch_and_store` would refuse without asking anybody; raises MediaRefused."""
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
        """Fetch a picture or a video and store it; the same content gives the same file.

        `timeout_s` limits the download; `Fetcher.fetch` explains `from_platform` and `headers`. `member` is
        whose input it is, here and below: inputs of members take turns. Without one it is a result.
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
        """Keep a file from `incoming`, which is consumed, whatever comes of it."""
        if path.parent != self._storage.incoming:
            raise ValueError("only files in the folder for what comes in are consumed")
        try:
            found = await self._look_at(path, member)
            media = await self._storage.put(
                path, mime=found.mime, width=found.width, height=found.height, duration_ms=found.duration_ms
            )
            self._remember(media.file, found)
            if media.kind is MediaKind.VIDEO:
                await self._add_still(media, member)
        finally:
            await asyncio.to_thread(path.unlink, missing_ok=True)
        return media

    async def describe(self, file_id: str, *, member: str | None = None) -> Media:
        """Look at a file that is kept already."""
        path = self.path(file_id)
        found = await self._known_or_seen(file_id, member)
        with disk_errors():
            size = (await asyncio.to_thread(path.stat)).st_size
        return Media(
            file=file_id,
            mime=found.mime,
            size=size,
            width=found.width,
            height=found.height,
            duration_ms=found.duration_ms,
        )

    async def to_api_input(self, media: Media, *, member: str | None = None) -> Media:
        """The same if the API takes it as it is, else what it was converted to, kept as a file of its own.

        Raises MediaRefused for what cannot be converted, in words that name the remedy.
        """
        source = self.path(media.file)
        found = await self._known_or_seen(media.file, member)
        _check_input(found)
        if _is_input(found, media.size):
            return media
        async with self._new_file() as target:
            if media.kind is MediaKind.PICTURE:
                await self._run(convert_picture, source, target, PICTURE_MAX_BYTES, member=member)
            else:
                await self._transcode(media, target, VIDEO_MAX_BYTES, member)
            return await self.store_file(target, member=member)

    async def smaller(self, media: Media, max_bytes: int) -> Path:
        """Find a file of at most `max_bytes` that shows the same; it is made once, as a rendition.

        Pictures become JPEG and videos H.264, both smaller where they must. Raises MediaRefused where
        nothing worth looking at would be left.
        """
        if media.size <= max_bytes:
            return self.path(media.file)
        name = f"fit-{max_bytes}"
        rendition = f"{media.file}.{name}"
        async with self._making.setdefault(rendition, asyncio.Lock()):
            if not await self._storage.exists(rendition):
                await self._shrink(media, name, max_bytes)
        return self.path(rendition)

    async def _look_at(self, path: Path, member: str | None = None) -> Probe:
        return await self._run(probe, path, member=member, timeout_s=PROBE_S)

    async def _known_or_seen(self, file: str, member: str | None) -> Probe:
        """What a kept file is, found out once."""
        found = self._known.get(file)
        if found is None:
            found = await self._look_at(self.path(file), member)
            self._remember(file, found)
        return found

    def _remember(self, file: str, found: Probe) -> None:
        self._known[file] = found
        self._known.move_to_end(file)
        if len(self._known) > _REMEMBERED:
            self._known.popitem(last=False)

    async def _add_still(self, media: Media, member: str | None) -> None:
        async with self._new_file() as target:
            await self._run(take_still, self.path(media.file), target, member=member)
            await self._storage.put_rendition(media.file, _STILL, target)

    async def _shrink(self, media: Media, name: str, max_bytes: int) -> None:
        async with self._new_file() as target:
            if media.kind is MediaKind.PICTURE:
                source = self.path(media.file)
                await self._run(shrink_picture, source, target, max_bytes, member=None, cpu_s=_SHRINK_CPU_S)
            else:
                await self._transcode(media, target, max_bytes, None)
            await self._storage.put_rendition(media.file, name, target)

    async def _transcode(self, media: Media, target: Path, max_bytes: int, member: str | None) -> None:
        size, duration_ms = (media.width, media.height), media.duration_ms or 0
        async with self._lane(member).transcoding.turn(member):
            await self._run(
                transcode,
                self.path(media.file),
                target,
                max_bytes,
                size,
                duration_ms,
                member=member,
                timeout_s=TRANSCODE_S,
                cpu_s=TRANSCODE_S,
            )

    def _lane(self, member: str | None) -> _Lane:
        return self._results if member is None else self._inputs

    async def _run(
        self,
        function: Callable[[*Args], Result],
        *args: *Args,
        member: str | None,
        timeout_s: float = REWRITE_S,
        cpu_s: float = CPU_S,
    ) -> Result:
        return await self._lane(member).pool.run(
            function,
            *args,
            timeout_s=timeout_s,
            cpu_s=cpu_s,
            key=member,
            used=None if member is None else partial(self._charge, member),
        )

    @asynccontextmanager
    async def _new_file(self) -> AsyncIterator[Path]:
        """Make a file for a worker to write to, which is gone afterwards unless it was moved on."""
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
        raise MediaRefused("This picture moves: send a video as MP4, or a still picture.")
    if found.duration_ms is not None and found.duration_ms > _INPUT_MAX_MS + _TOLERANCE_MS:
        raise MediaRefused(
            f"This video is {found.duration_ms / 1000:.0f} s long, and at most {_INPUT_MAX_MS // 1000} s "
            "can be used: cut it first."
        )


def _is_input(found: Probe, size: int) -> bool:
    if found.duration_ms is None:
        return found.plain and found.mime in _API_PICTURES and size <= PICTURE_MAX_BYTES
    return found.plain and found.mime in _API_VIDEOS and size <= VIDEO_MAX_BYTES
