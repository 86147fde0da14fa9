"""Translate PostgreSQL's errors to those of the store."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypeAlias

import asyncpg
from asyncpg.pool import PoolConnectionProxy

from bot.domain.errors import StoreError
from bot.store.database.base import ConstraintViolated, StoreFull, StoreReadOnly, StoreUnavailable

CONTENDED = (
    asyncpg.SerializationError,
    asyncpg.DeadlockDetectedError,
    # another replica has migrated the tables; the driver has dropped its prepared statements
    asyncpg.InvalidCachedStatementError,
    asyncpg.exceptions.OutdatedSchemaCacheError,
)
LOST = (
    OSError,  # also TimeoutError
    asyncpg.PostgresConnectionError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.CannotConnectNowError,
    asyncpg.IdleInTransactionSessionTimeoutError,
    asyncpg.TooManyConnectionsError,
)
FULL = (asyncpg.DiskFullError,)
READ_ONLY = (asyncpg.ReadOnlySQLTransactionError,)
REFUSED = (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.exceptions.InternalClientError)

Connection: TypeAlias = asyncpg.Connection | PoolConnectionProxy


class Contended(StoreError):
    """A conflict with another transaction; this one was rolled back."""


@contextmanager
def translated(connection: Connection | None = None) -> Iterator[None]:
    try:
        yield
    except CONTENDED as error:
        raise Contended from error
    except FULL as error:
        raise StoreFull(_text(error)) from error
    except READ_ONLY as error:
        raise StoreReadOnly(_text(error)) from error
    except LOST as error:
        raise StoreUnavailable(_text(error)) from error
    except REFUSED as error:
        if connection is not None and connection.is_closed():
            raise StoreUnavailable(_text(error)) from error
        if isinstance(error, asyncpg.IntegrityConstraintViolationError):
            raise ConstraintViolated(_text(error)) from error
        raise StoreError(_text(error)) from error


def _text(error: BaseException) -> str:
    """An error's text without the server's detail, which quotes the row and so what people wrote."""
    if isinstance(error, asyncpg.PostgresError):
        error.detail = None
    return str(error) or type(error).__name__
