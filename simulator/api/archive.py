"""The generations that exist: looking them up, listing and removing them."""

from dataclasses import fields
from typing import Any

from simulator.api.database import Database
from simulator.api.faults import FaultKind
from simulator.api.generations import Generation
from simulator.api.peaks import Span
from simulator.api.shape import Shape

_COLUMNS = tuple(field.name for field in fields(Generation))
_SELECT = f"SELECT {', '.join(_COLUMNS)} FROM generation"  # noqa: S608 - names of our own fields


class Archive:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def find(self, identifier: str) -> Generation | None:
        """Find a generation of any account, also one that is deleted or has vanished."""
        found = await self._select("WHERE id = :id", {"id": identifier})
        return found[0] if found else None

    async def page(self, account: str, *, limit: int, offset: int, until: int) -> list[Generation]:
        """List an account's generations that were created by `until`, newest first."""
        return await self._select(
            "WHERE account = :account AND deleted_at IS NULL AND created_at <= :until"
            " AND fate IS NOT :vanished ORDER BY seq DESC LIMIT :limit OFFSET :offset",
            {
                "account": account,
                "until": until,
                "vanished": FaultKind.VANISH.value,
                "limit": limit,
                "offset": offset,
            },
        )

    async def delete(self, identifier: str, account: str, now: int) -> bool:
        """Remove a generation; False where there is none. It frees its slot, its price stays paid."""
        return bool(
            await self._database.write(
                "UPDATE generation SET deleted_at = :now, announce_at = NULL, awaits_references = 0"
                " WHERE id = :id AND account = :account AND deleted_at IS NULL AND fate IS NOT :vanished"
                " RETURNING id",
                {"id": identifier, "account": account, "now": now, "vanished": FaultKind.VANISH.value},
            )
        )

    async def everything(self) -> list[Generation]:
        return await self._select("ORDER BY seq", {})

    async def spans(self) -> list[Span]:
        """When each generation held a slot of which lane."""
        rows = await self._database.read(
            "SELECT account, lane, created_at,"
            " min(coalesce(ends_at, deleted_at), coalesce(deleted_at, ends_at)) FROM generation ORDER BY seq"
        )
        return [Span(account=a, lane=lane, start=start, end=end) for a, lane, start, end in rows]

    async def waiting(self) -> list[Generation]:
        """Those whose references have not been fetched yet, oldest first."""
        return await self._select("WHERE awaits_references = 1 ORDER BY seq", {})

    async def references_arrived(self, identifier: str, now: int) -> None:
        await self._end_waiting(identifier, "ends_at = max(due_at, :now)", {"now": now})

    async def measured(self, identifier: str, shape: Shape, cost: int) -> None:
        """Note what a film will be, now that its source has been seen, and pay back what it costs less."""
        parameters = {
            "id": identifier,
            "cost": cost,
            "width": shape.width,
            "height": shape.height,
            "duration_ms": shape.duration_ms,
        }
        async with self._database.transaction() as connection:
            await connection.execute(
                "UPDATE account SET balance = balance + generation.cost - :cost FROM generation"
                " WHERE generation.id = :id AND generation.account = account.id",
                parameters,
            )
            await connection.execute(
                "UPDATE generation SET cost = :cost, width = :width, height = :height,"
                " duration_ms = :duration_ms WHERE id = :id",
                parameters,
            )

    async def references_unreadable(self, identifier: str, reason: str, now: int) -> None:
        # It dreams for a moment first, so that its callback hears both.
        await self._end_waiting(
            identifier,
            "ends_at = max(dreaming_at + 1, :now), failure_reason = :reason",
            {"now": now, "reason": reason},
        )

    async def announcing(self, until: int, limit: int) -> list[Generation]:
        """Those whose callback is due by `until`, the longest due first."""
        return await self._select(
            "WHERE announce_at <= :until ORDER BY announce_at LIMIT :limit", {"until": until, "limit": limit}
        )

    async def next_announcement(self, *, after: int) -> int | None:
        rows = await self._database.read(
            "SELECT min(announce_at) FROM generation WHERE announce_at > :after", {"after": after}
        )
        at: int | None = rows[0][0]
        return at

    async def announced(self, identifier: str, state: str, *, last: bool) -> None:
        """Note what the callback has been told; the end is told next, once it is known when that is."""
        await self._database.write(
            "UPDATE generation SET announced = :state,"
            " announce_at = CASE WHEN :last OR deleted_at IS NOT NULL THEN NULL ELSE ends_at END"
            " WHERE id = :id",
            {"id": identifier, "state": state, "last": last},
        )

    async def _end_waiting(self, identifier: str, change: str, parameters: dict[str, Any]) -> None:
        async with self._database.transaction() as connection:
            await connection.execute(
                f"UPDATE generation SET awaits_references = 0, {change}"  # noqa: S608 - from the two above
                " WHERE id = :id AND awaits_references = 1 AND deleted_at IS NULL",
                {"id": identifier, **parameters},
            )
            await connection.execute(
                "UPDATE generation SET announce_at = ends_at WHERE id = :id AND deleted_at IS NULL"
                " AND announced = 'dreaming'",
                {"id": identifier},
            )

    async def _select(self, rest: str, parameters: dict[str, Any]) -> list[Generation]:
        rows = await self._database.read(f"{_SELECT} {rest}", parameters)
        return [Generation(**dict(zip(_COLUMNS, row, strict=True))) for row in rows]
