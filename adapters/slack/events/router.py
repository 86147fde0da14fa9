"""The doors of the inlet: one for each kind of event, each acknowledged in time and answered."""

from collections.abc import Awaitable, Callable
from typing import Any

import structlog
from slack_bolt.context.async_context import AsyncBoltContext
from slack_bolt.response import BoltResponse

from adapters.slack.delivery.uploaded_media import UploadStore
from adapters.slack.events.block_actions import BlockActionHandler, chooses
from adapters.slack.events.channel_membership import ChannelMembership
from adapters.slack.events.command_form import COMMAND_MODAL
from adapters.slack.events.command_modal import CommandModal
from adapters.slack.events.context import Body, Event, is_written_by_person, seat_of
from adapters.slack.events.edit_modal import EDIT_MODAL
from adapters.slack.events.event_tasks import EventTasks
from adapters.slack.events.home_tab import HomeTab
from adapters.slack.events.overload import MAX_TASKS, Overload, TooBusy
from adapters.slack.events.pending_requests import PendingStore
from adapters.slack.events.reactions import ReactionHandler
from adapters.slack.events.replies import ACK_TIMEOUT_S, Ack, Replies
from adapters.slack.events.requests import NotAPerson, RequestRunner, visitor_at
from adapters.slack.events.shortcuts import MessageShortcutHandler
from adapters.slack.events.slash_commands import SlashCommandHandler
from adapters.slack.events.stale import OutdatedControl, OutdatedModal
from adapters.slack.services import Services
from bot.domain.errors import Refused, ServiceUnavailable, TooManyRequests
from bot.service.plugin import AdapterContext

_log = structlog.get_logger(__name__)

Context = AsyncBoltContext
Next = Callable[[], Awaitable[Any]]


class EventRouter:
    """Lets people's events in, each by its own door."""

    def __init__(
        self,
        context: AdapterContext,
        connection: Services,
        *,
        patience_s: float = ACK_TIMEOUT_S,
        most: int = MAX_TASKS,
    ) -> None:
        service, clock, slack = context.service, context.clock, connection.slack
        self._clock = clock
        self._service = service
        self.hands = EventTasks()
        self.home = HomeTab(service, slack, UploadStore(context.adapter_data), connection.link, clock)
        self._asking = RequestRunner(
            slack=slack,
            service=service,
            people=connection.people,
            attendance=ChannelMembership(slack, clock),
            drafts=PendingStore(context.adapter_data),
            home=self.home,
        )
        answering = self._answering = Replies(
            slack=slack, publisher=connection.publisher, hands=self.hands, clock=clock, patience_s=patience_s
        )
        self._filling = CommandModal(
            slack=slack, service=service, asking=self._asking, answering=answering, clock=clock
        )
        self._commanding = SlashCommandHandler(
            asking=self._asking, answering=answering, filling=self._filling
        )
        self._pressing = BlockActionHandler(asking=self._asking, answering=answering, filling=self._filling)
        self._shortcuts = MessageShortcutHandler(
            service=service,
            asking=self._asking,
            publisher=connection.publisher,
            answering=answering,
            filling=self._filling,
            pressing=self._pressing,
        )
        self._reacting = ReactionHandler(
            slack=slack,
            service=service,
            asking=self._asking,
            answering=answering,
            shortcuts=self._shortcuts,
        )

        self._overload = Overload(self.hands, most=most)

    async def admit(self, body: Body, context: Context, next: Next) -> BoltResponse | None:  # noqa: A002 - bolt's
        """Let a request in, or say at once that there is too much to do; nothing of it is started then."""
        if not self._overload.now:
            await next()
            return None
        return self._overload.answer(body, self._tell_busy(body, context))

    def _tell_busy(self, body: Body, context: Context) -> Callable[[], Awaitable[None]] | None:
        """How whoever has done it is told; None where they are told by the answer, or wait for nothing."""
        event = self._event(body, context)
        if event is None or not self._overload.owes(body) or not self._asks(event):
            return None
        seat = seat_of(event, self._clock())
        return lambda: self._answering.refuse(seat, TooBusy())

    def _asks(self, event: Event) -> bool:
        told = event.body.get("event") or {}
        match told.get("type"):
            case "app_mention":
                return is_written_by_person(told)
            case "reaction_added":
                return self._reacting.action_of(event) is not None
            case _:
                return True

    async def command(self, body: Body, context: Context, ack: Ack) -> None:
        """A slash command."""
        await self._interaction(body, context, ack, self._commanding.typed)

    async def press(self, body: Body, context: Context, ack: Ack) -> None:
        """A button or a list under a card or a note."""
        if chooses(body):
            # Each person's choice comes with what they press next.
            await ack()
            return
        await self._interaction(body, context, ack, self._pressing.pressed)

    async def place(self, body: Body, context: Context, ack: Ack) -> None:
        """A way out for what could not be shown where it was asked for."""
        await self._interaction(body, context, ack, self._pressing.placed)

    async def shortcut(self, body: Body, context: Context, ack: Ack) -> None:
        """The menu that is everywhere."""
        await self._interaction(body, context, ack, self._shortcuts.anywhere)

    async def menu(self, body: Body, context: Context, ack: Ack) -> None:
        """The menu of a message."""
        await self._interaction(body, context, ack, self._shortcuts.on_message)

    async def submit(self, body: Body, context: Context, ack: Ack) -> None:
        """A form was sent."""
        take = {COMMAND_MODAL: self._filling.submit, EDIT_MODAL: self._pressing.reworded}[
            body["view"]["callback_id"]
        ]
        await self._interaction(body, context, ack, take)

    async def stale(self, body: Body, context: Context, ack: Ack) -> None:
        """A button, a list, a menu or a form that nobody here knows, as of another version."""
        await self._interaction(body, context, ack, self._refuse_old)

    async def change(self, body: Body, context: Context, ack: Ack) -> None:
        """Something was chosen in a form that is not sent yet."""
        await ack()
        event = self._event(body, context)
        if event is not None and self._may_ask(event):
            self.hands.start(self._filling.change(event, now=self._clock()), "change form")

    async def offer(self, body: Body, context: Context, ack: Any) -> None:
        """Somebody types into a list; where nothing can be offered, nothing is."""
        try:
            event = Event.of(body, context)
            offered = await self._filling.offer(event, now=self._clock()) if self._may_ask(event) else []
        except Exception as error:  # noqa: BLE001 - what is not offered can still be typed
            _log.warning("offer_failed", error=repr(error))
            offered = []
        await ack(options=offered)

    async def home_opened(self, body: Body, context: Context) -> None:
        """Somebody looks at the Home tab; at the messages beside it nothing is shown."""
        event = self._event(body, context) if body["event"].get("tab") == "home" else None
        if event is not None and self._may_ask(event):
            self.hands.start(self._visit(event), "open home")

    async def home_pressed(self, body: Body, context: Context, ack: Ack) -> None:
        """A button of the Home tab."""
        await ack()
        event = self._event(body, context)
        if event is not None:
            self.hands.start(self._visit(event, body["actions"][0]), "press home")

    async def mention(self, body: Body, context: Context) -> None:
        """Somebody has written to the bot; raises StoreError to be told again."""
        event = self._event(body, context) if is_written_by_person(body["event"]) else None
        if event is not None and self._admits_mention(event):
            await self._commanding.mentioned(event, now=self._clock())

    async def reacted(self, body: Body, context: Context) -> None:
        """A reaction was put under some message; raises StoreError to be told again."""
        event = self._event(body, context)
        if event is not None:
            await self._reacting.reacted(event, now=self._clock())

    def _event(self, body: Body, context: Context) -> Event | None:
        """The event, where somebody has done it in a workspace; else there is nobody to answer."""
        try:
            return Event.of(body, context)
        except Refused as refusal:
            _log.info("event_of_nobody", kind=body.get("type"), reason=str(refusal))
            return None

    async def _interaction(
        self, body: Body, context: Context, ack: Ack, do: Callable[..., Awaitable[None]]
    ) -> None:
        event = self._event(body, context)
        if event is None:
            await ack()
            return
        try:
            seat = seat_of(event, self._clock())
            # Before anything is looked up for it.
            self._service.admit(seat.caller, seat.key)
            await do(event, ack, now=self._clock())
        except TooManyRequests as refusal:
            await self._refuse(event, ack, refusal)
        except Exception as error:  # noqa: BLE001 - one event's fault must not leave a person without an answer
            _log.warning("event_failed", kind=body.get("type"), error=repr(error))
            await ack()
            seat = seat_of(event, self._clock())
            self.hands.start(self._answering.refuse(seat, ServiceUnavailable()), f"tell {seat.key}")

    async def _refuse_old(self, event: Event, ack: Ack, *, now: int) -> None:  # noqa: ARG002 - one signature
        await self._refuse(
            event, ack, OutdatedModal() if _sent_form(event) is not None else OutdatedControl()
        )

    async def _refuse(self, event: Event, ack: Ack, refusal: Refused) -> None:
        """Say why nothing is done: in the form that was sent, else privately."""
        view = _sent_form(event) or {}
        await self._answering.refuse_form(seat_of(event, self._clock()), refusal, ack, view)

    def _admits_mention(self, event: Event) -> bool:
        seat = seat_of(event, self._clock())
        try:
            self._service.admit(seat.caller, seat.key)
        except TooManyRequests as refusal:
            self.hands.start(self._answering.refuse(seat, refusal), f"tell {seat.key}")
            return False
        return True

    def _may_ask(self, event: Event) -> bool:
        """Whether somebody may ask one more small question."""
        try:
            self._service.admit_query(seat_of(event, self._clock()).caller)
        except TooManyRequests:
            return False
        return True

    async def _visit(self, event: Event, action: Body | None = None) -> None:
        seat = seat_of(event, self._clock())
        try:
            if action is not None:
                self._service.admit(seat.caller, seat.key)
            seat = await self._asking.recognised(seat)
        except NotAPerson:
            return
        except TooManyRequests as refusal:
            if not refusal.repeated:
                await self.home.open(visitor_at(seat), notice=str(refusal))
            return
        except Refused as refusal:
            # What is theirs is shown, and nothing is done.
            await self.home.open(visitor_at(seat), notice=str(refusal))
            return
        if action is None:
            await self.home.open(visitor_at(seat))
        else:
            value = str(action.get("value") or "")
            await self.home.press(visitor_at(seat), str(action.get("action_id")), value, key=seat.key)


def _sent_form(event: Event) -> Body | None:
    """The form that was sent; None for all other events."""
    view: Body | None = event.body.get("view") if event.body.get("type") == "view_submission" else None
    return view
