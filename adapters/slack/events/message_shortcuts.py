"""Shortcuts: on our results, on any other message with a picture or video, and the global one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from adapters.slack.events.block_actions import BlockActionHandler
from adapters.slack.events.command_modal import CommandModal
from adapters.slack.events.context import EventContext
from adapters.slack.events.replies import Ack, Replies
from adapters.slack.events.requests import RequestRunner, ShownCard
from adapters.slack.messages.buttons import BlockAction
from adapters.slack.messages.cards import render_card
from adapters.slack.messages.message_files import files_in, media_in
from adapters.slack.oauth.manifest import MessageShortcut
from bot.domain.commands import Animate, Command, Imagine, Reframe
from bot.domain.errors import InvalidRequest
from bot.domain.generations.media import MediaKind
from bot.domain.jobs.actions import Action
from bot.service.replies import Reply

_ACTIONS: Mapping[MessageShortcut, Action] = {
    MessageShortcut.ANIMATE: Action.ANIMATE,
    MessageShortcut.REFRAME: Action.REFRAME,
    MessageShortcut.EXTEND: Action.EXTEND,
    MessageShortcut.VARIATION: Action.VARIATION,
}
#: the command for other people's media, and the kinds that it accepts
_COMMANDS: Mapping[MessageShortcut, tuple[type[Command], frozenset[MediaKind]]] = {
    MessageShortcut.ANIMATE: (Animate, frozenset({MediaKind.PICTURE})),
    MessageShortcut.REFRAME: (Reframe, frozenset(MediaKind)),
    MessageShortcut.VARIATION: (Imagine, frozenset({MediaKind.PICTURE})),
}
#: pictures and videos of one message to choose from
_MAX_MEDIA = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageShortcutHandler:
    """Handles message shortcuts and the global shortcut."""

    requests: RequestRunner
    replies: Replies
    modal: CommandModal
    block_actions: BlockActionHandler

    async def global_shortcut(self, context: EventContext, ack: Ack) -> None:
        """Choose a command and fill in its modal."""

        async def request() -> None:
            await self.modal.open_any(context)

        await self.replies.answer(context, request, ack)

    async def message_shortcut(self, context: EventContext, ack: Ack) -> None:
        """Use a result of ours, or the media of another message."""
        body = context.body

        async def request() -> Reply | None:
            shortcut = MessageShortcut(body["callback_id"])
            card = await self.requests.card_in_message(context.location.channel, str(body["message_ts"]))
            if card is not None:
                return await self._use_card(context, shortcut, card)
            await self._use_message(context, shortcut, body.get("message") or {})
            return None

        await self.replies.answer(context, request, ack)

    async def _use_card(
        self, context: EventContext, shortcut: MessageShortcut, card: ShownCard
    ) -> Reply | None:
        if len(card.jobs) > 1:
            return await self._show_choice(context, card)
        if shortcut is MessageShortcut.DETAILS:
            return await self.block_actions.show_job(context, card.jobs[0])
        action = BlockAction(verb=_ACTIONS[shortcut], job=card.jobs[0], card=card.card)
        return await self.block_actions.run(context, action, asks_first=True)

    async def _show_choice(self, context: EventContext, card: ShownCard) -> Reply | None:
        """Show a card with several jobs privately, to select one and use its buttons."""
        view = await self.requests.service.get_card(card.card, context.caller)
        if view is None:
            return await self.block_actions.show_job(context, card.jobs[0])
        media = await self.requests.uploads.ready_media(view)
        await self.replies.send(context, render_card(view, media=media), fallback=render_card(view))
        return None

    async def _use_message(
        self, context: EventContext, shortcut: MessageShortcut, message: Mapping[str, Any]
    ) -> None:
        media = media_in(await self.requests.complete_files(context, files_in(message)[:_MAX_MEDIA]))
        if not media:
            raise InvalidRequest("This message contains no picture or video")
        if shortcut is MessageShortcut.DETAILS:
            raise InvalidRequest("This was not made with Reverie, so there are no details about it")
        if shortcut is MessageShortcut.EXTEND:
            raise InvalidRequest("Only videos made with Reverie can be extended; use Animate for a picture")
        command, kinds = _COMMANDS[shortcut]
        accepted: Sequence[Any] = [each for each in media if each.kind in kinds][:_MAX_MEDIA]
        if not accepted:
            raise InvalidRequest("This works with pictures, and this is a video; use Reframe instead")
        await self.modal.open(context, command, media=accepted)
