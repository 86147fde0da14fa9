"""One gateway connection: hello, heartbeats, and the events of its session."""

import asyncio
import time
import zlib
from contextlib import suppress
from typing import Any, Protocol

import orjson
from aiohttp import WSMsgType, web

from tests.platforms.fake_discord.gateway.identify import Closing
from tests.platforms.fake_discord.gateway.sessions import Payload, Session

HEARTBEAT, IDENTIFY, PRESENCE, VOICE, RESUME, MEMBERS = 1, 2, 3, 4, 6, 8
RECONNECT, INVALID_SESSION, HELLO, HEARTBEAT_ACK = 7, 9, 10, 11

#: what a client may send in a minute
_SENDS = 120
_MINUTE_S = 60.0
#: missed heartbeats after which the gateway closes the connection
_PATIENCE = 2.5
_NOT_RESUMABLE = (1000, 1001)
_END = object()


class GatewayState(Protocol):
    """What a connection needs of its gateway."""

    heartbeat_interval_ms: int
    #: heartbeats go unanswered and nothing is sent, as on a dead line
    frozen: bool

    def identify(self, connection: "Connection", data: Any) -> Session | None: ...
    def resume(self, connection: "Connection", data: Any) -> Session | None: ...
    def part(self, session: Session, *, for_good: bool) -> None: ...
    def present(self, session: Session, data: Any) -> None: ...
    def chunk(self, session: Session, data: Any) -> None: ...
    def before_sending(self, connection: "Connection", payload: Payload) -> bool: ...
    def outgoing(self, payload: Payload) -> None: ...


class Connection:
    def __init__(self, gateway: GatewayState, request: web.Request) -> None:
        self._gateway = gateway
        self._request = request
        self._socket = web.WebSocketResponse(max_msg_size=4096 * 4, autoclose=False)
        self._compressor = zlib.compressobj() if request.query.get("compress") == "zlib-stream" else None
        self._outgoing: asyncio.Queue[Any] = asyncio.Queue()
        self._sends: list[float] = []
        self._client_closed_with: int | None = None
        self.session: Session | None = None

    async def serve(self) -> web.WebSocketResponse:
        """Serve one client until either side closes the connection."""
        await self._socket.prepare(self._request)
        self.tell(
            {
                "op": HELLO,
                "s": None,
                "t": None,
                "d": {"heartbeat_interval": self._gateway.heartbeat_interval_ms},
            }
        )
        async with asyncio.TaskGroup() as group:
            group.create_task(self._send_all(), name="gateway-sending")
            try:
                await self._receive_all()
            except Closing as closing:
                self.hang_up(closing.code, closing.reason)
            finally:
                self._outgoing.put_nowait(_END)
                self._leave()
        return self._socket

    def tell(self, payload: Payload) -> None:
        self._outgoing.put_nowait(payload)

    def hang_up(self, code: int, reason: str = "") -> None:
        """Close the connection after sending everything that is queued."""
        self._outgoing.put_nowait((code, reason))

    def cut(self) -> None:
        """Drop the connection without a close frame."""
        if self._request.transport is not None:
            self._request.transport.abort()
        self._outgoing.put_nowait(_END)

    def _leave(self) -> None:
        session, self.session = self.session, None
        if session is not None and session.line is self:
            self._gateway.part(session, for_good=self._client_closed_with in _NOT_RESUMABLE)

    async def _send_all(self) -> None:
        with suppress(ConnectionError, RuntimeError):  # the client has gone
            while (item := await self._outgoing.get()) is not _END:
                if isinstance(item, tuple):
                    code, reason = item
                    await self._socket.close(code=code, message=reason.encode())
                elif not self._gateway.before_sending(self, item):
                    continue
                else:
                    await self._send(item)

    async def _send(self, payload: Payload) -> None:
        self._gateway.outgoing(payload)
        text = orjson.dumps(payload)
        if self._compressor is None:
            await self._socket.send_str(text.decode())
            return
        packed = self._compressor.compress(text) + self._compressor.flush(zlib.Z_SYNC_FLUSH)
        await self._socket.send_bytes(packed)

    async def _receive_all(self) -> None:
        patience = self._gateway.heartbeat_interval_ms / 1000 * _PATIENCE
        deadline = time.monotonic() + patience
        while True:
            try:
                message = await self._socket.receive(timeout=max(0.001, deadline - time.monotonic()))
            except TimeoutError:
                raise Closing(4009, "Session timed out.") from None
            if message.type is WSMsgType.CLOSE:
                self._client_closed_with = message.data
            if message.type not in (WSMsgType.TEXT, WSMsgType.BINARY):
                return
            payload = _parsed(message.data)
            self._count()
            if payload.get("op") == HEARTBEAT:
                deadline = time.monotonic() + patience
            self._take(payload)

    def _count(self) -> None:
        now = time.monotonic()
        self._sends = [moment for moment in self._sends if now - moment < _MINUTE_S] + [now]
        if len(self._sends) > _SENDS:
            raise Closing(4008, "Rate limited.")

    def _take(self, payload: dict[str, Any]) -> None:
        op, data = payload.get("op"), payload.get("d")
        if op == HEARTBEAT:
            self.tell({"op": HEARTBEAT_ACK, "s": None, "t": None})
        elif op == IDENTIFY:
            if self.session is not None:
                raise Closing(4005, "Already authenticated.")
            self.session = self._gateway.identify(self, data)
        elif op == RESUME:
            self.session = self._gateway.resume(self, data)
        elif op not in (PRESENCE, VOICE, MEMBERS):
            raise Closing(4001, "Unknown opcode.")
        elif self.session is None:
            raise Closing(4003, "Not authenticated.")
        elif op == PRESENCE:
            self._gateway.present(self.session, data)
        elif op == MEMBERS:
            self._gateway.chunk(self.session, data)


def _parsed(data: str | bytes) -> dict[str, Any]:
    try:
        payload = orjson.loads(data)
    except orjson.JSONDecodeError:
        raise Closing(4002, "Error while decoding payload.") from None
    if not isinstance(payload, dict):
        raise Closing(4002, "Error while decoding payload.")
    return payload
