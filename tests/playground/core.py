"""The real core behind a served playground: only the provider, media decoding and the clock are faked.

Jobs stay queued until a test runs, finishes or fails one; from then on every job is submitted at once.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from adapters.playground.adapter import build
from bot.domain.commands import Command
from bot.domain.errors import MediaRefused
from bot.domain.generations.estimates import typical_duration
from bot.domain.generations.models import PICTURE_SIZES, Lane, Resolution, video_size
from bot.domain.generations.requests import (
    AnyRequest,
    AudioRequest,
    ModifyVideoRequest,
    ReframeVideoRequest,
    UpscaleRequest,
    VideoRequest,
)
from bot.domain.identity import Invocation
from bot.domain.jobs.job import Job, State
from bot.jobs.estimates import views_now
from bot.providers.base import GenerationState
from bot.service.adapter_data import AdapterData
from bot.service.facade import BotService
from bot.service.plugin import Adapter, AdapterContext
from bot.service.replies import Reply
from bot.services import Services
from bot.store.queue.cards import find_card
from bot.store.queue.jobs import find_job
from tests.databases import lay_migrated
from tests.engine.fake_library import Found
from tests.engine.fakes import Clock, FakeAccounts, FakeProvider
from tests.engine.harness import Engine, open_engine
from tests.engine.settings import AT_EASE
from tests.playground.sample_media import look_at, picture, video

#: an EBML element that players skip, with 24 bytes: makes equal videos different files
_VOID = b"\xec\x98"


class ObservedService(BotService):
    """The service, which remembers the keys of commands and can hold them back."""

    def __init__(self, services: Services) -> None:
        super().__init__(services)
        self.keys: list[str] = []
        #: while cleared, commands wait here
        self.gate = asyncio.Event()
        self.gate.set()

    async def execute(self, command: Command, invocation: Invocation, **more: Any) -> Reply:
        self.keys.append(invocation.key)
        await self.gate.wait()
        return await super().execute(command, invocation, **more)


class FailingAdapterData(AdapterData):
    """The adapter data, which a test can make fail."""

    #: why nothing can be stored, and why nothing can be read by its key
    put_error: Exception | None = None
    get_error: Exception | None = None

    async def put(self, key: str, value: str) -> int:
        if self.put_error is not None:
            raise self.put_error
        return await super().put(key, value)

    async def get(self, key: str) -> str | None:
        if self.get_error is not None:
            raise self.get_error
        return await super().get(key)


@dataclass(frozen=True, slots=True, kw_only=True)
class Core:
    """The core with its playground adapter."""

    engine: Engine
    service: ObservedService
    adapter: Adapter
    adapter_data: FailingAdapterData
    #: what the API keys of workspaces open
    keys: FakeAccounts

    @property
    def now(self) -> int:
        return self.engine.clock.wall()

    @property
    def incoming(self) -> Path:
        """Where uploads are written while they arrive."""
        return self.engine.services.storage.incoming

    def context(self) -> AdapterContext:
        services = self.engine.services
        return _context(services, self.service, self.adapter_data)

    async def jobs(self) -> list[Job]:
        """Return all jobs in the order in which they were accepted."""
        rows = await self.engine.rows("SELECT id FROM job ORDER BY created_at, position")
        return [await self.job(row["id"]) for row in rows]

    async def job_ids(self) -> list[str]:
        return [job.id for job in await self.jobs()]

    async def job(self, job: str) -> Job:
        found = await find_job(self.engine.services.database, job)
        assert found is not None
        return found

    async def newest(self) -> Job:
        """Return the newest job, as soon as there is one."""
        found: list[Job] = await self.engine.until(self.jobs)
        return found[-1]

    async def card_count(self) -> int:
        return len(await self.engine.rows("SELECT id FROM card"))

    async def run(self, job: str = "") -> Job:
        """Submit the jobs and wait until one of them, else the newest, is running and shown so."""
        self.engine.start("check", "submit", "watch")
        return await self._comes_to(job or (await self.newest()).id, State.SUBMITTED)

    async def preview(self, job: str = "") -> Job:
        """Have a running job, else the newest, show a film of its progress."""
        running = await self.run(job)
        assert running.remote_id is not None
        provider, library = self.engine.provider, self.engine.library
        generation = provider.generations[running.remote_id]
        url = f"{generation.asset_url}/progress.mp4"
        library.found[url] = await asyncio.to_thread(_result, running)
        provider.generations[running.remote_id] = replace(generation, preview_url=url)
        # The generation is read once it may have ended.
        self.engine.advance(typical_duration(running.request).p50)

        async def look() -> Job | None:
            found = await self.job(running.id)
            return found if found.preview is not None else None

        found: Job = await self.engine.until(look)
        await self.all_shown()
        return found

    async def finish(self, job: str = "") -> Job:
        """Finish a job, else the newest, with a sample as its result."""
        running = await self.run(job)
        assert running.remote_id is not None
        provider, library = self.engine.provider, self.engine.library
        address = provider.generations[running.remote_id].asset_url
        assert address is not None
        library.found[address] = await asyncio.to_thread(_result, running)
        provider.end(running.remote_id, GenerationState.COMPLETED)
        return await self._comes_to(running.id, State.COMPLETED)

    async def fail(self, job: str) -> Job:
        """Have the provider's moderation refuse a job."""
        running = await self.run(job)
        assert running.remote_id is not None
        reason = "advanced prompt moderation failed"
        self.engine.provider.end(running.remote_id, GenerationState.FAILED, reason)
        return await self._comes_to(running.id, State.FAILED)

    async def show(self, job: str, **changes: Any) -> None:
        """Show the next revision of a job's card, with something else on it."""
        services, publisher = self.engine.services, self.adapter.publisher
        card = await find_card(services.database, (await self.job(job)).card, services.cipher)
        assert card is not None
        assert publisher is not None
        (view,) = await views_now(services, card)
        assert view is not None
        jobs = tuple(replace(one, **changes) if one.id == job else one for one in view.jobs)
        await publisher.show(replace(view, rev=view.rev + 1, jobs=jobs), card.place)

    async def all_shown(self) -> None:
        """Wait until the newest revision of every card is shown."""

        async def look() -> bool:
            return not await self.engine.rows("SELECT id FROM card WHERE shown_rev < wanted_rev")

        await self.engine.until(look)

    async def _comes_to(self, job: str, state: State) -> Job:
        async def look() -> Job | None:
            self.engine.services.database.wakeups.wake_all()
            found = await self.job(job)
            return found if found.state is state else None

        found: Job = await self.engine.until(look)
        await self.all_shown()
        return found


@asynccontextmanager
async def open_core(folder: Path, **settings: Any) -> AsyncIterator[Core]:
    """Open the core on an SQLite file in a folder; another one in the same folder finds what it stored."""
    made: dict[str, Any] = {}
    lay_migrated(folder)

    def make_adapter(services: Services, service: BotService) -> Adapter:
        made["adapter_data"] = FailingAdapterData(services.database, services.cipher, "playground")
        made["adapter"] = build(_context(services, service, made["adapter_data"]))
        made["service"] = service
        adapter: Adapter = made["adapter"]
        return adapter

    clock = Clock()
    keys = made["keys"] = FakeAccounts(clock)
    opened = open_engine(
        folder,
        f"sqlite:///{folder}/reverie.db",
        clock=clock,
        keys=keys,
        start=("prepare", "deliver"),
        # Every revision is shown: no test waits for the next progress edit.
        times=AT_EASE | {"progress_interval": 1, "poll": 2_000, "account_check": 2_000},
        make_service=ObservedService,
        make_adapter=make_adapter,
        **{"playground_password": None, **settings},
    )
    async with opened as engine:
        assert isinstance(engine.provider, FakeProvider)
        engine.provider.born = GenerationState.DREAMING
        engine.library.identify = _identify
        yield Core(engine=engine, **made)


def _context(services: Services, service: BotService, adapter_data: AdapterData) -> AdapterContext:
    return AdapterContext(
        settings=services.settings,
        service=service,
        adapter_data=adapter_data,
        library=services.library,
        signer=services.signer,
        clock=services.clock,
    )


def _identify(content: bytes) -> Found:
    found = look_at(content)
    if found is None:
        raise MediaRefused("This is neither a picture nor a video: send JPEG, PNG, HEIC, WebP or MP4.")
    mime, width, height, duration_ms = found
    return Found(mime=mime, width=width, height=height, duration_ms=duration_ms)


def _result(job: Job) -> Found:
    """Return a picture or video as the request describes it, as a file of its own."""
    width, height = _size(job.request)
    still = _picture(width, height)
    if job.request.lane is not Lane.VIDEO:
        return Found(mime="image/jpeg", width=width, height=height, content=still + job.id.encode())
    duration_ms = _duration_ms(job.request)
    content = _video(width, height, duration_ms) + _VOID + job.id.encode()
    return Found(
        mime="video/webm", width=width, height=height, duration_ms=duration_ms, content=content, poster=still
    )


@lru_cache(maxsize=32)
def _picture(width: int, height: int) -> bytes:
    return picture(width, height)


@lru_cache(maxsize=8)
def _video(width: int, height: int, duration_ms: int) -> bytes:
    return video(width, height, duration_ms=duration_ms)


def _size(request: AnyRequest) -> tuple[int, int]:
    match request:
        case VideoRequest() | UpscaleRequest():
            return video_size(request.aspect_ratio, request.resolution)
        case ModifyVideoRequest() | AudioRequest():
            return video_size(request.aspect_ratio, Resolution.P720)
        case _:
            return PICTURE_SIZES[request.aspect_ratio]


def _duration_ms(request: AnyRequest) -> int:
    match request:
        case VideoRequest():
            return request.duration.ms
        case ReframeVideoRequest() | ModifyVideoRequest() | UpscaleRequest() | AudioRequest():
            return request.duration_ms or 5000
        case _:
            return 0
