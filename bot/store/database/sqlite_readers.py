"""Reading beside the writer: what is asked in one moment goes in one visit.

Whoever is shown something asks several questions at once, and many people do so together. Each question on
its own would wait for its own thread, and all of these threads for each other.
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

#: questions in one visit, so that a slow one among them holds up only a few
_TOGETHER = 16


@dataclass(frozen=True, slots=True, eq=False)
class _Question:
    statement: Statement
    values: Mapping[str, object]
    answer: asyncio.Future[list[Row]]


class Readers:
    """Connections that only read, and the questions that wait for one of them."""

    def __init__(self) -> None:
        self._idle: list[aiosqlite.Connection] = []
        self._asked: deque[_Question] = deque()
        #: the loop itself would forget them
        self._visits: set[asyncio.Task[None]] = set()

    def add(self, reader: aiosqlite.Connection) -> None:
        self._idle.append(reader)

    async def fetch(self, statement: Statement, values: Mapping[str, object]) -> list[Row]:
        loop = asyncio.get_running_loop()
        question = _Question(statement, values, loop.create_future())
        self._asked.append(question)
        if len(self._asked) == 1:
            # Not at once: others may ask before the loop turns.
            loop.call_soon(self._send)
        return await question.answer

    def _send(self) -> None:
        while self._idle and self._asked:
            together = [self._asked.popleft() for _ in range(min(len(self._asked), _TOGETHER))]
            # Whoever was cancelled meanwhile wants nothing any more.
            if wanted := [question for question in together if not question.answer.done()]:
                task = asyncio.create_task(self._visit(self._idle.pop(), wanted), name="read")
                self._visits.add(task)
                task.add_done_callback(self._visits.discard)

    async def _visit(self, reader: aiosqlite.Connection, questions: Sequence[_Question]) -> None:
        try:
            answers = await run_in_thread(reader, partial(_answer, questions))
        except Exception as error:  # noqa: BLE001 - the connection is of no use; its callers are told
            answers = [error] * len(questions)
        finally:
            self._idle.append(reader)
        resolve_futures(answers, [question.answer for question in questions])
        self._send()


def _answer(questions: Sequence[_Question], connection: sqlite3.Connection) -> list[list[Row] | Exception]:
    """Answer each question by itself: what is wrong with one is not the others' fault."""
    answers: list[list[Row] | Exception] = []
    for question in questions:
        try:
            answers.append(fetch(question.statement, question.values, connection))
        except Exception as error:  # noqa: BLE001 - whatever it is, its caller is told
            answers.append(error)
    return answers
