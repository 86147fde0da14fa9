"""Accounts: every API key has an account of its own, with its own credit, limits and list."""

import hashlib

import aiosqlite

from simulator.generations.database import Database

MICROUSD_PER_CENT = 10_000


def account_id(key: str) -> str:
    """Derive the account's id from its API key; the key itself is not stored."""
    return hashlib.sha256(b"simulator account " + key.encode()).hexdigest()[:16]


async def read_credit(database: Database, account: str, opening_balance: int, now: int) -> int:
    """Return the account's balance in micro-dollars."""
    async with database.transaction() as connection:
        return await refund_failures(connection, account, opening_balance, now)


async def refund_failures(
    connection: aiosqlite.Connection, account: str, opening_balance: int, now: int
) -> int:
    """Create the account if it is new, refund what has failed since, and return the balance.

    Each generation is marked in the transaction that refunds it, so it is refunded once.
    """
    await connection.execute(
        "INSERT OR IGNORE INTO account (id, balance) VALUES (?, ?)", (account, opening_balance)
    )
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
