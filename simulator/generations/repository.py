"""Queries and updates of generations."""

from dataclasses import fields
from typing import Any

from simulator.formats import VideoShape
from simulator.generations.database import Database
from simulator.generations.faults import FaultKind
from simulator.generations.generation import COLUMNS, Generation
from simulator.generations.usage_stats import SlotSpan

_SELECT = f"SELECT {', '.join(COLUMNS)} FROM generation"  # noqa: S608 - names of our own fields
_FIELDS = tuple(field.name for field in fields(Generation))


class Repository:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def find(self, identifier: str) -> Generation | None:
        """Find a generation of any account, including deleted and vanished ones."""
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
        """Mark a generation as deleted; False where there is none. Frees its slot without a refund."""
        return bool(
            await self._database.write(
                "UPDATE generation SET deleted_at = :now, announce_at = NULL, awaits_references = 0"
                " WHERE id = :id AND account = :account AND deleted_at IS NULL AND fate IS NOT :vanished"
                " RETURNING id",
                {"id": identifier, "account": account, "now": now, "vanished": FaultKind.VANISH.value},
            )
        )

    async def all(self) -> list[Generation]:
        return await self._select("ORDER BY seq", {})

    async def slot_spans(self) -> list[SlotSpan]:
        """Return when each generation occupied a slot of its lane."""
        rows = await self._database.read(
            "SELECT account, lane, created_at,"
            " min(coalesce(ends_at, deleted_at), coalesce(deleted_at, ends_at)) FROM generation ORDER BY seq"
        )
        return [SlotSpan(account=a, lane=lane, start=start, end=end) for a, lane, start, end in rows]

    async def awaiting_references(self) -> list[Generation]:
        """List the generations whose references are not fetched yet, oldest first."""
        return await self._select("WHERE awaits_references = 1 ORDER BY seq", {})

    async def references_arrived(self, identifier: str, now: int) -> None:
        await self._end_waiting(identifier, "ends_at = max(due_at, :now)", {"now": now})

    async def set_shape_and_price(self, identifier: str, shape: VideoShape, price: int) -> None:
        """Set what a video will be, now that its source is known, and refund what it costs less."""
        parameters = {
            "id": identifier,
            "cost": price,
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
        # It is dreaming for a moment first, so that its callback is sent both states.
        await self._end_waiting(
            identifier,
            "ends_at = max(dreaming_at + 1, :now), failure_reason = :reason",
            {"now": now, "reason": reason},
        )

    async def callbacks_due(self, until: int, limit: int) -> list[Generation]:
        """List the generations whose callback is due by `until`, the longest due first."""
        return await self._select(
            "WHERE announce_at <= :until ORDER BY announce_at LIMIT :limit", {"until": until, "limit": limit}
        )

    async def next_callback_at(self, *, after: int) -> int | None:
        rows = await self._database.read(
            "SELECT min(announce_at) FROM generation WHERE announce_at > :after", {"after": after}
        )
        at: int | None = rows[0][0]
        return at

    async def callback_sent(self, identifier: str, state: str, *, last: bool) -> None:
        """Record the state that a callback has sent; the final state is due when the generation ends."""
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
        return [Generation(**dict(zip(_FIELDS, row, strict=True))) for row in rows]
