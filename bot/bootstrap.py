"""Assembles the bot: opens the resources, builds adapters, web server and loops, and runs them."""

import asyncio
import errno
import socket
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, nullcontext
from dataclasses import replace
from functools import cache, partial
from importlib.metadata import entry_points

from starlette.applications import Starlette

from bot.media.sandbox.pool import SandboxPool
from bot.resources import Misconfigured, OpenPool, OpenStore, Resources, Wrap, open_resources
from bot.service.adapter_data import AdapterData
from bot.service.facade import BotService
from bot.service.operator.alerts import alert_loops
from bot.service.operator.use_cases import Operator
from bot.service.plugin import ENTRY_POINTS, Adapter, AdapterContext, AdapterPlugin
from bot.service.queries.vocabulary import run_vocabulary_refresh
from bot.service.refusals import AuditedService, RefusalLog
from bot.services import Services, log
from bot.settings import Role, Settings, describe_error
from bot.store.database.connect import connect
from bot.store.database.file_lock import lock_folder, lock_store
from bot.supervision import RECEIVER, Supervised
from bot.web.callbacks import Callbacks
from bot.web.gallery import gallery_routes
from bot.web.health import health_routes
from bot.web.media import media_routes
from bot.web.operator_socket import serve_operator
from bot.web.security_headers import SecurityHeaders
from bot.web.server import Server, UnusableAddress, WebServer, listen
from bot.worker.loops import worker_loops
from bot.worker.watching import Watcher
from bot.worker.workspace_accounts import Loop

#: addresses that mean every interface of the machine
_ALL_INTERFACES = ("0.0.0.0", "::")  # noqa: S104 - compared


@cache
def find_plugins() -> tuple[AdapterPlugin, ...]:
    """Every installed adapter; finding them reads the metadata of all installed packages."""
    return tuple(entry.load() for entry in entry_points(group=ENTRY_POINTS))


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
        #: base URL of the web server on this machine, once it listens
        self.address = ""
        #: what adapters tell the operator at startup
        self.notices: list[str] = []

    def stop(self) -> None:
        """Start nothing new, finish what has been started, and return from `run`."""
        self._stop.set()

    async def run(self) -> None:
        """Run until `stop`. Raises ReverieError for settings that cannot be used, OSError for the disk's."""
        settings = self._settings
        with _listen(settings) as listener:
            self.address = _address(listener)
            async with AsyncExitStack() as exits:
                exits.enter_context(lock_store(settings.database))
                if settings.database.startswith("sqlite"):
                    exits.enter_context(lock_folder(settings.data_dir))
                resources = await exits.enter_async_context(
                    open_resources(
                        settings, wrap=self._wrap, open_store=self._open_store, open_pool=self._open_pool
                    )
                )
                await self._serve(resources, listener)

    async def _serve(self, resources: Resources, listener: socket.socket) -> None:
        services, role = resources.services, resources.services.settings.role
        is_worker, is_gateway = role is not Role.GATEWAY, role is not Role.WORKER
        receivers: dict[str, Supervised] = {}
        refusals = RefusalLog(services)
        adapters = [
            _supervise_receiver(services, adapter, receivers)
            for adapter in self._build_adapters(services, AuditedService(services, refusals))
        ]
        watchers = {account: Watcher(services, provider) for account, provider in services.providers.items()}
        callbacks = Callbacks(services, watchers if is_worker else {})
        provider_routes = [*callbacks.routes(), *media_routes(services)]
        self.notices = [
            adapter.startup_notice(self.address)
            for adapter in adapters
            if is_gateway and adapter.startup_notice is not None
        ]
        publishers = {one.name: one.publisher for one in adapters if one.publisher is not None}
        worker = (
            worker_loops(
                services,
                publishers,
                watchers,
                {adapter.name: adapter.forget for adapter in adapters},
                partial(_run_supervised, services),
            )
            if is_worker
            else {}
        )
        # A stop waits for these loops; the others are cancelled.
        shared = shared_loops(services) | {"refusals": refusals.run} | alert_loops(services, publishers)
        loops = _supervised(services, shared | worker)
        listeners = _supervised(services, {"callbacks": callbacks.run}) | (receivers if is_gateway else {})
        routes = [
            *health_routes(services, adapters, loops | listeners),
            *provider_routes,
            *gallery_routes(services),
            *(route for adapter in adapters if is_gateway for route in adapter.routes),
        ]
        web = WebServer(
            SecurityHeaders(Starlette(routes=routes), public_url=services.settings.public_url),
            listener,
            started=self.started.set,
            make=self._server,
        )
        operator = Operator(
            services.database,
            defaults=services.settings.defaults,
            monthly_limit=services.settings.monthly_limit,
            clock=services.clock,
            secrets=lambda: services.secrets,
            rates=lambda: services.rates,
        )
        async with (
            resources.simulation.running(resources.fetcher, provider_routes)
            if resources.simulation
            else nullcontext(),
            _closing(adapters),
            serve_operator(operator, services.settings.database)
            if services.settings.database.startswith("sqlite")
            else nullcontext(),
            asyncio.TaskGroup() as group,
        ):
            (supervised,) = _supervised(services, {"web": web.run}).values()
            serving = group.create_task(supervised.run(), name="web")
            await _first_of(self.started, self._stop)
            working = [group.create_task(loop.run(), name=name) for name, loop in loops.items()]
            listening = [group.create_task(loop.run(), name=name) for name, loop in listeners.items()]
            log.info(
                "started",
                address=self.address,
                providers=services.settings.providers,
                role=role,
            )
            await self._stop.wait()
            log.info("stopping")
            services.stopping.set()
            services.database.wakeups.wake_all()
            for task in listening:
                task.cancel()
            if working:
                await asyncio.wait(working, timeout=services.times.stop / 1000)
            for task in working:
                task.cancel()
            web.stop()
            await asyncio.wait([serving])
        log.info("stopped")

    def _build_adapters(self, services: Services, service: BotService) -> list[Adapter]:
        """Build every enabled adapter; one with invalid settings does not stop the others."""
        adapters: list[Adapter] = []
        unusable: list[Adapter] = []
        for plugin in self._plugins:
            try:
                enabled = plugin.enabled(services.settings)
            except ValueError as error:
                unusable.append(_unusable(plugin, describe_error(error, plugin.prefix)))
                continue
            if enabled:
                adapters.append(self._build(plugin, services, service))
        if unusable and not adapters:
            raise Misconfigured(unusable[0].not_ready_reason() or "")
        if not adapters:
            log.warning("no_chat_enabled", remedy="run reverie doctor to see how to enable one")
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
                f"The adapter {plugin.name} is enabled, but {error}: install its dependencies, or disable it"
            ) from error
        if adapter.files is not None:
            services.files[adapter.name] = adapter.files
        return adapter


def _supervise_receiver(services: Services, adapter: Adapter, receivers: dict[str, Supervised]) -> Adapter:
    """Add an adapter's receiver to the supervised ones; while it is not running, the adapter is not ready."""
    if adapter.receiver is None:
        return adapter
    name = f"{RECEIVER}{adapter.name}"
    receiver = Supervised(name, adapter.receiver.run, times=services.times, stopping=services.stopping)
    receivers[name] = receiver
    return replace(adapter, not_ready_reason=lambda: receiver.fault or adapter.not_ready_reason())


def _supervised(services: Services, loops: Mapping[str, Loop]) -> dict[str, Supervised]:
    return {
        name: Supervised(name, loop, times=services.times, stopping=services.stopping)
        for name, loop in loops.items()
    }


async def _run_supervised(services: Services, name: str, loop: Loop) -> None:
    await Supervised(name, loop, times=services.times, stopping=services.stopping).run()


async def _first_of(*events: asyncio.Event) -> None:
    waiting = [asyncio.create_task(event.wait(), name="start or stop") for event in events]
    try:
        await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in waiting:
            task.cancel()


def _unusable(plugin: AdapterPlugin, reason: str) -> Adapter:
    log.error("adapter_misconfigured", adapter=plugin.name, reason=reason)
    return Adapter(name=plugin.name, not_ready_reason=lambda: reason)


def shared_loops(services: Services) -> dict[str, Loop]:
    """The loops of every process, including a gateway."""
    return {"vocabulary": lambda: run_vocabulary_refresh(services)}


def _listen(settings: Settings) -> socket.socket:
    try:
        return listen(settings.http_host, settings.http_port)
    except UnusableAddress as error:
        remedy = (
            "stop the program that uses it, or set another REVERIE_HTTP_PORT or REVERIE_HTTP_HOST"
            if error.errno == errno.EADDRINUSE
            else "correct REVERIE_HTTP_HOST and REVERIE_HTTP_PORT"
        )
        raise Misconfigured(f"{error.filename} cannot be used ({error.strerror}): {remedy}") from error


def _address(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    if host in _ALL_INTERFACES:
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
            except Exception as error:  # noqa: BLE001 - the other adapters must be closed too
                log.warning("adapter_not_closed", adapter=adapter.name, error=repr(error))
