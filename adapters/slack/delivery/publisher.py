"""Publishes cards on Slack.

A card is one message: posted once and edited from then on. A private card lives in the asker's direct
messages, where it can be edited; where it was asked for, the asker sees an ephemeral copy of the first
revision, which can never be edited.
"""

from collections.abc import Callable
from dataclasses import replace

import structlog

from adapters.chat.ttl_cache import TtlCache
from adapters.slack.delivery.attachments import AttachmentPlanner
from adapters.slack.delivery.history_search import CardFinder
from adapters.slack.delivery.routes import (
    ChannelRoute,
    Delivery,
    DirectMessageRoute,
    Route,
    routes_to,
)
from adapters.slack.delivery.upload_store import MessageRemover, UploadStore
from adapters.slack.delivery.writer import MessageWriter
from adapters.slack.messages.cards import Payload, render_card
from adapters.slack.messages.mrkdwn import escape
from adapters.slack.messages.strings import ENGLISH, SlackStrings, with_slack_commands
from adapters.slack.places import (
    ReplyToken,
    enterprise_of,
    parse_message_id,
    posts_in_channel,
    team_of,
    user_of,
)
from adapters.slack.web_api.client import WebApi, WorkspaceApi
from adapters.slack.web_api.errors import ApiError, ErrorAction
from bot.domain.cards.card import CardView
from bot.domain.errors import Delayed, DeliveryError, Undeliverable
from bot.domain.identity import Place

_log = structlog.get_logger(__name__)

_MAX_CHANNELS, _MAX_CARDS = 10_000, 10_000


class CardPublisher:
    """Delivers cards by the best route that works."""

    #: Slack has no deduplication of messages: after a doubt the card is searched for
    dedupe_ms: int = 0

    def __init__(
        self,
        *,
        web_api: WebApi,
        planner: AttachmentPlanner,
        uploads: UploadStore,
        clock: Callable[[], int],
        strings: SlackStrings = ENGLISH,
    ) -> None:
        self._web_api = web_api
        self._uploads = uploads
        self._finder = CardFinder()
        self._remover = MessageRemover(uploads)
        self._notices = EphemeralNotices(web_api, clock, strings)
        self._writer = MessageWriter(planner=planner, uploads=uploads, clock=clock, strings=strings)
        #: (team, user) → channel of their direct messages, which never changes
        self._direct_channels: TtlCache[tuple[str, str], str] = TtlCache(_MAX_CHANNELS)
        #: cards that may have been posted to direct messages, where `find_message` cannot look
        self._uncertain: TtlCache[str, bool] = TtlCache(_MAX_CARDS)

    async def show(self, view: CardView, place: Place) -> str:
        delivery = Delivery(
            view=view,
            place=place,
            reply_token=ReplyToken.parse(place.reply_token),
            api=self._workspace(place),
        )
        await self._remover.remove_unneeded(delivery.api, view)
        reasons: list[str] = []
        for route in routes_to(place, delivery.asker if view.purpose is None else None):
            reason = reasons[-1] if reasons and posts_in_channel(place) else ""
            try:
                message = await self._deliver(
                    route, replace(delivery, moved_because=reason), is_fallback=bool(reasons)
                )
            except ApiError as error:
                if error.action not in (ErrorAction.GONE, ErrorAction.FORBIDDEN, ErrorAction.NO_FILE):
                    raise Undeliverable(f"Slack does not accept the message: {error}") from error
                _log.info("route_failed", card=view.card, route=type(route).__name__, code=error.code)
                reasons.append(error.reason)
                continue
            if place.message is None:
                await self._notices.send_copy(delivery)
            return message
        if view.purpose is None:
            await self._notices.explain_failure(delivery, reasons[-1])
        raise Undeliverable(f"{'; '.join(reasons)}. `/reverie show {view.jobs[0].id}` has the result")

    def layout_variant(self, place: Place) -> str:  # noqa: ARG002 - the port's
        """Always the same: a message can be edited for ever."""
        return ""

    async def find_message(self, card: str, place: Place) -> str | None:
        recorded = await self._uploads.message_of(card)
        if recorded is not None:
            return recorded
        api = self._workspace(place)
        try:
            if place.channel.startswith("@"):
                return await self._finder.find(api, card, await self._direct_channel(api, user_of(place)))
            # The asker's direct messages are searched by `show`, which knows who asked.
            self._uncertain.put(card, True)
            if posts_in_channel(place):
                return await self._finder.find(api, card, place.channel, place.thread)
        except ApiError as error:
            _log.info("search_refused", card=card, code=error.code)
        return None

    async def remove(self, place: Place) -> None:
        if place.message is not None:
            await self._remover.remove(self._workspace(place), place.message)

    async def post_notice(self, text: str, place: Place) -> None:
        payload = Payload(text=escape(with_slack_commands(text)), blocks=[])
        api = self._workspace(place)
        try:
            is_direct = place.channel.startswith("@")
            channel = await self._direct_channel(api, user_of(place)) if is_direct else place.channel
            await api.call("chat.postMessage", channel=channel, thread_ts=place.thread, **payload.posted)
        except ApiError as error:
            raise Undeliverable(error.reason) from error

    def _workspace(self, place: Place) -> WorkspaceApi:
        return self._web_api.workspace(team_of(place), enterprise_of(place))

    async def _deliver(self, route: Route, delivery: Delivery, *, is_fallback: bool) -> str:
        match route:
            case ChannelRoute():
                return await self._writer.write(route, delivery)
            case DirectMessageRoute():
                target = ChannelRoute(channel=await self._direct_channel(delivery.api, route.user))
                # The core knows whether the card was posted at its place, but not whether it was moved.
                if is_fallback or self._uncertain.get(delivery.view.card):
                    target = await self._find_target(target, delivery)
                return await self._writer.write(target, delivery)

    async def _find_target(self, target: ChannelRoute, delivery: Delivery) -> ChannelRoute:
        """Edit the card's message in this channel where there is one already."""
        card = delivery.view.card
        try:
            message = await self._finder.find(delivery.api, card, target.channel)
        except ApiError as error:
            # As in `find_message`: it is better posted twice than not at all.
            _log.info("search_refused", card=card, code=error.code)
            message = None
        except Delayed as error:
            # Not NotPosted: nobody knows yet whether a message was posted.
            raise Delayed(str(error), retry_after_ms=error.retry_after_ms) from error
        # Should posting fail now, the core asks `find_message` again.
        self._uncertain.discard(card)
        return replace(target, ts=parse_message_id(message)[1]) if message is not None else target

    async def _direct_channel(self, api: WorkspaceApi, user: str) -> str:
        """Open a user's direct messages; opened again, they are the same channel."""
        channel = self._direct_channels.get((api.team, user))
        if channel is None:
            response = await api.call("conversations.open", users=user)
            channel = str(response["channel"]["id"])
            self._direct_channels.put((api.team, user), channel)
        return channel


class EphemeralNotices:
    """Tells the asker something beside a card, once and without a retry: nothing depends on it."""

    def __init__(self, web_api: WebApi, clock: Callable[[], int], strings: SlackStrings) -> None:
        self._web_api = web_api
        self._clock = clock
        self._strings = strings

    async def send_copy(self, delivery: Delivery) -> None:
        """Show a private card where it was asked for, as it is now; it can never be edited."""
        if posts_in_channel(delivery.place) or delivery.place.channel.startswith("@"):
            return
        notes = (self._strings.private,)
        payload = render_card(delivery.view, strings=self._strings, notes=notes, buttons=False)
        await self._send(delivery, payload)

    async def explain_failure(self, delivery: Delivery, reason: str) -> None:
        """Tell a person who used "Send to me" that it could not be sent."""
        if delivery.place.channel.startswith("@"):
            job = delivery.view.jobs[0].id
            text = self._strings.not_sent.format(reason=escape(reason), job=job)
            await self._send(delivery, Payload(text=text, blocks=[]))

    async def _send(self, delivery: Delivery, payload: Payload) -> None:
        url = delivery.reply_token.live_url(self._clock())
        message = {"response_type": "ephemeral", "replace_original": False, **payload.posted}
        try:
            if url is not None:
                await self._web_api.respond(url, message)
            elif not delivery.place.channel.startswith("@"):
                await delivery.api.call(
                    "chat.postEphemeral",
                    channel=delivery.place.channel,
                    thread_ts=delivery.place.thread,
                    user=delivery.asker,
                    **payload.edited,
                )
        except (ApiError, DeliveryError) as error:
            _log.info("ephemeral_notice_failed", card=delivery.view.card, error=str(error))
