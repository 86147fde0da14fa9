"""A whole world for the bot to be killed in: a provider, a chat, a database, and bots that come and go."""

import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

import httpx

from bot.store.database.base import Database
from bot.store.database.connect import connect
from bot.store.database.named_sql import Query
from bot.timing import Timing
from bot.tls import tls_context
from simulator.generations.accounts import account_id
from simulator.settings import SimulatorSettings
from tests import patience
from tests.crash import timing
from tests.crash.chat import Chat, open_chat
from tests.crash.processes import Processes, Running, port
from tests.patience import PATIENCE_S


async def until(holds: Callable[[], Awaitable[bool]], what: str, *, within_s: float = PATIENCE_S) -> None:
    """Wait for something that other processes do; fails by naming it."""
    try:
        await patience.until(holds, within_s=within_s)
    except TimeoutError:
        raise AssertionError(f"not within {within_s:g} s: {what}") from None


@dataclass(frozen=True, slots=True, kw_only=True)
class Generation:
    """What the provider has made, as its back room shows it."""

    id: str
    state: str
    callback_url: str | None
    deleted: bool
    #: milliseconds since 1970
    created_at: int
    prompt: str
    #: micro-dollars
    cost: int


@dataclass(slots=True, kw_only=True)
class Provider:
    """The simulator, in a process of its own."""

    address: str
    key: str
    http: httpx.AsyncClient

    async def generations(self) -> list[Generation]:
        mine = account_id(self.key)
        answer = await self.http.get(f"{self.address}/control/generations")
        return [
            Generation(**{field.name: row[field.name] for field in fields(Generation)})
            for row in answer.raise_for_status().json()["generations"]
            if row["key_hash"] == mine
        ]

    async def fault(self, kind: str, **more: Any) -> None:
        order = {"kind": kind, "key": self.key, **more}
        (await self.http.post(f"{self.address}/control/faults", json=order)).raise_for_status()

    async def pictures(self) -> list[str]:
        """Addresses of finished pictures, which the bots' fetcher may reach on this machine."""
        answer = await self.http.get(
            f"{self.address}/dream-machine/v1/generations", headers={"Authorization": f"Bearer {self.key}"}
        )
        done = (row["assets"] for row in answer.raise_for_status().json()["generations"] if row["assets"])
        return [assets["image"] for assets in done if assets.get("image") and not assets.get("video")]

    async def peak(self) -> int:
        """Most generations of the account at once."""
        found = (await self.http.get(f"{self.address}/control/stats")).raise_for_status().json()
        mine = account_id(self.key)
        return max(
            (one["highest_concurrent"] for one in found["lanes"] if one["key_hash"] == mine), default=0
        )

    async def spent(self) -> int:
        """What the account has paid, in micro-dollars."""
        answer = await self.http.get(
            f"{self.address}/dream-machine/v1/credits", headers={"Authorization": f"Bearer {self.key}"}
        )
        opening = SimulatorSettings(database=Path()).credit_cents
        left: float = answer.raise_for_status().json()["credit_balance"]
        return round((opening - left) * 10_000)


@dataclass(slots=True, kw_only=True)
class World:
    """Everything around the bots, and the bots."""

    folder: Path
    chat: Chat
    provider: Provider
    database_url: str
    port: int
    #: the provider reaches the bot, so attempts carry markers
    marked: bool
    processes: Processes
    #: the settings of time
    times: Mapping[str, str] = field(default_factory=timing.environment)
    #: other settings of every bot started here
    settings: dict[str, str] = field(default_factory=dict)
    #: generations at once that the bots are told they may have
    concurrent: int = 8
    #: what the bots' publishers claim of the platform
    dedupe_ms: int = 60_000
    #: connected by `look`
    store: Database | None = None

    async def start(
        self, name: str = "bot", more: Mapping[str, str] | None = None, *, own_port: int | None = None
    ) -> Running:
        """Start a bot; `more` is for its environment."""
        return await self.processes.start(
            "tests.crash.bot_process:run",
            name=name,
            environment=self._environment(own_port or self.port) | self.settings | dict(more or {}),
        )

    def _environment(self, own_port: int) -> dict[str, str]:
        return {
            **self.times,
            "REVERIE_PROVIDER": "luma",
            "LUMAAI_API_KEY": self.provider.key,
            "LUMAAI_BASE_URL": f"{self.provider.address}/dream-machine/v1",
            "REVERIE_DATABASE_URL": self.database_url,
            "REVERIE_DATA_DIR": str(self.folder / "data"),
            "REVERIE_SECRET_KEY": "one secret for all replicas of a crash test",
            "REVERIE_HTTP_PORT": str(own_port),
            "REVERIE_PUBLIC_URL": f"http://127.0.0.1:{self.port}" if self.marked else "",
            "REVERIE_IMAGE_CONCURRENT": str(self.concurrent),
            "REVERIE_VIDEO_CONCURRENT": str(self.concurrent),
            "REVERIE_DEFAULT_CEILING": "1000",
            "REVERIE_DEFAULT_ALLOWANCE": "1000",
            "REVERIE_COMMANDS_PER_MINUTE": "100000",
            "REVERIE_COMMANDS_BURST": "100000",
            "REVERIE_WAITING_PER_MEMBER": "10000",
            "REVERIE_LOG_FORMAT": "json",
            "CHAT_URL": self.chat.address,
            "CHAT_DEDUPE_MS": str(self.dedupe_ms),
            "CRASH_MARK": str(self.mark),
        }

    @property
    def grace_ms(self) -> int:
        """How long a create whose answer was lost may take to appear in the list."""
        return round(Timing().unknown_grace * float(self.times["REVERIE_TIME_SCALE"]))

    @property
    def mark(self) -> Path:
        """Exists once a bot has met its crash_point."""
        return self.folder / "crashed"

    async def rows(self, statement: str, **values: object) -> list[dict[str, Any]]:
        """Read the bots' database."""
        if self.store is None:
            self.store = connect(self.database_url, read_only=True)
            await self.store.open()
        return [dict(row) for row in await self.store.fetch(Query("look", statement), **values)]

    async def forget(self) -> None:
        if self.store is not None:
            await self.store.close()
            self.store = None

    async def quiet(self) -> bool:
        """Nothing is left to be done: no event unanswered, no job open, no card behind, no orphan left."""
        if any(not event.answers for event in self.chat.events.values()):
            return False
        if self.store is None and not await self._migrated():
            return False
        (row,) = await self.rows(
            """
            SELECT (SELECT count(*) FROM job WHERE finished_at IS NULL) AS jobs,
                   (SELECT count(*) FROM card
                    WHERE shown_rev < wanted_rev AND undeliverable IS NULL) AS cards,
                   (SELECT count(*) FROM orphan_generation WHERE removed_at IS NULL) AS orphans
            """
        )
        return not any(row.values())

    async def _migrated(self) -> bool:
        return not self.database_url.startswith("sqlite") or (self.folder / "data" / "reverie.db").exists()

    async def come_to_rest(self, *, within_s: float = PATIENCE_S) -> None:
        await until(self.quiet, "everything is answered, ended, shown and removed", within_s=within_s)


@asynccontextmanager
async def open_world(
    folder: Path,
    started: Processes,
    simulator_address: str,
    *,
    database_url: str | None = None,
    marked: bool = True,
    chat: Mapping[str, Any] | None = None,
    dedupe_ms: int = 60_000,
    settings: Mapping[str, str] | None = None,
    times: Mapping[str, str] | None = None,
    concurrent: int = 8,
) -> AsyncIterator[World]:
    """Make a world with an account of its own at a simulator that may serve others too."""
    async with AsyncExitStack() as exits:
        http = await exits.enter_async_context(
            httpx.AsyncClient(trust_env=False, verify=tls_context(), timeout=PATIENCE_S)
        )
        world = World(
            folder=folder,
            chat=await exits.enter_async_context(open_chat(**(chat or {}))),
            provider=Provider(address=simulator_address, key=f"key-{secrets.token_hex(8)}", http=http),
            database_url=database_url or f"sqlite:///{folder / 'data' / 'reverie.db'}",
            port=exits.enter_context(port()),
            marked=marked,
            processes=started,
            times=times or timing.environment(),
            settings=dict(settings or {}),
            concurrent=concurrent,
            dedupe_ms=dedupe_ms,
        )
        exits.push_async_callback(world.forget)
        yield world
