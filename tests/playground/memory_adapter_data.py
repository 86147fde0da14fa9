"""Adapter data in memory, for tests that decide in which order entries become visible."""

import asyncio

from bot.service.adapter_data import AdapterData, Entry


class MemoryAdapterData(AdapterData):
    """Stores entries in a dict; `seq` is the sequence number of the newest."""

    def __init__(self) -> None:
        self.entries: dict[str, Entry] = {}
        self.seq = 0

    async def put(self, key: str, value: str) -> int:
        await asyncio.sleep(0)
        self.seq += 1
        self.entries[key] = Entry(key=key, value=value, seq=self.seq)
        return self.seq

    async def get(self, key: str) -> str | None:
        await asyncio.sleep(0)
        found = self.entries.get(key)
        return found.value if found else None

    async def remove(self, key: str) -> None:
        self.entries.pop(key, None)

    async def since(self, prefix: str, seq: int, *, limit: int = 500) -> list[Entry]:
        await asyncio.sleep(0)
        return [entry for entry in self._under(prefix) if entry.seq > seq][:limit]

    async def latest(self, prefix: str, *, limit: int = 200) -> list[Entry]:
        await asyncio.sleep(0)
        return self._under(prefix)[-limit:]

    def _under(self, prefix: str) -> list[Entry]:
        found = [entry for entry in self.entries.values() if entry.key.startswith(prefix)]
        return sorted(found, key=lambda entry: entry.seq)
