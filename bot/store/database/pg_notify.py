"""Signals between replicas, over LISTEN and NOTIFY of PostgreSQL.

NOTIFY is never part of a transaction that matters: it takes a lock of the whole server that is held through
the commit. So topics are said afterwards, from one connection, each at most 20 times a second. All of it is
a hint: a topic that gets lost costs a waiter the rest of its own pause.
"""

import asyncio
from collections.abc import Awaitable, Callable

import asyncpg
import structlog
from asyncpg.pool import PoolConnectionProxy

from bot.store.database.wakeups import Wakeups

CHANNEL = "reverie"
#: pause after saying what was to say; topics that come meanwhile are said once
PAUSE_S = 0.05
#: a connection that has been silent for so long is tried, for it may have died without a word
IDLE_S = 30.0
RECONNECT_S = 1.0
#: time for the last words when the store closes
CLOSING_S = 1.0

_SAY = "SELECT pg_notify($1, topic) FROM unnest($2::text[]) AS topic"

log = structlog.get_logger()

Connect = Callable[[], Awaitable[asyncpg.Connection]]


class Notifier:
    """Carries the signals of one process to the others and theirs to it."""

    def __init__(self, connect: Connect) -> None:
        self.wakeups = Wakeups(self._forward)
        self._connect = connect
        self._topics: set[str] = set()
        self._said = asyncio.Event()
        self._closing = False
        self._task: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Listen from now on; raises what `connect` raises."""
        connection = await self._listen()
        self._task = asyncio.create_task(self._carry(connection), name="signals")

    async def close(self) -> None:
        """Say what is left to say and disconnect."""
        if self._task is None:
            return
        self._closing = True
        self._said.set()
        await asyncio.wait([self._task], timeout=CLOSING_S)
        self._task.cancel()
        await asyncio.wait([self._task])

    def _forward(self, topic: str) -> None:
        self._topics.add(topic)
        self._said.set()

    async def _listen(self) -> asyncpg.Connection:
        connection = await self._connect()
        try:
            own = connection.get_server_pid()

            def hear(_: object, speaker: int, __: str, topic: object) -> None:
                if speaker != own:  # who spoke here was woken before it was said
                    self.wakeups.wake(str(topic))

            connection.add_termination_listener(lambda _: self._said.set())
            await connection.add_listener(CHANNEL, hear)
        except BaseException:
            connection.terminate()
            raise
        return connection

    async def _carry(self, connection: asyncpg.Connection) -> None:
        while True:
            try:
                await self._say(connection)
            except Exception as error:  # noqa: BLE001  outermost frame: signals outlive every broken connection
                log.warning("signals_interrupted", error=type(error).__name__)
            finally:
                connection.terminate()
            if self._closing:
                return
            connection = await self._reconnect()
            # what was said while nobody listened is unknown, so everybody looks
            self.wakeups.wake_all()

    async def _reconnect(self) -> asyncpg.Connection:
        while True:
            try:
                return await self._listen()
            except Exception as error:  # noqa: BLE001  outermost frame: the server comes back when it does
                log.warning("signals_disconnected", error=type(error).__name__)
            await asyncio.sleep(RECONNECT_S)

    async def _say(self, connection: asyncpg.Connection | PoolConnectionProxy) -> None:
        while not connection.is_closed():
            try:
                async with asyncio.timeout(IDLE_S):
                    await self._said.wait()
            except TimeoutError:
                pass  # saying nothing tries the connection
            self._said.clear()
            topics, self._topics = self._topics, set()
            try:
                await connection.execute(_SAY, CHANNEL, list(topics), timeout=IDLE_S)
            except BaseException:
                self._topics |= topics  # the end of the connection wakes us to say them on the next
                raise
            if self._closing:
                return
            await asyncio.sleep(PAUSE_S)
