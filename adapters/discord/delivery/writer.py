"""Writes a card's revision into one message: body and files, with smaller files where Discord refuses."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from discord.http import Route

from adapters.chat.ttl_cache import TtlCache
from adapters.discord.delivery.attachments import AttachmentPlan, AttachmentPlanner
from adapters.discord.delivery.interactions import InteractionToken, expiry_notes, is_public
from adapters.discord.delivery.routes import (
    ChannelRoute,
    MessageTarget,
    WebhookRoute,
    guild_id,
    message_endpoint,
)
from adapters.discord.messages.cards import Payload, render_card
from adapters.discord.messages.strings import STRINGS
from adapters.discord.rest.channel_lookups import DEFAULT_UPLOAD_LIMIT, ChannelLookups
from adapters.discord.rest.client import RestClient, UnexpectedResponse, object_of, objects_of
from adapters.discord.rest.errors import ApiError, ErrorAction
from bot.domain.cards.card import CardView, JobPhase
from bot.domain.identity import Place

#: messages whose attachments need not be asked for
_REMEMBERED = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One revision of a card on its way to its place."""

    view: CardView
    place: Place
    token: InteractionToken | None
    #: why it goes to direct messages instead of its place; empty where it does not
    moved_reason: str = ""

    @property
    def asker(self) -> str:
        """The asker's user id."""
        return self.view.member.rpartition(":")[2]

    @property
    def channel(self) -> str:
        """The channel or thread where the card was asked for."""
        return self.place.thread or self.place.channel

    @property
    def has_files(self) -> bool:
        return any(job.media is not None or job.preview is not None for job in self.view.jobs)

    def is_at_place(self, target: MessageTarget) -> bool:
        return isinstance(target, WebhookRoute) or target.channel == self.channel


class MessageWriter:
    """Edits and posts messages. Raises ApiError where Discord refuses."""

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
        self._planner = planner
        self._lookups = lookups
        self._clock = clock
        self._mention = mention
        #: messages that had no attachments after their last edit, which was made here
        self._without_files = TtlCache[MessageTarget, bool](_REMEMBERED)

    async def write(self, target: MessageTarget, delivery: Delivery) -> Mapping[str, Any]:
        """Bring a message up to this revision, with files as large as the channel takes; returns it."""
        new = isinstance(target, ChannelRoute) and target.message is None
        # What is attached already is not uploaded again.
        existing: Sequence[Mapping[str, Any]] = []
        if delivery.has_files and not new and not self._without_files.get(target):
            existing = await self._attachments(target)
        # Only after an answer is it known again: files may be attached although their upload seems to fail.
        self._without_files.discard(target)
        limit = await self._upload_limit(target, delivery) if delivery.has_files else DEFAULT_UPLOAD_LIMIT
        while True:
            plan = await self._planner.plan(delivery.view, existing, limit)
            try:
                answer = await self._send(target, delivery, plan)
            except ApiError as error:
                lower = self._lower_limit(error, plan, delivery.view, limit)
                if lower is None:
                    raise
                limit = lower
            else:
                # Discord may answer with anything; whoever needs its id says so.
                if isinstance(answer, Mapping) and answer.get("attachments") == []:
                    self._without_files.put(target, True)
                return answer

    async def unarchiving(self, target: MessageTarget, request: Callable[[], Awaitable[Any]]) -> Any:
        """Send a request; where it fails because the thread is archived, unarchive it and send it again."""
        try:
            return await request()
        except ApiError as error:
            if error.action is not ErrorAction.ARCHIVED or not isinstance(target, ChannelRoute):
                raise
            archived = error
        route = Route("PATCH", "/channels/{channel_id}", channel_id=target.channel)
        try:
            await self._rest.request(route, {"archived": False})
        except ApiError as error:
            raise archived from error
        return await request()

    async def _send(
        self, target: MessageTarget, delivery: Delivery, plan: AttachmentPlan
    ) -> Mapping[str, Any]:
        body = self._body(target, delivery, plan)
        if isinstance(target, ChannelRoute) and target.message is None:
            route = Route("POST", "/channels/{channel_id}/messages", channel_id=target.channel)
            body |= {"nonce": _nonce(target, delivery), "enforce_nonce": True}
        else:
            route = message_endpoint("PATCH", target)
        async with self._planner.opened(plan) as files:
            answer: Mapping[str, Any] = await self.unarchiving(
                target, lambda: self._rest.request(route, body, files=files)
            )
        return answer

    def _body(self, target: MessageTarget, delivery: Delivery, plan: AttachmentPlan) -> Payload:
        """The whole message without its nonce."""
        view, place, notes = delivery.view, delivery.place, []
        # What is shown to others is no news to its maker.
        own = view.purpose is None
        done = view.settled and any(job.phase is JobPhase.DONE for job in view.jobs)
        public = delivery.is_at_place(target) and is_public(place, delivery.token) and guild_id(place)
        if delivery.moved_reason:
            channel = f"<#{delivery.channel}>"
            notes.append(STRINGS.moved.format(channel=channel, reason=delivery.moved_reason))
        if plan.incomplete:
            notes.append(STRINGS.too_large)
        if isinstance(target, WebhookRoute):
            notes += expiry_notes(view, place, delivery.token, self._clock())
        body = render_card(
            view,
            mention=delivery.asker if done and public and own and self._mention else None,
            links=plan.links,
            notes=notes,
        )
        return body | {"attachments": list(plan.attachments)}

    def _lower_limit(self, error: ApiError, plan: AttachmentPlan, view: CardView, limit: int) -> int | None:
        """The next upload limit to try after a refusal; None where smaller files do not help."""
        if not plan.uploads:
            return None
        if error.action is ErrorAction.TOO_LARGE:
            return DEFAULT_UPLOAD_LIMIT if limit > DEFAULT_UPLOAD_LIMIT else 0
        # Where the bot may write but not attach files, links work.
        return 0 if error.action is ErrorAction.FORBIDDEN and self._planner.can_link(view) else None

    async def _upload_limit(self, target: MessageTarget, delivery: Delivery) -> int:
        """Bytes of one file."""
        if isinstance(target, WebhookRoute) and target.token.upload_limit is not None:
            return target.token.upload_limit
        if delivery.is_at_place(target):
            return await self._lookups.upload_limit(guild_id(delivery.place))
        return DEFAULT_UPLOAD_LIMIT

    async def _attachments(self, target: MessageTarget) -> Sequence[Mapping[str, Any]]:
        try:
            message = object_of(await self._rest.request(message_endpoint("GET", target)), "message")
            found = objects_of(message.get("attachments") or [], "attachment")
        except UnexpectedResponse:
            return []
        except ApiError as error:
            # A bot that may edit may not always read: then everything is uploaded again.
            if error.action is ErrorAction.FORBIDDEN and isinstance(target, ChannelRoute):
                return []
            raise
        return [one for one in found if one.get("id") and one.get("filename")]


def _nonce(target: ChannelRoute, delivery: Delivery) -> str:
    """One nonce per channel: Discord answers a known nonce with its message, in whatever channel that is."""
    at_place = delivery.is_at_place(target) or delivery.place.channel.startswith("@")
    return delivery.view.card if at_place else f"d{delivery.view.card}"
