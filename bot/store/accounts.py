"""The provider's accounts: which there are, which may submit, and what is in flight on them."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from bot.domain.models import Lane
from bot.store.database.base import Database, Row, Transaction
from bot.store.database.named_sql import load

sql = load("accounts")


class AccountState(StrEnum):
    READY = "ready"
    #: nothing is submitted until a check succeeds
    STOPPED = "stopped"
    #: its key is gone; what was in flight on it is watched no longer
    RETIRED = "retired"


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountRow:
    id: str
    provider: str
    state: AccountState
    #: why it is stopped
    reason: str
    #: generations that it has for us now
    in_flight: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountRegistration:
    """The accounts whose keys a worker has, with their lanes' limits."""

    #: account → provider
    accounts: dict[str, str]
    #: account, lane → concurrent, per minute
    lanes: dict[tuple[str, Lane], tuple[int, int]]
    now: int
    #: other accounts are retired when no worker has said since then that it holds them
    held_before: int


async def register_accounts(tx: Transaction, items: Sequence[AccountRegistration]) -> Sequence[None]:
    """Say that a worker holds these accounts, and retire those that no worker holds any more."""
    for item in items:
        for account, provider in sorted(item.accounts.items()):
            await tx.run(sql.upsert_account, id=account, provider=provider, now=item.now)
        for (account, lane), (concurrent, per_minute) in sorted(item.lanes.items()):
            await tx.run(
                sql.upsert_lane, account=account, lane=lane, concurrent=concurrent, per_minute=per_minute
            )
        await tx.run(sql.start_holding, now=item.now)
        await tx.run(
            sql.retire_accounts, ids=sorted(item.accounts), now=item.now, held_before=item.held_before
        )
    return [None] * len(items)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """An account can submit no longer, or again."""

    account: str
    now: int
    #: why; empty starts it again
    reason: str = ""


async def stop_account(tx: Transaction, items: Sequence[Stop]) -> Sequence[bool]:
    """Stop or start accounts; answers whether that changed anything."""
    answers = []
    for item in items:
        if item.reason:
            changed = await tx.run(sql.stop_account, id=item.account, now=item.now, reason=item.reason)
        else:
            changed = await tx.run(sql.start_account, id=item.account, now=item.now)
        answers.append(bool(changed))
    return answers


@dataclass(frozen=True, slots=True, kw_only=True)
class Echo:
    """An account's list has shown one of our markers."""

    account: str
    now: int
    #: nothing is noted where it did so since then: a list is read again and again
    unless_since: int


async def record_echo(tx: Transaction, items: Sequence[Echo]) -> Sequence[None]:
    for item in items:
        await tx.run(sql.note_echo, id=item.account, now=item.now, unless_since=item.unless_since)
    return [None] * len(items)


async def list_accounts(database: Database) -> list[AccountRow]:
    return [_account(row) for row in await database.fetch(sql.flights)]


async def known_accounts(database: Database) -> dict[str, str]:
    """The accounts that some worker has the key of, and their providers."""
    return {row["id"]: row["provider"] for row in await database.fetch(sql.known_accounts)}


async def last_registered_at(database: Database, account: str) -> int | None:
    """When a worker last said that it holds an account; None: never."""
    row = await database.one(sql.held_at, id=account)
    return row["held_at"] if row else None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadyAccount:
    """An account that takes something."""

    provider: str
    #: by lane: generations at once, and creates a minute
    lanes: dict[Lane, tuple[int, int]]


async def ready_accounts(database: Database) -> dict[str, ReadyAccount]:
    """The accounts that take something, by id, whichever worker has their keys."""
    found: dict[str, ReadyAccount] = {}
    for row in await database.fetch(sql.ready_accounts):
        account = found.setdefault(row["id"], ReadyAccount(provider=row["provider"], lanes={}))
        if row["lane"] is not None:
            account.lanes[Lane(row["lane"])] = row["concurrent"], row["per_minute"]
    return found


async def echoed_at(database: Database, account: str) -> int | None:
    """When the account's list last showed one of our markers; None: never."""
    row = await database.one(sql.echo, id=account)
    return row["echoed_at"] if row else None


def _account(row: Row) -> AccountRow:
    return AccountRow(
        id=row["id"],
        provider=row["provider"],
        state=AccountState(row["state"]),
        reason=row["reason"],
        in_flight=row["jobs"],
    )
