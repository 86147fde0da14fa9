"""The only assembler: what `resources.py` opens, the engine, the web and the adapters, in one TaskGroup."""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, nullcontext
from dataclasses import replace
from functools import partial
from importlib.metadata import entry_points

from starlette.applications import Starlette

from bot.media.sandbox.pool import SandboxPool
from bot.resources import Misconfigured, Opened, OpenPool, OpenStore, Wrap, open_core
from bot.service.adapter_data import AdapterData
from bot.service.facade import BotService
from bot.service.operator import Operator
from bot.service.plugin import ENTRY_POINTS, Adapter, AdapterContext, AdapterPlugin
from bot.service.vocabulary import run_vocabulary_refresh
from bot.services import Services, log
from bot.settings import Role, Settings, misfit
from bot.store.database.connect import connect
from bot.store.database.file_lock import lock_folder, lock_store
from bot.supervision import RECEIVER, Supervised
from bot.web.callbacks import Callbacks
from bot.web.health import health_routes
from bot.web.media import media_routes
from bot.web.operator_socket import serve_operator
from bot.web.security_headers import SecurityHeaders
from bot.web.server import Server, WebServer, listen
from bot.worker.accounts import AccountMonitor
from bot.worker.delivery import Deliverer, tick_progress
from bot.worker.media_budget import MediaBudget
from bot.worker.orphans import remove_orphans, sweep
from bot.worker.outage_notices import post_outage_notices
from bot.worker.preparation import Preparer
from bot.worker.recovery import recover
from bot.worker.retention import retain
from bot.worker.submission import Submitter
from bot.worker.watching import Watcher

#: what a server listens on that can be reached by every address of its machine
_EVERYWHERE = ("0.0.0.0", "::")  # noqa: S104 - compared

Loop = Callable[[], Awaitable[None]]


def find_plugins() -> list[AdapterPlugin]:
    """Every installed adapter."""
    return [entry.load() for entry in entry_points(group=ENTRY_POINTS)]


class App:
    """The whole bot in one process."""

    def __init__(
        self,
        settings: Settings,
        *,
        plugins: Sequence[AdapterPlugin] | None = None,
        wrap: Wrap = lambda provider: provider,
        open_store: OpenStore | None = None,
        open_pool: OpenPool = SandboxPool,
        server: type[Server] = Server,
    ) -> None:
        self._settings = settings
        self._plugins = find_plugins() if plugins is None else plugins
        self._wrap = wrap
        self._open_store = open_store or partial(connect, direct_url=settings.database_direct_url)
        self._open_pool = open_pool
        self._server = server
        self._stop = asyncio.Event()
        #: set once everything runs
        self.started = asyncio.Event()
        #: base URL of the web server as this machine reaches it, once it listens
        self.address = ""
        #: what adapters tell the operator at the start
        self.notices: list[str] = []

    def stop(self) -> None:
        """Take nothing new, finish what is in hand, leave."""
        self._stop.set()

    async def run(self) -> None:
        """Run until `stop`. Raises OSError for a taken port, ReverieError for settings that cannot work."""
        settings = self._settings
        with listen(settings.http_host, settings.http_port) as listener:
            self.address = _address(listener)
            async with AsyncExitStack() as exits:
                exits.enter_context(lock_store(settings.database))
                if settings.database.startswith("sqlite"):
                    exits.enter_context(lock_folder(settings.data_dir))
                opened = await exits.enter_async_context(
                    open_core(
                        settings, wrap=self._wrap, open_store=self._open_store, open_pool=self._open_pool
                    )
                )
                await self._work(opened, listener)

    async def _work(self, opened: Opened, listener: socket.socket) -> None:
        services = opened.services
        receivers: dict[str, Supervised] = {}
        adapters = [
            self._watched(services, adapter, receivers)
            for adapter in self._connect(services, BotService(services))
        ]
        works, talks = services.settings.role is not Role.GATEWAY, services.settings.role is not Role.WORKER
        watchers = {account: Watcher(services, provider) for account, provider in services.providers.items()}
        callbacks = Callbacks(services, watchers if works else {})
        for_providers = [*callbacks.routes(), *media_routes(services)]
        self.notices = [
            adapter.startup_notice(self.address)
            for adapter in adapters
            if talks and adapter.startup_notice is not None
        ]
        engine = _supervised(
            services, engine_loops(services, adapters, watchers) if works else shared_loops(services)
        )
        listening = {**_supervised(services, {"callbacks": callbacks.run}), **(receivers if talks else {})}
        routes = [
            *health_routes(services, adapters, engine | listening),
            *for_providers,
            *(route for adapter in adapters if talks for route in adapter.routes),
        ]
        web = WebServer(
            SecurityHeaders(Starlette(routes=routes), public_url=services.settings.public_url),
            listener,
            started=self.started.set,
            make=self._server,
        )
        operator = Operator(
            services.database, services.settings.defaults, services.clock, lambda: services.secrets
        )
        async with (
            opened.simulation.running(opened.fetcher, for_providers) if opened.simulation else nullcontext(),
            _closing(adapters),
            serve_operator(operator, services.settings.database)
            if services.settings.database.startswith("sqlite")
            else nullcontext(),
            asyncio.TaskGroup() as group,
        ):
            (supervised,) = _supervised(services, {"web": web.run}).values()
            serving = group.create_task(supervised.run(), name="web")
            await _either(self.started, self._stop)
            begun = [group.create_task(loop.run(), name=name) for name, loop in engine.items()]
            open_ended = [group.create_task(loop.run(), name=name) for name, loop in listening.items()]
            log.info(
                "started",
                address=self.address,
                providers=services.settings.providers,
                role=services.settings.role,
            )
            await self._stop.wait()
            log.info("stopping")
            services.stopping.set()
            services.database.wakeups.wake_all()
            for task in open_ended:
                task.cancel()
            if begun:
                await asyncio.wait(begun, timeout=services.times.stop / 1000)
            for task in begun:
                task.cancel()
            web.stop()
            await asyncio.wait([serving])
        log.info("stopped")

    @staticmethod
    def _watched(services: Services, adapter: Adapter, receivers: dict[str, Supervised]) -> Adapter:
        """Supervise an adapter's inlet; what keeps it from running is an obstacle of the adapter."""
        if adapter.receiver is None:
            return adapter
        name = f"{RECEIVER}{adapter.name}"
        receiver = Supervised(name, adapter.receiver.run, times=services.times, stopping=services.stopping)
        receivers[name] = receiver
        return replace(adapter, not_ready_reason=lambda: receiver.fault or adapter.not_ready_reason())

    def _connect(self, services: Services, service: BotService) -> list[Adapter]:
        """Connect every enabled adapter; one that is set wrongly does not keep the others from working."""
        adapters: list[Adapter] = []
        unusable: list[Adapter] = []
        for plugin in self._plugins:
            try:
                enabled = plugin.enabled(services.settings)
            except ValueError as error:
                unusable.append(_unusable(plugin, misfit(error, plugin.prefix)))
                continue
            if enabled:
                adapters.append(self._build(plugin, services, service))
        if unusable and not adapters:
            raise Misconfigured(unusable[0].not_ready_reason() or "")
        if not adapters:
            log.warning("no_chat_enabled", remedy="reverie doctor tells how to turn one on")
        return adapters + unusable

    def _build(self, plugin: AdapterPlugin, services: Services, service: BotService) -> Adapter:
        context = AdapterContext(
            settings=services.settings,
            service=service,
            adapter_data=AdapterData(services.database, services.cipher, plugin.name),
            library=services.library,
            signer=services.signer,
            clock=services.clock,
        )
        try:
            adapter = plugin.build(context)
        except ImportError as error:
            raise Misconfigured(
                f"The adapter {plugin.name} is on, but {error}: install what it needs, or turn it off"
            ) from error
        if adapter.files is not None:
            services.files[adapter.name] = adapter.files
        return adapter


def _supervised(services: Services, loops: Mapping[str, Loop]) -> dict[str, Supervised]:
    return {
        name: Supervised(name, loop, times=services.times, stopping=services.stopping)
        for name, loop in loops.items()
    }


async def _either(*events: asyncio.Event) -> None:
    waiting = [asyncio.create_task(event.wait(), name="start or stop") for event in events]
    try:
        await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in waiting:
            task.cancel()


def _unusable(plugin: AdapterPlugin, reason: str) -> Adapter:
    log.error("adapter_not_usable", adapter=plugin.name, reason=reason)
    return Adapter(name=plugin.name, not_ready_reason=lambda: reason)


def engine_loops(
    services: Services, adapters: Sequence[Adapter], watchers: Mapping[str, Watcher]
) -> dict[str, Loop]:
    """The engine's loops by name, in the order in which a job meets them; each can be begun again."""
    loops = shared_loops(services)
    loops["prepare"] = lambda: Preparer(services).run()
    for account, provider in services.providers.items():
        loops[f"check {account}"] = lambda p=provider: AccountMonitor(services, p).run()  # type: ignore[misc]
        for lane in provider.limits:
            loops[f"submit {account} {lane}"] = lambda p=provider, of=lane: Submitter(services, p, of).run()  # type: ignore[misc]
        loops[f"watch {account}"] = watchers[account].run
        loops[f"sweep {account}"] = lambda p=provider: sweep(services, p)  # type: ignore[misc]
        loops[f"orphans {account}"] = lambda p=provider: remove_orphans(services, p)  # type: ignore[misc]
    loops["recover"] = lambda: recover(services)
    loops["retention"] = lambda: retain(services)
    loops["media budget"] = lambda: MediaBudget(services).run()
    publishers = {adapter.name: adapter.publisher for adapter in adapters if adapter.publisher is not None}
    loops["deliver"] = lambda: Deliverer(services, publishers).run()
    loops["outage notices"] = lambda: post_outage_notices(services, publishers)
    loops["progress"] = lambda: tick_progress(services)
    return loops


def shared_loops(services: Services) -> dict[str, Loop]:
    """The loops of every process, also of one that only takes commands."""
    return {"vocabulary": lambda: run_vocabulary_refresh(services)}


def _address(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    if host in _EVERYWHERE:
        host = "127.0.0.1"
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


@asynccontextmanager
async def _closing(adapters: Sequence[Adapter]) -> AsyncIterator[None]:
    try:
        yield
    finally:
        for adapter in adapters:
            try:
                await adapter.close()
            except Exception as error:  # noqa: BLE001 - the others are closed too
                log.warning("adapter_not_closed", adapter=adapter.name, error=repr(error))
