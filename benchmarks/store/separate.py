"""One transaction for each command, as one writes it with aiosqlite: plain statements on one connection.

It reads and writes the same rows as Reverie, and is spared what Reverie's rules cost besides their rows.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import aiosqlite

from benchmarks.store.load import Accept
from bot.domain.generations.requests import dump_request
from bot.store.queue.acceptance import Acceptance

#: the same durability as Reverie's
PRAGMAS = ("PRAGMA synchronous = FULL", "PRAGMA foreign_keys = ON", "PRAGMA wal_autocheckpoint = 5000")
DAY_START, DAY_END = 1_799_971_200_000, 1_800_057_600_000
MONTH_START, MONTH_END = 1_798_761_600_000, 1_801_440_000_000
STEP = 1_000_000

_METER = """
INSERT INTO meter (id, scope, unit, period, period_start, period_end, max_amount, is_cap)
VALUES (?, ?, 'money', ?, ?, ?, ?, ?)
ON CONFLICT (id) DO UPDATE SET max_amount = excluded.max_amount RETURNING used, reserved, granted
"""
_MEMBER = "INSERT INTO member (id, workspace, person, name, seen_at) VALUES (?, ?, ?, ?, ?)"
_WAITING = """
SELECT count(*) FROM job WHERE workspace = ? AND member = ? AND state IN ('held', 'preparing', 'queued')
"""
_VIRTUAL_TIME = """
SELECT max(coalesce((SELECT max(virtual_time) FROM job WHERE queue = ?1 AND member = ?2), 0),
           coalesce((SELECT virtual_time FROM virtual_clock WHERE queue = ?1), 0))
"""
_RESERVE = """
UPDATE meter SET reserved = reserved + ?2 WHERE id = ?1 AND used + reserved + ?2 <= max_amount + granted
"""
_DEPTH = """
INSERT INTO queue_depth (queue, virtual_time, jobs) VALUES (?, ?, 1)
ON CONFLICT (queue, virtual_time) DO UPDATE SET jobs = jobs + 1
"""
_CARD = """
INSERT INTO card (id, event, adapter, workspace, channel, reply_token, private, member, person, run_at,
                  created_at)
VALUES (?, ?, ?, ?, ?, '', 0, ?, ?, ?, ?)
"""
_JOB = """
INSERT INTO job (id, card, position, workspace, member, person, member_name, provider, lane, queue,
                 duration_class, request, makes, title, price, state, virtual_time, run_at, deadline,
                 created_at, private)
VALUES (?, ?, 0, ?, ?, ?, ?, ?, 'image', ?, ?, ?, 'picture', ?, ?, 'queued', ?, ?, ?, ?, 0)
"""
_EVENT = "INSERT INTO job_event (job, at, after, attempt, cause) VALUES (?, ?, 'queued', 0, 'accepted')"
_RESERVATION = "INSERT INTO reservation (job, meter, amount) VALUES (?, ?, ?)"
_JOURNAL = """
INSERT INTO journal (meter, job, kind, amount, at, cause) VALUES (?, ?, 'reserved', ?, ?, 'accepted')
"""
_POSITION = "SELECT coalesce(sum(jobs), 0) FROM queue_depth WHERE queue = ? AND virtual_time <= ?"

#: runs right before each commit, in the thread of the connection or beside it
Delay = Callable[[], Awaitable[None]]


class OverLimit(Exception):
    """The command is refused."""


async def no_delay() -> None:
    """Commit at once."""


@asynccontextmanager
async def separate(file: Path, delay: Delay = no_delay) -> AsyncIterator[Accept]:
    """Accept each command in a transaction of its own, one after the other."""
    turn = asyncio.Lock()
    async with aiosqlite.connect(file, isolation_level=None) as connection:
        for pragma in PRAGMAS:
            await connection.execute(pragma)

        async def accept(item: Acceptance) -> str:
            async with turn:
                await connection.execute("BEGIN IMMEDIATE")
                try:
                    job = await _accept(connection, item)
                    await delay()
                    await connection.commit()
                except BaseException:
                    await connection.rollback()
                    raise
                return job

        yield accept


async def _accept(db: aiosqlite.Connection, item: Acceptance) -> str:
    who, place, now, (new,) = item.caller, item.place, item.now, item.jobs

    async def one(sql: str, *values: object) -> tuple[object, ...] | None:
        async with db.execute(sql, values) as cursor:
            row = await cursor.fetchone()
            return None if row is None else tuple(row)

    if await one("SELECT id FROM card WHERE event = ?", item.event) is not None:
        return new.id
    policy = "SELECT paused, cooldown_ms, max_open, policy, waiting FROM workspace WHERE id = ?"
    workspace = await one(policy, who.workspace)
    if workspace is None:
        await db.execute("INSERT INTO workspace (id, created_at) VALUES (?, ?)", (who.workspace, now))
        workspace = (0, 0, 0, "{}", 0)
    subjects = (who.workspace, who.member, f"by-admins/{who.member}", who.person)
    blocked = await one("SELECT 1 FROM block WHERE subject IN (?, ?, ?, ?)", *subjects)
    rules = "SELECT amount FROM allowance WHERE workspace IN ('', ?) AND subject IN ('', ?, ?, ?, ?)"
    await one(rules, who.workspace, who.workspace, who.member, who.person, place.channel)
    queued = await one(_WAITING, who.workspace, who.member)
    assert queued is not None
    if workspace[0] or blocked or int(str(queued[0])) >= item.queue_limits.member:
        raise OverLimit
    if await one("SELECT 1 FROM member WHERE id = ?", who.member) is None:
        await db.execute(_MEMBER, (who.member, who.workspace, who.person, who.name, now))
    meters = meters_of(item)
    for meter, scope, period, start, end, most, cap in meters:
        await one(_METER, meter, scope, period, start, end, most, cap)
    last = await one(_VIRTUAL_TIME, new.queue, who.member)
    assert last is not None
    virtual_time = int(str(last[0])) + STEP
    for meter, *_ in meters:
        if (await db.execute(_RESERVE, (meter, new.price))).rowcount != 1:
            raise OverLimit
    await db.execute("UPDATE workspace SET waiting = waiting + 1 WHERE id = ?", (who.workspace,))
    await db.execute(_DEPTH, (new.queue, virtual_time))
    card = (
        item.card,
        item.event,
        place.adapter,
        who.workspace,
        place.channel,
        who.member,
        who.person,
        now,
        now,
    )
    await db.execute(_CARD, card)
    await db.execute(
        _JOB,
        (
            *(new.id, item.card, who.workspace, who.member, who.person, who.name, new.provider, new.queue),
            *(new.duration_class, dump_request(new.request), new.title, new.price, virtual_time, now),
            *(item.deadline, now),
        ),
    )
    await db.execute(_EVENT, (new.id, now))
    await db.executemany(_RESERVATION, [(new.id, meter, new.price) for meter, *_ in meters])
    await db.executemany(_JOURNAL, [(meter, new.id, new.price, now) for meter, *_ in meters])
    await one(_POSITION, new.queue, virtual_time)
    return new.id


def meters_of(item: Acceptance) -> list[tuple[str, str, str, int, int, int, int]]:
    """The two meters of a command: id, scope, period, its start and end, limit, whether it is a cap."""
    member, ceiling = f"member:{item.caller.member}", f"ceiling:{item.caller.workspace}"
    most = 1_000_000
    return [
        (f"{ceiling}/month/{MONTH_START}", ceiling, "month", MONTH_START, MONTH_END, most, 1),
        (f"{member}/day/{DAY_START}", member, "day", DAY_START, DAY_END, most, 0),
    ]
