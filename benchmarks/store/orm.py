"""One transaction for each command, as one writes it with SQLAlchemy's ORM on aiosqlite.

Each command has a session of its own; the pool has one connection, since SQLite has one writer. The tables
are Reverie's, read from the file; the rows are the same as in `separate`.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from warnings import catch_warnings, simplefilter

from sqlalchemy import Column, Integer, MetaData, Table, create_engine, event, func, select
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import registry

from benchmarks.store.load import Accept
from benchmarks.store.separate import PRAGMAS, STEP, OverLimit, meters_of
from bot.domain.generations.requests import dump_request
from bot.store.queue.acceptance import Acceptance

_NUMBERED = ("job_event", "journal")
_WAITING = ("held", "preparing", "queued")


class _Row:
    """A mapped row; its columns become attributes."""

    def __init__(self, **columns: object) -> None:
        for name, value in columns.items():
            setattr(self, name, value)


# Columns are known only once the tables are read.
Workspace: Any = type("Workspace", (_Row,), {})
Member: Any = type("Member", (_Row,), {})
Block: Any = type("Block", (_Row,), {})
Allowance: Any = type("Allowance", (_Row,), {})
Meter: Any = type("Meter", (_Row,), {})
Card: Any = type("Card", (_Row,), {})
Job: Any = type("Job", (_Row,), {})
JobEvent: Any = type("JobEvent", (_Row,), {})
Reservation: Any = type("Reservation", (_Row,), {})
Journal: Any = type("Journal", (_Row,), {})
QueueDepth: Any = type("QueueDepth", (_Row,), {})
VirtualClock: Any = type("VirtualClock", (_Row,), {})
_TABLES = {
    "workspace": Workspace,
    "member": Member,
    "block": Block,
    "allowance": Allowance,
    "meter": Meter,
    "card": Card,
    "job": Job,
    "job_event": JobEvent,
    "reservation": Reservation,
    "journal": Journal,
    "queue_depth": QueueDepth,
    "virtual_clock": VirtualClock,
}


@asynccontextmanager
async def orm(file: Path) -> AsyncIterator[Accept]:
    """Accept each command with a session of its own."""
    mapping = registry(metadata=_metadata(file))
    for name, row in _TABLES.items():
        mapping.map_imperatively(row, mapping.metadata.tables[name])
    engine = create_async_engine(f"sqlite+aiosqlite:///{file}", pool_size=1, max_overflow=0, pool_timeout=600)
    event.listen(engine.sync_engine, "connect", _prepare)
    sessions = async_sessionmaker(engine, expire_on_commit=False)

    async def accept(item: Acceptance) -> str:
        async with sessions() as session, session.begin():
            return await _accept(session, item)

    try:
        yield accept
    finally:
        await engine.dispose()
        mapping.dispose()


def _metadata(file: Path) -> Any:
    reading = create_engine(f"sqlite:///{file}")
    metadata = MetaData()
    with catch_warnings():
        simplefilter("ignore")  # an index on an expression is not read, and not needed here
        for name in _TABLES:
            # What is read from the file does not say that the database makes these ids.
            made = [Column("id", Integer, primary_key=True)] if name in _NUMBERED else []
            Table(name, metadata, *made, autoload_with=reading)
    reading.dispose()
    return metadata


def _prepare(connection: Any, _: object) -> None:
    cursor = connection.cursor()
    for pragma in PRAGMAS:
        cursor.execute(pragma)
    cursor.close()


async def _accept(session: AsyncSession, item: Acceptance) -> str:
    who, place, now, (new,) = item.caller, item.place, item.now, item.jobs
    if await session.scalar(select(Card).where(Card.event == item.event)):
        return new.id
    workspace = await session.get(Workspace, who.workspace)
    if workspace is None:
        workspace = Workspace(id=who.workspace, created_at=now, waiting=0, paused=0)
        session.add(workspace)
    subjects = (who.workspace, who.member, f"by-admins/{who.member}", who.person)
    blocked = await session.scalar(select(Block).where(Block.subject.in_(subjects)))
    limited = ("", who.workspace, who.member, who.person, place.channel)
    rules = select(Allowance).where(
        Allowance.workspace.in_(("", who.workspace)), Allowance.subject.in_(limited)
    )
    await session.scalars(rules)
    own = (Job.workspace == who.workspace, Job.member == who.member, Job.state.in_(_WAITING))
    waiting = await session.scalar(select(func.count()).select_from(Job).where(*own)) or 0
    if workspace.paused or blocked or waiting >= item.queue_limits.member:
        raise OverLimit
    if await session.get(Member, who.member) is None:
        session.add(
            Member(id=who.member, workspace=who.workspace, person=who.person, name=who.name, seen_at=now)
        )
    meters = [await _meter(session, found) for found in meters_of(item)]
    latest = select(func.max(Job.virtual_time)).where(Job.queue == new.queue, Job.member == who.member)
    clock = await session.get(VirtualClock, new.queue)
    virtual_time = max(await session.scalar(latest) or 0, clock.virtual_time if clock else 0) + STEP
    for meter in meters:
        if meter.used + meter.reserved + new.price > meter.max_amount + meter.granted:
            raise OverLimit
        meter.reserved += new.price
    workspace.waiting += 1
    depth = await session.get(QueueDepth, (new.queue, virtual_time))
    if depth is None:
        session.add(QueueDepth(queue=new.queue, virtual_time=virtual_time, jobs=1))
    else:
        depth.jobs += 1
    session.add(_card(item))
    session.add(_job(item, virtual_time))
    session.add(JobEvent(job=new.id, at=now, after="queued", attempt=0, cause="accepted"))
    for meter in meters:
        session.add(Reservation(job=new.id, meter=meter.id, amount=new.price))
        session.add(
            Journal(meter=meter.id, job=new.id, kind="reserved", amount=new.price, at=now, cause="accepted")
        )
    before = (QueueDepth.queue == new.queue, QueueDepth.virtual_time <= virtual_time)
    await session.scalar(select(func.sum(QueueDepth.jobs)).where(*before))
    return new.id


async def _meter(session: AsyncSession, row: tuple[str, str, str, int, int, int, int]) -> Any:
    identity, scope, period, start, end, most, cap = row
    meter = await session.get(Meter, identity)
    if meter is None:
        span = {"period": period, "period_start": start, "period_end": end}
        counted = {"max_amount": most, "used": 0, "reserved": 0, "granted": 0, "is_cap": cap}
        meter = Meter(id=identity, scope=scope, unit="money", **span, **counted)
        session.add(meter)
    meter.max_amount = most
    return meter


def _card(item: Acceptance) -> Any:
    return Card(
        id=item.card,
        event=item.event,
        adapter=item.place.adapter,
        workspace=item.caller.workspace,
        channel=item.place.channel,
        reply_token="",
        private=0,
        member=item.caller.member,
        person=item.caller.person,
        run_at=item.now,
        created_at=item.now,
    )


def _job(item: Acceptance, virtual_time: int) -> Any:
    who, (new,) = item.caller, item.jobs
    return Job(
        id=new.id,
        card=item.card,
        position=0,
        workspace=who.workspace,
        member=who.member,
        person=who.person,
        member_name=who.name,
        provider=new.provider,
        lane="image",
        queue=new.queue,
        duration_class=new.duration_class,
        request=dump_request(new.request),
        makes="picture",
        title=new.title,
        price=new.price,
        state="queued",
        virtual_time=virtual_time,
        run_at=item.now,
        deadline=item.deadline,
        created_at=item.now,
        private=0,
    )
