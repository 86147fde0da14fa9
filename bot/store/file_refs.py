"""Who still needs a stored file: a job while it has its media, a member who sent it for a command to come.

A file that nobody holds any longer is answered to whoever let go of it last, to be removed from the storage.
Jobs are locked before holdings, and holdings before cards.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import orjson

from bot.store.database.base import Database, Row, Transaction
from bot.store.database.named_sql import load

sql = load("holdings")

#: a job that a request builds on, as `dump_request` writes it; in people's texts the quotes are escaped
_SOURCE = re.compile(r'"job":"([^"\\]+)"')
#: files that one member may have sent without using them yet
MAX_UNUSED_UPLOADS = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class FileReference:
    """Somebody needs a file."""

    file: str
    #: a job's id, or `upload:<member>`
    holder: str
    #: when it ends by itself; None: with its job's media
    until: int | None = None


async def add_references(tx: Transaction, items: Iterable[FileReference]) -> None:
    """Keep files from being removed; what is held already is held until the later time."""
    latest = {(one.file, one.holder): one for one in sorted(items, key=lambda one: one.until or 0)}
    if not latest:
        return
    await tx.fetch(sql.lock_files, files=sorted({one.file for one in latest.values()}))
    await tx.run(
        sql.hold,
        items=[{"file": one.file, "holder": one.holder, "until": one.until} for one in latest.values()],
    )


async def release_files(tx: Transaction, jobs: Sequence[str]) -> Mapping[str, tuple[str, ...]]:
    """End what jobs hold; answers, by job, the files that nobody needs any longer, each of them once."""
    rows = await tx.fetch(sql.held_by, holders=sorted(jobs))
    held = [(row["file"], row["holder"]) for row in rows]
    unneeded = await _end(tx, held)
    last = {file: holder for file, holder in held if file in unneeded}
    freed: dict[str, list[str]] = defaultdict(list)
    for file, holder in last.items():
        freed[holder].append(file)
    return {job: tuple(freed[job]) for job in jobs}


async def _end(tx: Transaction, held: Sequence[tuple[str, str]], *, now: int = 0) -> set[str]:
    """End holdings, each a file and its holder; answers the files that nobody holds any longer.

    Uploads end only where their time is over `now`.
    """
    files = sorted({file for file, _ in held})
    if not files:
        return set()
    await tx.fetch(sql.lock_files, files=files)
    await tx.run(sql.let_go, items=[{"file": file, "holder": holder} for file, holder in held], now=now)
    return set(files) - {row["file"] for row in await tx.fetch(sql.held, files=files)}


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadHeld:
    """A member has sent a file for a command that is still to come."""

    file: str
    member: str
    until: int

    @property
    def holder(self) -> str:
        return upload_holder(self.member)


def upload_holder(member: str) -> str:
    return f"upload:{member}"


async def add_upload(tx: Transaction, items: Sequence[UploadHeld]) -> Sequence[bool]:
    """Keep uploads for a while; False for a member who has too many that no command has used yet.

    Two replicas may together let a few more pass: the bound is for what one member piles up, not for money.
    """
    held: dict[str, set[str]] = defaultdict(set)
    for row in await tx.fetch(sql.held_by, holders=sorted({item.holder for item in items})):
        held[row["holder"]].add(row["file"])
    answers = []
    for item in items:
        files = held[item.holder]
        answers.append(item.file in files or len(files) < MAX_UNUSED_UPLOADS)
        if answers[-1]:
            files.add(item.file)
    kept = [item for item, answer in zip(items, answers, strict=True) if answer]
    await add_references(
        tx, [FileReference(file=item.file, holder=item.holder, until=item.until) for item in kept]
    )
    return answers


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldingsEnded:
    """It is time to end the holdings that are over."""

    now: int
    #: at most
    count: int


async def expire_references(tx: Transaction, items: Sequence[HoldingsEnded]) -> Sequence[tuple[str, ...]]:
    """End holdings whose time is over; answers the files that nobody needs any longer."""
    answers = []
    for item in items:
        rows = await tx.fetch(sql.over, now=item.now, count=item.count)
        unneeded = await _end(tx, [(row["file"], row["holder"]) for row in rows], now=item.now)
        answers.append(tuple(sorted(unneeded)))
    return answers


@dataclass(frozen=True, slots=True, kw_only=True)
class Expiry:
    """The media of jobs that ended before some time are to go."""

    finished_before: int
    #: jobs at most
    count: int
    #: no more jobs than it takes to let go of so many bytes; None: however many bytes they are
    size: int | None = None


async def expire_media(tx: Transaction, items: Sequence[Expiry]) -> Sequence[list[tuple[str, ...]]]:
    """Let the oldest ended jobs go of their media; answers for each the files that nobody needs any longer.

    What somebody starred stays, what a job under way builds on, and what a card is still to show. Jobs that
    failed go with what they were to build on.
    """
    answers = []
    for item in items:
        requests = await tx.fetch(sql.builds_on)
        needed = sorted({job for row in requests for job in _SOURCE.findall(row["request"])})
        due = await tx.fetch(sql.due_expiry, before=item.finished_before, count=item.count, needed=needed)
        jobs = [row["id"] for row in (due if item.size is None else _enough(due, item.size))]
        await tx.run(sql.expire, jobs=jobs)
        freed = await release_files(tx, jobs)
        answers.append([freed[job] for job in jobs])
    return answers


def _enough(due: Sequence[Row], size: int) -> Sequence[Row]:
    """The first jobs whose results have so many bytes together.

    They may free more, with their inputs and renditions; where a result's size is not known, that job is the
    last, so that whoever asked counts again.
    """
    for number, row in enumerate(due, start=1):
        result = orjson.loads(row["result"]) if row["result"] else {}
        size -= result.get("size", size)
        if size <= 0:
            return due[:number]
    return due


async def files_in_use(database: Database, files: Sequence[str]) -> set[str]:
    return {row["file"] for row in await database.fetch(sql.held, files=list(files))}


async def unused_uploads(database: Database, member: str) -> list[str]:
    """The files that a member has sent and that no job uses."""
    rows = await database.fetch(sql.held_alone, holder=upload_holder(member))
    return [row["file"] for row in rows]
