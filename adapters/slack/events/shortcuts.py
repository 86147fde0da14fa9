"""Shortcuts: on our results, on every other message with a picture or a video, and from anywhere."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from adapters.slack.delivery.publisher import CardPublisher
from adapters.slack.delivery.routes import name_message
from adapters.slack.events.block_actions import BlockActionHandler
from adapters.slack.events.command_modal import CommandModal
from adapters.slack.events.context import ADAPTER, Event, EventContext, seat_of
from adapters.slack.events.menu_entries import MessageShortcut
from adapters.slack.events.message_files import media_of, shown_in
from adapters.slack.events.replies import Ack, Replies
from adapters.slack.events.requests import RequestRunner
from adapters.slack.messages.buttons import BlockAction
from adapters.slack.messages.cards import render_card
from bot.domain.actions import Action
from bot.domain.commands import Animate, Command, Imagine, Reframe
from bot.domain.errors import InvalidRequest
from bot.domain.media import MediaKind
from bot.service.facade import BotService
from bot.service.replies import Reply

_ACTIONS: Mapping[MessageShortcut, Action] = {
    MessageShortcut.ANIMATE: Action.ANIMATE,
    MessageShortcut.REFRAME: Action.REFRAME,
    MessageShortcut.EXTEND: Action.EXTEND,
    MessageShortcut.VARIATION: Action.VARIATION,
}
#: what becomes of somebody else's picture or video, and which of both it takes
_COMMANDS: Mapping[MessageShortcut, tuple[type[Command], frozenset[MediaKind]]] = {
    MessageShortcut.ANIMATE: (Animate, frozenset({MediaKind.PICTURE})),
    MessageShortcut.REFRAME: (Reframe, frozenset(MediaKind)),
    MessageShortcut.VARIATION: (Imagine, frozenset({MediaKind.PICTURE})),
}
#: pictures and videos of one message to choose from
_MEDIA = 20


class ShownCard(Protocol):
    """What a message shows."""

    @property
    def card(self) -> str: ...

    @property
    def jobs(self) -> tuple[str, ...]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageShortcutHandler:
    """Does what somebody has chosen from a menu."""

    service: BotService
    asking: RequestRunner
    publisher: CardPublisher
    answering: Replies
    filling: CommandModal
    pressing: BlockActionHandler

    async def anywhere(self, event: Event, ack: Ack, *, now: int) -> None:
        """The menu that is everywhere: choose a command, fill its form."""
        seat = seat_of(event, now)

        async def ask() -> None:
            await self.filling.open_any(seat)

        await self.answering.answer(seat, ask, ack)

    async def on_message(self, event: Event, ack: Ack, *, now: int) -> None:
        """The menu of a message."""
        seat, body = seat_of(event, now), event.body

        async def ask() -> Reply | None:
            menu = MessageShortcut(body["callback_id"])
            shown = await self.shown_by(seat.spot.channel, str(body["message_ts"]))
            if shown is not None:
                return await self._on_ours(seat, menu, shown)
            await self._on_foreign(seat, menu, body.get("message") or {})
            return None

        await self.answering.answer(seat, ask, ack)

    async def shown_by(self, channel: str, ts: str) -> ShownCard | None:
        """Which card a message shows, itself or with the film of one."""
        names = [name_message(channel, ts)]
        if (card := await self.publisher.card_message(channel, ts)) is not None:
            names.append(card)
        return await self.service.card_by_message(ADAPTER, *names)

    async def _on_ours(self, seat: EventContext, menu: MessageShortcut, shown: ShownCard) -> Reply | None:
        if len(shown.jobs) > 1:
            return await self._choose(seat, shown)
        if menu is MessageShortcut.DETAILS:
            return await self.pressing.show(seat, shown.jobs[0])
        pressed = BlockAction(verb=_ACTIONS[menu], job=shown.jobs[0], card=shown.card)
        return await self.pressing.do(seat, pressed)

    async def _choose(self, seat: EventContext, shown: ShownCard) -> Reply | None:
        """Of a card with several results the one that is meant, and what to do, are chosen privately."""
        view = await self.service.get_card(shown.card, seat.caller)
        if view is None:
            return await self.pressing.show(seat, shown.jobs[0])
        pictures = await self.publisher.results(view)
        await self.answering.tell(seat, render_card(view, shown=pictures), bare=render_card(view))
        return None

    async def _on_foreign(
        self, seat: EventContext, menu: MessageShortcut, message: Mapping[str, Any]
    ) -> None:
        media = media_of(await self.asking.files(seat, shown_in(message)[:_MEDIA]))
        if not media:
            raise InvalidRequest("There is no picture or video in this message")
        if menu is MessageShortcut.DETAILS:
            raise InvalidRequest("This was not made here, so nothing more is known about it")
        if menu is MessageShortcut.EXTEND:
            raise InvalidRequest("Only videos that were made here can go on; Animate begins with a picture")
        command, kinds = _COMMANDS[menu]
        fitting: Sequence[Any] = [one for one in media if one.kind in kinds][:_MEDIA]
        if not fitting:
            raise InvalidRequest("This is for pictures, and this is a video; Reframe takes it")
        await self.filling.open(seat, command, media=fitting)
