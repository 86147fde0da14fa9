"""Stores the people of the playground in the adapter data."""

import asyncio
import re
from unicodedata import normalize

import orjson

from adapters.playground.messages.conversations import Person
from bot.domain.errors import InvalidRequest
from bot.service.adapter_data import AdapterData

#: part of the feed, so that open pages learn of a new person as they learn of a message
PREFIX = "room/person/"

#: in any script
_NAME = re.compile(r"[\w-]{1,24}")
_FIRST_NAMES = ("ada", "grace")
_MOST = 100


class PersonStore:
    """Finds and adds people."""

    def __init__(self, adapter_data: AdapterData) -> None:
        self._adapter_data = adapter_data
        self._adding = asyncio.Lock()

    async def everybody(self) -> list[Person]:
        """Return all people, the admin first. The first two are added on first use."""
        async with self._adding:
            entries = await self._adapter_data.since(PREFIX, 0, limit=_MOST)
            if not entries:
                for name in _FIRST_NAMES:
                    await self._put(Person(name=name, is_admin=name == _FIRST_NAMES[0]))
                entries = await self._adapter_data.since(PREFIX, 0, limit=_MOST)
        people = [_from_json(entry.value) for entry in entries]
        return sorted(people, key=lambda person: not person.is_admin)

    async def find(self, name: str) -> Person | None:
        value = await self._adapter_data.get(PREFIX + name) if _NAME.fullmatch(name) else None
        return None if value is None else _from_json(value)

    async def add(self, name: str) -> Person:
        """Add a person, or return the one who has this name already. Raises InvalidRequest."""
        # However a keyboard writes it, it is the same name.
        name = normalize("NFC", name.strip().lower())
        if not _NAME.fullmatch(name):
            raise InvalidRequest("A name consists of 1 to 24 letters, digits, - or _")
        if len(await self.everybody()) >= _MOST:
            raise InvalidRequest(f"There can be at most {_MOST} people here")
        async with self._adding:
            person = await self.find(name)
            if person is None:
                person = Person(name=name, is_admin=False)
                await self._put(person)
        return person

    async def _put(self, person: Person) -> None:
        record = {"kind": "person", "name": person.name, "admin": person.is_admin}
        await self._adapter_data.put(PREFIX + person.name, orjson.dumps(record).decode())


def _from_json(value: str) -> Person:
    record = orjson.loads(value)
    return Person(name=record["name"], is_admin=record["admin"])
