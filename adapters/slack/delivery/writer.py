"""Writing a card into one message: its blocks, and the files that belong to it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from adapters.slack.delivery.attachments import AttachmentPlan, AttachmentPlanner, has_results, has_videos
from adapters.slack.delivery.file_uploader import FOREVER_MS, Thread
from adapters.slack.delivery.history_search import metadata
from adapters.slack.delivery.response_url import ReplyToken
from adapters.slack.delivery.routes import ChannelRoute, is_direct, name_message
from adapters.slack.delivery.uploaded_media import UploadStore
from adapters.slack.messages.cards import Payload, render_card
from adapters.slack.messages.mrkdwn import escape
from adapters.slack.messages.strings import Words
from adapters.slack.web_api.client import WorkspaceApi
from adapters.slack.web_api.errors import ApiError, ErrorAction
from bot.domain.cards import CardView
from bot.domain.errors import Delayed, NotPosted
from bot.domain.identity import Place

#: when a picture that Slack would not show is tried again
_PICTURE_AGAIN_MS = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One show of one revision."""

    door: WorkspaceApi
    view: CardView
    place: Place
    reach: ReplyToken
    #: why it comes to direct messages instead of its place; empty where it is meant to be there
    moved: str = ""

    @property
    def asker(self) -> str:
        """The asker's user id."""
        return self.view.member.rpartition(":")[2]


class MessageWriter:
    """Posts and edits messages. Raises Refusal where Slack does not take them there."""

    def __init__(
        self, *, ladder: AttachmentPlanner, uploads: UploadStore, clock: Callable[[], int], words: Words
    ) -> None:
        self._ladder = ladder
        self._uploads = uploads
        self._clock = clock
        self._words = words

    async def write(self, spot: ChannelRoute, show: Delivery) -> str:
        """Bring a message up to this revision, with all that belongs to it; answers its name."""
        if spot.message is not None:
            await self._edit(spot, spot.message, show)
            return name_message(spot.channel, spot.message)
        load = await self._ladder.load(show.door, show.view, None)
        said = await self._send(
            "chat.postMessage",
            show,
            **self._payload(show, load).posted,
            channel=spot.channel,
            thread_ts=spot.thread,
            metadata=metadata(show.view.card),
        )
        channel, ts = str(said.get("channel") or spot.channel), str(said["ts"])
        try:
            await self._add_films(ChannelRoute(channel=channel, thread=spot.thread), ts, show)
        except NotPosted as error:
            # Whoever comes next must look for the message that has just been posted.
            raise Delayed(str(error), retry_after_ms=error.retry_after_ms) from error
        return name_message(channel, ts)

    def _payload(self, show: Delivery, load: AttachmentPlan) -> Payload:
        notes = [escape(note) for note in load.notes]
        if show.moved and not is_direct(show.place.channel):
            channel = f"<#{escape(show.place.channel)}>"
            notes.insert(0, self._words.moved.format(channel=channel, reason=escape(show.moved)))
        return render_card(show.view, words=self._words, shown=load.shown, notes=notes)

    async def _add_films(self, spot: ChannelRoute, ts: str, show: Delivery) -> None:
        """Send films under the message that there is now, and say in it where they are."""
        if has_results(show.view):
            await self._uploads.note_message(show.view.card, name_message(spot.channel, ts))
        if has_videos(show.view):
            await self._edit(spot, ts, show)

    async def _edit(self, spot: ChannelRoute, ts: str, show: Delivery) -> None:
        if has_results(show.view):
            await self._uploads.note_message(show.view.card, name_message(spot.channel, ts))
        # A film goes where the card itself is an answer, or begins the thread of its answers.
        load = await self._ladder.load(
            show.door, show.view, Thread(channel=spot.channel, ts=spot.thread or ts)
        )
        payload = self._payload(show, load)
        await self._send("chat.update", show, **payload.edited, channel=spot.channel, ts=ts)

    async def _send(self, method: str, show: Delivery, **arguments: Any) -> Any:
        try:
            # What only tells progress leaves room to results.
            return await show.door.call(method, spare=not show.view.settled, **arguments)
        except ApiError as refusal:
            if refusal.meaning is not ErrorAction.PICTURE:
                raise
            # Slack has said that it knows the picture, and shows it only a moment later; or it was deleted.
            await self._uploads.doubt_pictures(show.view.card, before=self._clock() - FOREVER_MS)
            raise NotPosted(
                "Slack does not show a picture yet", retry_after_ms=_PICTURE_AGAIN_MS
            ) from refusal
