"""An adapter's encrypted key-value store, its only access to the database."""

from collections.abc import Iterable
from dataclasses import dataclass

from bot.security.encryption import DecryptionFailed, FieldCipher, entry_context
from bot.store import adapter_data
from bot.store.database.base import Database
from bot.store.rows import log_unreadable


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    key: str
    value: str
    #: increases with every value that the adapter puts
    seq: int


class AdapterData:
    """Stores what one adapter must keep: installations, sessions, messages."""

    def __init__(self, database: Database, cipher: FieldCipher, adapter: str) -> None:
        self._database = database
        self._cipher = cipher
        self._adapter = adapter

    async def put(self, key: str, value: str) -> int:
        """Store a value under a key in place of an older one; returns its sequence number."""
        return await self._database.transact(adapter_data.put, self._adapter, key, self._sealed(key, value))

    async def get(self, key: str) -> str | None:
        kept = await adapter_data.get(self._database, self._adapter, key)
        return self._opened(kept) if kept else None

    async def remove(self, key: str) -> None:
        await self._database.transact(adapter_data.remove, self._adapter, key)

    async def take(self, key: str) -> str | None:
        """Read a value and remove it; of concurrent callers one gets it."""
        kept = await self._database.transact(adapter_data.pop, self._adapter, key)
        return self._opened(kept) if kept else None

    async def turn(self, name: str, *, now: int, every: int) -> int:
        """Take the next turn at what all processes together do once in `every` milliseconds.

        Answers when that is, in milliseconds UTC; one that is not used is lost.
        """
        return await self._database.transact(
            adapter_data.reserve_rate_slot, self._adapter, name, now=now, every=every
        )

    async def since(self, prefix: str, seq: int, *, limit: int = 500) -> list[Entry]:
        """What was put after sequence number `seq` under keys that begin with `prefix`, in that order."""
        kept = await adapter_data.since(self._database, self._adapter, prefix, seq, limit=limit)
        return self._entries(kept)

    async def latest(self, prefix: str, *, limit: int = 200) -> list[Entry]:
        """The newest values under keys that begin with `prefix`, the oldest of them first."""
        kept = await adapter_data.latest(self._database, self._adapter, prefix, limit=limit)
        return self._entries(kept)

    def _sealed(self, key: str, value: str) -> str:
        return self._cipher.encrypt(value, context=entry_context(self._adapter, key))

    def _opened(self, kept: adapter_data.Entry) -> str:
        return self._cipher.decrypt(kept.encrypted, context=entry_context(self._adapter, kept.key))

    def _entries(self, kept: Iterable[adapter_data.Entry]) -> list[Entry]:
        """The values that can be decrypted."""
        found = []
        for one in kept:
            try:
                found.append(Entry(key=one.key, value=self._opened(one), seq=one.seq))
            except DecryptionFailed as error:
                log_unreadable("vault", f"{self._adapter}:{one.seq}", type(error).__name__)
        return found
