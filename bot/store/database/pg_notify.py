"""Wake-ups between replicas, by LISTEN and NOTIFY of PostgreSQL.

NOTIFY is never part of another transaction: it takes a lock of the whole server until the commit. So topics
are sent afterwards, from one connection, each at most 20 times a second. All of it is a hint: a topic that
gets lost costs a waiter the rest of its own pause.
"""

import asyncio
from collections.abc import Awaitable, Callable

import asyncpg
import structlog
from asyncpg.pool import PoolConnectionProxy

from bot.store.database.wakeups import Wakeups

CHANNEL = "reverie"
#: pause after sending; topics that are notified meanwhile are sent once
PAUSE_S = 0.05
#: an idle connection is tested after this time, because it may have broken unnoticed
IDLE_S = 30.0
RECONNECT_S = 1.0
#: time to send the last topics when the store closes
CLOSING_S = 1.0

_SEND = "SELECT pg_notify($1, topic) FROM unnest($2::text[]) AS topic"

log = structlog.get_logger()

Connect = Callable[[], Awaitable[asyncpg.Connection]]


class Notifier:
    """Sends the wake-ups of one process to the others, and receives theirs."""

    def __init__(self, connect: Connect) -> None:
        self.wakeups = Wakeups(self._forward)
        self._connect = connect
        self._topics: set[str] = set()
        self._pending = asyncio.Event()
        self._closing = False
        self._task: asyncio.Task[None] | None = None

    async def open(self, connection: asyncpg.Connection | None = None) -> None:
        """Start to listen, over this connection or a new one; raises what `connect` raises."""
        listening = await self._listen(connection or await self._connect())
        self._task = asyncio.create_task(self._run(listening), name="notifier")

    async def close(self) -> None:
        """Send what is pending and disconnect."""
        if self._task is None:
            return
        self._closing = True
        self._pending.set()
        await asyncio.wait([self._task], timeout=CLOSING_S)
        self._task.cancel()
        await asyncio.wait([self._task])

    def _forward(self, topic: str) -> None:
        self._topics.add(topic)
        self._pending.set()

    async def _listen(self, connection: asyncpg.Connection) -> asyncpg.Connection:
        try:
            own = connection.get_server_pid()

            def receive(_: object, sender: int, __: str, topic: object) -> None:
                if sender != own:  # the waiters of this process were woken before
                    self.wakeups.wake(str(topic))

            connection.add_termination_listener(lambda _: self._pending.set())
            await connection.add_listener(CHANNEL, receive)
        except BaseException:
            connection.terminate()
            raise
        return connection

    async def _run(self, connection: asyncpg.Connection) -> None:
        while True:
            try:
                await self._send(connection)
            except Exception as error:  # noqa: BLE001  outermost frame: the notifier outlives every broken connection
                log.warning("notifier_interrupted", error=type(error).__name__)
            finally:
                connection.terminate()
            if self._closing:
                return
            connection = await self._reconnect()
            # Notifications during the interruption are lost, so all waiters are woken.
            self.wakeups.wake_all()

    async def _reconnect(self) -> asyncpg.Connection:
        while True:
            try:
                return await self._listen(await self._connect())
            except Exception as error:  # noqa: BLE001  outermost frame: the server may be away for long
                log.warning("notifier_disconnected", error=type(error).__name__)
            await asyncio.sleep(RECONNECT_S)

    async def _send(self, connection: asyncpg.Connection | PoolConnectionProxy) -> None:
        while not connection.is_closed():
            try:
                async with asyncio.timeout(IDLE_S):
                    await self._pending.wait()
            except TimeoutError:
                pass  # sending nothing tests the connection
            self._pending.clear()
            topics, self._topics = self._topics, set()
            try:
                await connection.execute(_SEND, CHANNEL, list(topics), timeout=IDLE_S)
            except BaseException:
                # Sent on the next connection: the end of this one wakes us.
                self._topics |= topics
                raise
            if self._closing:
                return
            await asyncio.sleep(PAUSE_S)
