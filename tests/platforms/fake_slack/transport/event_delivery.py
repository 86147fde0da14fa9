"""Delivers events to the app, with retries as Slack makes them."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

import aiohttp

from tests.platforms.fake_slack.rules.refusals import Refusal
from tests.platforms.fake_slack.state.deliveries import ACK_WITHIN_MS, RETRIES_S, Delivery, DeliveryKind
from tests.platforms.fake_slack.state.world import World
from tests.platforms.fake_slack.transport.background_tasks import BackgroundTasks
from tests.platforms.fake_slack.transport.contracts import blocks_fault, event_fault, view_fault
from tests.platforms.fake_slack.transport.http import AppClient, AppResponse, within
from tests.platforms.fake_slack.transport.sockets import Sockets

_GOOD = range(200, 300)


class HeldDeliveries:
    """Deliveries that a test holds back and releases later in any order."""

    def __init__(self, event_delivery: "EventDelivery") -> None:
        self._event_delivery = event_delivery
        self.deliveries: list[Delivery] = []

    def release(self, *, backwards: bool = False) -> None:
        waiting, self.deliveries = self.deliveries, []
        for delivery in reversed(waiting) if backwards else waiting:
            delivery.created_ms = self._event_delivery.now_ms()
            self._event_delivery.start(delivery)


class EventDelivery:
    def __init__(
        self,
        world: World,
        sockets: Sockets,
        app_client: AppClient,
        tasks: BackgroundTasks,
        violations: list[str],
        *,
        validates: bool,
    ) -> None:
        self._world = world
        self._sockets = sockets
        self._app_client = app_client
        self._tasks = tasks
        self._violations = violations
        self._validates = validates
        self._held: HeldDeliveries | None = None

    def now_ms(self) -> int:
        return self._world.clock.now_ms()

    def send(self, delivery: Delivery) -> None:
        """Bring it as soon as may be, or keep it back where a test does so."""
        if delivery.kind is DeliveryKind.EVENT and self._validates:
            self._complain(f"the fake itself: {delivery.name}", event_fault(delivery.payload["event"]))
        if self._held is None:
            self.start(delivery)
        else:
            self._held.deliveries.append(delivery)

    def start(self, delivery: Delivery) -> None:
        self._tasks.start(partial(self._carry, delivery), name=delivery.name)

    @contextmanager
    def holding(self) -> Iterator[HeldDeliveries]:
        """Keep back what is sent meanwhile; it goes when the test releases it."""
        self._held = held = HeldDeliveries(self)
        try:
            yield held
        finally:
            self._held = None

    async def _carry(self, delivery: Delivery) -> None:
        waits = (0, *RETRIES_S) if delivery.kind is DeliveryKind.EVENT else (0,)
        for attempt, wait_s in enumerate(waits):
            await self._world.clock.reaches(self.now_ms() + wait_s * 1000)
            reason = await self._try(delivery, attempt)
            if reason is None:
                self._settle(delivery)
                return
            delivery.failures.append(reason)
            self._world.changes.notify()
            if reason == "no_retry":
                break
        delivery.given_up = True
        # An app that does not run at all cannot be blamed for its silence.
        if set(delivery.failures) != {"connection_failed"}:
            self._violations.append(f"{delivery.name} was not acknowledged: {', '.join(delivery.failures)}")
        self._world.changes.notify()

    async def _try(self, delivery: Delivery, attempt: int) -> str | None:
        """Bring it once, and return what went wrong."""
        begun = delivery.created_ms if attempt == 0 else self.now_ms()
        reason = delivery.failures[-1] if delivery.failures else None
        if self._world.app.manifest.socket_mode:
            return await self._by_socket(delivery, attempt, reason, begun + ACK_WITHIN_MS)
        return await self._by_http(delivery, attempt, reason, begun + ACK_WITHIN_MS)

    async def _by_socket(
        self, delivery: Delivery, attempt: int, reason: str | None, ends_ms: int
    ) -> str | None:
        clock = self._world.clock
        while not await self._sockets.hand_out(delivery, attempt, reason):
            if await clock.reaches(ends_ms, unless=lambda: self._sockets.connected > 0):
                return "connection_failed"
        late = await clock.reaches(ends_ms, unless=lambda: delivery.settled)
        return "timeout" if late else None

    async def _by_http(
        self, delivery: Delivery, attempt: int, reason: str | None, ends_ms: int
    ) -> str | None:
        sending = asyncio.create_task(self._app_client.send(delivery, attempt, reason))
        try:
            response = await within(self._world, sending, ends_ms)
        except aiohttp.ClientError:
            return "connection_failed"
        if response is None:
            return "http_timeout"
        if response.status not in _GOOD:
            return "no_retry" if response.no_retry else "http_error"
        self._record_response(delivery, response)
        return None

    def _record_response(self, delivery: Delivery, response: AppResponse) -> None:
        if response.body and not delivery.takes_answer and delivery.kind is not DeliveryKind.EVENT:
            self._violations.append(f"{delivery.name} takes no answer: {response.body}")
        delivery.answer = response.body

    def _settle(self, delivery: Delivery) -> None:
        """Do what the app's answer says."""
        delivery.acknowledged_ms = self.now_ms()
        answer = delivery.answer
        assert answer is not None
        if self._validates and "blocks" in answer:
            self._complain(f"the answer to {delivery.name}: blocks", blocks_fault(answer["blocks"]))
        if self._validates and "view" in answer:
            self._complain(f"the answer to {delivery.name}: view", view_fault(answer["view"]))
        try:
            delivery.settle(answer)
        except Refusal as refusal:
            self._violations.append(f"the answer to {delivery.name} is refused: {refusal}")
        self._world.changes.notify()

    def _complain(self, what: str, fault: str | None) -> None:
        if fault is not None:
            self._violations.append(f"{what} {fault}")
