"""Keeps the gateway connected and the commands registered until the bot stops.

Every failure is reported to the operator and retried; other chat platforms go on meanwhile.
"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import aiohttp
import discord
import structlog
from discord.http import Route
from pydantic import SecretStr

from adapters.discord.events.router import EventRouter
from adapters.discord.gateway.client import GatewayClient
from adapters.discord.gateway.command_sync import sync_commands
from adapters.discord.gateway.event_tasks import EventTasks
from adapters.discord.gateway.identify_limiter import IdentifyLimiter
from adapters.discord.gateway.welcome import WelcomeMessage
from adapters.discord.rest.client import (
    LOGIN_REFUSED,
    Connector,
    RestClient,
    UnexpectedResponse,
    id_of,
    reading_response,
)
from adapters.discord.rest.errors import ApiError
from adapters.discord.settings import DiscordSettings, ShardRange
from bot.domain.errors import Delayed, StoreError
from bot.service.plugin import AdapterContext

_log = structlog.get_logger(__name__)

#: shards of one process; far more than Discord recommends to the largest bots
MAX_SHARDS = 10_000
#: a connection that lasted so long was stable: the next retry is fast again
_STABLE_S = 60.0
_RETRYING = "this is retried automatically"
_UNREACHABLE = f"Discord cannot be reached; check the network and HTTPS_PROXY, {_RETRYING}"
_INTENTS_REFUSED = (
    "Discord does not allow this bot to receive reactions and servers; "
    "check in the developer portal, under Bot, that the application is not limited"
)
#: the gateway's close codes that only a change of settings resolves
_CLOSE_CODES = {
    4004: LOGIN_REFUSED,
    4010: "Discord does not know the shards in REVERIE_DISCORD_SHARDS; correct them",
    4011: "Discord requires more shards; raise the number after the / in REVERIE_DISCORD_SHARDS",
    4013: _INTENTS_REFUSED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Timings:
    """Waits of the receiver in seconds; tests shorten them."""

    #: first and longest wait between two tries while Discord cannot be reached
    retry: float = 2.0
    retry_max: float = 60.0
    #: between two tries at what only the operator can resolve
    operator_retry: float = 60.0
    #: between two shards that identify; Discord allows one of a bucket in 5 s, and clocks differ
    identify: float = 5.25
    #: between two presence updates; Discord allows five in 20 s per shard, and nobody needs them
    presence: float = 20.0
    #: a connection without a heartbeat for so long is dead
    heartbeat: float = 60.0
    #: how long running handlers may take when the bot stops
    drain: float = 5.0


class OperatorActionRequired(Delayed):
    """Discord does not let the bot connect; the text holds the remedy."""


class GatewaySupervisor:
    """The receiver of the Discord adapter."""

    def __init__(
        self,
        context: AdapterContext,
        rest: RestClient,
        router: EventRouter,
        settings: DiscordSettings,
        *,
        connector: Connector | None = None,
        timings: Timings | None = None,
    ) -> None:
        self._context = context
        self._rest = rest
        self._router = router
        self._settings = settings
        self._connector = connector
        self._timings = timings or Timings()
        adapter_data, every_ms = context.adapter_data, round(self._timings.identify * 1000)
        self._welcome = WelcomeMessage(rest, adapter_data, retry_s=self._timings.retry)
        self._identify = IdentifyLimiter(adapter_data, context.clock, every_ms=every_ms)
        self._client: GatewayClient | None = None
        #: the text under the bot's name, once it is known
        self._presence: str | None = None
        self._connection_fault: str | None = None
        self._commands_fault: str | None = "the commands are not registered yet"

    def not_ready_reason(self) -> str | None:
        """Why events are not received, with the remedy; None where all is well."""
        client = self._client
        if client is None or not client.was_connected:
            return self._connection_fault or f"not connected to the gateway yet; {_RETRYING}"
        if client.disconnected:
            return f"{client.disconnected} shards are not connected to the gateway; {_RETRYING}"
        return self._commands_fault

    async def run(self) -> None:
        async with asyncio.TaskGroup() as group:
            tasks = EventTasks(group)
            try:
                async with asyncio.TaskGroup() as loops:
                    loops.create_task(self._sync_commands(), name="discord commands")
                    loops.create_task(self._keep_connected(tasks), name="discord gateway")
                    loops.create_task(self._keep_presence(), name="discord presence")
            finally:
                # The gateway is closed by now.
                await tasks.drain(self._timings.drain)

    async def _keep_connected(self, tasks: EventTasks) -> None:
        """Connect again and again until cancelled."""
        retry_s, now = self._timings.retry, asyncio.get_running_loop().time
        while True:
            started, wait_s = now(), retry_s
            try:
                with _translated():
                    await self._connect(tasks)
            except OperatorActionRequired as error:
                self._connection_fault = str(error)
                wait_ms = error.retry_after_ms
                wait_s = wait_ms / 1000 if wait_ms else self._timings.operator_retry
                _log.error("discord_refused_connection", reason=self._connection_fault)
            except Delayed as error:
                self._connection_fault = self._rest.not_ready_reason() or _UNREACHABLE
                wait_s = max(wait_s, (error.retry_after_ms or 0) / 1000)
                _log.warning("discord_unreachable", error=str(error))
            except Exception:  # noqa: BLE001 - a fault within the library must not end the other platforms
                self._connection_fault = f"the connection to the gateway failed; {_RETRYING}"
                _log.exception("discord_connection_failed")
            stable = now() - started > _STABLE_S
            retry_s = self._timings.retry if stable else min(retry_s * 2, self._timings.retry_max)
            await asyncio.sleep(wait_s)

    async def _connect(self, tasks: EventTasks) -> None:
        """Receive events until the gateway is closed for good."""
        client = GatewayClient(
            self._router,
            self._welcome,
            self._identify,
            tasks,
            shards=await self._fetch_shards(),
            presence=self._presence,
            proxy=self._context.settings.https_proxy,
            connector=self._connector() if self._connector else None,
            heartbeat_timeout=self._timings.heartbeat,
        )
        self._client = client
        try:
            await client.start((self._settings.token or SecretStr("")).get_secret_value())
        finally:
            self._client = None
            await client.stop()

    async def _fetch_shards(self) -> ShardRange:
        """The shards of this process, and the identify limits, which the library does not check.

        Raises OperatorActionRequired where no session starts are left: Discord resets the token of a bot that
        exceeds the limit.
        """
        answer = await self._rest.request(Route("GET", "/gateway/bot"))
        with reading_response("session limits"):
            limit = answer["session_start_limit"]
            remaining, total = int(limit["remaining"]), int(limit["total"])
            self._identify.max_concurrency = max(1, int(limit["max_concurrency"]))
            recommended = min(int(answer["shards"]), MAX_SHARDS + 1)
            shards = self._settings.shards or ShardRange(ids=tuple(range(recommended)), count=recommended)
            reset_ms = int(limit["reset_after"])
        if not 1 <= len(shards.ids) <= MAX_SHARDS:
            raise UnexpectedResponse(f"Discord recommends {len(shards.ids)} shards")
        if remaining < len(shards.ids):
            raise OperatorActionRequired(
                f"only {remaining} of today's {total} session starts are left; find out why the bot starts "
                f"so often; {_RETRYING} when Discord allows more",
                retry_after_ms=reset_ms,
            )
        return shards

    async def _sync_commands(self) -> None:
        """Register the commands once, with retries."""
        retry_s = self._timings.retry
        while True:
            try:
                application = await self._rest.request(Route("GET", "/applications/@me"))
                await sync_commands(self._rest, id_of(application, "application"), self._settings.guilds)
            except Delayed as error:
                self._commands_fault = f"the commands are not registered yet: {error}; {_RETRYING}"
                wait_s = max(retry_s, (error.retry_after_ms or 0) / 1000)
                _log.warning("command_sync_delayed", error=str(error))
            except ApiError as error:
                self._commands_fault = f"Discord does not accept the commands: {error.reason}; {_RETRYING}"
                wait_s = self._timings.operator_retry
                _log.error("command_sync_refused", code=error.code, reason=error.reason)
            except Exception as error:  # noqa: BLE001 - a fault here must not end the other platforms
                self._commands_fault = (
                    f"the commands could not be registered: {type(error).__name__}; {_RETRYING}"
                )
                wait_s = retry_s
                _log.exception("command_sync_failed")
            else:
                self._commands_fault = None
                return
            await asyncio.sleep(wait_s)
            retry_s = min(retry_s * 2, self._timings.retry_max)

    async def _keep_presence(self) -> None:
        """Show the queue's length under the bot's name until cancelled."""
        while True:
            try:
                stats = await self._context.service.queue_stats()
                self._presence = presence_text(stats.running, stats.waiting)
                if self._client is not None:
                    await self._client.set_presence(self._presence)
            except StoreError as error:
                _log.info("queue_stats_unavailable", error=str(error))
            except Exception as error:  # noqa: BLE001 - a presence must not end anything else
                _log.warning("presence_failed", error=repr(error))
            await asyncio.sleep(self._timings.presence)


def presence_text(running: int, waiting: int) -> str:
    """The text after the word "Watching"."""
    if not running and not waiting:
        return "for /imagine"
    return f"{running} running, {waiting} waiting"


@contextmanager
def _translated() -> Iterator[None]:
    """Translate the library's errors to those that need the operator and those to retry."""
    try:
        yield
    except discord.LoginFailure as error:
        raise OperatorActionRequired(LOGIN_REFUSED) from error
    except discord.PrivilegedIntentsRequired as error:
        raise OperatorActionRequired(_INTENTS_REFUSED) from error
    except discord.ConnectionClosed as error:
        remedy = _CLOSE_CODES.get(error.code)
        if remedy is None:
            raise Delayed(f"The gateway closed with {error.code}") from error
        raise OperatorActionRequired(remedy) from error
    except ApiError as error:
        raise OperatorActionRequired(f"Discord refuses the connection: {error.reason}") from error
    except (discord.DiscordException, aiohttp.ClientError, OSError) as error:
        raise Delayed(f"{type(error).__name__}: {error}") from error
