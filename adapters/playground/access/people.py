"""The people one can be in the playground, kept in the vault."""

import asyncio
import re

import orjson

from adapters.playground.delivery.conversations import Person
from adapters.playground.ports import AdapterData
from bot.domain.errors import InvalidRequest

#: under the feed, so that open pages learn of a new person as they learn of a message
PREFIX = "room/person/"

_NAME = re.compile(r"[a-z0-9_-]{1,24}")
_FIRST = ("ada", "grace")
_MOST = 100


class People:
    """Finds and adds people."""

    def __init__(self, adapter_data: AdapterData) -> None:
        self._adapter_data = adapter_data
        self._adding = asyncio.Lock()

    async def everybody(self) -> list[Person]:
        """All people, the admin first; the two of a new workspace are there from its first use."""
        async with self._adding:
            entries = await self._adapter_data.since(PREFIX, 0, limit=_MOST)
            if not entries:
                for name in _FIRST:
                    await self._keep(Person(name=name, is_admin=name == _FIRST[0]))
                entries = await self._adapter_data.since(PREFIX, 0, limit=_MOST)
        people = [_read(entry.value) for entry in entries]
        return sorted(people, key=lambda person: not person.is_admin)

    async def find(self, name: str) -> Person | None:
        found = await self._adapter_data.get(PREFIX + name) if _NAME.fullmatch(name) else None
        return None if found is None else _read(found)

    async def add(self, name: str) -> Person:
        """Add somebody; a name that is taken is that person. Raises InvalidRequest."""
        name = name.strip().lower()
        if not _NAME.fullmatch(name):
            raise InvalidRequest("A name has 1 to 24 letters or digits; - and _ are fine too")
        if len(await self.everybody()) >= _MOST:
            raise InvalidRequest(f"{_MOST} people are the most that fit in here")
        async with self._adding:
            person = await self.find(name)
            if person is None:
                person = Person(name=name, is_admin=False)
                await self._keep(person)
        return person

    async def _keep(self, person: Person) -> None:
        record = {"kind": "person", "name": person.name, "admin": person.is_admin}
        await self._adapter_data.put(PREFIX + person.name, orjson.dumps(record).decode())


def _read(value: str) -> Person:
    record = orjson.loads(value)
    return Person(name=record["name"], is_admin=record["admin"])
