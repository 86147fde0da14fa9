"""Creating a generation: limits, credit and row in one transaction."""

import hashlib
import json
import math
from collections.abc import Callable
from dataclasses import asdict, astuple, replace
from http import HTTPStatus
from uuid import UUID, uuid4

import aiosqlite

from simulator.errors import ApiError
from simulator.generations.accounts import MICROUSD_PER_CENT, refund_failures
from simulator.generations.database import Database
from simulator.generations.faults import (
    FAILURES,
    SLOW_WORD,
    SLOWDOWN,
    FaultKind,
    TriggeredFault,
    fault_in_prompt,
)
from simulator.generations.generation import COLUMNS, Generation, NewGeneration, schedule
from simulator.settings import SimulatorSettings

_INSERT = (
    f"INSERT INTO generation ({', '.join(COLUMNS[1:])})"  # noqa: S608 - names of our own fields
    f" VALUES ({', '.join('?' * (len(COLUMNS) - 1))}) RETURNING seq"
)


_UPDATE = (
    f"UPDATE generation SET {', '.join(f'{name} = ?' for name in COLUMNS[1:])}"  # noqa: S608 - the same
    " WHERE id = ?"
)


async def create_generation(
    new: NewGeneration,
    *,
    changed: Generation | None = None,
    account: str,
    fault: TriggeredFault | None,
    base_url: str,
    database: Database,
    settings: SimulatorSettings,
    clock_ms: Callable[[], int],
) -> Generation:
    """Create a generation and charge for it; both are committed when this returns. Raises ApiError.

    With `changed`, that generation becomes the new one, and keeps its id and its place in the list. Its file
    must be linked as the first reference already.
    """
    fault = fault or fault_in_prompt(new.prompt)
    opening_balance = round(settings.credit_cents * MICROUSD_PER_CENT)
    async with database.transaction() as connection:
        # Read under the write lock, so that creation times rise in the order of the rows.
        now = clock_ms()
        await _check_limits(connection, new, account, settings, now)
        if await refund_failures(connection, account, opening_balance, now) < new.price:
            raise ApiError(
                HTTPStatus.PAYMENT_REQUIRED,
                "Insufficient credits: please add credits to your account to continue",
            )
        generation = _new_row(
            new,
            identifier=await _new_id(connection, settings.seed),
            account=account,
            fault=fault,
            base_url=base_url,
            speed=settings.speed,
            now=now,
        )
        await connection.execute(
            "UPDATE account SET balance = balance - ? WHERE id = ?", (new.price, account)
        )
        if changed is None:
            await connection.execute_fetchall(_INSERT, astuple(generation)[1:])
        else:
            generation = _changed_row(changed, generation)
            await connection.execute(_UPDATE, (*astuple(generation)[1:], changed.id))
    return generation


def _changed_row(changed: Generation, new: Generation) -> Generation:
    """The row of a generation that becomes another one; its file gets a new name."""
    stem, _, number = changed.asset.removesuffix(".mp4").partition("-")
    return replace(
        new,
        seq=changed.seq,
        id=changed.id,
        created_at=changed.created_at,
        asset=f"{stem}-{int(number or 1) + 1}.mp4",
        # Its only reference is its own earlier file.
        awaits_references=0,
        ends_at=None if new.fault == FaultKind.STUCK else new.due_at,
    )


async def _check_limits(
    connection: aiosqlite.Connection, new: NewGeneration, account: str, settings: SimulatorSettings, now: int
) -> None:
    limits = settings.limits(new.lane)
    running = list(
        await connection.execute_fetchall(
            "SELECT count(*), min(ends_at) FROM generation WHERE account = ? AND lane = ?"
            " AND deleted_at IS NULL AND (ends_at IS NULL OR ends_at > ?)",
            (account, new.lane, now),
        )
    )
    count, next_end = running[0]
    if count >= limits.concurrent:
        raise _too_many("Too many concurrent generations", next_end or now, now)
    recent = list(
        await connection.execute_fetchall(
            "SELECT count(*), min(created_at) FROM generation"
            " WHERE account = ? AND lane = ? AND created_at > ?",
            (account, new.lane, now - settings.window_ms),
        )
    )
    count, oldest = recent[0]
    if count >= limits.per_minute:
        raise _too_many("Rate limit exceeded", (oldest or now) + settings.window_ms, now)


def _too_many(detail: str, free_at: int, now: int) -> ApiError:
    return ApiError(
        HTTPStatus.TOO_MANY_REQUESTS, detail, retry_after_s=max(1, math.ceil((free_at - now) / 1000))
    )


async def _new_id(connection: aiosqlite.Connection, seed: int | None) -> str:
    """A random id, or the next one of a seed."""
    if seed is None:
        return str(uuid4())
    rows = list(await connection.execute_fetchall("SELECT coalesce(max(seq), 0) FROM generation"))
    digest = hashlib.sha256(f"{seed} {rows[0][0]}".encode()).digest()
    return str(UUID(bytes=digest[:16], version=4))


def _new_row(
    new: NewGeneration,
    *,
    identifier: str,
    account: str,
    fault: TriggeredFault | None,
    base_url: str,
    speed: float,
    now: int,
) -> Generation:
    typical_ms = new.typical_ms * (SLOWDOWN if SLOW_WORD in new.prompt.lower() else 1)
    dreaming_at, due_at = schedule(identifier, typical_ms, now, speed)
    kind = fault.kind if fault else None
    failure = None
    if fault and fault.kind in FAILURES:
        failure = fault.reason or FAILURES[fault.kind]
    # A generation that is going to fail anyway does not wait for its references.
    waits = bool(new.references) and failure is None and kind is not FaultKind.STUCK
    calls_back = new.callback_url is not None and kind is not FaultKind.VANISH
    return Generation(
        seq=0,
        id=identifier,
        account=account,
        lane=new.lane.value,
        output=new.output,
        model=new.model,
        prompt=new.prompt,
        request=json.dumps(new.echo),
        asset=new.asset,
        callback_url=new.callback_url,
        base_url=base_url,
        created_at=now,
        dreaming_at=dreaming_at,
        due_at=due_at,
        ends_at=None if waits or kind is FaultKind.STUCK else due_at,
        failure_reason=failure,
        fault=None if kind is None else kind.value,
        cost=new.price,
        refunded=0,
        reference_urls=json.dumps([asdict(reference) for reference in new.references]),
        awaits_references=int(waits),
        announced=None,
        announce_at=dreaming_at if calls_back else None,
        deleted_at=None,
        width=new.shape.width if new.shape else None,
        height=new.shape.height if new.shape else None,
        duration_ms=new.shape.duration_ms if new.shape else None,
    )
