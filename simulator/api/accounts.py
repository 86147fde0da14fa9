"""Who calls: any key that is not empty is an account of its own, with its own credit, limits and list."""

import hashlib
from http import HTTPStatus

import aiosqlite
from starlette.requests import Request

from simulator.api.answers import Problem
from simulator.api.database import Database

#: a key that is always refused, to see what happens then
_INVALID_KEY = "invalid"
MICROUSD_PER_CENT = 10_000


def account_of(key: str) -> str:
    """Name a key without keeping it."""
    return hashlib.sha256(b"simulator account " + key.encode()).hexdigest()[:16]


def authenticate(request: Request) -> str:
    scheme, _, key = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not key.strip():
        raise Problem(HTTPStatus.UNAUTHORIZED, "Not authenticated")
    if key.strip() == _INVALID_KEY:
        raise Problem(HTTPStatus.UNAUTHORIZED, "Invalid API key is provided")
    return account_of(key.strip())


async def credit(database: Database, account: str, opening: int, now: int) -> int:
    """What the account has left, in micro-dollars."""
    async with database.transaction() as connection:
        return await settle(connection, account, opening, now)


async def settle(connection: aiosqlite.Connection, account: str, opening: int, now: int) -> int:
    """Open the account if it is new, pay back what has failed since, and answer the balance.

    Each generation is marked in the transaction that pays it back, so it is paid back once.
    """
    await connection.execute("INSERT OR IGNORE INTO account (id, balance) VALUES (?, ?)", (account, opening))
    refunds = await connection.execute_fetchall(
        "UPDATE generation SET refunded = 1"
        " WHERE account = ? AND failure_reason IS NOT NULL AND refunded = 0 AND ends_at <= ? RETURNING cost",
        (account, now),
    )
    rows = await connection.execute_fetchall(
        "UPDATE account SET balance = balance + ? WHERE id = ? RETURNING balance",
        (sum(cost for (cost,) in refunds), account),
    )
    ((balance,),) = rows
    return int(balance)
