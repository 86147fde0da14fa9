"""The bot's side of the crash tests' chat: an adapter like any other."""

import asyncio
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from http import HTTPStatus
from typing import Any

import httpx
import structlog

from bot.domain.cards.card import CardView
from bot.domain.cards.decisions import Decision
from bot.domain.commands import CATALOGUE, build
from bot.domain.errors import Delayed, Refused, ReverieError, Undeliverable
from bot.domain.generations.models import AspectRatio
from bot.domain.identity import Caller, Invocation, Place
from bot.domain.jobs.actions import Action, ActionInput
from bot.service.plugin import Adapter, AdapterContext, AdapterPlugin
from bot.service.replies import CardReply, Reply
from bot.tls import tls_context
from tests.crash.crash_points import CrashPoint

NAME = "chat"
#: the member who is an admin of every workspace
ADMIN = "boss"
_TIMEOUT_S = 10.0
#: pause after the platform could not be reached
_AGAIN_S = 0.05

_log = structlog.get_logger()


def content_of(view: CardView) -> dict[str, Any]:
    """What a message shows."""
    return {
        "card": view.card,
        "rev": view.rev,
        "digest": view.digest,
        "settled": view.settled,
        "jobs": [
            {
                "id": job.id,
                "tone": job.phase.value,
                "headline": job.headline,
                "media": asdict(job.media) if job.media else None,
            }
            for job in view.jobs
        ],
    }


class ChatPublisher:
    """Shows cards as messages."""

    def __init__(self, client: httpx.AsyncClient, crash_point: CrashPoint, dedupe_ms: int) -> None:
        self.dedupe_ms = dedupe_ms
        self._client = client
        self._crash_point = crash_point

    async def show(self, view: CardView, place: Place) -> str:
        with _translated():
            if place.message is None:
                return await self.post(view)
            await self._crash_point.reach("editing" if view.settled else "showing_progress")
            await self.edit(view, place.message)
            if view.settled:
                await self._crash_point.reach("edited")
            return place.message

    async def post(self, view: CardView) -> str:
        """Post a card's first message; one that had been posted before is brought up to date."""
        await self._crash_point.reach("posting")
        content = content_of(view)
        answer = await self._client.post("/messages", json={"nonce": view.card, "content": content})
        message = answer.raise_for_status().json()
        if message["shown"] != content:
            await self.edit(view, message["id"])
        await self._crash_point.reach("posted")
        return str(message["id"])

    async def edit(self, view: CardView, message: str) -> None:
        (await self._client.put(f"/messages/{message}", json=content_of(view))).raise_for_status()

    def layout_variant(self, place: Place) -> str:  # noqa: ARG002 - there is one channel, and it stays as it is
        return ""

    async def find_message(self, card: str, place: Place) -> str | None:  # noqa: ARG002 - there is one channel
        with _translated():
            answer = await self._client.get("/messages", params={"card": card})
            return next(iter(answer.raise_for_status().json()), None)

    async def remove(self, place: Place) -> None:
        with _translated():
            (await self._client.delete(f"/messages/{place.message}")).raise_for_status()

    async def post_notice(self, text: str, place: Place) -> None:
        """Nobody listens to lines here."""


class ChatReceiver:
    """Takes in events and answers them."""

    def __init__(
        self,
        context: AdapterContext,
        client: httpx.AsyncClient,
        publisher: ChatPublisher,
        crash_point: CrashPoint,
        *,
        answers: bool,
    ) -> None:
        """With `answers` the first revision of a card answers its event, else the publisher posts it."""
        self._service = context.service
        self._window_ms = context.settings.times.answer_window if answers else 0
        self._client = client
        self._publisher = publisher
        self._crash_point = crash_point

    async def run(self) -> None:
        async with self._client, asyncio.TaskGroup() as group:
            while True:
                for event in await self._events():
                    group.create_task(self._take(event), name=f"event {event['id']}")

    async def _events(self) -> list[dict[str, Any]]:
        try:
            answer = await self._client.get("/events", params={"process": os.getpid()})
            events: list[dict[str, Any]] = answer.raise_for_status().json()
        except httpx.HTTPError:
            await asyncio.sleep(_AGAIN_S)
            return []
        return events

    async def _take(self, event: Mapping[str, Any]) -> None:
        try:
            answer = await self._ask(event)
        except Refused as refusal:
            await self._answer(event, {"refused": str(refusal)})
        except ReverieError as error:
            # Unanswered, so the platform gives it out again.
            _log.warning("event_not_taken", event_id=event["id"], error=repr(error))
        else:
            await self._show(event, answer)

    async def _ask(self, event: Mapping[str, Any]) -> Reply:
        workspace, person = f"{NAME}:{event['workspace']}", f"{NAME}:{event['member']}"
        caller = Caller(
            workspace=workspace,
            person=person,
            member=f"{workspace}:{event['member']}",
            name=event["member"],
            is_admin=event["member"] == ADMIN,
        )
        place = Place(adapter=NAME, workspace=workspace, channel="general")
        invocation = Invocation(caller=caller, place=place, key=event["id"], answer_window_ms=self._window_ms)
        if "command" in event:
            command = build(CATALOGUE[event["command"]], event["values"])
            return await self._service.execute(command, invocation)
        if "decision" in event:
            decision = Decision(event["decision"])
            return await self._service.decide(decision, event["job"], event["card"], caller, key=event["id"])
        ratio = AspectRatio(event["aspect_ratio"]) if event["aspect_ratio"] else None
        return await self._service.act(
            Action(event["action"]),
            event["job"],
            invocation,
            action_input=ActionInput(aspect_ratio=ratio),
        )

    async def _show(self, event: Mapping[str, Any], answer: Reply) -> None:
        if not isinstance(answer, CardReply):
            await self._answer(event, {"note": answer.title})
            return
        if self._window_ms and not answer.repeated:
            try:
                with _translated():
                    message = await self._publisher.post(answer.view)
            except (Delayed, Undeliverable) as error:
                _log.info("first_revision_not_shown", card=answer.view.card, error=repr(error))
            else:
                await self._crash_point.reach("answered")
                await self._service.confirm_shown(answer.view, message)
        await self._answer(event, {"card": answer.view.card, "jobs": [job.id for job in answer.view.jobs]})

    async def _answer(self, event: Mapping[str, Any], answer: dict[str, Any]) -> None:
        try:
            await self._client.post(f"/answers/{event['id']}", json=answer)
        except httpx.HTTPError as error:
            _log.info("answer_not_given", event_id=event["id"], error=repr(error))


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except httpx.HTTPStatusError as error:
        if error.response.status_code == HTTPStatus.NOT_FOUND:
            raise Undeliverable("the message is gone") from error
        raise Delayed(str(error)) from error
    except httpx.HTTPError as error:
        raise Delayed(repr(error)) from error


def plugin(address: str, crash_point: CrashPoint, *, dedupe_ms: int, answers: bool) -> AdapterPlugin:
    """The adapter for the chat at an address."""

    def connect() -> httpx.AsyncClient:
        return httpx.AsyncClient(base_url=address, timeout=_TIMEOUT_S, trust_env=False, verify=tls_context())

    def make(context: AdapterContext) -> Adapter:
        # One client each: the receiver closes its own at a stop, when cards are still being shown.
        publisher = ChatPublisher(connect(), crash_point, dedupe_ms)
        receiver = ChatReceiver(context, connect(), publisher, crash_point, answers=answers)
        return Adapter(name=NAME, publisher=publisher, receiver=receiver)

    return AdapterPlugin(name=NAME, enabled=lambda _: True, build=make)
