"""How long a workspace keeps media and prompts, and what is due to be removed."""

from dataclasses import asdict, dataclass

from bot.domain.jobs.erasure import WORDLESS
from bot.store.admin.workspaces import AuditEntry, add_workspaces, record_audit
from bot.store.database.base import Database, Transaction
from bot.store.database.named_sql import load
from bot.store.file_refs import expire, needed_jobs
from bot.store.members.erasure import wordless

sql = load("members/retention")


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """Days for which ended jobs keep their media and their prompts; None: as the operator's settings say."""

    media_days: int | None = None
    prompt_days: int | None = None


async def retention_of(store: Database | Transaction, workspace: str) -> Retention:
    row = await store.one(sql.of_workspace, workspace=workspace)
    return Retention(**row) if row else Retention()


async def set_retention(tx: Transaction, workspace: str, new: Retention, *, audit: AuditEntry) -> None:
    await add_workspaces(tx, [workspace], now=audit.now)
    before = await retention_of(tx, workspace)
    await tx.run(sql.change, workspace=workspace, **asdict(new))
    await record_audit(tx, audit, {"before": asdict(before), "after": asdict(new)})


async def expire_media_of_workspaces(tx: Transaction, *, now: int, count: int) -> list[tuple[str, ...]]:
    """Expire media where a workspace keeps them for a shorter time; as `file_refs.expire_media`."""
    rows = await tx.fetch(sql.due_media, now=now, count=count, needed=await needed_jobs(tx))
    return await expire(tx, [row["id"] for row in rows])


async def remove_words(tx: Transaction, *, now: int, count: int) -> list[tuple[str, ...]]:
    """Remove the prompts, titles and media of jobs whose workspace keeps them no longer.

    Returns for each job the files without any other reference. Jobs in the gallery are kept.
    """
    rows = await tx.fetch(sql.due_words, now=now, count=count, needed=await needed_jobs(tx))
    if not rows:
        return []
    items = [{"id": row["id"], **wordless(row)} for row in rows]
    await tx.run(sql.remove_words, title=WORDLESS, items=items)
    return await expire(tx, [row["id"] for row in rows])
