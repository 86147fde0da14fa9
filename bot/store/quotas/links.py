"""Who is linked with whom."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from bot.domain.identity import Caller
from bot.domain.links import LinkedPerson
from bot.store.database.base import Database, Transaction
from bot.store.database.named_sql import load

sql = load("quotas/links")


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """Persons who are linked."""

    #: new after each change
    id: str
    persons: tuple[LinkedPerson, ...]

    def others(self, person: str) -> frozenset[str]:
        return frozenset(one.person for one in self.persons) - {person}


async def links_of(store: Database | Transaction, persons: Iterable[str]) -> Mapping[str, Link]:
    """The link of each person who has one."""
    found: dict[str, list[LinkedPerson]] = {}
    for row in await store.fetch(sql.links, persons=sorted(set(persons))):
        found.setdefault(row["link"], []).append(LinkedPerson(person=row["person"], name=row["name"]))
    links = [Link(id=link, persons=tuple(persons)) for link, persons in found.items()]
    return {one.person: link for link in links for one in link.persons}


async def with_links(store: Database | Transaction, caller: Caller) -> Caller:
    """The caller with the persons whom they have linked now."""
    return linked_caller(caller, await links_of(store, [caller.person]))


def linked_caller(caller: Caller, links: Mapping[str, Link]) -> Caller:
    link = links.get(caller.person)
    linked = link.others(caller.person) if link else frozenset()
    return caller if linked == caller.linked else replace(caller, linked=linked)
