"""Writes a card into one message: its blocks, and the files that belong to it."""

from collections.abc import Callable
from typing import Any

from adapters.slack.delivery.attachments import (
    AttachmentPlan,
    AttachmentPlanner,
    has_files,
    has_videos,
)
from adapters.slack.delivery.file_uploader import PROCESSING_MS, Thread
from adapters.slack.delivery.history_search import metadata
from adapters.slack.delivery.routes import ChannelRoute, Delivery
from adapters.slack.delivery.upload_store import UploadStore
from adapters.slack.messages.cards import Payload, render_card
from adapters.slack.messages.mrkdwn import escape
from adapters.slack.messages.strings import SlackStrings
from adapters.slack.places import is_direct, message_id
from adapters.slack.web_api.errors import ApiError, ErrorAction
from bot.domain.errors import Delayed, NotPosted

#: when to try again to show a picture that Slack did not show yet
_PICTURE_RETRY_MS = 1_000


class MessageWriter:
    """Posts and edits messages. Raises ApiError where Slack does not accept them."""

    def __init__(
        self,
        *,
        planner: AttachmentPlanner,
        uploads: UploadStore,
        clock: Callable[[], int],
        strings: SlackStrings,
    ) -> None:
        self._planner = planner
        self._uploads = uploads
        self._clock = clock
        self._strings = strings

    async def write(self, route: ChannelRoute, delivery: Delivery) -> str:
        """Bring a message up to this revision, with its files; returns the message's id."""
        if route.ts is not None:
            return await self._edit(route.channel, route.ts, route.thread, delivery)
        view = delivery.view
        plan = await self._planner.plan(delivery.api, view, None)
        response = await self._send(
            "chat.postMessage",
            delivery,
            **self._payload(delivery, plan, route.channel).posted,
            channel=route.channel,
            thread_ts=route.thread,
            metadata=metadata(view.card),
        )
        channel, ts = str(response.get("channel") or route.channel), str(response["ts"])
        try:
            if has_files(view):
                await self._uploads.record_message(view.card, message_id(channel, ts))
            if has_videos(view):
                # Videos are posted in the thread of a message, so they wait for it.
                await self._edit(channel, ts, route.thread, delivery)
        except NotPosted as error:
            # Not NotPosted: a message was posted, which the next delivery has to find.
            raise Delayed(str(error), retry_after_ms=error.retry_after_ms) from error
        return message_id(channel, ts)

    async def _edit(self, channel: str, ts: str, thread: str | None, delivery: Delivery) -> str:
        message = message_id(channel, ts)
        if has_files(delivery.view):
            await self._uploads.record_message(delivery.view.card, message)
        # A video belongs to the thread that the card is in, or that begins with the card.
        plan = await self._planner.plan(delivery.api, delivery.view, Thread(channel=channel, ts=thread or ts))
        payload = self._payload(delivery, plan, channel)
        await self._send("chat.update", delivery, **payload.edited, channel=channel, ts=ts)
        if plan.refused is not None and _can_move(channel, delivery):
            # This message says so; the next route has the result.
            raise plan.refused
        return message

    def _payload(self, delivery: Delivery, plan: AttachmentPlan, channel: str) -> Payload:
        notes = [escape(note) for note in plan.notes]
        if plan.refused is not None:
            text = self._strings.moves if _can_move(channel, delivery) else self._strings.no_file
            notes.append(escape(text.format(reason=plan.refused.reason)))
        if delivery.was_moved:
            channel = f"<#{escape(delivery.place.channel)}>"
            reason = escape(delivery.moved_because)
            notes.insert(0, self._strings.moved.format(channel=channel, reason=reason))
        return render_card(delivery.view, strings=self._strings, media=plan.media, notes=notes)

    async def _send(self, method: str, delivery: Delivery, **arguments: Any) -> Any:
        view = delivery.view
        try:
            # Progress leaves a share of the rate limit to results.
            return await delivery.api.call(
                method, low_priority=not view.settled, caller=view.card, **arguments
            )
        except ApiError as error:
            if error.action is not ErrorAction.IMAGE:
                raise
            # Slack reports a picture as ready a moment before it can show it; or the picture was deleted.
            await self._uploads.recheck_pictures(view.card, before=self._clock() - PROCESSING_MS)
            raise NotPosted("Slack does not show a picture yet", retry_after_ms=_PICTURE_RETRY_MS) from error


def _can_move(channel: str, delivery: Delivery) -> bool:
    """Whether what a channel does not take can be sent to the asker's direct messages."""
    return delivery.view.purpose is None and not is_direct(channel)
