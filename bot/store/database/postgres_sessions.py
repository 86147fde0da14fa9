"""Connections to PostgreSQL: directly, or through a pooler that gives each transaction another session.

Behind such a pooler (PgBouncer with `pool_mode = transaction`) nothing that belongs to a session works:
neither settings made at its start, nor prepared statements, nor LISTEN, nor even one statement that is
prepared and executed in two steps. So everything there is a transaction that makes its own settings.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import asyncpg

from bot.store.database.postgres_errors import Connection

CONNECT_S = 10.0

LISTEN_REMEDY = (
    "set REVERIE_DATABASE_DIRECT_URL to the address of PostgreSQL itself, without the pooler: replicas then "
    "notify each other at once instead of polling every second"
)

#: poolers accept this setting at the start of a connection, and refuse most others
_NAMED = {"application_name": "reverie"}
#: a replica that is stopped inside a transaction must not keep its rows locked
_IDLE_MS = "15000"
#: keeps remote_apply and the like, which promise more
_DURABLE = """
    SELECT set_config('synchronous_commit', 'on', {local})
    WHERE current_setting('synchronous_commit') IN ('off', 'local')
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionKind:
    """How connections for one purpose are opened, and how their transactions begin."""

    #: options of the driver
    options: Mapping[str, Any]
    #: runs once with each new connection
    init: Callable[[Connection], Awaitable[None]] | None = None
    #: statements that begin a transaction; None: a single statement needs none
    begin: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sessions:
    """How to connect to a server."""

    #: may hold a password
    url: str = field(repr=False)
    #: a pooler gives each transaction another session
    pooled: bool
    reading: SessionKind
    writing: SessionKind

    async def connect(self, kind: SessionKind) -> asyncpg.Connection:
        connection: asyncpg.Connection = await asyncpg.connect(self.url, timeout=CONNECT_S, **kind.options)
        try:
            if kind.init is not None:
                await kind.init(connection)
        except BaseException:
            connection.terminate()
            raise
        return connection


def direct_sessions(url: str) -> Sessions:
    """Each connection is a session: settings are made once, and statements are prepared once."""
    settings = _NAMED | {"idle_in_transaction_session_timeout": _IDLE_MS}
    return Sessions(
        url=url,
        pooled=False,
        reading=SessionKind(options={"server_settings": settings | {"default_transaction_read_only": "on"}}),
        writing=SessionKind(options={"server_settings": settings}, init=_make_durable),
    )


def pooled_sessions(url: str) -> Sessions:
    """Each transaction may run in another session."""
    options = {"server_settings": _NAMED, "statement_cache_size": 0}
    local = f"SET LOCAL idle_in_transaction_session_timeout = {_IDLE_MS}"
    return Sessions(
        url=url,
        pooled=True,
        reading=SessionKind(options=options, begin=f"BEGIN READ ONLY; {local}"),
        writing=SessionKind(options=options, begin=f"BEGIN; {local}; {_DURABLE.format(local='true')}"),
    )


async def first_connection(url: str) -> tuple[asyncpg.Connection, Sessions]:
    """Connect, and find out whether a pooler is in front of the server.

    At the start of a connection PostgreSQL reports the process that serves it. A pooler reports an id of its
    own, because the serving process is not known yet.
    """
    pooled = pooled_sessions(url)
    connection = await pooled.connect(pooled.reading)
    try:
        async with connection.transaction(readonly=True):
            serving = await connection.fetchval("SELECT pg_backend_pid()")
    except BaseException:
        connection.terminate()
        raise
    return connection, pooled if serving != connection.get_server_pid() else direct_sessions(url)


async def _make_durable(connection: Connection) -> None:
    await connection.execute(_DURABLE.format(local="false"))
