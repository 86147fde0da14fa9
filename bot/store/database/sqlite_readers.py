"""Concurrent reads: queries that are made at the same moment share one call into a reader's thread.

One view takes several queries at once, and many people open one together. One thread call each would make
all of these queries wait for thread switches.
"""

import asyncio
import sqlite3
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import aiosqlite

from bot.store.database.base import Row
from bot.store.database.dialect import Statement
from bot.store.database.group_commit import resolve_futures
from bot.store.database.sqlite_thread import fetch, run_in_thread

#: queries in one thread call, so that a slow one delays only a few
_BATCH = 16


@dataclass(frozen=True, slots=True, eq=False)
class _Request:
    statement: Statement
    values: Mapping[str, object]
    answer: asyncio.Future[list[Row]]


class Readers:
    """Read-only connections, and the queries that wait for one of them."""

    def __init__(self) -> None:
        self._idle: list[aiosqlite.Connection] = []
        self._waiting: deque[_Request] = deque()
        #: keeps references: the event loop itself has only weak ones
        self._tasks: set[asyncio.Task[None]] = set()

    def add(self, reader: aiosqlite.Connection) -> None:
        self._idle.append(reader)

    async def fetch(self, statement: Statement, values: Mapping[str, object]) -> list[Row]:
        loop = asyncio.get_running_loop()
        request = _Request(statement, values, loop.create_future())
        self._waiting.append(request)
        if len(self._waiting) == 1:
            # Not at once: more queries may be made before the loop continues.
            loop.call_soon(self._send)
        return await request.answer

    def _send(self) -> None:
        while self._idle and self._waiting:
            batch = [self._waiting.popleft() for _ in range(min(len(self._waiting), _BATCH))]
            # A caller that was cancelled meanwhile needs no answer.
            if requests := [request for request in batch if not request.answer.done()]:
                task = asyncio.create_task(self._run(self._idle.pop(), requests), name="read")
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)

    async def _run(self, reader: aiosqlite.Connection, requests: Sequence[_Request]) -> None:
        try:
            answers = await run_in_thread(reader, partial(_answer, requests))
        except Exception as error:  # noqa: BLE001 - the connection failed; its callers are told
            answers = [error] * len(requests)
        finally:
            self._idle.append(reader)
        resolve_futures(answers, [request.answer for request in requests])
        self._send()


def _answer(requests: Sequence[_Request], connection: sqlite3.Connection) -> list[list[Row] | Exception]:
    """Run each query on its own: the error of one does not affect the others."""
    answers: list[list[Row] | Exception] = []
    for request in requests:
        try:
            answers.append(fetch(request.statement, request.values, connection))
        except Exception as error:  # noqa: BLE001 - whatever it is, its caller is told
            answers.append(error)
    return answers
