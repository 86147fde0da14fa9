"""A chat platform in the test's process, which outlives every kill of the bot.

It gives an event out again until it is answered, merges messages that carry the same nonce, and on demand
carries out what it is asked and hangs up instead of answering.

    GET  /events?process=…    events that are due; waits a moment for one
    POST /answers/{event}     the event needs no further giving out
    POST /messages            a new message; `nonce` within `dedupe_ms` answers the message that has it
    PUT  /messages/{id}       edits it, whatever it showed before
    DELETE /messages/{id}     removes it
    GET  /messages?card=…     the message of a card
"""

import asyncio
import socket
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from http import HTTPStatus
from random import Random
from typing import Any

from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from bot.web.server import Server
from simulator.api.http import DroppedConnection

#: how long a request for events waits for one
_POLL_S = 0.5
#: commands that ask for jobs
_MAKING = frozenset({"imagine", "animate", "extend", "reframe"})
#: events given out in one answer
_AT_ONCE = 8


class Call(StrEnum):
    """What may go wrong on demand."""

    POST = "post"
    EDIT = "edit"


@dataclass(slots=True, kw_only=True)
class Event:
    """Something that a person did."""

    id: str
    #: what the adapter reads: a command with its values, or an action on a job
    content: dict[str, Any]
    member: str
    workspace: str
    #: monotonic seconds from which it is given out (again)
    due_at: float
    #: how often the platform gives it out although it was answered
    copies: int = 0
    given: int = 0
    #: every answer that came, in order
    answers: list[dict[str, Any]] = field(default_factory=list)

    @property
    def asks_for_job(self) -> bool:
        return self.content.get("command") in _MAKING or "action" in self.content

    @property
    def jobs(self) -> int:
        """How many jobs it asks for."""
        return int(self.content.get("values", {}).get("count", 1))


@dataclass(slots=True, kw_only=True)
class Message:
    """What people see."""

    id: str
    card: str
    #: every content that it showed, the newest last
    shown: list[dict[str, Any]]
    nonce: str
    posted_at: float
    #: posts that were taken for this message
    merged: int = 0
    removed: bool = False

    @property
    def settled(self) -> bool:
        return bool(self.shown[-1]["settled"])


class Chat:
    """The platform, as the test sees it."""

    def __init__(self, *, dedupe_ms: int = 600_000, retry_ms: int = 1_500, seed: int = 0) -> None:
        self.address = ""
        self.dedupe_ms = dedupe_ms
        self.retry_ms = retry_ms
        self.events: dict[str, Event] = {}
        self.messages: dict[str, Message] = {}
        #: chance of a fault, by call
        self.faults: dict[Call, float] = {}
        #: calls whose next answers are lost for certain
        self.lose: list[Call] = []
        self.lost: list[Call] = []
        #: ids of the processes that have asked for events
        self.visitors: set[int] = set()
        self._chance = Random(seed)  # noqa: S311 - chance that can be repeated
        self._open: dict[str, Event] = {}
        self._news = asyncio.Event()
        self.app = Starlette(
            routes=[
                Route("/events", self._give, methods=["GET"]),
                Route("/answers/{event}", self._take_answer, methods=["POST"]),
                Route("/messages", self._post, methods=["POST"]),
                Route("/messages", self._find, methods=["GET"]),
                Route("/messages/{id}", self._edit, methods=["PUT"]),
                Route("/messages/{id}", self._remove, methods=["DELETE"]),
            ],
            exception_handlers={ClientDisconnect: _left},
        )

    def say(
        self, command: str, *, member: str = "ada", workspace: str = "w0", copies: int = 0, **values: Any
    ) -> Event:
        """A member gives a command."""
        return self._happen({"command": command, "values": values}, member, workspace, copies)

    def press(
        self,
        action: str,
        job: str,
        *,
        member: str = "ada",
        workspace: str = "w0",
        aspect_ratio: str | None = None,
    ) -> Event:
        """A member presses a button under a result."""
        content = {"action": action, "job": job, "aspect_ratio": aspect_ratio}
        return self._happen(content, member, workspace, 0)

    def decide(self, decision: str, job: str, card: str, *, member: str = "ada") -> Event:
        """A member presses a button under a held job."""
        return self._happen({"decision": decision, "job": job, "card": card}, member, "w0", 0)

    def of_card(self, card: str) -> list[Message]:
        return [message for message in self.messages.values() if message.card == card]

    def _happen(self, content: dict[str, Any], member: str, workspace: str, copies: int) -> Event:
        event = Event(
            id=f"e{len(self.events)}",
            content=content,
            member=member,
            workspace=workspace,
            due_at=time.monotonic(),
            copies=copies,
        )
        self.events[event.id] = event
        self._open[event.id] = event
        self._news.set()
        return event

    async def _give(self, request: Request) -> Response:
        self.visitors.add(int(request.query_params["process"]))
        due: list[Event] = []
        deadline = time.monotonic() + _POLL_S
        while not (due := self._due()) and (left := deadline - time.monotonic()) > 0:
            self._news.clear()
            try:
                async with asyncio.timeout(min(left, self.retry_ms / 4000)):
                    await self._news.wait()
            except TimeoutError:
                continue
        for event in due:
            event.given += 1
            event.due_at = time.monotonic() + self.retry_ms / 1000
        return JSONResponse(
            [{"id": one.id, "member": one.member, "workspace": one.workspace, **one.content} for one in due]
        )

    def _due(self) -> list[Event]:
        now = time.monotonic()
        return [event for event in self._open.values() if event.due_at <= now][:_AT_ONCE]

    async def _take_answer(self, request: Request) -> Response:
        event = self.events[request.path_params["event"]]
        event.answers.append(await request.json())
        if event.copies:
            event.copies -= 1
        else:
            self._open.pop(event.id, None)
        return Response(status_code=HTTPStatus.NO_CONTENT)

    async def _post(self, request: Request) -> Response:
        body = await request.json()
        if refusal := self._refusal(Call.POST):
            return refusal
        now, nonce = time.monotonic(), body["nonce"]
        known = next(
            (
                message
                for message in reversed(self.messages.values())
                if message.nonce == nonce and now - message.posted_at < self.dedupe_ms / 1000
            ),
            None,
        )
        if known is None:
            known = Message(
                id=f"m{len(self.messages)}",
                card=body["content"]["card"],
                shown=[body["content"]],
                nonce=nonce,
                posted_at=now,
            )
            self.messages[known.id] = known
        else:
            known.merged += 1
        return self._loss(Call.POST) or JSONResponse({"id": known.id, "shown": known.shown[-1]})

    async def _edit(self, request: Request) -> Response:
        content = await request.json()
        if refusal := self._refusal(Call.EDIT):
            return refusal
        message = self.messages.get(request.path_params["id"])
        if message is None or message.removed:
            return Response(status_code=HTTPStatus.NOT_FOUND)
        message.shown.append(content)
        return self._loss(Call.EDIT) or JSONResponse({"id": message.id})

    async def _remove(self, request: Request) -> Response:
        self.messages[request.path_params["id"]].removed = True
        return Response(status_code=HTTPStatus.NO_CONTENT)

    async def _find(self, request: Request) -> Response:
        found = self.of_card(request.query_params["card"])
        return JSONResponse([message.id for message in found if not message.removed])

    def _refusal(self, call: Call) -> Response | None:
        """Fail before anything is done, sometimes."""
        if self._chance.random() < self.faults.get(call, 0) / 2:
            return Response(status_code=HTTPStatus.SERVICE_UNAVAILABLE)
        return None

    def _loss(self, call: Call) -> Response | None:
        """Hang up after it was done, sometimes."""
        if call in self.lose:
            self.lose.remove(call)
        elif self._chance.random() >= self.faults.get(call, 0) / 2:
            return None
        self.lost.append(call)
        return DroppedConnection()


async def _left(_: Request, error: Exception) -> Response:  # noqa: ARG001
    """Whoever asked was killed before it had said what."""
    return Response(status_code=HTTPStatus.BAD_REQUEST)


@asynccontextmanager
async def open_chat(**settings: Any) -> AsyncIterator[Chat]:
    """Serve a chat platform on a free port of this machine."""
    chat = Chat(**settings)
    ready = asyncio.Event()
    server = Server(chat.app, started=ready.set)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        chat.address = f"http://127.0.0.1:{listener.getsockname()[1]}"
        serving = asyncio.create_task(server.serve(sockets=[listener]), name="chat")
        try:
            await ready.wait()
            yield chat
        finally:
            server.should_exit = True
            await serving
