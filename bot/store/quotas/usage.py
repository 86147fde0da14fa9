"""What ended jobs came to: read from sums of the time that is over, and from the jobs that ended since.

`sum_up` adds up an ended day once, and the past hours of today where there are many jobs. A later refund is
added to the sums in its own transaction. Nothing else changes them: the price of a finished job is final,
also after its result was deleted. A member whose data is deleted becomes a pseudonym there, too.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import groupby
from typing import Any
from zoneinfo import ZoneInfo

from bot.domain.generations.media import MediaKind
from bot.domain.money.quota import Period, bounds
from bot.domain.reports.usage import DAYS_MAX, REFUNDED, Day, Dimension, Fact, Span
from bot.store.database.base import Database, Row, Transaction
from bot.store.database.named_sql import load

sql = load("quotas/usage")

_DAY_MS, _HOUR_MS = 86_400_000, 3_600_000
#: a job may be recorded so long after the time that it ended at
_LATE_MS = 900_000
#: with so many jobs a day is summed up before it is over
_BUSY = 200
#: sums are kept a little longer than any report needs them
_KEPT_MS = (DAYS_MAX + 30) * _DAY_MS


async def usage_facts(database: Database, workspace: str, span: Span, by: Dimension) -> list[Fact]:
    """What the jobs of a workspace that ended in a span came to, by one dimension."""
    state = await database.one(sql.rollup, workspace=workspace)
    rolled_until = state["rolled_until"] if state is not None and state["timezone"] == span.zone else 0
    open_days = [
        Day(start=max(day.start, rolled_until), end=day.end) for day in span.days if day.end > rolled_until
    ]
    facts = await _rolled(database, workspace, span, rolled_until, by) if rolled_until else []
    if by is not Dimension.DAY and open_days:
        open_days = [Day(start=open_days[0].start, end=open_days[-1].end)]
    for day in open_days:
        facts += await _ended(database, workspace, day, by)
    return facts


async def _rolled(
    database: Database, workspace: str, span: Span, rolled_until: int, by: Dimension
) -> list[Fact]:
    bounded = {"workspace": workspace, "since": span.since, "until": rolled_until}
    if by is Dimension.DAY:
        rows = await database.fetch(sql.rolled_days, **bounded)
    else:
        rows = await database.fetch(sql.rolled, dimension=by, **bounded)
    return [_fact(row, row["day"] if by is Dimension.DAY else 0) for row in rows]


async def _ended(database: Database, workspace: str, day: Day, by: Dimension) -> list[Fact]:
    rows = await database.fetch(sql.ended, workspace=workspace, dimension=by, since=day.start, until=day.end)
    return [_fact(row, day.start) for row in rows]


def _fact(row: Row, day: int) -> Fact:
    return Fact(
        day=day,
        value=row["value"],
        outcome=row["outcome"],
        makes=MediaKind(row["makes"]),
        wait_ms=row["wait_ms"],
        jobs=row["jobs"],
        amount=row["amount"],
        named_by=row["named_by"],
    )


async def names_of(database: Database, facts: Iterable[Fact], by: Dimension) -> dict[str, str]:
    """The names of members or channels, by the job that has the name; newest where a value has several."""
    if by not in (Dimension.MEMBER, Dimension.CHANNEL):
        return {}
    newest: dict[str, str] = {}
    for fact in facts:
        newest[fact.value] = max(newest.get(fact.value, ""), fact.named_by)
    column = "member_name" if by is Dimension.MEMBER else "channel_name"
    rows = await database.fetch(sql.names, ids=sorted({job for job in newest.values() if job}))
    return {row["id"]: row[column] for row in rows}


async def workspaces_with_jobs(database: Database, *, since: int) -> list[tuple[str, str]]:
    """Every workspace in which a job ended since a time, with its time zone."""
    rows = await database.fetch(sql.workspaces_with_jobs, since=since)
    return [(row["id"], row["timezone"]) for row in rows]


async def workspaces_behind(database: Database, *, now: int) -> list[str]:
    """Workspaces with jobs that are not summed up yet; some of them may have nothing to do."""
    rows = await database.fetch(sql.behind, since=now - _KEPT_MS, until=now - _LATE_MS)
    return [row["workspace"] for row in rows]


async def sum_up(database: Database, workspace: str, *, now: int, busy: int = _BUSY) -> bool:
    """Sum up the next ended day of a workspace, or the past hours of today if at least `busy` jobs ended.

    Returns whether there was anything to do. The jobs are read before the transaction, so no other writer
    waits for that. If one was refunded meanwhile, or they were summed up elsewhere, nothing is written, and
    the next call reads them again.
    """
    state = await database.one(sql.behind_of, workspace=workspace, since=now - _KEPT_MS)
    if state is None:
        return False
    if state["rolled_timezone"] != state["timezone"]:
        await database.transact(_restart, workspace, state["timezone"])
        return True
    if state["first_ended"] is None:
        return False
    segment, is_over = _segment(state["first_ended"], ZoneInfo(state["timezone"]), now)
    if segment.end <= state["first_ended"]:
        return False
    facts = [(Dimension.DAY, fact) for fact in await _ended(database, workspace, segment, Dimension.DAY)]
    if not is_over and sum(fact.jobs for _, fact in facts) < busy:
        return False
    for by in set(Dimension) - {Dimension.DAY}:
        facts += [(by, fact) for fact in await _ended(database, workspace, segment, by)]
    await database.transact(_store, workspace, state, segment, facts, now=now)
    return True


def _segment(first: int, zone: ZoneInfo, now: int) -> tuple[Day, bool]:
    """The day of the first job and True if it is over; else its hours up to the last whole one."""
    start, end = bounds(first, Period.DAY, zone)
    if end + _LATE_MS <= now:
        return Day(start=start, end=end), True
    hours = (now - _LATE_MS - start) // _HOUR_MS
    return Day(start=first - (first - start) % _HOUR_MS, end=min(start + hours * _HOUR_MS, end)), False


async def _restart(tx: Transaction, workspace: str, timezone: str) -> None:
    """Forget the sums of a workspace, whose days begin at other times now."""
    await tx.run(sql.start_rollup, workspace=workspace, timezone=timezone)
    await tx.run(sql.remove_days, workspace=workspace, since=0, until=2**62)


async def _store(
    tx: Transaction,
    workspace: str,
    state: Row,
    segment: Day,
    facts: Sequence[tuple[Dimension, Fact]],
    *,
    now: int,
) -> None:
    seen = {name: state[name] for name in ("timezone", "rolled_until", "version")}
    if not await tx.run(sql.advance, workspace=workspace, until=segment.end, **seen):
        return
    await tx.run(sql.remove_days, workspace=workspace, since=0, until=now - _KEPT_MS)
    # A day that is over takes the place of its hours.
    await tx.run(sql.remove_days, workspace=workspace, since=segment.start, until=segment.end)
    await tx.run(sql.add_days, items=[_day_row(workspace, by, fact) for by, fact in facts])


def _day_row(workspace: str, by: Dimension, fact: Fact) -> dict[str, Any]:
    return {
        "workspace": workspace,
        "dimension": by,
        "day": fact.day,
        "value": fact.value,
        "outcome": fact.outcome,
        "makes": fact.makes,
        "wait_ms": fact.wait_ms,
        "jobs": fact.jobs,
        "amount": fact.amount,
        "named_by": fact.named_by,
    }


async def rename_member(tx: Transaction, jobs: Sequence[str], name: Callable[[str], str]) -> None:
    """Give what ended jobs came to to other members; `name` is that of a workspace.

    Called before the jobs themselves are changed.
    """
    rows = await tx.fetch(sql.members_jobs, jobs=sorted(jobs))
    for workspace, group in groupby(rows, key=lambda row: str(row["workspace"])):
        of_workspace = list(group)
        state = await tx.one(sql.lock_rollup, workspace=workspace)
        if state is None or not state["rolled_until"]:
            continue
        for row in of_workspace:
            if row["finished_at"] >= state["rolled_until"]:
                continue
            day = await _segment_of(tx, workspace, row["finished_at"])
            for member, times in ((row["member"], -1), (name(workspace), 1)):
                # One after the other: a statement cannot change one row of the table twice.
                for fact in _facts_of(row, member, times, day):
                    await tx.run(sql.add_days, items=[_day_row(workspace, Dimension.MEMBER, fact)])
        await tx.run(
            sql.remove_empty, workspace=workspace, members=sorted({row["member"] for row in of_workspace})
        )


async def _segment_of(tx: Transaction, workspace: str, at: int) -> int:
    """The beginning of the day, or of the hours, in whose sums a job is that ended at a time."""
    row = await tx.one(sql.segment, workspace=workspace, at=at)
    return at if row is None or row["day"] is None else int(row["day"])


def _facts_of(row: Row, member: str, times: int, day: int) -> Iterator[Fact]:
    """What one job came to for a member, added or (`times` is -1) taken away."""
    for outcome in (row["outcome"], REFUNDED) if row["refunded"] else (row["outcome"],):
        yield Fact(
            day=day,
            value=member,
            outcome=outcome,
            makes=MediaKind(row["makes"]),
            wait_ms=0,
            jobs=times,
            amount=times * row["amount"],
            named_by=row["id"],
        )


async def add_refund(tx: Transaction, job: str) -> None:
    """Add a refund to the day on which the job ended, if that is summed up."""
    row = await tx.one(sql.dimensions, job=job)
    if row is None:
        return
    state = await tx.one(sql.lock_rollup, workspace=row["workspace"])
    if state is None or row["finished_at"] >= state["rolled_until"]:
        return
    day = await _segment_of(tx, row["workspace"], row["finished_at"])
    values = {by: "" if by is Dimension.DAY else row[by] for by in Dimension}
    refund = {"outcome": REFUNDED, "makes": row["makes"], "wait_ms": 0, "jobs": 1, "amount": row["price"]}
    await tx.run(
        sql.add_days,
        items=[
            {"workspace": row["workspace"], "dimension": by, "day": day, "value": value, "named_by": ""}
            | refund
            for by, value in values.items()
        ],
    )
