"""Answering: first the core commits, then the person is told, in one response.

A "thinking" answer is given only where the core takes its time, and is private wherever it is not certain
that the answer is for everybody: what is seen cannot be taken back.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

import structlog

from adapters.discord.delivery.publisher import CardOutlet
from adapters.discord.events.context import Seat
from adapters.discord.events.interaction_responses import Callback, Responder
from adapters.discord.messages.cards import Payload
from adapters.discord.messages.notes import refused, render_note
from adapters.discord.rest import permissions
from adapters.discord.rest.errors import Refusal
from bot.domain.cards import CardView, JobPhase
from bot.domain.errors import Delayed, Refused, ServiceUnavailable, StoreError
from bot.service.facade import BotService
from bot.service.replies import CardReply, PrivateReply, Reply

_log = structlog.get_logger(__name__)

#: asks the core; may take as long as the core's commit
Ask = Callable[[], Awaitable[Reply]]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Told:
    """What is to be said, and to whom."""

    payload: Payload
    private: bool


class Answering:
    """Gives every interaction its one answer."""

    def __init__(
        self,
        *,
        service: BotService,
        responder: Responder,
        publisher: CardOutlet,
        window_ms: int,
        patience_s: float = 1.5,
    ) -> None:
        """`window_ms` is how long a card waits for its first response before its outlet shows it."""
        self._service = service
        self._responder = responder
        self._publisher = publisher
        self.window_ms = window_ms
        self._patience_s = patience_s

    async def replace(self, seat: Seat, ask: Ask) -> None:
        """Ask the core, and put what it says in the place of the message whose button was used."""
        async with asyncio.TaskGroup() as group:
            asked = group.create_task(_outcome(seat, ask), name=f"ask {seat.key}")
            patience_s = self._responder.patience_s(seat, self._patience_s)
            done, _ = await asyncio.wait((asked,), timeout=patience_s)
            if not done:
                await self._responder.respond(seat, Callback.DEFERRED_UPDATE)
            outcome = await asked
        assert not isinstance(outcome, CardReply)  # noqa: S101 - a question is never answered by a card
        payload = render_note(outcome) if isinstance(outcome, PrivateReply) else refused(outcome)
        if done:
            await self._responder.respond(seat, Callback.UPDATE, payload)
        else:
            await self._responder.edit(seat, payload)

    async def answer(self, seat: Seat, ask: Ask, *, private: bool, files: bool = False) -> None:
        """Ask the core and tell what it says; with `files`, a shown job comes with its result."""
        async with asyncio.TaskGroup() as group:
            asked = group.create_task(_outcome(seat, ask), name=f"ask {seat.key}")
            patience_s = self._responder.patience_s(seat, self._patience_s)
            done, _ = await asyncio.wait((asked,), timeout=patience_s)
            deferred = None if done else await self._defer(seat, hidden=private or seat.hidden)
            outcome = await asked
        match outcome:
            case CardReply() as accepted:
                try:
                    await self._show(seat, accepted, deferred)
                except Exception as error:  # noqa: BLE001 - it is accepted: whatever fails now must not say otherwise
                    # The card's delivery shows it where this response did not.
                    _log.warning("response_failed", interaction=seat.key, error=repr(error))
            case PrivateReply() as note:
                message = await self._tell(seat, _Told(payload=render_note(note), private=True), deferred)
                if files and message and not note.fields and not note.choices:
                    await self._complete(seat, note, message)
            case Refused() as refusal:
                await self._tell(seat, _refusal(refusal), deferred)

    async def refuse(self, seat: Seat, refusal: Refused) -> None:
        """Tell privately why nothing was done."""
        await self._tell(seat, _refusal(refusal), None)

    async def tell(self, seat: Seat, payload: Payload) -> None:
        """Tell something privately."""
        await self._tell(seat, _Told(payload=payload, private=True), None)

    async def require_place(self, seat: Seat, card: str | None = None) -> None:
        """Refuse what would be charged and could not be shown; `card` is the one that it goes on from.

        Raises Lacking. What is private is shown by the interaction's token and in direct messages alone.
        """
        if not seat.is_guild or not permissions.missing(seat.app_permissions, thread=seat.in_thread):
            return
        if seat.hidden and card is not None:
            seen = await self._service.get_card(card, seat.caller)
            if seen is not None and seen.private:
                return
        permissions.require(seat.app_permissions, thread=seat.in_thread, channel=seat.spot)

    async def _defer(self, seat: Seat, *, hidden: bool) -> bool | None:
        """Say that it is being thought about; answers who sees that, None where nobody does."""
        message = await self._responder.respond(seat, Callback.DEFERRED, ephemeral=hidden)
        return None if message is None else hidden

    async def _show(self, seat: Seat, accepted: CardReply, deferred: bool | None) -> None:
        view = accepted.view
        if accepted.repeated:
            # Whoever made it shows it; where that one is gone, the card's outlet does after the window.
            _log.info("interaction_repeated", interaction=seat.key, card=view.card)
            return
        place = seat.place(private=view.private)
        told = _Told(payload=self._publisher.response(view, place), private=view.private)
        message = await self._tell(seat, told, deferred)
        if not message:
            return
        try:
            await self._service.confirm_shown(view, message)
        except StoreError as error:
            # The card's outlet finds the response by its token, and edits it once more.
            _log.warning("response_not_noted", card=view.card, error=str(error))

    async def _tell(self, seat: Seat, told: _Told, deferred: bool | None) -> str | None:
        """Say it in the one response; answers the message's id, None where it could not be said."""
        if deferred is None:
            return await self._responder.respond(seat, Callback.MESSAGE, told.payload, ephemeral=told.private)
        if deferred == told.private:
            return await self._responder.edit(seat, told.payload)
        # Who sees a message is settled for ever when it is deferred, and what follows first takes its place.
        await self._responder.remove(seat)
        return await self._responder.follow_up(seat, told.payload, ephemeral=told.private)

    async def _complete(self, seat: Seat, note: PrivateReply, message: str) -> None:
        """Add the result to a job that is shown once more; the words are there already."""
        view = _only(note)
        if view is None or not any(job.phase is JobPhase.DONE and job.media for job in view.jobs):
            return
        try:
            await self._publisher.complete(view, replace(seat.place(private=True), message=message))
        except (Refusal, Delayed) as error:
            _log.info("files_not_shown", interaction=seat.key, error=str(error))


async def _outcome(seat: Seat, ask: Ask) -> Reply | Refused:
    try:
        return await ask()
    except Refused as refusal:
        return refusal
    except Exception as error:  # noqa: BLE001 - whatever has gone wrong, the person is told and the bot goes on
        _log.warning("question_failed", interaction=seat.key, error=repr(error))
        return ServiceUnavailable()


def _refusal(refusal: Refused) -> _Told:
    return _Told(payload=refused(refusal), private=True)


def _only(note: PrivateReply) -> CardView | None:
    return note.views[0] if len(note.views) == 1 else None
