"""Writing a card into one message: its body, the files that the place takes, and the rungs below."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from discord.http import Route

from adapters.discord.delivery.attachments import LIMIT, Ladder, Load
from adapters.discord.delivery.interaction_token import Reach
from adapters.discord.delivery.routes import ORIGINAL, ByToken, InChannel, guild_of, is_open
from adapters.discord.messages.cards import Payload, render
from adapters.discord.messages.strings import Words
from adapters.discord.rest.channel_lookups import Places
from adapters.discord.rest.client import Rest
from adapters.discord.rest.errors import Meaning, Refusal
from adapters.discord.rest.responses import Unexpected, object_of, objects_of
from bot.domain.cards import CardView, JobPhase
from bot.domain.identity import Place

#: where one message lies, or will
Spot = ByToken | InChannel

#: a message's flag: it is for one person's eyes
EPHEMERAL = 64

_NO_FILES = Load(attachments=(), uploads=(), links={}, short=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Show:
    """One show of one revision."""

    view: CardView
    place: Place
    reach: Reach | None
    #: why it comes to direct messages instead of its place; empty where it is meant to be there
    moved: str = ""

    @property
    def asker(self) -> str:
        """The asker's user id."""
        return self.view.member.rpartition(":")[2]

    @property
    def home(self) -> str:
        """The channel where it was asked for."""
        return self.place.thread or self.place.channel

    @property
    def has_files(self) -> bool:
        return any(job.media is not None for job in self.view.jobs)

    def is_home(self, spot: Spot) -> bool:
        return isinstance(spot, ByToken) or spot.channel == self.home


class Writer:
    """Edits and posts messages. Raises Refusal where Discord does not take them there."""

    def __init__(
        self,
        *,
        rest: Rest,
        ladder: Ladder,
        places: Places,
        clock: Callable[[], int],
        mention: bool,
        words: Words,
    ) -> None:
        self._rest = rest
        self._ladder = ladder
        self._places = places
        self._clock = clock
        self._mention = mention
        self._words = words

    async def write(self, spot: Spot, show: Show) -> Mapping[str, Any]:
        """Bring a message up to this revision, with files as large as the place takes; answers it."""
        new = isinstance(spot, InChannel) and spot.message is None
        # What lies at the message already does not go up twice.
        there = await self._attachments(spot) if show.has_files and not new else []
        limit = await self._limit(spot, show) if show.has_files else LIMIT
        while True:
            load = await self._ladder.load(show.view, there, limit)
            try:
                return await self._send(spot, show, load)
            except Refusal as refusal:
                lower = self._lower(refusal, load, show.view, limit)
                if lower is None:
                    raise
                limit = lower

    def body(self, spot: Spot, show: Show, load: Load = _NO_FILES) -> Payload:
        """The whole message but its nonce."""
        done = show.view.settled and any(job.phase is JobPhase.DONE for job in show.view.jobs)
        public = show.is_home(spot) and is_open(show.place, show.reach) and guild_of(show.place)
        body = render(
            show.view,
            words=self._words,
            mention=show.asker if done and public and self._mention else None,
            links=load.links,
            notes=self._notes(spot, show, load),
        )
        return body | {"attachments": list(load.attachments)}

    async def awake(self, spot: Spot, act: Callable[[], Awaitable[Any]]) -> Any:
        """Do something in a channel, even if that is a thread which has gone to sleep."""
        try:
            return await act()
        except Refusal as refusal:
            if refusal.meaning is not Meaning.ARCHIVED or not isinstance(spot, InChannel):
                raise
            asleep = refusal
        wake = Route("PATCH", "/channels/{channel_id}", channel_id=spot.channel)
        try:
            await self._rest.request(wake, {"archived": False})
        except Refusal as refusal:
            raise asleep from refusal
        return await act()

    async def _send(self, spot: Spot, show: Show, load: Load) -> Mapping[str, Any]:
        body = self.body(spot, show, load)
        if isinstance(spot, InChannel) and spot.message is None:
            route = Route("POST", "/channels/{channel_id}/messages", channel_id=spot.channel)
            body |= {"nonce": _nonce(spot, show), "enforce_nonce": True}
        else:
            route = message_route("PATCH", spot)
        answer: Mapping[str, Any] = await self.awake(
            spot, lambda: self._rest.request(route, body, files=load.uploads)
        )
        return answer

    def _lower(self, refusal: Refusal, load: Load, view: CardView, limit: int) -> int | None:
        """The next limit to try after a refusal; None where smaller files are of no use."""
        if not load.uploads:
            return None
        if refusal.meaning is Meaning.TOO_LARGE:
            return LIMIT if limit > LIMIT else 0
        # Where the bot may write but not attach, links do.
        return 0 if refusal.meaning is Meaning.FORBIDDEN and self._ladder.has_links(view) else None

    def _notes(self, spot: Spot, show: Show, load: Load) -> Sequence[str]:
        """What has to be said about the place itself."""
        words, reach, notes = self._words, show.reach, []
        if show.moved:
            notes.append(words.moved.format(channel=f"<#{show.home}>", reason=show.moved))
        if load.short:
            notes.append(words.too_large)
        bounded = reach is not None and isinstance(spot, ByToken) and not is_open(show.place, reach)
        if reach is not None and bounded and not show.view.settled:
            text = words.bounded_soon if reach.ends_soon(self._clock()) else words.bounded
            notes.append(text.format(time=f"<t:{reach.until // 1000}:t>", job=show.view.jobs[0].id))
        return notes

    async def _limit(self, spot: Spot, show: Show) -> int:
        """Bytes of one file."""
        if isinstance(spot, ByToken) and spot.limit is not None:
            return spot.limit
        return await self._places.limit(guild_of(show.place)) if show.is_home(spot) else LIMIT

    async def _attachments(self, spot: Spot) -> Sequence[Mapping[str, Any]]:
        try:
            message = object_of(await self._rest.request(message_route("GET", spot)), "message")
            found = objects_of(message.get("attachments") or [], "attachment")
        except Unexpected:
            return []
        except Refusal as refusal:
            # Who may edit may not always read: then everything goes up once more.
            if refusal.meaning is Meaning.FORBIDDEN and isinstance(spot, InChannel):
                return []
            raise
        return [one for one in found if one.get("id") and one.get("filename")]


def message_route(method: str, spot: Spot) -> Route:
    if isinstance(spot, InChannel):
        path = "/channels/{channel_id}/messages/{message_id}"
        return Route(method, path, channel_id=spot.channel, message_id=spot.message)
    path = "/webhooks/{webhook_id}/{webhook_token}/messages/"
    # Its own text in the path: quoting would take the @ of the original response apart.
    message = ORIGINAL if spot.message == ORIGINAL else "{message_id}"
    return Route(
        method,
        path + message,
        webhook_id=spot.application,
        webhook_token=spot.token,
        message_id=spot.message,
    )


def _nonce(spot: InChannel, show: Show) -> str:
    """One for each place: Discord answers a nonce that it has seen with its message, wherever that is."""
    home = show.is_home(spot) or show.place.channel.startswith("@")
    return show.view.card if home else f"d{show.view.card}"
