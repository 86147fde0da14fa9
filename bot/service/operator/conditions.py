"""Finds the conditions that the operator has to know: of accounts, of providers, and of the store.

Commands can be accepted while the store is writable. The check writes only after a sign of trouble, so that
an idle bot writes nothing. The signs are a failed write and a disk with little free space.
"""

import asyncio
from collections.abc import Iterator, Sequence
from pathlib import Path

from bot.domain.errors import MediaError, StoreError
from bot.domain.reports.alerts import Condition, ConditionKind
from bot.media.disk import free_bytes, show_bytes
from bot.services import Services
from bot.store.database.base import Transaction
from bot.store.operator.accounts import AccountRow, AccountState
from bot.store.operator.alerts import stuck_queues
from bot.store.queue.claim import acquire_lease, release_lease

_LEASE = "write-check"
#: as much as a command writes, and more than may be free in a file's last block
_ROOM = "." * 65_536
_MAKE_ROOM = (
    "Make room, set REVERIE_MEDIA_MAX_BYTES to have old results removed, or lower REVERIE_MIN_FREE_BYTES."
)


def stopped_accounts(rows: Sequence[AccountRow]) -> Iterator[Condition]:
    """Accounts that do not accept jobs."""
    for row in rows:
        if row.state is AccountState.STOPPED:
            yield Condition(
                kind=ConditionKind.ACCOUNT_STOPPED,
                subject=row.id,
                text=f"Account {row.id} of {row.provider} does not accept jobs: {row.reason}.",
                remedy="Fix its key or add credit; it is checked again automatically.",
            )


def unresponsive_providers(services: Services, *, for_ms: int = 0) -> Iterator[Condition]:
    """Providers that have not responded to this process for some time, once for each of its accounts."""
    now = services.clock()
    for account, health in services.health.items():
        if health.failing_since is None or now - health.failing_since < for_ms:
            continue
        yield Condition(
            kind=ConditionKind.PROVIDER_DOWN,
            subject=services.providers[account].name,
            text=f"Account {account} has had no response for {(now - health.failing_since) // 1000} s: "
            f"{health.error}.",
            remedy="Its jobs wait; check the network, HTTPS_PROXY and the provider's status.",
        )


async def stuck_queues_since(services: Services, before: int) -> list[Condition]:
    """Queues from which nothing was submitted since a time, although jobs were due before it."""
    return [
        Condition(
            kind=ConditionKind.QUEUE_STUCK,
            subject=f"{queue.provider}/{queue.lane}",
            text=f"{queue.jobs} {queue.lane} jobs of {queue.provider} are waiting, and none is submitted.",
            remedy="See whether a worker runs and what /readyz and its log say; restart it if it hangs.",
        )
        for queue in await stuck_queues(services.database, before=before, now=services.clock())
    ]


class WriteCheck:
    """Tries to write after a sign of trouble, and caches the outcome for a while."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._trying = asyncio.Lock()
        self._tried_at: int | None = None
        self._fault: StoreError | None = None
        self._file, data = services.database.file, services.settings.data_dir
        self._folders = (data, self._file.parent) if self._file else (data,)

    async def fault(self) -> str | None:
        """Why no command can be accepted, with the remedy; None if commands can be accepted."""
        if (gone := await asyncio.to_thread(self.missing_file)) is not None:
            return gone
        if self._services.database.write_fault is None and await self.low_disk() is None:
            return None
        async with self._trying:
            now, before = self._services.monotonic(), self._tried_at
            if before is None or now - before >= self._services.times.write_check:
                self._fault, self._tried_at = await self._try(), now
        if self._fault is None:
            return None
        return (
            f"The database cannot be written: {self._fault}. No command can be accepted. Make room on its "
            "disk, or make it writable; writing is retried automatically."
        )

    async def low_disk(self) -> Condition | None:
        """The disk of the data folder or of the database that has little free space, or cannot be read."""
        for folder in self._folders:
            try:
                free = await asyncio.to_thread(free_bytes, folder)
            except MediaError as error:
                return _disk(folder, f"The disk of {folder} cannot be read: {error}", "Check it.")
            if free < self._services.settings.min_free_bytes:
                return _disk(folder, f"The disk of {folder} has only {show_bytes(free)} left.", _MAKE_ROOM)
        return None

    def missing_file(self) -> str | None:
        """An error where the database file was removed: what is written now is lost with the process."""
        if self._file is None or self._file.exists():
            return None
        return (
            f"The database file {self._file} is gone. Stop the bot, restore the file or a backup of it, and "
            "start the bot again."
        )

    async def _try(self) -> StoreError | None:
        now = self._services.clock()
        try:
            await self._services.database.transact(_write, owner=_ROOM, now=now, until=now)
            await self._services.database.transact(_write, owner="", now=now + 1, until=now)
        except StoreError as error:
            return error
        return None


def _disk(folder: Path, text: str, remedy: str) -> Condition:
    return Condition(kind=ConditionKind.DISK_LOW, subject=str(folder), text=text, remedy=remedy)


async def _write(tx: Transaction, *, owner: str, now: int, until: int) -> None:
    await acquire_lease(tx, _LEASE, owner=owner, now=now, until=until)
    await release_lease(tx, _LEASE, owner=owner)
