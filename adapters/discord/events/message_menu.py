"""Handles a message's context menu, on our results and on any message with pictures or videos.

Where a message has several, the person chooses first: nothing is guessed that somebody would pay for.
"""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from functools import partial
from typing import Any

from adapters.chat.pending_media import PendingMediaStore
from adapters.discord.delivery.interactions import InteractionCallbackType, InteractionResponder
from adapters.discord.events.components import ComponentHandler
from adapters.discord.events.context import InteractionContext, reading_event
from adapters.discord.events.message_media import find_media
from adapters.discord.events.pending_media import (
    MediaAction,
    PendingMediaId,
)
from adapters.discord.events.replies import Replies
from adapters.discord.messages import modals
from adapters.discord.messages.buttons import Component, ComponentId, jobs_in
from adapters.discord.messages.cards import render_card
from adapters.discord.messages.private_replies import render_text
from bot.domain.commands import Animate, GenerateCommand, Imagine, Reframe, build
from bot.domain.errors import InvalidRequest
from bot.domain.generations.media import MediaKind, Reference
from bot.domain.generations.models import AspectRatio
from bot.domain.jobs.actions import EMOJI, LABELS, VARIATION_WEIGHT, Action
from bot.service.facade import BotService


class MenuEntry(StrEnum):
    """The entries of a message's context menu; Discord shows at most five of one app."""

    ANIMATE = "Animate"
    REFRAME = "Reframe"
    VARIATION = "Variation"
    DETAILS = "Details"
    #: private buttons for everything else
    MORE = "Reverie…"


#: what an entry does with media; the same names as the core's actions
_MEDIA_ACTIONS: Mapping[MenuEntry, MediaAction] = {
    MenuEntry.ANIMATE: MediaAction.ANIMATE,
    MenuEntry.REFRAME: MediaAction.REFRAME,
    MenuEntry.VARIATION: MediaAction.VARIATION,
}
#: what can be done with each kind of media
_ACTIONS_BY_KIND: Mapping[MediaKind, tuple[MediaAction, ...]] = {
    MediaKind.PICTURE: (MediaAction.VARIATION, MediaAction.ANIMATE, MediaAction.REFRAME),
    MediaKind.VIDEO: (MediaAction.REFRAME,),
}
#: Discord's limit on rows of buttons under one message
_MAX_MEDIA = 5

MEDIA_EXPIRED = "This has expired; choose it again from the message's context menu, under Apps"


class MessageMenuHandler:
    """Does what somebody chose from a message's context menu."""

    def __init__(
        self,
        *,
        service: BotService,
        replies: Replies,
        responder: InteractionResponder,
        components: ComponentHandler,
        pending: PendingMediaStore,
    ) -> None:
        self._service = service
        self._replies = replies
        self._responder = responder
        self._components = components
        self._pending = pending

    async def choose(
        self, context: InteractionContext, entry: MenuEntry, message: Mapping[str, Any], bot: str
    ) -> None:
        """Handle an entry on `message`, a raw message object; `bot` is the bot's own user id."""
        with reading_event():
            ours = str(message["author"]["id"]) == bot
            jobs = jobs_in(message.get("components") or ()) if ours else []
            media = find_media(message)
        if jobs:
            await self._on_our_card(context, entry, jobs)
        elif media:
            await self._on_media(context, entry, media)
        else:
            raise InvalidRequest("There is no picture or video in this message")

    async def press(self, context: InteractionContext, media_id: PendingMediaId) -> None:
        """A button for one of several pictures and videos."""
        await self._use(context, media_id, await self._medium(context, media_id))

    async def submit(
        self, context: InteractionContext, media_id: PendingMediaId, values: Mapping[str, str]
    ) -> None:
        """A modal about one of them was submitted."""
        medium = await self._medium(context, media_id)
        match media_id.action:
            case MediaAction.REFRAME:
                ratio, _ = modals.aspect_ratio_value(values)
                await self._generate(context, build(Reframe, {"media": medium, modals.RATIO: ratio}))
            case MediaAction.VARIATION:
                weighted = medium.model_copy(update={"weight": VARIATION_WEIGHT})
                prompt = modals.modal_value(values, modals.PROMPT)
                await self._generate(context, build(Imagine, {"prompt": prompt, "image": (weighted,)}))
            case _:
                raise InvalidRequest(modals.OUTDATED_MODAL)

    async def _on_our_card(
        self, context: InteractionContext, entry: MenuEntry, jobs: Sequence[ComponentId]
    ) -> None:
        first = jobs[0]
        card = await self._service.get_card(first.card, context.caller) if len(jobs) > 1 else None
        if card is not None:
            await self._replies.send_private(context, render_card(card))
        elif entry in _MEDIA_ACTIONS and len(jobs) == 1:
            component = ComponentId(verb=Action(_MEDIA_ACTIONS[entry]), job=first.job, card=first.card)
            if component.verb is Action.REFRAME:
                # Its form shows the prices.
                await self._components.press(context, component)
            else:
                await self._components.act(context, Action(component.verb), component, asks_first=True)
        else:
            await self._components.show(context, first.job)

    async def _on_media(
        self, context: InteractionContext, entry: MenuEntry, media: Sequence[Reference]
    ) -> None:
        media = media[:_MAX_MEDIA]
        action = _MEDIA_ACTIONS.get(entry)
        if entry is MenuEntry.DETAILS:
            raise InvalidRequest("This was not made with this bot, so there are no details")
        suitable = [
            index for index, one in enumerate(media) if action is None or action in _ACTIONS_BY_KIND[one.kind]
        ]
        if not suitable:
            raise InvalidRequest(
                f"{entry} is for pictures, and this is a video; use {MenuEntry.REFRAME} instead"
            )
        await self._pending.put(context.caller, context.key, media)
        if action is not None and len(suitable) == 1:
            index = suitable[0]
            media_id = PendingMediaId(action=action, pending=context.key, index=index)
            await self._use(context, media_id, media[index])
            return
        buttons = _media_buttons(context.key, media)
        question = render_text("What do you want to make of it?", components=buttons)
        await self._replies.send_private(context, question)

    async def _medium(self, context: InteractionContext, media_id: PendingMediaId) -> Reference:
        media = await self._pending.get(context.caller, media_id.pending)
        if media_id.index >= len(media):
            raise InvalidRequest(MEDIA_EXPIRED)
        return media[media_id.index]

    async def _use(self, context: InteractionContext, media_id: PendingMediaId, medium: Reference) -> None:
        await self._replies.require_postable(context)
        match media_id.action:
            case MediaAction.ANIMATE:
                await self._generate(context, build(Animate, {"start": medium}))
                return
            case MediaAction.VARIATION:
                modal = modals.prompt_modal(media_id.write(), Action.VARIATION, label="Prompt", required=True)
            case MediaAction.REFRAME:
                modal = modals.aspect_ratio_modal(media_id.write(), AspectRatio.PORTRAIT)
        await self._responder.respond(context.token, InteractionCallbackType.MODAL, modal)

    async def _generate(self, context: InteractionContext, command: GenerateCommand) -> None:
        """Show what the command costs: a menu has no room for a price."""
        await self._replies.check_audience(context, command)
        call = partial(self._service.execute, command, context.invocation(), asks_first=True)
        await self._replies.reply(context, call, private=True)


def _media_buttons(pending: str, media: Sequence[Reference]) -> list[Component]:
    """One row of buttons for each picture or video."""
    rows = []
    for index, medium in enumerate(media):
        number = f"{index + 1} · " if len(media) > 1 else ""
        buttons = [
            {
                "type": 2,
                "style": 2,
                "custom_id": PendingMediaId(action=action, pending=pending, index=index).write(),
                "emoji": {"name": EMOJI[Action(action)]},
                "label": f"{number}{LABELS[Action(action)]}",
            }
            for action in _ACTIONS_BY_KIND[medium.kind]
        ]
        rows.append({"type": 1, "components": buttons})
    return rows
