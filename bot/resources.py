"""Opens what the bot works with: secrets, store, providers, fetcher and media storage."""

import os
import socket
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import httpx
from pydantic import SecretStr

from bot.domain.errors import ReverieError, ServiceUnavailable
from bot.domain.money.pricing import Rates, published_rates, read_rates
from bot.jobs.file_reservations import DatabaseReservations
from bot.media.disk import MediaUsage
from bot.media.download.fetcher import Fetcher, SpeedLimits
from bot.media.download.transport import FetchRules
from bot.media.ingest import MediaLibrary
from bot.media.sandbox.pool import SandboxPool
from bot.media.storage.opening import open_storage
from bot.providers.accounts import (
    CAPABILITIES,
    SIMULATOR,
    UnusableAccount,
    create_provider,
    create_providers,
    names_known_account,
)
from bot.providers.base import Provider
from bot.providers.health import ObservedProvider, ProviderHealth
from bot.providers.luma import luma_origin
from bot.security.encryption import DecryptionFailed, FieldCipher
from bot.security.rate_limit import RateLimiter
from bot.security.secret_keys import load_or_create_secrets, read_secrets
from bot.security.tokens import TokenSigner
from bot.services import Services, clock_ms, log, monotonic_ms
from bot.settings import PROVIDERS, Role, Settings
from bot.simulation.transport import API_URL, OWN_ORIGIN, SIMULATOR_ORIGIN
from bot.store.database.base import Database
from bot.store.database.migrate import migrate
from bot.store.operator.accounts import list_accounts
from bot.store.operator.workspace_keys import used_accounts
from bot.store.queue.claim import expire_all_leases
from bot.store.quotas.limits import apply_total_caps
from bot.worker.accounts import find_naming_key, register_accounts, store_naming_key

if TYPE_CHECKING:
    from bot.simulation.builtin import BuiltInSimulator

#: wraps a provider; tests inject faults there
Wrap = Callable[[Provider], Provider]
#: opens the store by its URL; tests inject faults there
OpenStore = Callable[[str], Database]
#: opens the processes that probe and convert media; tests share them
OpenPool = Callable[[], AbstractAsyncContextManager[SandboxPool]]


_TAKEN = "a workspace uses this key as its own: remove it there with /studio key remove, or remove it here"


class Misconfigured(ReverieError):
    """The settings are inconsistent."""


def secrets_of(settings: Settings) -> tuple[bytes, ...]:
    """The secrets of this installation; the first one encrypts. Raises UnusableSecret."""
    if settings.secret_key is not None:
        return read_secrets(settings.secret_key.get_secret_value().encode(), "REVERIE_SECRET_KEY")
    return load_or_create_secrets(secret_file(settings))


def secret_file(settings: Settings) -> Path:
    """File of the secret that is created at the first start."""
    return settings.data_dir / "secret"


def rates_of(settings: Settings) -> Rates:
    if settings.rates_file is None:
        return published_rates()
    try:
        return read_rates(settings.rates_file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise Misconfigured(f"REVERIE_RATES_FILE cannot be used: {error}") from error


def providers_of(
    settings: Settings, naming_key: bytes, *, simulator: httpx.AsyncBaseTransport | None = None
) -> list[Provider]:
    """One provider for each account in the settings, named with the help of `naming_key`.

    `simulator` is the transport to the built-in simulator.
    """
    return create_providers(settings, naming_key, simulator_url=API_URL, simulator=simulator)


async def naming_key_of(settings: Settings, secrets: Sequence[bytes], database: Database) -> bytes:
    """The naming key, also before the first start; raises DecryptionFailed."""
    stored = await find_naming_key(database, FieldCipher(*secrets))
    return stored or likely_naming_key(settings, secrets, await _account_names(database))


async def _account_names(database: Database) -> set[str]:
    return {row.id for row in await list_accounts(database)}


def likely_naming_key(settings: Settings, secrets: Sequence[bytes], known: Collection[str]) -> bytes:
    """The secret by which an earlier version named the known accounts; else the oldest."""
    for secret in secrets:
        if names_known_account(settings, secret, known):
            return secret
    return secrets[-1]


async def _ensure_naming_key(settings: Settings, secrets: Sequence[bytes], database: Database) -> bytes:
    try:
        key = await naming_key_of(settings, secrets, database)
        # A gateway has no API keys, so that it could not recognise the accounts.
        return (
            key
            if settings.role is Role.GATEWAY
            else await store_naming_key(database, FieldCipher(*secrets), key)
        )
    except DecryptionFailed:
        # The stored key is kept, because its secret may be added again.
        log.error("account_names_unreadable", remedy="add the earlier secret to REVERIE_SECRET_KEY: new,old")
        return likely_naming_key(settings, secrets, await _account_names(database))


async def prepare_store(services: Services) -> None:
    """Register a worker's accounts, apply its caps, and on SQLite expire the previous process's leases."""
    if services.settings.role is not Role.GATEWAY:
        await register_accounts(services)
        await services.database.transact(apply_total_caps, services.settings.defaults, now=services.clock())
    if services.settings.database.startswith("sqlite"):
        # This process has locked the database, so that no other can hold a lease.
        await services.database.transact(expire_all_leases)


@dataclass(frozen=True, slots=True, kw_only=True)
class Resources:
    """What the process works with while it runs."""

    services: Services
    fetcher: Fetcher
    #: the built-in simulator, if an account uses it; not started yet
    simulation: "BuiltInSimulator | None"


@asynccontextmanager
async def open_resources(
    settings: Settings, *, wrap: Wrap, open_store: OpenStore, open_pool: OpenPool = SandboxPool
) -> AsyncIterator[Resources]:
    """Open everything in order; closes it in reverse order."""
    secrets = secrets_of(settings)
    async with AsyncExitStack() as exits:
        database: Database = await exits.enter_async_context(open_store(settings.database))
        await migrate(database)
        pool = await exits.enter_async_context(open_pool())
        simulation = built_in_simulator_of(settings, pool) if "simulator" in settings.providers else None
        inputs = await exits.enter_async_context(open_pool())
        providers: list[ObservedProvider] = []
        naming_key = await _ensure_naming_key(settings, secrets, database)
        transport = None if simulation is None else simulation.transport
        taken = frozenset(await used_accounts(database))
        for provider in providers_of(settings, naming_key, simulator=transport):
            exits.push_async_callback(provider.close)
            if provider.account in taken:
                # One account has one payer: here the workspace whose admin entered the key.
                log.error("key_belongs_to_workspace", account=provider.account, remedy=_TAKEN)
                continue
            observed = ObservedProvider(wrap(provider), ProviderHealth(), clock_ms)
            providers.append(observed)
        origins = {provider.origin for provider in providers if provider.origin != SIMULATOR_ORIGIN}
        if not settings.simulated:
            # Accounts of workspaces' own keys return files from there.
            origins.add(_origin_of_workspaces(settings))

        async def open_account(name: str, key: SecretStr) -> Provider:
            known: bytes | None = naming_key
            if settings.role is Role.GATEWAY:
                # Without keys of its own it cannot tell which secret has named the accounts.
                known = await find_naming_key(database, FieldCipher(*secrets))
            if known is None:
                raise ServiceUnavailable
            if name == SIMULATOR and transport is None:
                raise UnusableAccount("The built-in simulator does not run in this process")
            provider = create_provider(settings, name, key, known, simulator_url=API_URL, simulator=transport)
            return ObservedProvider(wrap(provider), ProviderHealth(), clock_ms)

        fetcher = await exits.enter_async_context(
            Fetcher(
                FetchRules(
                    trusted_origins=frozenset(origins),
                    own_hosts=frozenset(
                        {urlsplit(settings.public_url).hostname or ""} if settings.public_url else ()
                    ),
                    proxy=settings.https_proxy,
                    proxy_resolves=settings.proxy_resolves,
                    in_process={f"{SIMULATOR_ORIGIN}/assets/": simulation.transport} if simulation else {},
                ),
                speed=SpeedLimits(
                    head_s=settings.times.fetch_head / 1000,
                    window_s=settings.times.fetch_window / 1000,
                    bytes_per_s=settings.fetch_bytes_per_s,
                ),
            )
        )
        owner = f"{socket.gethostname()}-{os.getpid()}-{os.urandom(4).hex()}"
        reservations = DatabaseReservations(database, owner, clock_ms)
        storage = exits.enter_context(open_storage(settings, reservations))
        await storage.sweep(now=clock_ms())
        rate_limit = RateLimiter(
            per_minute=settings.commands_per_minute,
            burst=settings.commands_burst,
            monotonic=monotonic_ms,
        )
        services = Services(
            settings=settings,
            database=database,
            providers={provider.account: provider for provider in providers},
            health={provider.account: provider.health for provider in providers},
            library=MediaLibrary(
                fetcher=fetcher,
                storage=storage,
                results=pool,
                inputs=inputs,
                charge=rate_limit.charge,
            ),
            storage=storage,
            secrets=secrets,
            signer=TokenSigner(*secrets),
            cipher=FieldCipher(*secrets),
            media_usage=media_usage_of(settings),
            capabilities=CAPABILITIES,
            rates=rates_of(settings),
            clock=clock_ms,
            monotonic=monotonic_ms,
            owner=owner,
            rate_limit=rate_limit,
            facing_urls=facing_urls_of(settings),
            open_account=open_account,
        )
        await prepare_store(services)
        yield Resources(services=services, fetcher=fetcher, simulation=simulation)


def _origin_of_workspaces(settings: Settings) -> str:
    try:
        return luma_origin(settings.luma_base_url)
    except ValueError as error:
        raise Misconfigured(f"LUMAAI_BASE_URL cannot be used: {error}") from error


def facing_urls_of(settings: Settings) -> dict[str, str]:
    """By provider, the base of the URLs under which it reaches this bot."""
    if settings.public_url is not None:
        return dict.fromkeys(PROVIDERS, settings.public_url)
    # Only the built-in simulator is in this process.
    return {"simulator": OWN_ORIGIN}


def media_usage_of(settings: Settings) -> MediaUsage:
    # What is removed from a bucket makes no room on our disk.
    least_free = settings.min_free_bytes if settings.media_url is None else 0
    return MediaUsage(most=settings.media_max_bytes, least_free=least_free)


def built_in_simulator_of(settings: Settings, pool: SandboxPool) -> "BuiltInSimulator":
    # A bot with a provider of its own does without the simulator, and without what it imports.
    from bot.simulation.builtin import BuiltInSimulator  # noqa: PLC0415
    from simulator.settings import SimulatorSettings  # noqa: PLC0415

    return BuiltInSimulator(
        SimulatorSettings(
            database=settings.data_dir / "simulator.db",
            speed=settings.simulator_speed,
            drawn_fps=settings.simulator_pictures_per_s,
        ),
        workers=pool,
        public_url=settings.public_url,
    )
