"""Answers events: the core commits first, then the event is acknowledged, then the person is answered.

Cards are posted by the publisher; only private replies are sent here. A slash command's reply is part of its
acknowledgement. Any other reply goes to the response_url, else into the channel as an ephemeral message, else
to the person's direct messages.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Protocol, TypeVar

import structlog

from adapters.chat.notices import NoticeLimiter
from adapters.chat.result_files import MediaLinker
from adapters.slack.delivery.reply_files import ReplyFiles
from adapters.slack.delivery.upload_store import UploadStore
from adapters.slack.events.context import EventContext
from adapters.slack.events.event_tasks import EventTasks
from adapters.slack.events.requests import NotAPerson
from adapters.slack.messages.buttons import channel_choice_row
from adapters.slack.messages.cards import Payload, thumbnail
from adapters.slack.messages.modals import field_errors
from adapters.slack.messages.mrkdwn import Block
from adapters.slack.messages.private_replies import render_refusal, render_reply
from adapters.slack.messages.strings import ENGLISH
from adapters.slack.places import is_direct
from adapters.slack.web_api.client import WebApi
from adapters.slack.web_api.errors import ApiError
from adapters.slack.web_api.lookups import BotNotInChannel
from bot.domain.errors import DeliveryError, Refused, ServiceUnavailable, StoreError, TooManyRequests
from bot.service.replies import PrivateReply, Reply

_log = structlog.get_logger(__name__)

#: Slack waits 3 s for an acknowledgement; a request that has not committed by then is answered later
ACK_TIMEOUT_S = 2.0

Request = Callable[[], Awaitable[Reply | None]]
Outcome = Reply | Refused | None
#: a refusal as errors of a modal's fields, by block id
FieldErrors = Callable[[Refused], Mapping[str, str]]

_T = TypeVar("_T")


class Ack(Protocol):
    """bolt's `ack`."""

    async def __call__(self, text: Any = "", *, response_action: Any = None, errors: Any = None) -> Any: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class _Message:
    payload: Payload
    #: the same without pictures, in case Slack cannot show one of them
    fallback: Payload | None = None
    #: the reply whose file is uploaded before it is sent
    filed: PrivateReply | None = None
    #: it takes the place of the private message whose button was pressed
    replaces: bool = False
    #: everybody in the channel sees it
    posted: bool = False

    def addressed(self, payload: Payload) -> dict[str, Any]:
        """A payload as an answer to a command or a button."""
        return {"response_type": "in_channel" if self.posted else "ephemeral", **payload.posted}


class Replies:
    """Acknowledges events in time, and sends private replies."""

    def __init__(
        self,
        *,
        web_api: WebApi,
        uploads: UploadStore,
        files: ReplyFiles,
        link: MediaLinker,
        tasks: EventTasks,
        clock: Callable[[], int],
        ack_timeout_s: float = ACK_TIMEOUT_S,
    ) -> None:
        self._web_api = web_api
        self._uploads = uploads
        self._files = files
        self._link = link
        self._tasks = tasks
        self._clock = clock
        self._ack_timeout_s = ack_timeout_s
        self._limiter = NoticeLimiter()

    async def answer(
        self,
        context: EventContext,
        request: Request,
        ack: Ack,
        *,
        errors: FieldErrors | None = None,
        replaces: bool = False,
    ) -> None:
        """Run a request, acknowledge and answer; with `errors`, a modal shows a refusal at its fields.

        With `replaces`, the answer takes the place of the private message whose button was pressed.
        """
        task = self._tasks.start(outcome(request, context), f"request {context.key}")
        if not await self._tasks.wait(task, self._seconds_left(context)) or self._seconds_left(context) <= 0:
            # Nobody reads the text of an acknowledgement that comes too late.
            await ack()
            self._start(context, self._answer_later(context, task, replaces=replaces))
            return
        result = task.result()
        if errors is not None and isinstance(result, Refused) and not isinstance(result, BotNotInChannel):
            by_field = errors(result)
            if by_field:
                await ack(response_action="errors", errors=by_field)
                return
        message = await self._render(context, result)
        is_ready = message is not None and message.fallback is None and message.filed is None
        if message is not None and context.answers_in_ack and is_ready:
            await ack(message.addressed(message.payload))
            return
        await ack()
        if message is not None and not _is_repeated(result):
            message = replace(message, replaces=replaces and isinstance(result, PrivateReply))
            self._start(context, self._send(context, message))

    async def answer_event(self, context: EventContext, request: Request, *, silent: bool = False) -> None:
        """Run the request of an event that bolt acknowledges on return; `silent` only sends refusals.

        Raises StoreError where nothing could be committed, so that Slack sends the event again.
        """
        task = self._tasks.start(_outcome_or_store_error(request, context), f"request {context.key}")
        if await self._tasks.wait(task, self._seconds_left(context)):
            result = task.result()
            if isinstance(result, StoreError):
                raise result
            self._start(context, self._send_result(context, result, silent=silent))
        else:
            self._start(context, self._answer_later(context, task, silent=silent))

    async def refuse_modal(self, context: EventContext, refusal: Refused, ack: Ack) -> None:
        """Show a refusal in the modal that was submitted; without one, or a field in it, privately."""

        async def request() -> None:
            raise refusal

        view = context.submitted_view or {}
        await self.answer(context, request, ack, errors=partial(field_errors, view))

    async def refuse(self, context: EventContext, refusal: Refused) -> None:
        await self._send_result(context, refusal)

    def refuse_later(self, context: EventContext, refusal: Refused) -> None:
        self._start(context, self.refuse(context, refusal))

    async def send(self, context: EventContext, payload: Payload, fallback: Payload | None = None) -> None:
        """Send a private message; `fallback` is shown where Slack refuses the first."""
        await self._send(context, _Message(payload=payload, fallback=fallback))

    def delete_original(self, context: EventContext) -> None:
        """Delete the private message whose button was used, in the background."""
        self._tasks.start(self._delete_original(context), f"delete {context.key}")

    def delete_picture(self, context: EventContext, pending: str) -> None:
        """Delete the picture of a command that was started or closed, in the background."""
        api = self._web_api.workspace(context.team, context.enterprise)
        self._tasks.start(self._files.delete(api, pending), f"delete {context.key}")

    async def _delete_original(self, context: EventContext) -> None:
        url = context.reply_token.live_url(self._clock())
        if url is None:
            return
        try:
            await self._web_api.respond(url, {"delete_original": True})
        except (ApiError, DeliveryError) as error:
            _log.info("original_not_deleted", key=context.key, error=str(error))

    def _start(self, context: EventContext, sending: Any) -> None:
        self._tasks.start(sending, f"reply {context.key}")

    def _seconds_left(self, context: EventContext) -> float:
        """The time to acknowledge; an event may have waited before it was handled."""
        if context.arrived_at is None:
            return self._ack_timeout_s
        return max(0.0, context.arrived_at + self._ack_timeout_s - asyncio.get_running_loop().time())

    async def _answer_later(
        self,
        context: EventContext,
        task: Awaitable[Outcome | StoreError],
        *,
        silent: bool = False,
        replaces: bool = False,
    ) -> None:
        result = await task
        result = ServiceUnavailable() if isinstance(result, StoreError) else result
        await self._send_result(context, result, silent=silent, replaces=replaces)

    async def _send_result(
        self, context: EventContext, result: Outcome, *, silent: bool = False, replaces: bool = False
    ) -> None:
        is_question = isinstance(result, PrivateReply) and bool(result.choices)
        if silent and not is_question and not isinstance(result, Refused):
            return
        if isinstance(result, Refused) and not self._may_send(context, result):
            return
        message = await self._render(context, result)
        if message is not None:
            replaces = replaces and isinstance(result, PrivateReply)
            await self._send(context, replace(message, replaces=replaces))

    def _may_send(self, context: EventContext, refusal: Refused) -> bool:
        """Whether to send a refusal; without a response_url it is a message of its own, which is limited."""
        if isinstance(refusal, BotNotInChannel) or context.location.response_url is not None:
            return not _is_repeated(refusal)
        return self._limiter.allows(f"{context.team}:{context.user}", refusal, self._clock())

    async def _render(self, context: EventContext, result: Outcome) -> _Message | None:
        match result:
            case NotAPerson():
                # Two bots that answer each other would never stop.
                _log.info("bot_not_answered", key=context.key, user=context.user)
            case BotNotInChannel() as refusal:
                payload = render_refusal(refusal)
                row = channel_choice_row(context.key)
                return _Message(payload=Payload(text=payload.text, blocks=[*payload.blocks, row]))
            case Refused() as refusal:
                return _Message(payload=render_refusal(refusal))
            case PrivateReply() as reply:
                return await self._render_reply(reply)
        return None

    async def _render_reply(self, reply: PrivateReply) -> _Message:
        plain = render_reply(reply)
        if reply.listed:
            thumbnails = await self._thumbnails(reply)
            shown = render_reply(reply, thumbnails=thumbnails)
            return _Message(payload=shown, fallback=plain if thumbnails else None)
        if len(reply.views) == 1 and reply.file is None:
            media = await self._uploads.ready_media(reply.views[0])
            has_media = media.pictures or media.videos
            shown = render_reply(reply, media=media)
            return _Message(payload=shown, fallback=plain if has_media else None)
        filed = None if reply.file is None else reply
        return _Message(payload=plain, filed=filed, posted=reply.posted)

    async def _thumbnails(self, reply: PrivateReply) -> dict[str, Block]:
        """The pictures of a list, by job: as they were uploaded for the cards, else from our own page."""
        files = await self._uploads.listed_pictures(reply.views)
        found = {}
        for job in (job for view in reply.views for job in view.jobs if not job.spoiler):
            page = self._link(job.media) if job.media is not None else None
            if (picture := thumbnail(job, files.get(job.id), page)) is not None:
                found[job.id] = picture
        return found

    async def _with_file(self, context: EventContext, message: _Message) -> _Message:
        """The message with its picture, where Slack takes that; any other file is sent beside it."""
        reply = message.filed
        if reply is None or reply.file is None:
            return message
        api = self._web_api.workspace(context.team, context.enterprise)
        if not reply.file.is_picture:
            sent = await self._files.send_directly(api, context.user, reply, reply.file)
            text = f"{reply.text}\n{ENGLISH.file_sent if sent else ENGLISH.file_not_sent}"
            return replace(message, payload=render_reply(replace(reply, text=text)))
        file = await self._files.upload_picture(api, reply, reply.file)
        self._tasks.start(self._files.delete_abandoned(api), f"delete pictures {context.key}")
        if file is None:
            return message
        return replace(message, payload=render_reply(reply, picture=file), fallback=message.payload)

    async def _send(self, context: EventContext, message: _Message) -> None:
        message = await self._with_file(context, message)
        try:
            try:
                await self._send_payload(context, message, message.payload)
            except (ApiError, DeliveryError):
                if message.fallback is None:
                    raise
                await self._send_payload(context, message, message.fallback)
        except (ApiError, DeliveryError) as error:
            _log.warning("reply_not_sent", key=context.key, error=str(error))

    async def _send_payload(self, context: EventContext, message: _Message, payload: Payload) -> None:
        url, location = context.reply_token.live_url(self._clock()), context.location
        if url is not None:
            thread = {"thread_ts": location.thread} if location.thread else {}
            how = {"replace_original": message.replaces} | thread
            try:
                await self._web_api.respond(url, message.addressed(payload) | how)
            except ApiError as error:
                # Slack takes five messages there in half an hour: modals and retries may have used them up.
                _log.info("response_url_refused", key=context.key, code=error.code)
            else:
                return
        api, content = self._web_api.workspace(context.team, context.enterprise), payload.edited
        if location.channel and not location.channel.startswith("@") and not is_direct(location.channel):
            try:
                await api.call(
                    "chat.postMessage" if message.posted else "chat.postEphemeral",
                    channel=location.channel,
                    thread_ts=location.thread,
                    user=None if message.posted else context.user,
                    **content,
                )
            except ApiError as error:
                _log.info("reply_sent_directly", key=context.key, code=error.code)
            else:
                return
        response = await api.call("conversations.open", users=context.user)
        await api.call("chat.postMessage", channel=response["channel"]["id"], **content)


async def outcome(request: Callable[[], Awaitable[_T]], context: EventContext) -> _T | Refused:
    """The result of a request, or the refusal that its person is told."""
    try:
        return await request()
    except Refused as refusal:
        return refusal
    except Exception as error:  # noqa: BLE001 - the person is told, and other events continue
        _log.warning("request_failed", key=context.key, error=repr(error))
        return ServiceUnavailable()


async def _outcome_or_store_error(request: Request, context: EventContext) -> Outcome | StoreError:
    """The same, with a StoreError as the result: Slack can send the event again."""

    async def run() -> Reply | StoreError | None:
        try:
            return await request()
        except StoreError as error:
            return error

    return await outcome(run, context)


def _is_repeated(result: Outcome) -> bool:
    """Whether the person was told the same a moment ago."""
    return isinstance(result, TooManyRequests) and result.repeated
