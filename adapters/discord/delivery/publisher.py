"""Discord's outlet: shows cards by HTTP alone, so that a worker without a gateway can deliver.

A card is shown on the first way that is open: by the interaction's token while that lives, by channel and
message afterwards, in the asker's direct messages where both are closed. `Place.message` is the plain id of
an interaction's response, or `<channel>/<message>` for what the bot posted itself.
"""

from collections.abc import Callable
from dataclasses import replace

import structlog
from discord.http import Route

from adapters.discord.delivery.attachments import Ladder
from adapters.discord.delivery.history_search import Search, shows
from adapters.discord.delivery.interaction_token import Reach
from adapters.discord.delivery.routes import (
    ORIGINAL,
    ByToken,
    InChannel,
    ToPerson,
    Way,
    guild_of,
    is_open,
    name_message,
    read_message,
    ways,
)
from adapters.discord.delivery.writer import EPHEMERAL, Show, Writer, message_route
from adapters.discord.messages.cards import Payload
from adapters.discord.messages.strings import ENGLISH, Words
from adapters.discord.rest.channel_lookups import Places
from adapters.discord.rest.client import Rest
from adapters.discord.rest.errors import Meaning, Refusal
from adapters.discord.rest.permissions import listed, look_up
from adapters.discord.rest.responses import id_of, object_of
from bot.domain.cards import CardView
from bot.domain.errors import DeliveryError, Undeliverable
from bot.domain.identity import Place

_log = structlog.get_logger(__name__)

#: Discord merges messages of one nonce for "a few minutes"; two are counted on
_DEDUPE_MS = 120_000


class CardOutlet:
    """Shows cards on the best way that is open."""

    dedupe_ms: int = _DEDUPE_MS

    def __init__(
        self, *, rest: Rest, ladder: Ladder, clock: Callable[[], int], mention: bool, words: Words = ENGLISH
    ) -> None:
        self._rest = rest
        self._clock = clock
        self._words = words
        self._places = Places(rest, clock)
        self._search = Search(rest)
        self._writer = Writer(
            rest=rest, ladder=ladder, places=self._places, clock=clock, mention=mention, words=words
        )

    def response(self, view: CardView, place: Place) -> Payload:
        """The first response to the interaction at `place`, as a show would edit it; it has no files."""
        reach = Reach.read(place.reply_token)
        assert reach is not None  # noqa: S101 - whoever responds has been asked
        way = ByToken(application=reach.application, token=reach.token, message=ORIGINAL, limit=reach.limit)
        return self._writer.body(way, Show(view=view, place=place, reach=reach))

    async def complete(self, view: CardView, place: Place) -> None:
        """Bring the files to a response that shows a card once more and is not its message.

        Nobody waits for that elsewhere: raises Refusal where the response is gone, Delayed.
        """
        reach = Reach.read(place.reply_token)
        assert reach is not None  # noqa: S101 - whoever responds has been asked
        way = ByToken(
            application=reach.application,
            token=reach.token,
            message=place.message or ORIGINAL,
            limit=reach.limit,
        )
        await self._writer.write(way, Show(view=view, place=place, reach=reach))

    async def show(self, view: CardView, place: Place) -> str:
        show = Show(view=view, place=place, reach=Reach.read(place.reply_token))
        reasons: list[str] = []
        for way in ways(place, show.asker, show.reach, self._clock()):
            if await self._is_open_response(way, show):
                continue
            try:
                return await self._take(way, replace(show, moved=reasons[-1] if reasons else ""))
            except Refusal as refusal:
                if refusal.meaning in (Meaning.WRONG, Meaning.TOO_LARGE):
                    raise Undeliverable(f"Discord does not accept the message: {refusal}") from refusal
                _log.info("way_closed", card=view.card, way=type(way).__name__, code=refusal.code)
                if not isinstance(way, ByToken):
                    reasons.append(await self._reason(way, place, refusal))
        await self._own_up(show, reasons[-1])
        raise Undeliverable(f"{'; '.join(reasons)}. `/show {view.jobs[0].id}` has the result")

    async def _is_open_response(self, way: Way, show: Show) -> bool:
        """Whether a private card would be shown in a response that others see.

        It was deferred in the open, before the core had found that the card builds on what is private.
        """
        if not isinstance(way, ByToken) or way.message != ORIGINAL or not show.place.private:
            return False
        if show.reach is None or show.reach.ephemeral:
            return False
        try:
            return not shows(await self._rest.request(message_route("GET", way)), show.view.card)
        except Refusal:
            return True

    def layout_variant(self, place: Place) -> str:
        """Shortly before a message can be changed no longer, it says where the result will come."""
        reach, now = Reach.read(place.reply_token), self._clock()
        if reach is None or is_open(place, reach) or not reach.lives(now):
            return ""
        return "ends soon" if reach.ends_soon(now) else ""

    async def find_message(self, card: str, place: Place) -> str | None:
        # What is private is looked for by `show`, which alone knows whose direct messages are meant.
        for way in ways(place, "", Reach.read(place.reply_token), self._clock()):
            try:
                match way:
                    case ByToken():
                        original = object_of(await self._rest.request(message_route("GET", way)), "message")
                        if shows(original, card):
                            return id_of(original, "message")
                    case InChannel(channel=channel):
                        return await self._search.find(card, channel)
                    case ToPerson(user=user) if user:
                        return await self._search.find(card, await self._places.direct(user))
            except Refusal as refusal:
                _log.info("search_refused", card=card, way=type(way).__name__, code=refusal.code)
        return None

    async def remove(self, place: Place) -> None:
        if place.message is None:
            return
        for way in ways(place, "", Reach.read(place.reply_token), self._clock()):
            if isinstance(way, ToPerson):
                return
            route = message_route("DELETE", way)
            try:
                await self._writer.awake(way, lambda route=route: self._rest.request(route))  # type: ignore[misc]
            except Refusal as refusal:
                _log.info("removal_refused", way=type(way).__name__, code=refusal.code)
            else:
                return

    async def post_notice(self, text: str, place: Place) -> None:
        channel = place.thread or place.channel
        post = Route("POST", "/channels/{channel_id}/messages", channel_id=channel)
        try:
            await self._rest.request(post, {"content": text, "allowed_mentions": {"parse": []}})
        except Refusal as refusal:
            raise Undeliverable(refusal.told) from refusal

    async def _take(self, way: Way, show: Show) -> str:
        match way:
            case ByToken():
                return id_of(await self._writer.write(way, show), "message")
            case InChannel():
                answer = await self._writer.write(way, show)
                # A plain id stays one: while its token lives, that edits without a permission.
                return show.place.message or name_message(
                    id_of(answer, "message", "channel_id"), id_of(answer, "message")
                )
            case ToPerson():
                return await self._show_to(way.user, show)

    async def _show_to(self, user: str, show: Show) -> str:
        channel = await self._places.direct(user)
        spot = None
        # The engine knows of first messages at the place itself, but not of one that came here instead.
        if not show.place.channel.startswith("@"):
            spot = read_message(await self._search.find(show.view.card, channel, pages=1) or "")
        answer = await self._writer.write(spot or InChannel(channel=channel), show)
        return name_message(channel, id_of(answer, "message"))

    async def _own_up(self, show: Show, reason: str) -> None:
        """Tell who pressed a button that what they asked for could not be sent to them."""
        reach = show.reach
        if not show.place.channel.startswith("@") or reach is None or not reach.lives(self._clock()):
            return
        follow_up = Route(
            "POST",
            "/webhooks/{webhook_id}/{webhook_token}",
            webhook_id=reach.application,
            webhook_token=reach.token,
        )
        text = self._words.not_sent.format(reason=reason, job=show.view.jobs[0].id)
        body = {"content": text, "flags": EPHEMERAL, "allowed_mentions": {"parse": []}}
        try:
            await self._rest.request(follow_up, body)
        except Refusal as refusal:
            _log.info("not_told", card=show.view.card, code=refusal.code)

    async def _reason(self, way: InChannel | ToPerson, place: Place, refusal: Refusal) -> str:
        """Why a way is closed, down to the name of the permission."""
        guild = guild_of(place)
        if refusal.meaning is Meaning.FORBIDDEN and isinstance(way, InChannel) and guild:
            try:
                lacking = await look_up(self._rest, guild, way.channel)
            except (Refusal, DeliveryError):
                lacking = ()
            if lacking:
                return f"the bot lacks {listed(lacking)}"
        return refusal.told
