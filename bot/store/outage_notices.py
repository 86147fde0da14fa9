"""Outage notices: each conversation gets one message about an outage of a provider."""

from collections.abc import Iterable
from dataclasses import dataclass

from bot.domain.identity import Place
from bot.store.database.base import Database, Transaction
from bot.store.database.named_sql import load

sql = load("outage_notices")

#: notices posted in one round
_BATCH = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class OutageNotice:
    """A message to one conversation about one provider's outage."""

    provider: str
    place: Place


async def due_notices(
    database: Database, providers: Iterable[str], adapters: Iterable[str]
) -> list[OutageNotice]:
    """Public conversations where a job waits for one of these providers and no notice was posted."""
    rows = await database.fetch(sql.due, providers=sorted(providers), adapters=sorted(adapters), count=_BATCH)
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
        sql.claim,
        provider=notice.provider,
        adapter=notice.place.adapter,
        workspace=notice.place.workspace,
        channel=notice.place.channel,
        thread=notice.place.thread or "",
        now=now,
    )
    return row is not None


async def clear_notices(tx: Transaction, providers: Iterable[str]) -> None:
    """Forget the notices of all other providers: their outages are over, and the next is announced again."""
    await tx.run(sql.clear, providers=sorted(providers))


async def any_notices(database: Database) -> bool:
    row = await database.one(sql.count)
    return bool(row and row["notices"])
