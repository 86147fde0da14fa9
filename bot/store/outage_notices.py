"""Which conversations were told that a provider takes nothing, so that each is told once."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bot.domain.identity import Place
from bot.store.database.base import Database, Transaction
from bot.store.database.named_sql import load

sql = load("outages")

#: conversations told in one round
_AT_ONCE = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class OutageNotice:
    """One conversation is told of one outage."""

    provider: str
    place: Place
    now: int


async def due_notices(
    database: Database, providers: Iterable[str], adapters: Iterable[str]
) -> list[OutageNotice]:
    """Public conversations where a job waits for one of these providers and nobody was told why."""
    rows = await database.fetch(
        sql.untold, providers=sorted(providers), adapters=sorted(adapters), count=_AT_ONCE
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
            now=0,
        )
        for row in rows
    ]


async def claim_notice(tx: Transaction, items: Sequence[OutageNotice]) -> Sequence[bool]:
    """Take it on oneself to tell; False where another process has."""
    answers = []
    for item in items:
        row = await tx.one(
            sql.tell,
            provider=item.provider,
            adapter=item.place.adapter,
            workspace=item.place.workspace,
            channel=item.place.channel,
            thread=item.place.thread or "",
            now=item.now,
        )
        answers.append(row is not None)
    return answers


async def clear_notices(tx: Transaction, items: Sequence[tuple[str, ...]]) -> Sequence[None]:
    """Outages but those of the named providers are over; the next one is told again."""
    for providers in items:
        await tx.run(sql.forget, providers=sorted(providers))
    return [None] * len(items)


async def any_notices(database: Database) -> bool:
    row = await database.one(sql.told)
    return bool(row and row["told"])
