"""The gateway: sessions by shard, and faults that tests inject into them."""

import secrets
from collections.abc import Callable
from typing import Any

from aiohttp import web

from tests.platforms.fake_discord.gateway.connection import INVALID_SESSION, RECONNECT, Connection
from tests.platforms.fake_discord.gateway.identify import Closing, IdentifyLimits
from tests.platforms.fake_discord.gateway.sessions import Payload, Session
from tests.platforms.fake_discord.state.clock import shard_of
from tests.platforms.fake_discord.state.events import Event, Intents
from tests.platforms.fake_discord.state.payloads import guild_event_json, member_json, own_user_json
from tests.platforms.fake_discord.state.world import World

RESUME_HOST = "gateway-us-east1-b.discord.gg"


class Gateway:
    def __init__(self, world: World, watch: Callable[[Payload], None]) -> None:
        self._world = world
        self._watch = watch
        self.identify_limits = IdentifyLimits(world)
        self.sessions: dict[str, Session] = {}
        #: every payload that came in, heartbeats apart: (op, data)
        self.received: list[tuple[int, Any]] = []
        self.heartbeat_interval_ms = 41_250
        self.frozen = False
        self.resumed = 0
        self._connections: set[Connection] = set()
        self._held: list[Event] | None = None
        self._cut_after: int | None = None
        world.listen(self.announce)

    # For tests.

    def kill(self) -> None:
        """Drop every connection."""
        for connection in list(self._connections):
            connection.cut()

    def kill_after(self, events: int) -> None:
        """Drop a connection after it has sent so many more events."""
        self._cut_after = events

    def close(self, code: int) -> None:
        """Close every connection with a code such as 4000."""
        for connection in list(self._connections):
            connection.hang_up(code)

    def ask_to_reconnect(self) -> None:
        for connection in list(self._connections):
            connection.tell({"op": RECONNECT, "s": None, "t": None, "d": None})

    def invalidate(self, *, resumable: bool = False) -> None:
        """Invalidate every session; unless resumable, undelivered events are lost."""
        for connection in list(self._connections):
            if not resumable and connection.session is not None:
                self.sessions.pop(connection.session.id, None)
            connection.tell({"op": INVALID_SESSION, "s": None, "t": None, "d": resumable})

    def hold(self) -> None:
        """Hold back all events until `release`."""
        self._held = []

    def release(self, *, reverse: bool = False, twice: bool = False) -> None:
        """Send the held events: in order, reversed, or each twice."""
        held, self._held = self._held or [], None
        for event in reversed(held) if reverse else held:
            for _ in range(2 if twice else 1):
                self.announce(event)

    @property
    def presences(self) -> dict[int, Any]:
        """The presence of each shard."""
        return {session.shard: session.presence for session in self.sessions.values()}

    @property
    def connected(self) -> int:
        return sum(session.line is not None for session in self.sessions.values())

    # For the rest of the service.

    async def serve(self, request: web.Request) -> web.WebSocketResponse:
        connection = Connection(self, request)
        self._connections.add(connection)
        try:
            return await connection.serve()
        finally:
            self._connections.discard(connection)
            self._world.changes.notify()

    def announce(self, event: Event) -> None:
        if self._held is not None:
            self._held.append(event)
            return
        for session in self.sessions.values():
            if session.hears(event):
                session.tell(event.name, event.told(session.intents))

    def bot_limits(self, url: str) -> dict[str, Any]:
        return {
            "url": url,
            "shards": self.identify_limits.shards,
            "session_start_limit": self.identify_limits.limits(),
        }

    # For connections.

    def identify(self, connection: Connection, data: Any) -> Session | None:
        """Open a session, or respond that it is invalid."""
        shard = data.get("shard") or [0, 1]
        self.identify_limits.check(data.get("token"), data.get("intents"), shard)
        self.received.append((2, data))
        if not self.identify_limits.admit(shard[0]):
            connection.tell({"op": INVALID_SESSION, "s": None, "t": None, "d": False})
            return None
        session = Session(
            id=secrets.token_hex(16),
            shard=shard[0],
            shards=shard[1],
            intents=Intents(data["intents"]),
            line=connection,
            presence=data.get("presence"),
        )
        self.sessions[session.id] = session
        self._greet(session)
        self._world.changes.notify()
        return session

    def resume(self, connection: Connection, data: Any) -> Session | None:
        """Resume a session, or respond that it is invalid."""
        self.identify_limits.check_token(data.get("token"))
        self.received.append((6, data))
        session = self.sessions.get(str(data.get("session_id")))
        sequence = data.get("seq")
        if (
            session is None
            or not isinstance(sequence, int)
            or not session.can_resume(sequence, self._world.clock.now_ms())
        ):
            connection.tell({"op": INVALID_SESSION, "s": None, "t": None, "d": False})
            return None
        self.resumed += 1
        session.replay(sequence, connection)
        self._world.changes.notify()
        return session

    def part(self, session: Session, *, for_good: bool) -> None:
        session.line, session.lost_ms = None, self._world.clock.now_ms()
        if for_good:
            self.sessions.pop(session.id, None)
        self._world.changes.notify()

    def present(self, session: Session, data: Any) -> None:
        session.presence = data
        self._world.changes.notify()

    def chunk(self, session: Session, data: Any) -> None:
        """Respond to a request for members; all of them only with the privileged intent."""
        guild = self._world.guilds.get(int(data["guild_id"]))
        if guild is None:
            return
        wanted = data.get("user_ids")
        if wanted is None and Intents.GUILD_MEMBERS not in session.intents and not data.get("query"):
            raise Closing(4014, "Disallowed intent(s).")
        ids = {int(each) for each in (wanted if isinstance(wanted, list) else [wanted])} if wanted else None
        found = [member for member in guild.members.values() if ids is None or member.user.id in ids]
        answer = {
            "guild_id": str(guild.id),
            "members": [member_json(member) for member in found],
            "chunk_index": 0,
            "chunk_count": 1,
        }
        session.tell("GUILD_MEMBERS_CHUNK", answer | ({"nonce": data["nonce"]} if "nonce" in data else {}))

    def before_sending(self, connection: Connection, payload: Payload) -> bool:
        """Whether to send a payload; drops the connection if a test has scheduled that."""
        if self.frozen:
            return False
        if payload["op"] == 0 and self._cut_after is not None:
            if self._cut_after == 0:
                self._cut_after = None
                connection.cut()
                return False
            self._cut_after -= 1
        return True

    def outgoing(self, payload: Payload) -> None:
        self._watch(payload)

    def _greet(self, session: Session) -> None:
        world = self._world
        mine = [
            guild
            for guild in world.guilds.values()
            if world.bot.id in guild.members and shard_of(guild.id, session.shards) == session.shard
        ]
        ready = {
            "v": 10,
            "user": own_user_json(world.bot),
            "guilds": [{"id": str(guild.id), "unavailable": True} for guild in mine],
            "session_id": session.id,
            "resume_gateway_url": f"wss://{RESUME_HOST}",
            "shard": [session.shard, session.shards],
            "application": {"id": str(world.application_id), "flags": 0, "flags_new": "0"},
        }
        session.tell("READY", world.garble(Event(name="READY", data=ready)).data)
        if Intents.GUILDS in session.intents:
            for guild in mine:
                session.tell("GUILD_CREATE", guild_event_json(guild, world) | {"unavailable": False})
