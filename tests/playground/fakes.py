"""A vault of the test's own: it plays the core's role in memory."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    key: str
    value: str
    seq: int


def _require_storable(text: str) -> None:
    """As PostgreSQL, which stores no U+0000, and UTF-8, which has no lone surrogates."""
    assert "\0" not in text, repr(text)
    text.encode()


class FakeVault:
    """Keeps in a dict; `seq` counts every put."""

    def __init__(self) -> None:
        self.kept: dict[str, Kept] = {}
        self.seq = 0
        #: why nothing can be kept
        self.fault: Exception | None = None

    async def put(self, key: str, value: str) -> int:
        await asyncio.sleep(0)
        if self.fault is not None:
            raise self.fault
        _require_storable(key + value)
        self.seq += 1
        self.kept[key] = Kept(key=key, value=value, seq=self.seq)
        return self.seq

    async def get(self, key: str) -> str | None:
        await asyncio.sleep(0)
        _require_storable(key)
        found = self.kept.get(key)
        return found.value if found else None

    async def remove(self, key: str) -> None:
        self.kept.pop(key, None)

    async def since(self, prefix: str, seq: int, *, limit: int = 500) -> Sequence[Kept]:
        await asyncio.sleep(0)
        _require_storable(prefix)
        return [entry for entry in self._of(prefix) if entry.seq > seq][:limit]

    async def latest(self, prefix: str, *, limit: int = 200) -> Sequence[Kept]:
        await asyncio.sleep(0)
        return self._of(prefix)[-limit:]

    def _of(self, prefix: str) -> list[Kept]:
        found = [entry for entry in self.kept.values() if entry.key.startswith(prefix)]
        return sorted(found, key=lambda entry: entry.seq)
