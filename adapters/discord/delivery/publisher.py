"""Publishes cards over REST alone, so that a worker without a gateway can deliver.

A card is delivered by the first route that works: with the interaction token while it is valid, then with
the bot token in the channel, then to the asker's direct messages. `Place.message` is the plain id of an
interaction's response, or `<channel>/<message>` for a message that the bot posted itself.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeVar

import structlog
from discord.http import Route

from adapters.discord.delivery.attachments import AttachmentPlanner
from adapters.discord.delivery.interactions import InteractionToken, follow_up_route, is_public
from adapters.discord.delivery.routes import (
    ChannelRoute,
    DeliveryRoute,
    DirectMessageRoute,
    WebhookRoute,
    guild_id,
    message_endpoint,
    message_name,
    parse_message_name,
    routes_for,
    user_of,
)
from adapters.discord.delivery.writer import Delivery, MessageWriter
from adapters.discord.messages.buttons import belongs_to_card
from adapters.discord.messages.cards import EPHEMERAL
from adapters.discord.messages.strings import STRINGS
from adapters.discord.rest.channel_lookups import ChannelLookups
from adapters.discord.rest.client import (
    RestClient,
    id_of,
    object_of,
    objects_of,
    reading_response,
    snowflake_ms,
)
from adapters.discord.rest.errors import ApiError, ErrorAction
from adapters.discord.rest.permissions import fetch_missing_permissions, join_names
from bot.domain.cards.card import CardView
from bot.domain.errors import DeliveryError, Undeliverable
from bot.domain.identity import Place
from bot.domain.ids import id_created_at

#: messages of a channel that one request reads, and how many pages are searched for a card
_PAGE, _MAX_PAGES = 100, 5
#: clocks may differ: a message may seem this much older than its card
_CLOCK_SKEW_MS = 60_000
_log = structlog.get_logger(__name__)

_Result = TypeVar("_Result")

#: Discord merges messages with the same nonce for "a few minutes"; two are relied on
_DEDUPE_MS = 120_000


class CardFinder:
    """Reads the newest messages of a channel, one channel at a time."""

    def __init__(self, rest: RestClient) -> None:
        self._rest = rest
        self._lock = asyncio.Lock()

    async def find(self, card: str, channel: str, *, pages: int = _MAX_PAGES) -> str | None:
        """The card's message as `message_name` writes it; None where it is not among the newest."""
        bot, earliest = await self._rest.bot_id(), id_created_at(card) - _CLOCK_SKEW_MS
        before: dict[str, str] = {}
        async with self._lock:
            for _ in range(pages):
                route = Route("GET", "/channels/{channel_id}/messages", channel_id=channel)
                answer = await self._rest.request(route, params={"limit": str(_PAGE), **before})
                page = objects_of(answer, "message")
                for message in page:
                    if id_of(message.get("author"), "user") == bot and shows_card(message, card):
                        return message_name(channel, id_of(message, "message"))
                if len(page) < _PAGE or snowflake_ms(id_of(page[-1], "message")) < earliest:
                    return None
                before = {"before": id_of(page[-1], "message")}
        return None


def shows_card(message: Mapping[str, Any], card: str) -> bool:
    """Whether a message has the card's components; raises UnexpectedResponse."""
    with reading_response("components"):
        return belongs_to_card(message.get("components") or (), card)


class CardPublisher:
    """Delivers cards by the best route that works."""

    dedupe_ms: int = _DEDUPE_MS

    def __init__(
        self,
        *,
        rest: RestClient,
        planner: AttachmentPlanner,
        lookups: ChannelLookups,
        clock: Callable[[], int],
        mention: bool,
    ) -> None:
        self._rest = rest
        self._clock = clock
        self._lookups = lookups
        self._finder = CardFinder(rest)
        self._writer = MessageWriter(
            rest=rest, planner=planner, lookups=lookups, clock=clock, mention=mention
        )

    async def show(self, view: CardView, place: Place) -> str:
        delivery = Delivery(view=view, place=place, token=InteractionToken.parse(place.reply_token))
        reasons: list[str] = []

        async def deliver(route: DeliveryRoute) -> str | None:
            if await self._would_reveal(route, delivery):
                return None
            return await self._deliver(route, replace(delivery, moved_reason=reasons[-1] if reasons else ""))

        async def keep_reason(route: DeliveryRoute, error: ApiError) -> None:
            if error.action in (ErrorAction.INVALID, ErrorAction.TOO_LARGE):
                raise Undeliverable(f"Discord does not accept the message: {error}") from error
            if not isinstance(route, WebhookRoute):
                reasons.append(await self._reason(route, place, error))

        asker = delivery.asker if view.purpose is None else None
        routes = routes_for(place, asker, delivery.token, self._clock())
        message = await self._try_routes(routes, deliver, keep_reason)
        if message is not None:
            return message
        if view.purpose is None:
            await self._report_failure(delivery, reasons[-1])
        raise Undeliverable(f"{'; '.join(reasons)}. `/show {view.jobs[0].id}` has the result")

    async def attach_results(self, view: CardView, place: Place) -> None:
        """Add the results to a response that shows a job privately and is not its card's message.

        Nobody retries it: raises ApiError where the response is gone, Delayed.
        """
        token = InteractionToken.parse(place.reply_token)
        assert token is not None  # noqa: S101 - the place is that of an interaction
        route = WebhookRoute(token=token, message=place.message)
        await self._writer.write(route, Delivery(view=view, place=place, token=token))

    def layout_variant(self, place: Place) -> str:
        """Changes shortly before a message can no longer be edited, so that it says so in time."""
        token, now = InteractionToken.parse(place.reply_token), self._clock()
        if token is None or is_public(place, token) or not token.is_valid(now):
            return ""
        return "ends soon" if token.expires_soon(now) else ""

    async def find_message(self, card: str, place: Place) -> str | None:
        async def search(route: DeliveryRoute) -> str | None:
            match route:
                case WebhookRoute():
                    answer = await self._rest.request(message_endpoint("GET", route))
                    original = object_of(answer, "message")
                    return id_of(original, "message") if shows_card(original, card) else None
                case ChannelRoute():
                    return await self._finder.find(card, route.channel)
                case DirectMessageRoute():
                    # Only `show` knows the asker, and searches their direct messages itself.
                    if not route.user:
                        return None
                    return await self._finder.find(card, await self._lookups.dm_channel(route.user))

        return await self._try_routes(self._routes(place), search)

    async def remove(self, place: Place) -> None:
        if place.message is None:
            return

        reasons: list[str] = []

        async def delete(route: DeliveryRoute) -> bool | None:
            if isinstance(route, DirectMessageRoute):
                return None
            endpoint = message_endpoint("DELETE", route)
            await self._writer.unarchiving(route, lambda: self._rest.request(endpoint))
            return True

        async def keep_reason(route: DeliveryRoute, error: ApiError) -> None:
            if isinstance(route, ChannelRoute) and error.action is not ErrorAction.GONE:
                reasons.append(await self._reason(route, place, error))

        if not await self._try_routes(self._routes(place), delete, keep_reason) and reasons:
            raise Undeliverable(reasons[-1])

    async def post_notice(self, text: str, place: Place) -> None:
        try:
            channel = place.thread or place.channel
            if channel.startswith("@"):
                channel = await self._lookups.dm_channel(user_of(place))
            route = Route("POST", "/channels/{channel_id}/messages", channel_id=channel)
            await self._rest.request(route, {"content": text, "allowed_mentions": {"parse": []}})
        except ApiError as error:
            raise Undeliverable(error.reason) from error

    def _routes(self, place: Place) -> Sequence[DeliveryRoute]:
        """The routes to a card's message where its asker is not known."""
        return routes_for(place, "", InteractionToken.parse(place.reply_token), self._clock())

    async def _try_routes(
        self,
        routes: Sequence[DeliveryRoute],
        attempt: Callable[[DeliveryRoute], Awaitable[_Result | None]],
        refused: Callable[[DeliveryRoute, ApiError], Awaitable[None]] | None = None,
    ) -> _Result | None:
        """The first result that a route has; a route that Discord refuses is skipped."""
        for route in routes:
            try:
                result = await attempt(route)
            except ApiError as error:
                _log.info("route_refused", route=type(route).__name__, code=error.code)
                if refused is not None:
                    await refused(route, error)
            else:
                if result is not None:
                    return result
        return None

    async def _would_reveal(self, route: DeliveryRoute, delivery: Delivery) -> bool:
        """Whether a private card would be shown in a response that others see.

        That response was deferred publicly, before the core found that the card builds on a private one.
        """
        if not isinstance(route, WebhookRoute) or route.message or not delivery.place.private:
            return False
        if route.token.ephemeral:
            return False
        try:
            answer = await self._rest.request(message_endpoint("GET", route))
        except ApiError:
            return True
        return not shows_card(answer, delivery.view.card)

    async def _deliver(self, route: DeliveryRoute, delivery: Delivery) -> str:
        if isinstance(route, DirectMessageRoute):
            return await self._deliver_directly(route.user, delivery)
        answer = await self._writer.write(route, delivery)
        if isinstance(route, WebhookRoute):
            return id_of(answer, "message")
        # A plain id is kept: while its token is valid, it can be edited without a permission.
        return delivery.place.message or message_name(
            id_of(answer, "message", "channel_id"), id_of(answer, "message")
        )

    async def _deliver_directly(self, user: str, delivery: Delivery) -> str:
        channel = await self._lookups.dm_channel(user)
        posted = None
        # The core knows of first messages at the place itself, but not of one that was sent here instead.
        if not delivery.place.channel.startswith("@"):
            posted = parse_message_name(await self._finder.find(delivery.view.card, channel, pages=1) or "")
        answer = await self._writer.write(posted or ChannelRoute(channel=channel), delivery)
        return message_name(channel, id_of(answer, "message"))

    async def _report_failure(self, delivery: Delivery, reason: str) -> None:
        """Tell a person who asked for a result by direct message that it could not be sent."""
        token = delivery.token
        if not delivery.place.channel.startswith("@") or token is None or not token.is_valid(self._clock()):
            return
        text = STRINGS.not_sent.format(reason=reason, job=delivery.view.jobs[0].id)
        body = {"content": text, "flags": EPHEMERAL, "allowed_mentions": {"parse": []}}
        try:
            await self._rest.request(follow_up_route(token), body)
        except ApiError as error:
            _log.info("failure_not_reported", card=delivery.view.card, code=error.code)

    async def _reason(self, route: ChannelRoute | DirectMessageRoute, place: Place, error: ApiError) -> str:
        """Why a route was refused, with the name of a missing permission."""
        guild = guild_id(place)
        if error.action is ErrorAction.FORBIDDEN and isinstance(route, ChannelRoute) and guild:
            try:
                missing = await fetch_missing_permissions(self._rest, guild, route.channel)
            except (ApiError, DeliveryError):
                missing = ()
            if missing:
                return f"the bot lacks {join_names(missing)}"
        return error.reason
