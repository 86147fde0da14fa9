"""The API keys of workspaces: set, replaced, removed, and deleted once nothing runs on them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.domain.errors import InvalidRequest
from bot.domain.generations.models import Lane
from bot.domain.jobs.job import Job, State, queue_name
from bot.store.admin.workspaces import AuditEntry, add_workspaces, record_audit
from bot.store.database.base import Database, Row, Transaction
from bot.store.database.named_sql import load
from bot.store.operator.accounts import AccountState
from bot.store.queue.attempts import JobRef
from bot.store.quotas.counters import StateChange, update_counters
from bot.store.rows import jobs_from

sql = load("operator/workspace_keys")


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkspaceKey:
    """A key that an admin entered, and the state of its account."""

    workspace: str
    account: str
    provider: str
    #: the key, encrypted
    encrypted: str
    #: what may be shown of it
    masked: str
    #: name of the admin
    set_by: str
    set_at: int
    state: AccountState
    #: why its account is stopped
    reason: str
    #: when it was removed; it stays until nothing of its account is in flight
    removed_at: int | None

    @classmethod
    def of(cls, row: Row) -> "WorkspaceKey":
        return cls(
            workspace=row["workspace"],
            account=row["account"],
            provider=row["provider"],
            encrypted=row["value"],
            masked=row["masked"],
            set_by=row["set_by"],
            set_at=row["set_at"],
            state=AccountState(row["state"]),
            reason=row["reason"],
            removed_at=row["removed_at"],
        )

    @property
    def is_removed(self) -> bool:
        return self.removed_at is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewKey:
    """A checked key that is to be a workspace's own."""

    workspace: str
    account: str
    provider: str
    encrypted: str
    masked: str
    set_by: str
    now: int


@dataclass(frozen=True, slots=True, kw_only=True)
class KeySet:
    """What setting a key has changed."""

    #: another key was in use before
    replaced: bool
    #: waiting jobs that were moved to the new key
    moved: int
    #: waiting jobs that must be cancelled, because they build on videos of the earlier account
    stranded: int


class KeyInUse(InvalidRequest):
    """This key is already in use with this bot, by its operator or by another workspace."""


async def find_key(database: Database, workspace: str) -> WorkspaceKey | None:
    """The current key of a workspace."""
    row = await database.one(sql.current, workspace=workspace)
    return WorkspaceKey.of(row) if row else None


async def keys_with_work(database: Database, *, now: int) -> list[WorkspaceKey]:
    """The removed keys, and those whose accounts have something to do."""
    return [WorkspaceKey.of(row) for row in await database.fetch(sql.keys_with_work, now=now)]


async def set_key(tx: Transaction, new: NewKey, *, audit: AuditEntry) -> KeySet:
    """Make a key the current one of its workspace, and move what waits for the one before it.

    Raises KeyInUse for a key that the operator or another workspace uses: one account has one payer, and its
    limits are counted once.
    """
    await add_workspaces(tx, [new.workspace], now=new.now)
    rows = await tx.fetch(sql.lock_keys, workspace=new.workspace)
    before = next((row["account"] for row in rows if row["removed_at"] is None), None)
    opened = await tx.one(
        sql.open_account, account=new.account, provider=new.provider, workspace=new.workspace, now=new.now
    )
    if opened is None:
        raise KeyInUse
    replaced = before is not None and before != new.account
    if replaced:
        await _retire(tx, new.workspace, str(before), now=new.now)
    stored = await tx.one(
        sql.set_key,
        account=new.account,
        workspace=new.workspace,
        value=new.encrypted,
        masked=new.masked,
        set_by=new.set_by,
        now=new.now,
    )
    if stored is None:
        raise KeyInUse
    moved = await _move_jobs(tx, new, str(before)) if replaced else 0
    stranded = await _count_waiting(tx, str(before)) if replaced else 0
    await record_audit(tx, audit, {"key": new.masked, "replaced": replaced, "moved": moved})
    return KeySet(replaced=replaced, moved=moved, stranded=stranded)


async def remove_key(tx: Transaction, key: WorkspaceKey, *, audit: AuditEntry) -> int | None:
    """Stop submitting with a key; returns the number of jobs that wait for it and must be cancelled.

    Returns None where it is no longer the current one.
    """
    if not await _retire(tx, key.workspace, key.account, now=audit.now):
        return None
    await record_audit(tx, audit, {"key": key.masked})
    return await _count_waiting(tx, key.account)


async def _count_waiting(tx: Transaction, account: str) -> int:
    row = await tx.one(sql.count_waiting, account=account)
    return row["jobs"] if row else 0


async def _retire(tx: Transaction, workspace: str, account: str, *, now: int) -> bool:
    if not await tx.run(sql.remove_key, workspace=workspace, account=account, now=now):
        return False
    await tx.run(sql.retire_account, workspace=workspace, account=account, now=now)
    return True


async def _move_jobs(tx: Transaction, new: NewKey, before: str) -> int:
    """Move the waiting jobs of the earlier account; those that build on its videos stay behind."""
    rows = await tx.fetch(sql.waiting_jobs, account=before, workspace=new.workspace, provider=new.provider)
    jobs = [job for job in jobs_from(rows).values() if not job.request.generations]
    if not jobs:
        return 0
    queues = {job.id: queue_name(job.provider, job.lane, new.account) for job in jobs}
    for queue, target in {(job.queue, queues[job.id]) for job in jobs}:
        await tx.run(sql.move_clock, queue=queue, target=target)
    await tx.run(
        sql.move_jobs,
        items=[{"id": job.id, "account": new.account, "queue": queues[job.id]} for job in jobs],
    )
    await update_counters(
        tx,
        [
            change
            for job in jobs
            for change in (
                _change(job, job.queue, before=job.state, after=State.CANCELLED),
                _change(job, queues[job.id], before=None, after=job.state),
            )
        ],
    )
    return len(jobs)


def _change(job: Job, queue: str, *, before: State | None, after: State) -> StateChange:
    return StateChange(
        workspace=job.workspace, queue=queue, virtual_time=job.virtual_time, before=before, after=after
    )


async def register_lanes(tx: Transaction, account: str, lanes: Mapping[Lane, tuple[int, int]]) -> None:
    """Record the limits of an account's lanes: at once, and a minute."""
    for lane, (concurrent, per_minute) in sorted(lanes.items()):
        await tx.run(
            sql.upsert_lane, account=account, lane=lane, concurrent=concurrent, per_minute=per_minute
        )


async def stranded_by_removal(database: Database, *, count: int) -> list[JobRef]:
    """Waiting jobs of keys that were removed."""
    return [
        JobRef(id=row["id"], state=State(row["state"]), attempt=row["attempt"])
        for row in await database.fetch(sql.stranded, count=count)
    ]


async def delete_removed_key(tx: Transaction, account: str, *, is_readable: bool = True) -> bool:
    """Delete a removed key once nothing needs it, or at once where it cannot be decrypted."""
    return await tx.run(sql.delete_key if is_readable else sql.forget_key, account=account) > 0


async def used_accounts(database: Database) -> Sequence[str]:
    """The accounts of all stored keys of workspaces, also of removed ones."""
    return [row["account"] for row in await database.fetch(sql.used_accounts)]
