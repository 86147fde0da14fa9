"""How a draft becomes a generation: limits, credit and row in one transaction."""

import json
import math
from collections.abc import Callable
from dataclasses import asdict, astuple, fields
from http import HTTPStatus
from uuid import uuid4

import aiosqlite

from simulator.api.accounts import MICROUSD_PER_CENT, settle
from simulator.api.answers import Problem
from simulator.api.database import Database
from simulator.api.faults import FAILURES, SLOW_WORD, SLOWDOWN, FaultKind, Struck, fate_in
from simulator.api.generations import Generation, timeline
from simulator.api.orders import Draft
from simulator.api.settings import SimulatorSettings

_COLUMNS = [field.name for field in fields(Generation)]
_INSERT = (
    f"INSERT INTO generation ({', '.join(_COLUMNS[1:])})"  # noqa: S608 - names of our own fields
    f" VALUES ({', '.join('?' * (len(_COLUMNS) - 1))}) RETURNING seq"
)


async def admit(
    draft: Draft,
    *,
    account: str,
    fate: Struck | None,
    base_url: str,
    database: Database,
    settings: SimulatorSettings,
    clock_ms: Callable[[], int],
) -> Generation:
    """Create a generation and charge for it; durable when this answers. Raises Problem."""
    fate = fate or fate_in(draft.prompt)
    opening = round(settings.credit_cents * MICROUSD_PER_CENT)
    async with database.transaction() as connection:
        # Read under the write lock, so that times rise in the order of the rows.
        now = clock_ms()
        await _check_limits(connection, draft, account, settings, now)
        if await settle(connection, account, opening, now) < draft.cost:
            raise Problem(
                HTTPStatus.PAYMENT_REQUIRED,
                "Insufficient credits: please add credits to your account to continue",
            )
        generation = _plan(
            draft, account=account, fate=fate, base_url=base_url, speed=settings.speed, now=now
        )
        await connection.execute(
            "UPDATE account SET balance = balance - ? WHERE id = ?", (draft.cost, account)
        )
        await connection.execute_fetchall(_INSERT, astuple(generation)[1:])
    return generation


async def _check_limits(
    connection: aiosqlite.Connection, draft: Draft, account: str, settings: SimulatorSettings, now: int
) -> None:
    limits = settings.limits(draft.lane)
    running = list(
        await connection.execute_fetchall(
            "SELECT count(*), min(ends_at) FROM generation WHERE account = ? AND lane = ?"
            " AND deleted_at IS NULL AND (ends_at IS NULL OR ends_at > ?)",
            (account, draft.lane, now),
        )
    )
    count, next_end = running[0]
    if count >= limits.concurrent:
        raise _too_many("Too many concurrent generations", next_end or now, now)
    recent = list(
        await connection.execute_fetchall(
            "SELECT count(*), min(created_at) FROM generation"
            " WHERE account = ? AND lane = ? AND created_at > ?",
            (account, draft.lane, now - settings.window_ms),
        )
    )
    count, oldest = recent[0]
    if count >= limits.per_minute:
        raise _too_many("Rate limit exceeded", (oldest or now) + settings.window_ms, now)


def _too_many(detail: str, free_at: int, now: int) -> Problem:
    return Problem(
        HTTPStatus.TOO_MANY_REQUESTS, detail, retry_after_s=max(1, math.ceil((free_at - now) / 1000))
    )


def _plan(
    draft: Draft, *, account: str, fate: Struck | None, base_url: str, speed: float, now: int
) -> Generation:
    identifier = str(uuid4())
    usual_ms = draft.usual_ms * (SLOWDOWN if SLOW_WORD in draft.prompt.lower() else 1)
    dreaming_at, due_at = timeline(identifier, usual_ms, now, speed)
    kind = fate.kind if fate else None
    failure = None
    if fate and fate.kind in FAILURES:
        failure = fate.reason or FAILURES[fate.kind]
    # What is going to fail anyway does not wait for its references.
    waits = bool(draft.references) and failure is None and kind is not FaultKind.STUCK
    tells = draft.callback_url is not None and kind is not FaultKind.VANISH
    return Generation(
        seq=0,
        id=identifier,
        account=account,
        lane=draft.lane.value,
        output=draft.output,
        model=draft.model,
        prompt=draft.prompt,
        request=json.dumps(draft.echo),
        asset=draft.asset,
        callback_url=draft.callback_url,
        base_url=base_url,
        created_at=now,
        dreaming_at=dreaming_at,
        due_at=due_at,
        ends_at=None if waits or kind is FaultKind.STUCK else due_at,
        failure_reason=failure,
        fate=None if kind is None else kind.value,
        cost=draft.cost,
        refunded=0,
        reference_urls=json.dumps([asdict(reference) for reference in draft.references]),
        awaits_references=int(waits),
        announced=None,
        announce_at=dreaming_at if tells else None,
        deleted_at=None,
        width=draft.shape.width if draft.shape else None,
        height=draft.shape.height if draft.shape else None,
        duration_ms=draft.shape.duration_ms if draft.shape else None,
    )
