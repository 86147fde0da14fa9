"""T2: places in a lane are handed out, exactly and in turn, over all replicas and restarts."""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.domain.jobs import State
from bot.domain.models import Lane
from bot.store.database.base import Transaction
from bot.store.database.named_sql import load
from bot.store.transition import record_transitions, transition_row

sql = load("claiming")


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimRequest:
    """A process offers to submit on one lane of one account."""

    account: str
    lane: Lane
    provider: str
    queue: str
    #: id of the process, new at each start
    owner: str
    now: int
    lease_until: int
    #: start of the window in which creates are counted
    window_start: int
    #: how many the process can send at once
    most: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A job that this process, and no other, may submit now."""

    job: str
    attempt: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimResult:
    claims: tuple[Claim, ...]
    #: the lane gave all that it has; more may wait
    full: bool


async def claim(tx: Transaction, items: Sequence[ClaimRequest]) -> Sequence[ClaimResult | Exception]:
    answers: dict[int, ClaimResult] = {}
    # Lanes are locked in one order by all, so that two replicas never wait for each other.
    for index, item in sorted(enumerate(items), key=lambda pair: (pair[1].account, pair[1].lane)):
        answers[index] = await _claim(tx, item)
    return [answers[index] for index in range(len(items))]


async def _claim(tx: Transaction, item: ClaimRequest) -> ClaimResult:
    if await tx.one(sql.waits, queue=item.queue, now=item.now) is None:
        return ClaimResult(claims=(), full=False)
    lane = await tx.one(sql.lock_lane, account=item.account, lane=item.lane)
    if lane is None or lane["state"] != "ready" or lane["cool_until"] > item.now:
        return ClaimResult(claims=(), full=True)
    load_now = await tx.one(sql.load, account=item.account, lane=item.lane, since=item.window_start)
    assert load_now is not None  # noqa: S101 - an aggregate always has a row
    free = min(lane["concurrent"] - load_now["in_flight"], lane["per_minute"] - load_now["claimed"])
    if free <= 0:
        return ClaimResult(claims=(), full=True)
    rows = await tx.fetch(
        sql.next_in_line,
        queue=item.queue,
        provider=item.provider,
        account=item.account,
        now=item.now,
        free=min(free, item.most),
    )
    if not rows:
        return ClaimResult(claims=(), full=False)
    claimed = await tx.fetch(
        sql.claim,
        ids=[row["id"] for row in rows],
        account=item.account,
        now=item.now,
        owner=item.owner,
        until=item.lease_until,
    )
    await tx.run(
        sql.insert_attempts,
        items=[
            {
                "job": row["id"],
                "number": row["attempt"],
                "account": item.account,
                "lane": item.lane,
                "claimed_at": item.now,
            }
            for row in claimed
        ],
    )
    await tx.run(sql.advance_clock, queue=item.queue, turn=max(row["turn"] for row in rows))
    await record_transitions(
        tx,
        [
            transition_row(
                row,
                before=State.QUEUED,
                after=State.SUBMITTING,
                attempt=row["attempt"],
                at=item.now,
                cause="claimed",
            )
            for row in claimed
        ],
    )
    turns = {row["id"]: row["turn"] for row in claimed}
    ordered = sorted(claimed, key=lambda row: (turns[row["id"]], row["id"]))
    return ClaimResult(
        claims=tuple(Claim(job=row["id"], attempt=row["attempt"]) for row in ordered),
        full=len(claimed) >= free,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class SendingRecord:
    """An attempt is about to leave."""

    claim: Claim
    owner: str
    now: int
    fingerprint: str
    #: it carries a callback URL that names it
    marked: bool


async def record_sending(tx: Transaction, items: Sequence[SendingRecord]) -> Sequence[bool | Exception]:
    """Note that attempts leave now; False for one that is no longer the sender's.

    An attempt without this note never left, which is what recovery relies on.
    """
    rows = await tx.fetch(
        sql.note_sending,
        items=[
            {
                "job": item.claim.job,
                "number": item.claim.attempt,
                "now": item.now,
                "fingerprint": item.fingerprint,
                "marked": int(item.marked),
                "owner": item.owner,
            }
            for item in items
        ],
    )
    noted = {(row["job"], row["number"]) for row in rows}
    return [(item.claim.job, item.claim.attempt) in noted for item in items]


@dataclass(frozen=True, slots=True, kw_only=True)
class CoolDown:
    account: str
    lane: Lane
    until: int


async def cool_down(tx: Transaction, items: Sequence[CoolDown]) -> Sequence[None]:
    for item in items:
        await tx.run(sql.cool_down, account=item.account, lane=item.lane, until=item.until)
    return [None] * len(items)
