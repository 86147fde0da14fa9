"""The doors of the inlet: one for each kind of event, each acknowledged in time and answered."""

from collections.abc import Awaitable, Callable
from typing import Any

import structlog
from slack_bolt.context.async_context import AsyncBoltContext

from adapters.slack.connection import Connection
from adapters.slack.inlet.answering import PATIENCE_S, Ack, Answering
from adapters.slack.inlet.asking import Asking, visitor_at
from adapters.slack.inlet.attending import Attendance
from adapters.slack.inlet.commands import Commanding
from adapters.slack.inlet.filling import Filling
from adapters.slack.inlet.forms import FORM
from adapters.slack.inlet.hands import Hands
from adapters.slack.inlet.home import Home
from adapters.slack.inlet.pressing import Pressing
from adapters.slack.inlet.reacting import Reacting
from adapters.slack.inlet.rewording import REWORDING
from adapters.slack.inlet.seat import Body, Event, seat_of
from adapters.slack.inlet.shortcuts import Shortcuts
from adapters.slack.inlet.wishes import Drafts
from adapters.slack.outlet.uploads import Uploads
from adapters.unforeseen import OutOfReach
from bot.domain.errors import Refused
from bot.engine.adapter import Surroundings

_log = structlog.get_logger(__name__)

Context = AsyncBoltContext


class Doors:
    """Lets people's events in, each by its own door."""

    def __init__(
        self, surroundings: Surroundings, connection: Connection, *, patience_s: float = PATIENCE_S
    ) -> None:
        studio, clock, slack = surroundings.studio, surroundings.clock, connection.slack
        self._clock = clock
        self.hands = Hands()
        self.home = Home(studio, slack, Uploads(surroundings.vault), connection.link, clock)
        self._asking = Asking(
            studio=studio,
            people=connection.people,
            attendance=Attendance(slack, clock),
            drafts=Drafts(surroundings.vault),
            home=self.home,
        )
        answering = self._answering = Answering(
            slack=slack, outlet=connection.outlet, hands=self.hands, clock=clock, patience_s=patience_s
        )
        self._filling = Filling(
            slack=slack, studio=studio, asking=self._asking, answering=answering, clock=clock
        )
        self._commanding = Commanding(
            slack=slack, asking=self._asking, answering=answering, filling=self._filling
        )
        self._pressing = Pressing(asking=self._asking, answering=answering, filling=self._filling)
        self._shortcuts = Shortcuts(
            studio=studio,
            outlet=connection.outlet,
            answering=answering,
            filling=self._filling,
            pressing=self._pressing,
        )
        self._reacting = Reacting(
            slack=slack,
            studio=studio,
            asking=self._asking,
            answering=answering,
            shortcuts=self._shortcuts,
        )

    async def command(self, body: Body, context: Context, ack: Ack) -> None:
        """A slash command."""
        await self._interaction(body, context, ack, self._commanding.typed)

    async def press(self, body: Body, context: Context, ack: Ack) -> None:
        """A button or a list under a card or a note."""
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
        take = {FORM: self._filling.submit, REWORDING: self._pressing.reworded}[body["view"]["callback_id"]]
        await self._interaction(body, context, ack, take)

    async def change(self, body: Body, context: Context, ack: Ack) -> None:
        """Something was chosen in a form that is not sent yet."""
        await ack()
        event = Event.of(body, context)
        self.hands.start(self._filling.change(event, now=self._clock()), "change form")

    async def offer(self, body: Body, context: Context, ack: Any) -> None:
        """Somebody types into a list; where nothing can be offered, nothing is."""
        try:
            offered = await self._filling.offer(Event.of(body, context), now=self._clock())
        except Exception as error:  # noqa: BLE001 - what is not offered can still be typed
            _log.warning("offer_failed", error=repr(error))
            offered = []
        await ack(options=offered)

    async def home_opened(self, body: Body, context: Context) -> None:
        """Somebody looks at the Home tab; at the messages beside it nothing is shown."""
        if body["event"].get("tab") == "home":
            event = Event.of(body, context)
            self.hands.start(self._visit(event), "open home")

    async def home_pressed(self, body: Body, context: Context, ack: Ack) -> None:
        """A button of the Home tab."""
        await ack()
        event, action = Event.of(body, context), body["actions"][0]
        self.hands.start(self._visit(event, action), "press home")

    async def mention(self, body: Body, context: Context) -> None:
        """Somebody has written to the bot; raises StoreError to be told again."""
        event, now = Event.of(body, context), self._clock()
        if body["event"].get("bot_id"):
            # Two bots that mention each other would never end.
            return
        await self._commanding.mentioned(event, now=now)

    async def reacted(self, body: Body, context: Context) -> None:
        """A reaction was put under some message; raises StoreError to be told again."""
        await self._reacting.reacted(Event.of(body, context), now=self._clock())

    async def _interaction(
        self, body: Body, context: Context, ack: Ack, do: Callable[..., Awaitable[None]]
    ) -> None:
        try:
            event = Event.of(body, context)
        except Refused as refusal:
            _log.warning("event_not_understood", kind=body.get("type"), reason=str(refusal))
            await ack()
            return
        try:
            await do(event, ack, now=self._clock())
        except Exception as error:  # noqa: BLE001 - one event's fault must not leave a person without an answer
            _log.warning("event_failed", kind=body.get("type"), error=repr(error))
            await ack()
            seat = seat_of(event, self._clock())
            self.hands.start(self._answering.refuse(seat, OutOfReach()), f"tell {seat.key}")

    async def _visit(self, event: Event, action: Body | None = None) -> None:
        seat = await self._asking.recognised(seat_of(event, self._clock()))
        visitor = visitor_at(seat)
        if action is None:
            await self.home.open(visitor)
        else:
            value = str(action.get("value") or "")
            await self.home.press(visitor, str(action["action_id"]), value, key=seat.key)
