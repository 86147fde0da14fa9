"""References to stored files, held by jobs with media and by members with unused uploads.

Removing the last reference returns the file's id, so that the caller removes it from the storage. Jobs are
locked before references, and references before cards.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import orjson

from bot.store.database.base import Database, Row, Transaction
from bot.store.database.named_sql import load

sql = load("file_refs")

#: a job that a request builds on, as `dump_request` writes it; in people's texts the quotes are escaped
_SOURCE = re.compile(r'"job":"([^"\\]+)"')
#: later than every time at which a reference ends
_NEVER = 2**62
#: files that one member may have sent without using them yet
MAX_UNUSED_UPLOADS = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class FileReference:
    """Keeps a stored file from being removed."""

    file: str
    #: a job's id, `upload:<member>`, `preset:<workspace>/<name>`, or `storing:<process>/<number>` while it is
    #: stored in a bucket
    holder: str
    #: when it expires; None: with its job's media
    until: int | None = None


async def add_references(tx: Transaction, references: Iterable[FileReference]) -> None:
    """Add references; one that exists is kept until the later of the two times."""
    latest = {(one.file, one.holder): one for one in sorted(references, key=lambda one: one.until or 0)}
    if not latest:
        return
    await tx.fetch(sql.lock_files, files=sorted({one.file for one in latest.values()}))
    await tx.run(
        sql.add,
        items=[{"file": one.file, "holder": one.holder, "expires_at": one.until} for one in latest.values()],
    )


async def release_files(tx: Transaction, jobs: Sequence[str]) -> Mapping[str, tuple[str, ...]]:
    """Remove the references of jobs; returns, by job, the files without any other, each of them once."""
    rows = await tx.fetch(sql.of_holders, holders=sorted(jobs))
    removed = [(row["file"], row["holder"]) for row in rows]
    unneeded = await _remove(tx, removed)
    last = {file: holder for file, holder in removed if file in unneeded}
    freed: dict[str, list[str]] = defaultdict(list)
    for file, holder in last.items():
        freed[holder].append(file)
    return {job: tuple(freed[job]) for job in jobs}


async def _remove(tx: Transaction, references: Sequence[tuple[str, str]], *, now: int = 0) -> set[str]:
    """Remove references, each a file and its holder; returns the files that have no reference left.

    Those of uploads are removed only if they have expired at `now`.
    """
    files = sorted({file for file, _ in references})
    if not files:
        return set()
    await tx.fetch(sql.lock_files, files=files)
    items = [{"file": file, "holder": holder} for file, holder in references]
    await tx.run(sql.remove, items=items, now=now)
    return set(files) - {row["file"] for row in await tx.fetch(sql.referenced, files=files)}


async def replace_references(tx: Transaction, holder: str, files: Iterable[str]) -> tuple[str, ...]:
    """Let a holder keep these files alone; returns the files of earlier that have no other reference."""
    kept = set(files)
    rows = await tx.fetch(sql.of_holders, holders=[holder])
    await add_references(tx, [FileReference(file=file, holder=holder) for file in sorted(kept)])
    return tuple(
        sorted(await _remove(tx, [(row["file"], holder) for row in rows if row["file"] not in kept]))
    )


async def end_references(tx: Transaction, holder: str) -> tuple[str, ...]:
    """Remove the references of a holder before they end by themselves; returns the files that are free."""
    rows = await tx.fetch(sql.of_holders, holders=[holder])
    return tuple(sorted(await _remove(tx, [(row["file"], holder) for row in rows], now=_NEVER)))


def _upload_holder(member: str) -> str:
    return f"upload:{member}"


async def end_uploads(tx: Transaction, member: str) -> tuple[str, ...]:
    """Remove the references to a member's unused uploads; returns the files without any other."""
    return await end_references(tx, _upload_holder(member))


async def add_upload(tx: Transaction, member: str, file: str, *, until: int) -> bool:
    """Reference an upload for a while; False if the member has too many unused ones.

    Concurrent uploads through two replicas may exceed the limit slightly, which costs no money.
    """
    holder = _upload_holder(member)
    files = {row["file"] for row in await tx.fetch(sql.of_holders, holders=[holder])}
    if file not in files and len(files) >= MAX_UNUSED_UPLOADS:
        return False
    await add_references(tx, [FileReference(file=file, holder=holder, until=until)])
    return True


async def expire_references(tx: Transaction, *, now: int, count: int) -> tuple[str, ...]:
    """Remove up to `count` expired references; returns the files without any other."""
    rows = await tx.fetch(sql.expired, now=now, count=count)
    unneeded = await _remove(tx, [(row["file"], row["holder"]) for row in rows], now=now)
    return tuple(sorted(unneeded))


async def expire_media(
    tx: Transaction, *, finished_before: int, count: int, size: int | None = None
) -> list[tuple[str, ...]]:
    """Expire the media of the oldest ended jobs; returns for each the files without any other reference.

    With `size` only as many jobs as it takes to free so many bytes. Kept are the media of starred jobs, of
    those that a job under way builds on, and of those that a card has yet to show. Jobs that failed lose
    their inputs.
    """
    due = await tx.fetch(sql.due_expiry, before=finished_before, count=count, needed=await needed_jobs(tx))
    return await expire(tx, [row["id"] for row in (due if size is None else _enough(due, size))])


async def needed_jobs(tx: Transaction) -> list[str]:
    """The jobs that unfinished ones build on."""
    requests = await tx.fetch(sql.builds_on)
    return sorted({job for row in requests for job in _SOURCE.findall(row["request"])})


async def expire(tx: Transaction, jobs: Sequence[str]) -> list[tuple[str, ...]]:
    """Take their media from jobs; returns for each the files without any other reference."""
    if not jobs:
        return []
    await tx.run(sql.expire, jobs=list(jobs))
    freed = await release_files(tx, jobs)
    return [freed[job] for job in jobs]


def _enough(due: Sequence[Row], size: int) -> Sequence[Row]:
    """The first jobs whose results have so many bytes together.

    They may free more, with their inputs and renditions. A job whose result's size is not known is the last,
    so that the caller measures again.
    """
    for number, row in enumerate(due, start=1):
        result = orjson.loads(row["result"]) if row["result"] else {}
        size -= result.get("size", size)
        if size <= 0:
            return due[:number]
    return due


async def files_in_use(database: Database, files: Sequence[str]) -> set[str]:
    return {row["file"] for row in await database.fetch(sql.referenced, files=list(files))}


async def unused_uploads(database: Database, member: str) -> list[str]:
    """The files that a member has sent and that no job uses."""
    rows = await database.fetch(sql.only_of, holder=_upload_holder(member))
    return [row["file"] for row in rows]
