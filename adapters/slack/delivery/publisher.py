"""Slack's outlet: shows cards by the Web API alone, so that a worker without a socket can deliver.

A card is one message, named `<channel>/<ts>`: posted once, edited from then on. What is private has its card
in the asker's direct messages, where it can be edited, and a copy of its first revision where it was asked
for, which they alone see and which can never be changed.
"""

from collections.abc import Callable
from dataclasses import replace

import structlog

from adapters.chat.ttl_cache import TtlCache
from adapters.slack.delivery.attachments import AttachmentPlanner
from adapters.slack.delivery.ephemeral import EphemeralNotices
from adapters.slack.delivery.history_search import CardFinder
from adapters.slack.delivery.remover import MessageRemover
from adapters.slack.delivery.response_url import ReplyToken
from adapters.slack.delivery.routes import (
    ChannelRoute,
    DirectMessageRoute,
    Route,
    enterprise_of,
    is_open,
    read_message,
    routes_to,
    team_of,
    user_of,
)
from adapters.slack.delivery.uploaded_media import UploadKind, UploadStore
from adapters.slack.delivery.writer import Delivery, MessageWriter
from adapters.slack.messages.cards import Payload, UploadedMedia
from adapters.slack.messages.mrkdwn import escape
from adapters.slack.messages.strings import ENGLISH, Words
from adapters.slack.web_api.client import WebApi, WorkspaceApi
from adapters.slack.web_api.errors import ApiError, ErrorAction
from bot.domain.cards import CardView
from bot.domain.errors import Delayed, Undeliverable
from bot.domain.identity import Place
from bot.domain.media import MediaKind

_log = structlog.get_logger(__name__)

_REMEMBERED = 10_000


class CardPublisher:
    """Shows cards on the best way that is open."""

    #: Slack never merges two messages: after a doubt the card is looked for
    dedupe_ms: int = 0

    def __init__(
        self,
        *,
        slack: WebApi,
        ladder: AttachmentPlanner,
        uploads: UploadStore,
        clock: Callable[[], int],
        words: Words = ENGLISH,
    ) -> None:
        self._slack = slack
        self._uploads = uploads
        self._search = CardFinder()
        self._removal = MessageRemover(uploads)
        self._asides = EphemeralNotices(slack, clock, words)
        self._writer = MessageWriter(ladder=ladder, uploads=uploads, clock=clock, words=words)
        #: team and user → channel of their direct messages, which never changes
        self._direct: TtlCache[tuple[str, str], str] = TtlCache(_REMEMBERED)
        #: cards that may have been posted to direct messages that `find` could not know
        self._doubted: TtlCache[str, bool] = TtlCache(_REMEMBERED)

    async def show(self, view: CardView, place: Place) -> str:
        show = Delivery(
            view=view, place=place, reach=ReplyToken.read(place.reply_token), door=self._door(place)
        )
        await self._removal.clear(show.door, view)
        reasons: list[str] = []
        for way in routes_to(place, show.asker):
            moving = replace(show, moved=reasons[-1] if reasons and is_open(place) else "")
            try:
                message = await self._take(way, moving, moved=bool(reasons))
            except ApiError as refusal:
                if refusal.meaning not in (ErrorAction.GONE, ErrorAction.FORBIDDEN):
                    raise Undeliverable(f"Slack does not accept the message: {refusal}") from refusal
                _log.info("way_closed", card=view.card, way=type(way).__name__, code=refusal.code)
                reasons.append(refusal.told)
                continue
            if place.message is None:
                await self._asides.copy(show)
            return message
        await self._asides.own_up(show, reasons[-1])
        raise Undeliverable(f"{'; '.join(reasons)}. `/reverie show {view.jobs[0].id}` has the result")

    def layout_variant(self, place: Place) -> str:  # noqa: ARG002 - the port's
        """A message can be edited for ever."""
        return ""

    async def find_message(self, card: str, place: Place) -> str | None:
        noted = await self._uploads.message_of(card)
        if noted is not None:
            return noted
        door = self._door(place)
        try:
            if place.channel.startswith("@"):
                direct = await self._open(door, user_of(place))
                return await self._search.find(door, card, ChannelRoute(channel=direct))
            # What may have come to the asker's direct messages is looked for by `show`, which knows them.
            self._doubted.put(card, True)
            if is_open(place):
                there = ChannelRoute(channel=place.channel, thread=place.thread)
                return await self._search.find(door, card, there)
        except ApiError as refusal:
            _log.info("search_refused", card=card, code=refusal.code)
        return None

    async def remove(self, place: Place) -> None:
        if place.message is not None:
            await self._removal.remove(self._door(place), place.message)

    async def post_notice(self, text: str, place: Place) -> None:
        payload = Payload(text=escape(text), blocks=[])
        channel, thread = place.channel, place.thread
        try:
            await self._door(place).call(
                "chat.postMessage", channel=channel, thread_ts=thread, **payload.posted
            )
        except ApiError as refusal:
            raise Undeliverable(refusal.told) from refusal

    async def card_message(self, channel: str, ts: str) -> str | None:
        """The name of the card's message, where somebody means the message with its film."""
        card = await self._uploads.card_of(f"{channel}/{ts}")
        return await self._uploads.message_of(card) if card is not None else None

    async def results(self, view: CardView) -> UploadedMedia:
        """What of a card's results is at Slack already, for a note that is shown at once."""
        pictures, films = {}, {}
        for job in view.jobs:
            if job.media is None:
                continue
            picture = await self._uploads.get(view.card, job.id, UploadKind.PICTURE)
            if picture is not None and picture.ready:
                pictures[job.id] = picture.file
            if job.media.kind is MediaKind.VIDEO:
                film = await self._uploads.get(view.card, job.id, UploadKind.FILM)
                if film is not None and film.message is not None:
                    films[job.id] = film.link
        return UploadedMedia(pictures=pictures, films=films)

    def _door(self, place: Place) -> WorkspaceApi:
        return self._slack.door(team_of(place), enterprise_of(place))

    async def _take(self, way: Route, show: Delivery, *, moved: bool) -> str:
        match way:
            case ChannelRoute():
                return await self._writer.write(way, show)
            case DirectMessageRoute():
                channel = await self._open(show.door, way.user)
                spot = ChannelRoute(channel=channel)
                # The engine knows of first messages at the place itself, but not of one that came here.
                if moved or self._doubted.get(show.view.card):
                    spot = await self._there(spot, show)
                return await self._writer.write(spot, show)

    async def _there(self, spot: ChannelRoute, show: Delivery) -> ChannelRoute:
        try:
            found = await self._search.find(show.door, show.view.card, spot)
        except Delayed as error:
            # Whatever was not asked here, a message may have been posted before.
            raise Delayed(str(error), retry_after_ms=error.retry_after_ms) from error
        # Whoever posts it now in vain has `find` asked anew.
        self._doubted.discard(show.view.card)
        return replace(spot, message=read_message(found)[1]) if found is not None else spot

    async def _open(self, door: WorkspaceApi, user: str) -> str:
        """Open somebody's direct messages; opening them again answers the same channel."""
        known = self._direct.get((door.team, user))
        if known is None:
            said = await door.call("conversations.open", users=user)
            known = str(said["channel"]["id"])
            self._direct.put((door.team, user), known)
        return known
