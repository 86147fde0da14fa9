"""Routes gateway events to their handlers. Handlers never raise; each one responds to the person."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, TypeVar

import structlog
from discord import Interaction, InteractionType, RawReactionActionEvent

from adapters.chat.controls import CardControl
from adapters.chat.pending_media import PendingMediaStore
from adapters.chat.text import sanitize_line
from adapters.discord.delivery.interactions import (
    InteractionCallbackType,
    InteractionResponder,
    UnparsedInteraction,
)
from adapters.discord.delivery.list_pictures import ListPictures
from adapters.discord.delivery.publisher import CardPublisher
from adapters.discord.events.command_forms import CommandForms
from adapters.discord.events.components import ComponentHandler
from adapters.discord.events.context import (
    MALFORMED,
    InteractionContext,
    interaction_context,
    reading_event,
)
from adapters.discord.events.message_menu import MEDIA_EXPIRED, MenuEntry, MessageMenuHandler
from adapters.discord.events.options import parse_command, parse_focused_option
from adapters.discord.events.pending_media import PendingMediaId
from adapters.discord.events.reactions import ReactionHandler
from adapters.discord.events.replies import Replies, ServiceCall
from adapters.discord.messages.admin_forms import (
    KEY_FORM,
    SETUP_OPEN,
    SETUP_ZONE,
    SETUP_ZONE_MODAL,
    chosen,
    entered_key,
    key_modal,
    timezone_modal,
)
from adapters.discord.messages.buttons import ComponentId
from adapters.discord.messages.cards import EPHEMERAL
from adapters.discord.messages.command_form import FORM, FormId
from adapters.discord.messages.modals import modal_value, modal_values
from adapters.discord.messages.option_fields import DISCORD_CHOICE, DISCORD_CHOICES
from adapters.discord.messages.private_replies import render_refusal
from adapters.discord.rest.channel_lookups import ChannelLookups
from adapters.discord.rest.client import RestClient
from bot.domain.commands import GenerateCommand, StudioKey, StudioSetup, build
from bot.domain.errors import (
    InvalidRequest,
    NotAllowed,
    Refused,
    ReverieError,
    ServiceUnavailable,
    TooManyRequests,
)
from bot.domain.identity import Caller
from bot.domain.workspace.workspace_keys import KeyAction
from bot.service.plugin import AdapterContext
from bot.service.replies import PrivateReply, Reply

_log = structlog.get_logger(__name__)

_OUTDATED = (
    "This belongs to another version of the bot, so nothing was started or charged. "
    "Restart Discord to see the current commands."
)
_BUSY = "I am busy right now, so this was not started and nothing was charged. Try again in a moment."

Event = Interaction[Any]
_Handler = Callable[[InteractionContext], Awaitable[None]]
_CustomId = TypeVar("_CustomId", ComponentId, FormId, PendingMediaId)


class EventRouter:
    """Has one method for each kind of event."""

    def __init__(
        self,
        context: AdapterContext,
        *,
        rest: RestClient,
        lookups: ChannelLookups,
        publisher: CardPublisher,
        defer_after_s: float = 1.5,
    ) -> None:
        """`defer_after_s` is how long the core may take before a deferred response is sent."""
        self._service = service = context.service
        self._clock = context.clock
        self._rest = rest
        self._responder = responder = InteractionResponder(rest, context.clock)
        self._replies = Replies(
            service=service,
            responder=responder,
            publisher=publisher,
            pictures=ListPictures(context.library),
            clock=context.clock,
            answer_window_ms=context.settings.times.answer_window,
            defer_after_s=defer_after_s,
        )
        self._forms = CommandForms(service=service, replies=self._replies, responder=responder)
        self._components = ComponentHandler(
            service=service, replies=self._replies, responder=responder, forms=self._forms
        )
        self._message_menu = MessageMenuHandler(
            service=service,
            replies=self._replies,
            responder=responder,
            components=self._components,
            pending=PendingMediaStore(context.adapter_data, expired=MEDIA_EXPIRED),
        )
        self._reactions = ReactionHandler(service=service, rest=rest, lookups=lookups, clock=context.clock)

    async def command(self, interaction: Event) -> None:
        """A slash command."""

        async def execute(context: InteractionContext) -> None:
            parsed = parse_command(interaction)
            command = parsed.command
            private = await self._replies.check_audience(context, command)
            call: ServiceCall = partial(
                self._service.execute,
                command,
                context.invocation(private=bool(private), answer_window_ms=self._replies.answer_window_ms),
            )
            if parsed.mentioned:
                call = partial(self._remember_and_call, parsed.mentioned, call)
            asks_first = isinstance(command, GenerateCommand) and command.asks_first
            await self._replies.reply(context, call, private=asks_first or private, with_results=True)

        await self._handle(interaction, execute)

    async def menu(self, interaction: Event) -> None:
        """An entry of a message's context menu."""

        async def choose(context: InteractionContext) -> None:
            data: Any = interaction.data
            try:
                entry, target = MenuEntry(data["name"]), data["target_id"]
            except (KeyError, ValueError) as error:
                raise InvalidRequest(_OUTDATED) from error
            with reading_event():
                message = data["resolved"]["messages"][target]
                if str(message["id"]) != target:
                    raise InvalidRequest(MALFORMED)
                ephemeral = bool(int(message.get("flags") or 0) & EPHEMERAL)
            bot = await self._rest.bot_id()
            await self._message_menu.choose(replace(context, on_ephemeral=ephemeral), entry, message, bot)

        await self._handle(interaction, choose)

    async def autocomplete(self, interaction: Event) -> None:
        """Somebody types into an option. Where nothing can be suggested, they can still type."""
        try:
            context = interaction_context(interaction, self._clock)
            self._service.admit_query(context.caller)
            choices = await self._choices(interaction, context)
        except TooManyRequests as refusal:
            await self.reject(_unparsed(interaction), refusal)
        except Exception as error:  # noqa: BLE001 - what is not suggested can still be typed
            _log.warning("autocomplete_failed", interaction=interaction.id, error=repr(error))
            await self.reject(_unparsed(interaction), InvalidRequest(MALFORMED))
        else:
            kind = InteractionCallbackType.AUTOCOMPLETE
            await self._responder.respond(context.token, kind, {"choices": list(choices)})

    async def press(self, interaction: Event, component: ComponentId | None) -> None:
        """A button of ours; None: with a custom id that this version does not know."""
        await self._handle(interaction, lambda context: self._components.press(context, _known(component)))

    async def select(self, interaction: Event, component: ComponentId | None, value: str) -> None:
        """A select of ours."""
        # Picking a job for the buttons makes nothing yet.
        picks = component is not None and component.verb is CardControl.PICK
        await self._handle(
            interaction,
            lambda context: self._components.select(context, _known(component), value),
            is_query=picks,
        )

    async def turn_page(self, interaction: Event, page: str) -> None:
        """A button to another page of a list, which takes the place of this one."""

        async def turn(context: InteractionContext) -> None:
            call = partial(self._service.turn_page, page, context.invocation(private=True))
            await self._replies.replace_message(context, call)

        await self._handle(interaction, turn)

    async def press_pending(self, interaction: Event, media_id: PendingMediaId | None) -> None:
        """A button for media of another person's message."""
        await self._handle(interaction, lambda context: self._message_menu.press(context, _known(media_id)))

    async def submit(self, interaction: Event) -> None:
        """A modal was submitted."""

        async def submit(context: InteractionContext) -> None:
            data: Any = interaction.data
            with reading_event():
                custom_id, values = str(data["custom_id"]), modal_values(data)
            if custom_id == KEY_FORM:
                call = partial(
                    self._service.set_workspace_key,
                    entered_key(values),
                    context.caller,
                    event_key=context.key,
                )
                await self._replies.reply(context, call, private=True)
                return
            if custom_id == SETUP_ZONE_MODAL:
                zone = modal_value(values, "timezone")
                await self._replies.replace_message(context, self._set_up(context, {"timezone": zone}))
                return
            if custom_id.startswith(FORM):
                await self._forms.submit(context, _known(FormId.parse(custom_id)), values)
            elif media_id := PendingMediaId.parse(custom_id):
                await self._message_menu.submit(context, media_id, values)
            else:
                await self._components.submit(context, _known(ComponentId.parse(custom_id)), values)

        await self._handle(interaction, submit)

    async def open_form(self, interaction: Event, form: FormId | None) -> None:
        """A button under /help that opens the form of a command."""
        # Opening it makes nothing yet.
        await self._handle(
            interaction, lambda context: self._forms.open(context, _known(form)), is_query=True
        )

    async def open_key_form(self, interaction: Event) -> None:
        """The button for the workspace's own API key; only admins get the modal."""

        async def open_form(context: InteractionContext) -> None:
            command = build(StudioKey, {"action": KeyAction.SET})
            await self._service.execute(command, context.invocation(private=True))
            await self._responder.respond(context.token, InteractionCallbackType.MODAL, key_modal())

        await self._handle(interaction, open_form)

    async def set_up(self, interaction: Event) -> None:
        """A select or button of the set-up; the message shows what holds then."""

        async def choose(context: InteractionContext) -> None:
            data: Any = interaction.data
            custom_id = str(data["custom_id"])
            if custom_id == SETUP_OPEN:
                await self._replies.reply(context, self._set_up(context, {}), private=True)
            elif custom_id == SETUP_ZONE:
                reply = await self._set_up(context, {})()
                assert isinstance(reply, PrivateReply)  # noqa: S101 - it makes no card
                zone = reply.setup.timezone if reply.setup is not None else ""
                await self._responder.respond(
                    context.token, InteractionCallbackType.MODAL, timezone_modal(zone)
                )
            else:
                with reading_event():
                    changes = chosen(data)
                await self._replies.replace_message(context, self._set_up(context, changes))

        await self._handle(interaction, choose)

    def _set_up(self, context: InteractionContext, changes: Mapping[str, Any]) -> ServiceCall:
        command = build(StudioSetup, changes)
        return partial(self._service.execute, command, context.invocation(private=True))

    async def unknown(self, interaction: Event) -> None:
        """Something that this version does not offer."""

        async def refuse(_: InteractionContext) -> None:
            raise InvalidRequest(_OUTDATED)

        await self._handle(interaction, refuse)

    async def reject_busy(self, interaction: Event) -> None:
        """Too many interactions are running to start this one."""
        await self.reject(_unparsed(interaction), NotAllowed(_BUSY))

    async def reject(self, interaction: UnparsedInteraction, refusal: Refused) -> None:
        """Tell the caller privately why an interaction is not handled."""
        await self._responder.reject(interaction, render_refusal(refusal))

    async def reaction_added(self, payload: RawReactionActionEvent) -> None:
        await _logging_errors(payload, self._reactions.added)

    async def reaction_removed(self, payload: RawReactionActionEvent) -> None:
        await _logging_errors(payload, self._reactions.removed)

    async def _remember_and_call(self, members: Sequence[Caller], call: ServiceCall) -> Reply:
        """Make the mentioned members known to the core before it executes a command about them."""
        for member in members:
            await self._service.remember_member(member)
        return await call()

    async def _choices(self, interaction: Event, context: InteractionContext) -> Sequence[Mapping[str, Any]]:
        focused = parse_focused_option(interaction)
        if focused is None:
            return ()
        try:
            offers = await self._service.autocomplete_option(
                focused.command,
                focused.option,
                focused.text,
                context.invocation(),
                count=DISCORD_CHOICES,
            )
        except ReverieError as error:
            _log.warning("autocomplete_unavailable", interaction=context.key, error=repr(error))
            return ()
        return [
            {"name": sanitize_line(one.label, DISCORD_CHOICE) or one.value, "value": one.value}
            for one in offers
            if len(one.value) <= DISCORD_CHOICE
        ]

    async def _handle(self, interaction: Event, handler: _Handler, *, is_query: bool = False) -> None:
        """Run a handler within the caller's rate limit, and tell the caller why it refused or failed."""
        try:
            context = interaction_context(interaction, self._clock)
        except Refused as refusal:
            _log.warning("interaction_refused", interaction=interaction.id, reason=str(refusal))
            await self.reject(_unparsed(interaction), refusal)
            return
        try:
            # Before anything is looked up for it.
            if is_query:
                self._service.admit_query(context.caller)
            else:
                self._service.admit(context.caller, context.key)
            await handler(context)
        except Refused as refusal:
            await self._replies.refuse(context, refusal)
        except Exception as error:  # noqa: BLE001 - one event's fault must not end the others
            _log.warning("event_failed", interaction=context.key, error=repr(error))
            await self._replies.refuse(context, ServiceUnavailable())


async def _logging_errors(
    payload: RawReactionActionEvent, handler: Callable[[RawReactionActionEvent], Awaitable[None]]
) -> None:
    try:
        await handler(payload)
    except Exception as error:  # noqa: BLE001 - one event's fault must not end the others
        _log.warning("reaction_failed", message=payload.message_id, error=repr(error))


def _unparsed(interaction: Event) -> UnparsedInteraction:
    is_autocomplete = interaction.type is InteractionType.autocomplete
    return UnparsedInteraction(
        id=str(interaction.id), token=interaction.token, is_autocomplete=is_autocomplete
    )


def _known(custom_id: _CustomId | None) -> _CustomId:
    """Raises InvalidRequest for a custom id that this version does not know."""
    if custom_id is None:
        raise InvalidRequest("This button is of another version; use /show to see the job with new buttons")
    return custom_id
