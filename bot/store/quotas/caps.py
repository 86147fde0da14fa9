"""Spending caps: their current meters, and who was told about them."""

from collections.abc import Iterable, Sequence

from bot.domain.access import Workspace
from bot.domain.identity import Place
from bot.domain.jobs.job import Job
from bot.domain.money.caps import WARN_PERCENT, Cap
from bot.domain.money.quota import Level, Period
from bot.store.admin.groups import groups_of
from bot.store.database.base import Database, Row, Transaction
from bot.store.database.named_sql import load

sql = load("quotas/caps")

#: conversations told in one round
_NOTICES = 100


async def current_caps(database: Database, *, now: int) -> list[Cap]:
    """The caps that are nearly used up, or more."""
    rows = await database.fetch(sql.current_caps, now=now, percent=WARN_PERCENT)
    return [_cap(row) for row in rows]


async def caps_of(database: Database, workspace: Workspace, *, now: int) -> list[Cap]:
    """The caps that hold for a workspace; with its own key only its own."""
    group = workspace.group.id if workspace.group else None
    scopes = _scopes(workspace.id, group, own_key=workspace.own_account is not None)
    return [_cap(row) for row in await database.fetch(sql.caps_of, scopes=scopes, now=now)]


async def waiting_for_caps(database: Database, jobs: Iterable[Job], *, now: int) -> frozenset[str]:
    """Those of the queued jobs that no claim takes, because a cap that holds for them is used up."""
    waiting = list(jobs)
    if not waiting:
        return frozenset()
    groups = await groups_of(database, (job.workspace for job in waiting))
    scopes = {
        job.id: _scopes(job.workspace, groups.get(job.workspace), own_key=job.has_own_key) for job in waiting
    }
    asked = sorted({scope for some in scopes.values() for scope in some})
    paused = {row["scope"] for row in await database.fetch(sql.paused_scopes, scopes=asked, now=now)}
    return frozenset(job for job, some in scopes.items() if paused.intersection(some))


def _scopes(workspace: str, group: str | None, *, own_key: bool) -> tuple[str, ...]:
    """The scopes of the caps that hold for a workspace in a group; with its own key only its own."""
    own = f"{Level.WORKSPACE}:{workspace}"
    if own_key:
        return (own,)
    shared = (f"{Level.GROUP}:{group}",) if group else ()
    return (own, f"{Level.CEILING}:{workspace}", *shared, f"{Level.EVERYTHING}:")


def _cap(row: Row) -> Cap:
    level, _, subject = row["scope"].partition(":")
    return Cap(
        meter=row["id"],
        level=Level(level),
        subject=subject,
        period=Period(row["period"]),
        period_end=row["period_end"],
        amount=row["amount"],
        used=row["used"],
        reserved=row["reserved"],
    )


async def claim_cap_notice(tx: Transaction, meter: str, kind: str, target: str, *, now: int) -> bool:
    """Claim the telling of something about a cap, `near` or `reached`; False where it was told before."""
    return await tx.one(sql.claim_notice, meter=meter, kind=kind, target=target, now=now) is not None


async def waiting_conversations(database: Database, cap: Cap, adapters: Iterable[str]) -> Sequence[Place]:
    """Public conversations with a job that waits for a cap, which have not been told in its period."""
    rows = await database.fetch(
        sql.waiting_conversations,
        workspace="" if cap.level is Level.GROUP else cap.subject,
        in_group=cap.subject if cap.level is Level.GROUP else "",
        own_keys=int(cap.level is Level.WORKSPACE),
        meter=cap.meter,
        adapters=sorted(adapters),
        count=_NOTICES,
    )
    return [
        Place(
            adapter=row["adapter"],
            workspace=row["workspace"],
            channel=row["channel"],
            thread=row["thread"] or None,
        )
        for row in rows
    ]


def conversation_target(place: Place) -> str:
    """How a conversation is named among those that were told."""
    return f"{place.adapter}/{place.workspace}/{place.channel}/{place.thread or ''}"
