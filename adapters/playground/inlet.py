"""The playground's inlet: people come in over HTTP, so what is left is to wake their open pages."""

import structlog

from adapters.playground.bell import heard
from adapters.playground.people import People
from adapters.playground.room import Room
from bot.domain.errors import StoreError

_log = structlog.get_logger(__name__)


class Doorkeeper:
    """Rings for what other processes have put into the vault, and sends everybody home at the end."""

    def __init__(self, room: Room, people: People, *, look_every_s: float = 1.0) -> None:
        self._room = room
        self._people = people
        self._look_every_s = look_every_s

    async def run(self) -> None:
        known: tuple[int, ...] = ()
        try:
            await self._people.everybody()
            while True:
                ring = self._room.bell.listen()
                try:
                    newest = await self._room.newest()
                except StoreError as error:
                    _log.warning("playground_look_failed", error=str(error))
                else:
                    if newest != known:
                        known = newest
                        self._room.bell.ring()
                await heard(ring, within_s=self._look_every_s)
        finally:
            # An event stream that stays open would hold up the web server's stop.
            self._room.bell.close()
