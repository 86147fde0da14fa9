"""Direct messages to persons, kept until they are sent."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bot.store.database.base import Database, Transaction
from bot.store.database.named_sql import load

sql = load("members/person_notices")


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonNotice:
    id: str
    person: str
    text: str
    tries: int = 0

    @property
    def adapter(self) -> str:
        """Which adapter sends it."""
        return self.person.partition(":")[0]


async def insert_notices(tx: Transaction, notices: Sequence[PersonNotice], *, now: int) -> None:
    rows = [
        {
            "id": one.id,
            "person": one.person,
            "adapter": one.adapter,
            "text": one.text,
            "created_at": now,
            "run_at": now,
        }
        for one in notices
    ]
    if rows:
        await tx.run(sql.insert_notices, items=rows)


async def due_notices(database: Database, adapters: Iterable[str], *, now: int) -> list[PersonNotice]:
    """The oldest messages that these adapters are to send now."""
    rows = await database.fetch(sql.due_notices, adapters=sorted(adapters), now=now)
    return [
        PersonNotice(id=row["id"], person=row["person"], text=row["text"], tries=row["tries"]) for row in rows
    ]


async def claim_notice(tx: Transaction, notice: str, *, now: int, run_at: int) -> bool:
    """Keep a due message from other processes until `run_at`, when it is tried again."""
    return await tx.one(sql.claim_notice, id=notice, now=now, run_at=run_at) is not None


async def remove_notice(tx: Transaction, notice: str) -> None:
    await tx.run(sql.remove_notice, id=notice)


async def any_outdated_notices(database: Database, *, before: int) -> bool:
    return await database.one(sql.outdated, before=before) is not None


async def remove_outdated_notices(tx: Transaction, *, before: int) -> None:
    """Give up the messages that could not be sent for long."""
    await tx.run(sql.remove_outdated_notices, before=before)
