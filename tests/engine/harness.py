"""The whole engine over a real store, with fakes for provider, platform, internet and clock.

async with open_engine(folder, url) as bot:
    card = await bot.ask("/imagine a red fox")
    job = await bot.ends(card)
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import httpx
from starlette.applications import Starlette

from bot.bootstrap import shared_loops
from bot.domain.cards.card import CardView
from bot.domain.command_text.parsing import parse
from bot.domain.commands import GenerateCommand
from bot.domain.generations.estimates import typical_duration
from bot.domain.generations.media import Media
from bot.domain.identity import Caller, Invocation, Place
from bot.domain.jobs.actions import Action
from bot.domain.jobs.job import Job, State
from bot.domain.money.pricing import published_rates
from bot.domain.money.quota import Level
from bot.jobs.file_reservations import DatabaseReservations
from bot.media.storage.folder import FolderStorage
from bot.media.storage.opening import open_storage
from bot.ports import FileResolver
from bot.providers.base import Provider
from bot.providers.health import ObservedProvider, ProviderHealth
from bot.resources import media_usage_of, prepare_store
from bot.security.encryption import FieldCipher
from bot.security.rate_limit import RateLimiter
from bot.security.tokens import TokenSigner
from bot.service.facade import BotService
from bot.service.operator.use_cases import Operator
from bot.service.plugin import Adapter
from bot.service.queries.member_queries import limits_with_meters
from bot.service.replies import CardReply, PriceQuote, PrivateReply
from bot.services import Services, no_workspace_keys
from bot.store.database.base import Database, Transaction
from bot.store.database.connect import connect
from bot.store.database.named_sql import Query
from bot.store.queue.jobs import find_job, jobs_of_cards
from bot.store.quotas.limits import Counted, of_level
from bot.web.callbacks import Callbacks
from bot.web.gallery import gallery_routes
from bot.web.health import health_routes
from bot.web.media import media_routes
from bot.worker.loops import worker_loops
from bot.worker.watching import Watcher
from tests.databases import lay_migrated
from tests.engine.fake_library import FakeLibrary
from tests.engine.fakes import Clock, FakeAccounts, FakeChat, FakeProvider
from tests.engine.operator import operator_of
from tests.engine.settings import ADA, given_settings
from tests.patience import PATIENCE_S, until

SECRET = b"a secret of the tests that opens nothing"


@dataclass(slots=True, kw_only=True)
class Engine:
    services: Services
    clock: Clock
    service: BotService
    operator: Operator
    providers: Sequence[FakeProvider]
    chat: FakeChat
    library: FakeLibrary
    #: callbacks, health and media as they are served to this machine
    app: Starlette
    _group: asyncio.TaskGroup
    _loops: dict[str, Callable[[], Any]]
    _running: dict[str, asyncio.Task[Any]] = field(default_factory=dict)
    _keys: "count[int]" = field(default_factory=lambda: count(1))

    @property
    def folder(self) -> FolderStorage:
        """The storage, for tests that look at its files."""
        assert isinstance(self.services.storage, FolderStorage)
        return self.services.storage

    @property
    def provider(self) -> FakeProvider:
        return self.providers[0]

    def provider_of(self, account: str) -> FakeProvider:
        return next(one for one in self.providers if one.account == account)

    def start(self, *names: str) -> None:
        """Start the loops whose names begin like this; without names, all."""
        for name, loop in self._loops.items():
            if name not in self._running and (not names or name.startswith(names)):
                self._running[name] = self._group.create_task(loop(), name=name)

    async def stop(self) -> None:
        """Stop like the app does: nothing new, what is in hand ends."""
        self.services.stopping.set()
        self.services.database.wakeups.wake_all()
        callbacks = self._running.pop("callbacks", None)
        if callbacks is not None:
            callbacks.cancel()
        if self._running:
            _, late = await asyncio.wait(self._running.values(), timeout=self.services.times.stop / 1000)
            for task in late:
                task.cancel()
            assert not late, f"did not stop: {[task.get_name() for task in late]}"

    def drop(self) -> None:
        """Leave everything as it is."""
        for task in self._running.values():
            task.cancel()

    async def dropped(self) -> None:
        """Leave everything as it is, and be ready to start again."""
        self.drop()
        await asyncio.wait(self._running.values())
        self._running.clear()

    def advance(self, milliseconds: int) -> None:
        """Let time pass by both clocks."""
        self.clock.wall_ahead += milliseconds
        self.clock.monotonic_ahead += milliseconds
        self.services.database.wakeups.wake_all()

    def place(self, by: Caller = ADA, *, channel: str = "c1", **more: Any) -> Place:
        return Place(adapter="chat", workspace=by.workspace, channel=channel, **more)

    def invocation(
        self, by: Caller = ADA, *, place: Place | None = None, key: str = "", answer_window_ms: int = 0
    ) -> Invocation:
        return Invocation(
            caller=by,
            place=place or self.place(by),
            key=key or self.new_key(),
            answer_window_ms=answer_window_ms,
        )

    async def say(
        self,
        text: str,
        *,
        by: Caller = ADA,
        place: Place | None = None,
        key: str = "",
        answer_window_ms: int = 0,
        **more: Any,
    ) -> CardReply | PrivateReply:
        invocation = self.invocation(by, place=place, key=key, answer_window_ms=answer_window_ms)
        return await self.service.execute(parse(text), invocation, **more)

    async def ask(self, text: str = "/imagine a red fox", **more: Any) -> CardView:
        """Give a command that makes a card; answers its first revision."""
        answer = await self.say(text, **more)
        assert isinstance(answer, CardReply)
        return answer.view

    async def learn(self, text: str, **more: Any) -> PrivateReply:
        """Give a command that is answered privately."""
        answer = await self.say(text, **more)
        assert isinstance(answer, PrivateReply)
        return answer

    async def quote(self, text: str, *, by: Caller = ADA, **more: Any) -> PriceQuote:
        command = parse(text)
        assert isinstance(command, GenerateCommand)
        return await self.service.quote(command, self.invocation(by, place=more.pop("place", None)), **more)

    async def press(self, action: Action, job: str, *, by: Caller = ADA, key: str = "", **more: Any) -> Any:
        return await self.service.act(action, job, self.invocation(by, key=key), **more)

    async def delete(self, job: str, *, by: Caller = ADA) -> PrivateReply:
        """Ask to delete a job, and say yes."""
        asked = await self.learn(f"/delete {job}", by=by)
        return await self.answer(asked, "Delete", by=by)

    async def answer(self, asked: PrivateReply, label: str, *, by: Caller = ADA) -> PrivateReply:
        """Press a button under a question."""
        choice = next(one for one in asked.choices if one.label == label)
        return await self.service.answer_confirmation(
            choice.job, by, question=choice.question, confirmed=choice.confirms
        )

    async def upload(self, content: bytes, *, by: Caller = ADA) -> Media:
        """Send a file before the command that names it."""
        async with self.service.begin_upload(by) as upload:
            return await upload.store(self._on_its_way(content))

    def _on_its_way(self, content: bytes) -> Path:
        folder = self.services.storage.incoming
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"upload {self.new_key()}"
        path.write_bytes(content)
        return path

    def new_key(self) -> str:
        return f"{self.services.owner}-{next(self._keys)}"

    async def job(self, card: CardView) -> Job:
        found = await find_job(self.services.database, card.jobs[0].id)
        assert found is not None
        return found

    async def jobs(self, card: CardView) -> list[Job]:
        return (await jobs_of_cards(self.services.database, [card.card]))[card.card]

    async def comes_to(self, card: CardView, *states: State) -> Job:
        """Wait until the card's first job is in one of the states."""

        async def look() -> Job | None:
            job = await self.job(card)
            return job if job.state in states else None

        found: Job = await self.until(look)
        return found

    async def ends(self, card: CardView) -> Job:
        """Wait until the card's first job has ended; a distant provider's usual time passes at once."""
        ended = (State.COMPLETED, State.FAILED, State.CANCELLED)
        job = await self.comes_to(card, State.SUBMITTED, *ended)
        if job.state is State.SUBMITTED and job.provider != "simulator":
            self.advance(typical_duration(job.request).p50)
        return await self.comes_to(card, *ended)

    async def made(self, text: str = "/imagine a red fox", **more: Any) -> Job:
        """Give a command and wait for its result, to build on."""
        job = await self.ends(await self.ask(text, **more))
        assert State.COMPLETED is job.state, job.failure
        return job

    async def shown(self, card: CardView, holds: Callable[[CardView], bool]) -> CardView:
        """Wait until the card's message shows something."""

        async def look() -> CardView | None:
            views = self.chat.of(card.card)
            return views[-1] if views and holds(views[-1]) else None

        found: CardView = await self.until(look)
        return found

    async def until(self, look: Callable[[], Any], *, seconds: float = PATIENCE_S) -> Any:
        """Wait for what others do, in the store or in memory; answers what `look` found."""
        return await until(look, within_s=seconds)

    async def looks(self, many: int = 6) -> None:
        """Wait until the provider's list has been read so many times more, by whoever reads it."""
        target = self.provider.lists + many

        def looked() -> bool:
            self.services.database.wakeups.wake_all()
            return self.provider.lists >= target

        await self.until(looked)

    async def rows(self, sql: str, **values: object) -> list[dict[str, Any]]:
        return [dict(row) for row in await self.services.database.fetch(Query("look", sql), **values)]

    async def change(self, sql: str, **values: object) -> None:
        """Make true what would take long to come about."""

        async def run(tx: Transaction) -> None:
            await tx.run(Query("change", sql), **values)

        await self.services.database.exclusively(run)

    async def causes(self, card: CardView) -> list[str]:
        """Why the card's first job moved, in order."""
        sql = "SELECT cause FROM job_event WHERE job = :job ORDER BY id"
        return [row["cause"] for row in await self.rows(sql, job=card.jobs[0].id)]

    async def limits(self, by: Caller = ADA) -> list[Counted]:
        """Every limit on a member, with its meter."""
        return await limits_with_meters(self.services, by)

    async def money(self, by: Caller = ADA, level: Level = Level.MEMBER) -> tuple[int, int]:
        """Micro-dollars used and reserved of a limit on a member."""
        (_, meter), *_ = of_level(await self.limits(by), level)
        return meter.used, meter.reserved

    async def orphans(self) -> dict[str, str]:
        """The cause of each generation without a job."""
        return {
            row["remote_id"]: row["cause"]
            for row in await self.rows("SELECT remote_id, cause FROM orphan_generation")
        }

    def http(self, client: str = "127.0.0.1") -> httpx.AsyncClient:
        transport = httpx.ASGITransport(app=self.app, client=(client, 50_000))
        return httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1")


@asynccontextmanager
async def open_engine(
    folder: Path,
    url: str = "",
    *,
    providers: Sequence[Provider] = (),
    keyless: bool = False,
    clock: Clock | None = None,
    chat: FakeChat | None = None,
    files: FileResolver | None = None,
    keys: FakeAccounts | None = None,
    reachable: bool = True,
    start: Sequence[str] | None = (),
    owner: str = "engine",
    times: dict[str, int] | None = None,
    wrap_store: Callable[[Database], Any] = lambda database: database,
    make_service: Callable[[Services], BotService] = BotService,
    make_adapter: Callable[[Services, BotService], Adapter] | None = None,
    **more: Any,
) -> AsyncIterator[Engine]:
    """Open the engine and start its loops: those named by `start`, none for None, all without it.

    `url` is of a database that has our tables.
    """
    if not url:
        lay_migrated(folder)
    settings = given_settings(folder, url, times=times, **more)
    clock, chat = clock or Clock(), chat or FakeChat()
    providers = [] if keyless else providers or [FakeProvider(clock)]
    observed = {one.account: ObservedProvider(one, ProviderHealth(), clock.wall) for one in providers}
    async with connect(settings.database) as opened, AsyncExitStack() as exits:
        database = wrap_store(opened)
        reservations = DatabaseReservations(database, owner, clock.wall)
        storage = exits.enter_context(open_storage(settings, reservations))
        library = FakeLibrary(storage)
        services = Services(
            settings=settings,
            database=database,
            providers=observed,
            health={account: provider.health for account, provider in observed.items()},
            library=library,
            storage=storage,
            secrets=(SECRET,),
            media_usage=media_usage_of(settings),
            signer=TokenSigner(SECRET),
            cipher=FieldCipher(SECRET),
            rates=published_rates(),
            capabilities={"simulator": FakeProvider(clock).capabilities},
            clock=clock.wall,
            monotonic=clock.monotonic,
            owner=owner,
            rate_limit=RateLimiter(
                per_minute=settings.commands_per_minute,
                burst=settings.commands_burst,
                monotonic=clock.monotonic,
            ),
            facing_urls={"simulator": "http://bot.invalid"} if reachable else {},
            open_account=keys.open if keys is not None else no_workspace_keys,
            files={"chat": files} if files is not None else {},
        )
        await prepare_store(services)
        service = make_service(services)
        adapter = make_adapter(services, service) if make_adapter else None
        adapters = [adapter or Adapter(name="chat", publisher=chat, files=files)]
        publishers = {one.name: one.publisher for one in adapters if one.publisher is not None}
        watchers = {account: Watcher(services, provider) for account, provider in observed.items()}
        callbacks = Callbacks(services, watchers)
        async with asyncio.TaskGroup() as group:
            engine = Engine(
                services=services,
                clock=clock,
                service=service,
                operator=operator_of(services),
                providers=[one for one in providers if isinstance(one, FakeProvider)],
                chat=chat,
                library=library,
                app=Starlette(
                    routes=[
                        *health_routes(services, adapters),
                        *callbacks.routes(),
                        *media_routes(services),
                        *gallery_routes(services),
                    ]
                ),
                _group=group,
                _loops={
                    **shared_loops(services),
                    **worker_loops(
                        services, publishers, watchers, {one.name: one.forget for one in adapters}
                    ),
                    "callbacks": callbacks.run,
                },
            )
            if start is not None:
                engine.start(*start)
            try:
                yield engine
            except BaseException:
                engine.drop()
                raise
            await engine.stop()
