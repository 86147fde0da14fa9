"""Socket Mode: each event goes to one of several sockets."""

import asyncio
import secrets
from contextlib import suppress
from typing import Any

import orjson
from aiohttp import WSMsgType, web

from tests.platforms.fake_slack.rules.refusals import Json
from tests.platforms.fake_slack.state.deliveries import Delivery
from tests.platforms.fake_slack.state.world import World

#: sockets that an app may have open
MOST = 10
_TICKET_LIFE_MS = 30_000


class Sockets:
    """Serves the app's sockets: hello, envelopes and acknowledgements."""

    def __init__(self, world: World, violations: list[str]) -> None:
        self._world = world
        self._violations = violations
        #: open sockets, the oldest first, with what carries their bytes
        self._lines: dict[web.WebSocketResponse, asyncio.Transport] = {}
        self._turn = 0
        #: sent and never forgotten, by envelope
        self._sent: dict[str, Delivery] = {}
        #: how often the app has connected, and how often it was refused for having too many
        self.greeted = 0
        self.refused = 0

    @property
    def connected(self) -> int:
        return len(self._lines)

    async def serve(self, request: web.Request) -> web.StreamResponse:
        ticket = self._world.tickets.pop(request.query.get("ticket", ""), None)
        if ticket is None or self._world.clock.now_ms() - ticket > _TICKET_LIFE_MS:
            return web.Response(status=408, text="expired")
        socket = web.WebSocketResponse(max_msg_size=0)
        await socket.prepare(request)
        if len(self._lines) >= MOST:
            self.refused += 1
            await self._dismiss(socket, "too_many_websockets")
            return socket
        assert request.transport is not None
        self._lines[socket] = request.transport
        self.greeted += 1
        try:
            await self._greet(socket)
            await self._listen(socket)
        finally:
            self._lines.pop(socket, None)
            self._world.changes.notify()
        return socket

    async def hand_out(self, delivery: Delivery, attempt: int, reason: str | None) -> bool:
        """Send an envelope to one socket; answer whether there was any."""
        if not self._lines:
            return False
        envelope: Json = {
            "envelope_id": delivery.id,
            "type": delivery.kind.value,
            "accepts_response_payload": delivery.takes_answer,
            "payload": delivery.payload,
        }
        if delivery.kind.value == "events_api":
            envelope |= {"retry_attempt": attempt, "retry_reason": reason or ""}
        self._sent[delivery.id] = delivery
        self._turn += 1
        socket = list(self._lines)[self._turn % len(self._lines)]
        try:
            await socket.send_str(orjson.dumps(envelope).decode())
        except ConnectionError:
            return False
        return True

    async def disconnect(self, reason: str = "refresh_requested") -> None:
        """Ask the app to leave one socket, the oldest, and close it; after a `warning` it stays open."""
        socket = next(iter(self._lines))
        if reason != "warning":
            del self._lines[socket]
        await self._dismiss(socket, reason)
        self._world.changes.notify()

    def kill(self) -> None:
        """Drop every connection."""
        for line in self._lines.values():
            line.abort()
        self._lines.clear()
        self._world.changes.notify()

    async def _greet(self, socket: web.WebSocketResponse) -> None:
        hello = {
            "type": "hello",
            "num_connections": len(self._lines),
            "debug_info": {
                "host": f"applink-{secrets.token_hex(4)}",
                "build_number": 1,
                "approximate_connection_time": 18060,
            },
            "connection_info": {"app_id": self._world.app.id},
        }
        await socket.send_str(orjson.dumps(hello).decode())
        self._world.changes.notify()

    async def _dismiss(self, socket: web.WebSocketResponse, reason: str) -> None:
        farewell = {"type": "disconnect", "reason": reason, "debug_info": {"host": "applink"}}
        with suppress(ConnectionError):
            await socket.send_str(orjson.dumps(farewell).decode())
        if reason != "warning":
            # The close is not waited for: a client that reads our words first answers it late.
            await socket.close(drain=False)

    async def _listen(self, socket: web.WebSocketResponse) -> None:
        async for message in socket:
            if message.type is WSMsgType.TEXT:
                self._acknowledge(orjson.loads(message.data))

    def _acknowledge(self, told: dict[str, Any]) -> None:
        delivery = self._sent.get(told.get("envelope_id", ""))
        payload = told.get("payload") or {}
        if delivery is None:
            self._violations.append(f"nothing was sent as {told.get('envelope_id')}")
        elif delivery.settled:
            self._violations.append(f"{delivery.name} was acknowledged twice")
        elif delivery.given_up:
            delivery.acknowledged_late_ms = self._world.clock.now_ms()
        else:
            if payload and not delivery.takes_answer:
                self._violations.append(f"{delivery.name} takes no answer: {payload}")
            delivery.answer = payload
        self._world.changes.notify()
