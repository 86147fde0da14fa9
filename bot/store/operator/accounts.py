"""Provider accounts: registration, state, jobs in flight, and notices of outages."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from bot.domain.generations.models import Lane
from bot.domain.identity import Place
from bot.store.database.base import Database, Row, Transaction
from bot.store.database.named_sql import load

sql = load("operator/accounts")

#: notices posted in one round
_NOTICES = 100


class AccountState(StrEnum):
    READY = "ready"
    #: nothing is submitted until a check succeeds
    STOPPED = "stopped"
    #: its key is gone, and nothing in flight on it is watched any more
    RETIRED = "retired"


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountRow:
    id: str
    provider: str
    state: AccountState
    #: why it is stopped
    reason: str
    #: when its state changed, in milliseconds UTC
    changed_at: int
    #: jobs in flight on it
    in_flight: int
    #: the workspace whose own key opens it; None: it is the operator's
    workspace: str | None = None


async def register_accounts(
    tx: Transaction,
    *,
    accounts: Mapping[str, str],
    lanes: Mapping[tuple[str, Lane], tuple[int, int]],
    now: int,
    retire_before: int,
) -> None:
    """Register the accounts whose keys a worker has, and retire those that no worker has registered lately.

    `accounts` maps account to provider; `lanes` account and lane to their limits: at once, and a minute.
    Others are retired where they were last registered before `retire_before`.
    """
    for account, provider in sorted(accounts.items()):
        await tx.run(sql.upsert_account, id=account, provider=provider, now=now)
    for (account, lane), (concurrent, per_minute) in sorted(lanes.items()):
        await tx.run(
            sql.upsert_lane, account=account, lane=lane, concurrent=concurrent, per_minute=per_minute
        )
    await tx.run(sql.fill_registered, now=now)
    await tx.run(sql.retire_accounts, ids=sorted(accounts), now=now, retire_before=retire_before)


async def stop_account(tx: Transaction, account: str, *, reason: str, now: int) -> bool:
    """Stop submitting on an account; returns whether that changed anything."""
    return await tx.run(sql.stop, id=account, reason=reason, now=now) > 0


async def start_account(tx: Transaction, account: str, *, now: int) -> bool:
    """Start a stopped account; returns whether that changed anything."""
    return await tx.run(sql.start, id=account, now=now) > 0


async def record_echo(tx: Transaction, account: str, *, now: int, unless_since: int) -> None:
    """Record that an account's list has shown one of our callback tokens, unless that was recorded lately."""
    await tx.run(sql.record_echo, id=account, now=now, unless_since=unless_since)


async def list_accounts(database: Database) -> list[AccountRow]:
    """The operator's accounts."""
    return [_account_row(row) for row in await database.fetch(sql.list_accounts)]


async def list_workspace_accounts(database: Database) -> list[AccountRow]:
    """The accounts of workspaces' own keys."""
    return [_account_row(row) for row in await database.fetch(sql.list_workspace_accounts)]


def _account_row(row: Row) -> AccountRow:
    return AccountRow(
        id=row["id"],
        provider=row["provider"],
        state=AccountState(row["state"]),
        reason=row["reason"],
        changed_at=row["changed_at"],
        in_flight=row["jobs"],
        workspace=row["workspace"],
    )


async def stopped_at(database: Database, account: str) -> int | None:
    """When an account was stopped, in milliseconds UTC; None while it is not."""
    row = await database.one(sql.times, id=account)
    return row["changed_at"] if row and row["state"] == AccountState.STOPPED else None


async def known_accounts(database: Database) -> dict[str, str]:
    """The operator's accounts that are not retired, and their providers."""
    return {row["id"]: row["provider"] for row in await database.fetch(sql.known_accounts)}


async def last_registered_at(database: Database, account: str) -> int | None:
    """When a worker last registered an account; None: never."""
    row = await database.one(sql.times, id=account)
    return row["registered_at"] if row else None


async def echoed_at(database: Database, account: str) -> int | None:
    """When an account's list last showed one of our callback tokens; None: never."""
    row = await database.one(sql.times, id=account)
    return row["echoed_at"] if row else None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadyAccount:
    """An account that accepts jobs."""

    provider: str
    #: by lane: generations at once, and create requests a minute
    lanes: dict[Lane, tuple[int, int]]


async def ready_accounts(database: Database) -> dict[str, ReadyAccount]:
    """The operator's accounts that accept jobs, by id, of all workers."""
    found: dict[str, ReadyAccount] = {}
    for row in await database.fetch(sql.ready_accounts):
        account = found.setdefault(row["id"], ReadyAccount(provider=row["provider"], lanes={}))
        if row["lane"] is not None:
            account.lanes[Lane(row["lane"])] = row["concurrent"], row["per_minute"]
    return found


async def stopped_workspace_accounts(database: Database) -> dict[str, str]:
    """The stopped accounts of workspaces' own keys, each with the reason."""
    return {row["id"]: row["reason"] for row in await database.fetch(sql.stopped_workspace_accounts)}


@dataclass(frozen=True, slots=True, kw_only=True)
class OutageNotice:
    """A notice about one provider's outage for one channel."""

    provider: str
    place: Place


async def due_notices(
    database: Database, providers: Iterable[str], adapters: Iterable[str]
) -> list[OutageNotice]:
    """Public conversations where a job waits for one of these providers and no notice was posted."""
    rows = await database.fetch(
        sql.due_notices, providers=sorted(providers), adapters=sorted(adapters), count=_NOTICES
    )
    return [
        OutageNotice(
            provider=row["provider"],
            place=Place(
                adapter=row["adapter"],
                workspace=row["workspace"],
                channel=row["channel"],
                thread=row["thread"] or None,
            ),
        )
        for row in rows
    ]


async def claim_notice(tx: Transaction, notice: OutageNotice, *, now: int) -> bool:
    """Claim the sending of a notice; False where another process has it."""
    row = await tx.one(
        sql.claim_notice,
        provider=notice.provider,
        adapter=notice.place.adapter,
        workspace=notice.place.workspace,
        channel=notice.place.channel,
        thread=notice.place.thread or "",
        now=now,
    )
    return row is not None


async def clear_notices(tx: Transaction, providers: Iterable[str]) -> None:
    """Delete the notices of all other providers, whose outages are over."""
    await tx.run(sql.clear_notices, providers=sorted(providers))


async def any_notices(database: Database) -> bool:
    row = await database.one(sql.count_notices)
    return bool(row and row["notices"])
