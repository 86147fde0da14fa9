"""The doors of the inlet: one for each kind of event. None of them raises, and each answers the person."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, Protocol, TypeVar

import structlog
from discord import Interaction, InteractionType, RawReactionActionEvent

from adapters.chat.controls import CardControl
from adapters.discord.delivery.writer import EPHEMERAL
from adapters.discord.events import modals as forms
from adapters.discord.events.components import Pressing
from adapters.discord.events.context import Seat, is_person, seat_of
from adapters.discord.events.interaction_responses import Callback, Responder
from adapters.discord.events.menu_entries import Menu
from adapters.discord.events.message_menu import Choosing
from adapters.discord.events.pending_media import Drafted, Drafts
from adapters.discord.events.reactions import Reacting
from adapters.discord.events.replies import Answering
from adapters.discord.gateway.payloads import NO_PERSON, ODD, Ticket, understood
from adapters.discord.messages.buttons import Pressed
from adapters.discord.messages.notes import refused
from adapters.discord.services import Connection
from bot.domain.commands import Command, GenerateCommand
from bot.domain.errors import InvalidRequest, NotAllowed, Refused, ServiceUnavailable, TooManyRequests
from bot.domain.identity import Caller
from bot.domain.media import Reference
from bot.service.facade import BotService
from bot.service.plugin import AdapterContext
from bot.service.replies import Reply

_log = structlog.get_logger(__name__)

_STALE = (
    "This is of another version of the bot, so nothing was started or charged. "
    "Restart Discord to see what is offered today."
)
_BUSY = "I am busy right now, so this was not started and nothing was charged. Try again in a moment."

Event = Interaction[Any]
Said = TypeVar("Said", Pressed, Drafted)


class Wanted(Protocol):
    """What a command was read to be."""

    @property
    def command(self) -> Command: ...

    @property
    def files(self) -> tuple[Reference, ...]: ...

    #: members whom the event names
    @property
    def named(self) -> tuple[Caller, ...]: ...


class Completing(Protocol):
    """Knows what could be chosen while somebody types."""

    async def answer(self, interaction: Event, seat: Seat) -> Sequence[dict[str, Any]]: ...


#: reads a command; raises Refused
Read = Callable[[Event], Wanted]


class Doors:
    """Lets people's events in, each by its own door."""

    def __init__(
        self,
        context: AdapterContext,
        connection: Connection,
        *,
        read: Read,
        completing: Completing,
        patience_s: float = 1.5,
    ) -> None:
        """`patience_s` is how long the core may take before the person sees that it is thinking."""
        self._service: BotService = context.service
        self._clock = context.clock
        self._rest = connection.rest
        self._read = read
        self._completing = completing
        self._responder = Responder(connection.rest, context.clock)
        self._answering = Answering(
            service=self._service,
            responder=self._responder,
            publisher=connection.publisher,
            window_ms=context.settings.times.answer_window,
            patience_s=patience_s,
        )
        self._pressing = Pressing(service=self._service, answering=self._answering, responder=self._responder)
        self._choosing = Choosing(
            service=self._service,
            answering=self._answering,
            responder=self._responder,
            pressing=self._pressing,
            drafts=Drafts(context.adapter_data),
        )
        self._reacting = Reacting(service=self._service, rest=connection.rest, clock=context.clock)

    async def command(self, interaction: Event) -> None:
        """A slash command."""
        await self._open(interaction, partial(self._give, interaction))

    async def menu(self, interaction: Event) -> None:
        """An entry of a message's menu."""

        async def choose(seat: Seat) -> None:
            data: Any = interaction.data
            try:
                menu, target = Menu(data["name"]), data["target_id"]
            except (KeyError, ValueError) as error:
                raise InvalidRequest(_STALE) from error
            with understood():
                message = data["resolved"]["messages"][target]
                if str(message["id"]) != target:
                    raise InvalidRequest(ODD)
                there = replace(seat, hidden=bool(int(message.get("flags") or 0) & EPHEMERAL))
            await self._choosing.choose(there, menu, message, await self._rest.me())

        await self._open(interaction, choose)

    async def complete(self, interaction: Event) -> None:
        """Somebody types into an option; where nothing can be offered, nothing is."""
        try:
            seat = _seat(interaction, self._clock)
            self._admit_question(seat)
            choices = await self._completing.answer(interaction, seat)
        except TooManyRequests as refusal:
            await self.turn_away(_ticket(interaction), refusal)
        except Exception as error:  # noqa: BLE001 - what is not offered can still be typed
            _log.warning("completion_failed", interaction=interaction.id, error=repr(error))
            await self.turn_away(_ticket(interaction), InvalidRequest(ODD))
        else:
            await self._responder.respond(seat, Callback.CHOICES, {"choices": list(choices)})

    async def press(self, interaction: Event, pressed: Pressed | None) -> None:
        """A button of ours; None where it is of a version that knew others."""
        await self._open(interaction, lambda seat: self._pressing.press(seat, _known(pressed)))

    async def pick(self, interaction: Event, pressed: Pressed | None, value: str) -> None:
        """A list of ours."""
        # What is only chosen makes nothing yet.
        chooses = pressed is not None and pressed.verb is CardControl.PICK
        admit = self._admit_question if chooses else self._admit
        await self._open(
            interaction, lambda seat: self._pressing.pick(seat, _known(pressed), value), admit=admit
        )

    async def use(self, interaction: Event, drafted: Drafted | None) -> None:
        """A button for something that was not made here."""
        await self._open(interaction, lambda seat: self._choosing.use(seat, _known(drafted)))

    async def submit(self, interaction: Event) -> None:
        """A form came back."""

        async def take(seat: Seat) -> None:
            data: Any = interaction.data
            with understood():
                name, values = str(data["custom_id"]), forms.values_of(data)
            if drafted := Drafted.read(name):
                await self._choosing.submit(seat, drafted, values)
            else:
                await self._pressing.submit(seat, _known(Pressed.read(name)), values)

        await self._open(interaction, take)

    async def unknown(self, interaction: Event) -> None:
        """Something that this version does not offer."""

        async def refuse(_: Seat) -> None:
            raise InvalidRequest(_STALE)

        await self._open(interaction, refuse)

    async def busy(self, interaction: Event) -> None:
        """There is too much to do for another one: nothing is begun."""
        await self.turn_away(_ticket(interaction), NotAllowed(_BUSY))

    async def turn_away(self, ticket: Ticket, refusal: Refused) -> None:
        """Tell privately why an interaction is not even looked at."""
        await self._responder.turn_away(ticket, refused(refusal))

    async def reacted(self, payload: RawReactionActionEvent) -> None:
        """A reaction was put under some message."""
        await _logged(payload, self._reacting.reacted)

    async def unreacted(self, payload: RawReactionActionEvent) -> None:
        """A reaction was taken away."""
        await _logged(payload, self._reacting.unreacted)

    async def _give(self, interaction: Event, seat: Seat) -> None:
        wanted = self._read(interaction)
        command = wanted.command
        public = isinstance(command, GenerateCommand) and not command.private
        if public:
            await self._answering.require_place(seat)

        async def ask() -> Reply:
            for one in wanted.named:
                await self._service.remember_member(one)
            return await self._service.execute(
                command,
                seat.caller,
                seat.place(private=not public),
                key=seat.key,
                files=wanted.files,
                answer_window_ms=self._answering.window_ms,
            )

        await self._answering.answer(seat, ask, private=not public, files=True)

    def _admit(self, seat: Seat) -> None:
        self._service.admit(seat.caller, seat.key)

    def _admit_question(self, seat: Seat) -> None:
        self._service.admit_query(seat.caller)

    async def _open(
        self,
        interaction: Event,
        do: Callable[[Seat], Awaitable[None]],
        *,
        admit: Callable[[Seat], None] | None = None,
    ) -> None:
        try:
            seat = _seat(interaction, self._clock)
        except Refused as refusal:
            _log.warning("seat_not_understood", interaction=interaction.id, reason=str(refusal))
            await self.turn_away(_ticket(interaction), refusal)
            return
        try:
            # Before anything is looked up for it.
            (admit or self._admit)(seat)
            await do(seat)
        except Refused as refusal:
            await self._answering.refuse(seat, refusal)
        except Exception as error:  # noqa: BLE001 - one event's fault must not take the others with it
            _log.warning("event_failed", interaction=seat.key, error=repr(error))
            await self._answering.refuse(seat, ServiceUnavailable())


async def _logged(
    payload: RawReactionActionEvent, do: Callable[[RawReactionActionEvent], Awaitable[None]]
) -> None:
    try:
        await do(payload)
    except Exception as error:  # noqa: BLE001 - one event's fault must not take the others with it
        _log.warning("reaction_failed", message=payload.message_id, error=repr(error))


def _seat(interaction: Event, clock: Callable[[], int]) -> Seat:
    """Who asks and where; raises Refused where that is no person, or cannot be told."""
    with understood():
        if not is_person(interaction.user):
            raise NotAllowed(NO_PERSON)
        return seat_of(interaction, clock)


def _ticket(interaction: Event) -> Ticket:
    completes = interaction.type is InteractionType.autocomplete
    return Ticket(id=str(interaction.id), token=interaction.token, completes=completes)


def _known(read: Said | None) -> Said:
    """What a custom id said; raises InvalidRequest where it says nothing that is known here."""
    if read is None:
        raise InvalidRequest("This button is of another version; /show opens the job with its buttons anew")
    return read
