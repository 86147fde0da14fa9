"""Listening: has the commands registered, and hears what people do until the bot stops.

Whatever keeps it from that is told to the operator and tried again: other chats go on meanwhile.
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

from adapters.chat.event_tasks import EventTasks
from adapters.discord.events.router import Doors
from adapters.discord.gateway.client import Gateway
from adapters.discord.gateway.command_sync import register
from adapters.discord.gateway.presence import keep_presence
from adapters.discord.gateway.shards import MOST_SHARDS, Shards, Turns, all_shards
from adapters.discord.gateway.welcome import Greeter
from adapters.discord.rest.client import NOT_ACCEPTED, Connector, Rest
from adapters.discord.rest.errors import Refusal
from adapters.discord.rest.responses import Unexpected, expecting, id_of
from adapters.discord.settings import DiscordSettings
from bot.domain.errors import Delayed
from bot.service.plugin import AdapterContext

_log = structlog.get_logger(__name__)

#: who was connected for so long has not failed again, but anew
_STEADY_S = 60.0
_AGAIN = "it is tried again by itself"
_UNREACHABLE = f"Discord cannot be reached; check the network and HTTPS_PROXY, {_AGAIN}"
_INTENTS = (
    "Discord does not allow this bot to hear of reactions and servers; "
    "check in the developer portal, under Bot, that the application is not limited"
)
#: close codes of the gateway that only a change of settings mends
_CLOSED = {
    4004: NOT_ACCEPTED,
    4010: "Discord does not know the shards in REVERIE_DISCORD_SHARDS; correct them",
    4011: "Discord wants more shards; raise the number behind the / in REVERIE_DISCORD_SHARDS",
    4013: _INTENTS,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Rhythm:
    """How long the inlet waits for what, in seconds; tests shorten it."""

    #: between two tries while Discord is out of reach, and the longest
    again: float = 2.0
    again_max: float = 60.0
    #: between two tries at what only the operator can mend
    mended: float = 60.0
    #: between two shards that identify; Discord lets one of a bucket in 5 s, and clocks take their share
    identify: float = 5.25
    #: between two looks at the load; Discord takes five changes in 20 s of a shard, and nobody needs them
    presence: float = 20.0
    #: a line on which nothing is heard for so long is dead
    heartbeat: float = 60.0
    #: what is in hand may take so long when the bot stops
    last: float = 5.0


class Barred(Delayed):
    """Discord does not let the bot listen; the text holds the remedy."""


class Listener:
    """The inlet."""

    def __init__(
        self,
        context: AdapterContext,
        rest: Rest,
        doors: Doors,
        settings: DiscordSettings,
        *,
        connector: Connector | None = None,
        rhythm: Rhythm | None = None,
    ) -> None:
        self._context = context
        self._rest = rest
        self._doors = doors
        self._settings = settings
        self._connector = connector
        self._rhythm = rhythm or Rhythm()
        adapter_data, every_ms = context.adapter_data, round(self._rhythm.identify * 1000)
        self._greeter = Greeter(rest, adapter_data, again_s=self._rhythm.again)
        self._turns = Turns(adapter_data, context.clock, every_ms=every_ms)
        self._gateway: Gateway | None = None
        #: what stands under the bot's name, as soon as that is known
        self._line: str | None = None
        #: why it cannot work, as far as is known
        self._trouble: str | None = None
        self._unregistered: str | None = "the commands are not registered yet"

    def obstacle(self) -> str | None:
        """Why nobody is heard, with the remedy; None where all is well."""
        gateway = self._gateway
        if gateway is None or not gateway.was_heard:
            return self._trouble or f"not connected to the gateway yet; {_AGAIN}"
        if gateway.deaf:
            return f"{gateway.deaf} shards are not connected to the gateway; {_AGAIN}"
        return self._unregistered

    async def run(self) -> None:
        async with asyncio.TaskGroup() as group:
            tasks = EventTasks(group)
            try:
                async with asyncio.TaskGroup() as loops:
                    loops.create_task(self._register(), name="discord commands")
                    loops.create_task(self._stay(tasks), name="discord gateway")
                    loops.create_task(
                        keep_presence(self._context.service, self._show, every_s=self._rhythm.presence),
                        name="discord presence",
                    )
            finally:
                # The gateway is closed by now.
                await tasks.drain(self._rhythm.last)

    async def _stay(self, tasks: EventTasks) -> None:
        """Hear, whatever happens, until cancelled."""
        again, now = self._rhythm.again, asyncio.get_running_loop().time
        while True:
            began, wait = now(), again
            try:
                with _translated():
                    await self._listen(tasks)
            except Barred as barred:
                self._trouble = str(barred)
                wait = barred.retry_after_ms / 1000 if barred.retry_after_ms else self._rhythm.mended
                _log.error("discord_barred", trouble=self._trouble)
            except Delayed as error:
                self._trouble = self._rest.obstacle() or _UNREACHABLE
                wait = max(wait, (error.retry_after_ms or 0) / 1000)
                _log.warning("discord_unreachable", error=str(error))
            except Exception:  # noqa: BLE001 - a fault within the library must not take the other chats with it
                self._trouble = f"the connection to the gateway failed; {_AGAIN}"
                _log.exception("discord_failed")
            steady = now() - began > _STEADY_S
            again = self._rhythm.again if steady else min(again * 2, self._rhythm.again_max)
            await asyncio.sleep(wait)

    async def _listen(self, tasks: EventTasks) -> None:
        """Hear until the gateway is closed for good."""
        gateway = Gateway(
            self._doors,
            self._greeter,
            self._turns,
            tasks,
            shards=await self._ask_for_shards(),
            line=self._line,
            proxy=self._context.settings.https_proxy,
            connector=self._connector() if self._connector else None,
            heartbeat_timeout=self._rhythm.heartbeat,
        )
        self._gateway = gateway
        try:
            await gateway.start((self._settings.token or SecretStr("")).get_secret_value())
        finally:
            self._gateway = None
            await gateway.leave()

    async def _ask_for_shards(self) -> Shards:
        """Learn what the library does not look at: how many may identify, at once and today.

        Raises Barred where no more may: Discord resets the token of a bot that goes on all the same.
        """
        told = await self._rest.request(Route("GET", "/gateway/bot"))
        with expecting("session limits"):
            limit = told["session_start_limit"]
            left, total = int(limit["remaining"]), int(limit["total"])
            self._turns.concurrency = max(1, int(limit["max_concurrency"]))
            shards = self._settings.shards or all_shards(min(int(told["shards"]), MOST_SHARDS + 1))
            again_ms = int(limit["reset_after"])
        if not 1 <= len(shards.ids) <= MOST_SHARDS:
            raise Unexpected(f"Discord advises {len(shards.ids)} shards")
        if left < len(shards.ids):
            raise Barred(
                f"only {left} of today's {total} session starts are left; "
                f"find out why the bot starts so often, {_AGAIN} when Discord allows more",
                retry_after_ms=again_ms,
            )
        return shards

    async def _register(self) -> None:
        """Have the commands registered, once; told and tried again until that is done."""
        again = self._rhythm.again
        while True:
            try:
                application = await self._rest.request(Route("GET", "/applications/@me"))
                await register(self._rest, id_of(application, "application"), self._settings.guilds)
            except Delayed as error:
                self._unregistered = f"the commands are not registered yet: {error}; {_AGAIN}"
                wait = max(again, (error.retry_after_ms or 0) / 1000)
                _log.warning("commands_not_registered", error=str(error))
            except Refusal as refusal:
                self._unregistered = f"Discord does not accept the commands: {refusal.told}; {_AGAIN}"
                wait = self._rhythm.mended
                _log.error("commands_refused", code=refusal.code, told=refusal.told)
            except Exception as error:  # noqa: BLE001 - a fault here must not take the other chats with it
                self._unregistered = f"the commands could not be registered: {type(error).__name__}; {_AGAIN}"
                wait = again
                _log.exception("registration_failed")
            else:
                self._unregistered = None
                return
            await asyncio.sleep(wait)
            again = min(again * 2, self._rhythm.again_max)

    async def _show(self, line: str) -> None:
        self._line = line
        if self._gateway is not None:
            await self._gateway.show(line)


@contextmanager
def _translated() -> Iterator[None]:
    """Say what the library's errors mean: to be mended, or to be tried again."""
    try:
        yield
    except discord.LoginFailure as error:
        raise Barred(NOT_ACCEPTED) from error
    except discord.PrivilegedIntentsRequired as error:
        raise Barred(_INTENTS) from error
    except discord.ConnectionClosed as error:
        known = _CLOSED.get(error.code)
        if known is None:
            raise Delayed(f"The gateway closed with {error.code}") from error
        raise Barred(known) from error
    except Refusal as refusal:
        raise Barred(f"Discord refuses to be listened to: {refusal.told}") from refusal
    except (discord.DiscordException, aiohttp.ClientError, OSError) as error:
        raise Delayed(f"{type(error).__name__}: {error}") from error
