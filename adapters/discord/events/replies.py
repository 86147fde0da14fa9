"""Responds to interactions: first the core commits, then the person is told, in one response.

A deferred response is sent only where the core takes long. It is ephemeral wherever it is not certain that
the response is for everybody: who sees a message cannot be changed later.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import TypeVar

import structlog

from adapters.discord.delivery.interactions import (
    InteractionCallbackType,
    InteractionResponder,
    InteractionToken,
    expiry_notes,
)
from adapters.discord.delivery.list_pictures import ListPictures
from adapters.discord.delivery.publisher import CardPublisher
from adapters.discord.events.context import InteractionContext
from adapters.discord.messages.cards import Payload, render_card
from adapters.discord.messages.private_replies import (
    render_refusal,
    render_reply,
    with_file,
    with_thumbnails,
)
from adapters.discord.messages.strings import STRINGS
from adapters.discord.rest.client import Upload
from adapters.discord.rest.errors import ApiError
from adapters.discord.rest.permissions import missing_permissions, permissions_error
from bot.domain.cards.card import CardView, JobPhase
from bot.domain.commands import Command
from bot.domain.errors import Delayed, Refused, ServiceUnavailable, StoreError
from bot.domain.identity import Place
from bot.service.facade import BotService
from bot.service.replies import CardReply, PrivateReply, Reply

_log = structlog.get_logger(__name__)

#: a call of the core; takes as long as the core's commit
ServiceCall = Callable[[], Awaitable[Reply]]

_Deferred = TypeVar("_Deferred")


class Replies:
    """Gives every interaction its one response."""

    def __init__(
        self,
        *,
        service: BotService,
        responder: InteractionResponder,
        publisher: CardPublisher,
        pictures: ListPictures,
        clock: Callable[[], int],
        answer_window_ms: int,
        defer_after_s: float = 1.5,
    ) -> None:
        """`answer_window_ms` is how long the publisher leaves a new card to its first response."""
        self._service = service
        self._responder = responder
        self._publisher = publisher
        self._pictures = pictures
        self._clock = clock
        self.answer_window_ms = answer_window_ms
        self._defer_after_s = defer_after_s

    async def reply(
        self,
        context: InteractionContext,
        call: ServiceCall,
        *,
        private: bool | None,
        with_results: bool = False,
    ) -> bool:
        """Call the core and send its reply; `with_results` attaches the results of a job that is shown.

        `private` says who may see a deferred response; with None that is the caller alone, to be sure.

        Returns whether the core did what was asked for.
        """

        async def defer() -> bool | None:
            """Whether the deferred response is ephemeral; None where it could not be sent."""
            ephemeral = private is not False or context.on_ephemeral
            kind = InteractionCallbackType.DEFERRED
            sent = await self._responder.respond(context.token, kind, ephemeral=ephemeral)
            return None if sent is None else ephemeral

        outcome, deferred = await self._call(context, call, defer)
        match outcome:
            case CardReply():
                try:
                    await self._send_card(context, outcome, deferred)
                except Exception as error:  # noqa: BLE001 - it is accepted: no failure may say otherwise now
                    # The card's delivery shows it where this response did not.
                    _log.warning("response_failed", interaction=context.key, error=repr(error))
            case PrivateReply():
                message = await self._send_reply(context, outcome, deferred)
                if message and outcome.listed:
                    await self._attach_thumbnails(context, outcome)
                elif with_results and message and not outcome.fields and not outcome.choices:
                    await self._attach_results(context, outcome, message)
            case Refused():
                await self._send(context, render_refusal(outcome), private=True, deferred=deferred)
        return not isinstance(outcome, Refused)

    async def delete_message(self, context: InteractionContext) -> None:
        """Delete the ephemeral message whose button was pressed."""
        if context.message is not None and context.on_ephemeral:
            await self._responder.delete(context.token, context.message)

    async def replace_message(self, context: InteractionContext, call: ServiceCall) -> None:
        """Call the core, and replace the message whose button was pressed with its reply."""
        token, kinds = context.token, InteractionCallbackType

        async def defer() -> bool:
            await self._responder.respond(token, kinds.DEFERRED_UPDATE)
            return True

        outcome, deferred = await self._call(context, call, defer)
        assert not isinstance(outcome, CardReply)  # noqa: S101 - a question is never answered with a card
        payload = render_reply(outcome) if isinstance(outcome, PrivateReply) else render_refusal(outcome)
        # A picture of the question goes with it.
        payload = payload | {"attachments": []}
        if deferred:
            sent = await self._responder.edit(token, payload)
        else:
            sent = await self._responder.respond(token, kinds.UPDATE, payload)
        if sent is not None and isinstance(outcome, PrivateReply) and outcome.listed:
            await self._attach_thumbnails(context, outcome)

    async def refuse(self, context: InteractionContext, refusal: Refused) -> None:
        """Tell the caller privately why nothing was done."""
        await self.send_private(context, render_refusal(refusal))

    async def send_private(self, context: InteractionContext, payload: Payload) -> None:
        await self._send(context, payload, private=True, deferred=None)

    async def require_postable(self, context: InteractionContext, card: str | None = None) -> None:
        """Refuse what would be charged and could not be posted; `card` is the card that it builds on.

        Raises MissingPermissions. A private card needs no permission: it is delivered with the interaction
        token and to direct messages alone.
        """
        if not context.is_guild:
            return
        missing = missing_permissions(context.app_permissions, thread=context.thread is not None)
        if not missing:
            return
        if context.on_ephemeral and card is not None:
            view = await self._service.get_card(card, context.caller)
            if view is not None and view.private:
                return
        raise permissions_error(missing, channel=context.channel_or_thread)

    async def check_audience(self, context: InteractionContext, command: Command) -> bool | None:
        """Whether the reply to a command is for the caller alone; None where that is not known in time.

        Raises MissingPermissions where it is not, and could not be posted.
        """
        private = await self._service.is_private(command, context.caller, context.place())
        if not private:
            await self.require_postable(context)
        return private

    async def _call(
        self,
        context: InteractionContext,
        call: ServiceCall,
        defer: Callable[[], Awaitable[_Deferred]],
    ) -> tuple[Reply | Refused, _Deferred | None]:
        """The core's reply, and what `defer` returned if the core took too long."""
        async with asyncio.TaskGroup() as group:
            task = group.create_task(_outcome(context, call), name=f"ask {context.key}")
            timeout_s = self._responder.defer_after_s(context.token, self._defer_after_s)
            done, _ = await asyncio.wait((task,), timeout=timeout_s)
            deferred = None if done else await defer()
            return await task, deferred

    async def _send_card(self, context: InteractionContext, reply: CardReply, deferred: bool | None) -> None:
        view = reply.view
        if reply.repeated:
            # The process that made it shows it; if that one is gone, the publisher does after the window.
            _log.info("interaction_repeated", interaction=context.key, card=view.card)
            return
        place = context.place(private=view.private)
        payload = card_response(view, place, context.token, self._clock())
        message = await self._send(context, payload, private=view.private, deferred=deferred)
        if not message:
            return
        try:
            await self._service.confirm_shown(view, message)
        except StoreError as error:
            # The publisher finds the response by its token, and edits it once more.
            _log.warning("response_not_recorded", card=view.card, error=str(error))

    async def _send_reply(
        self, context: InteractionContext, reply: PrivateReply, deferred: bool | None
    ) -> str | None:
        """Send a reply; without its file where Discord does not take that."""
        payload, file = render_reply(reply), reply.file
        private = not reply.posted
        if file is not None:
            files = [Upload(content=file.content, name=file.name)]
            filed = with_file(payload, file)
            sent = await self._send(context, filed, private=private, deferred=deferred, files=files)
            if sent is not None:
                return sent
            if not file.is_picture:  # a picture only shows what the reply says
                payload = render_reply(replace(reply, text=f"{reply.text}\n{STRINGS.file_not_sent}"))
        return await self._send(context, payload, private=private, deferred=deferred)

    async def _send(
        self,
        context: InteractionContext,
        payload: Payload,
        *,
        private: bool,
        deferred: bool | None,
        files: Sequence[Upload] = (),
    ) -> str | None:
        """Send the one response; returns the message's id, None where it could not be sent."""
        responder, token = self._responder, context.token
        if deferred is None:
            kind = InteractionCallbackType.MESSAGE
            return await responder.respond(token, kind, payload, ephemeral=private, files=files)
        if deferred == private:
            return await responder.edit(token, payload, files=files)
        # Who sees a message is fixed when it is deferred, and the first follow-up would take its place.
        await responder.delete(token)
        return await responder.follow_up(token, payload, ephemeral=private, files=files)

    async def _attach_thumbnails(self, context: InteractionContext, reply: PrivateReply) -> None:
        """Add the pictures to a list whose text was sent already."""
        payload = render_reply(reply)
        if len(payload["embeds"]) != len(reply.views):
            return
        found = await self._pictures.read(reply, context.caller.member)
        files = [Upload(content=content, name=f"{job}.jpg") for job, content in found.items()]
        if files:
            await self._responder.edit(context.token, with_thumbnails(payload, reply, found), files=files)

    async def _attach_results(self, context: InteractionContext, reply: PrivateReply, message: str) -> None:
        """Attach the results to a job that is shown privately; its text was sent already."""
        view = reply.views[0] if len(reply.views) == 1 else None
        if view is None or not any(job.phase is JobPhase.DONE and job.media for job in view.jobs):
            return
        try:
            place = replace(context.place(private=True), message=message)
            await self._publisher.attach_results(view, place)
        except (ApiError, Delayed) as error:
            _log.info("results_not_attached", interaction=context.key, error=str(error))


def card_response(view: CardView, place: Place, token: InteractionToken, now: int) -> Payload:
    """The first response that shows a new card; it has no attachments yet."""
    return render_card(view, notes=expiry_notes(view, place, token, now)) | {"attachments": []}


async def _outcome(context: InteractionContext, call: ServiceCall) -> Reply | Refused:
    try:
        return await call()
    except Refused as refusal:
        return refusal
    except Exception as error:  # noqa: BLE001 - whatever has failed, the person is told and the bot goes on
        _log.warning("service_call_failed", interaction=context.key, error=repr(error))
        return ServiceUnavailable()
