"""Links for tests of the store: two persons are linked by a code, as people do it."""

from bot.domain.identity import Caller
from bot.domain.links import LinkedPerson
from bot.store.admin.workspaces import AuditEntry
from bot.store.database.base import Database
from bot.store.members.linking import Change, EnteredCode, Entry, enter_code, link, put_code, unlink
from tests.store.factories import HOUR, MINUTE, NOW, new_id

AUDIT = AuditEntry(actor="somebody", workspace="", action="link", subject="somebody", now=NOW)


def linked_person(who: Caller) -> LinkedPerson:
    return LinkedPerson(person=who.person, name=who.name)


def change(now: int = NOW) -> Change:
    return Change(
        id=new_id("link"),
        now=now,
        notice="Your links have changed.",
        ids=tuple(new_id("notice") for _ in range(10)),
        audit=AUDIT,
    )


async def enter(
    store: Database,
    who: Caller,
    digest: str,
    *,
    now: int = NOW,
    question: str | None = None,
    tries_max: int = 5,
) -> Entry:
    """Enter a code; `tries_max` may be entered in an hour."""
    entered = EnteredCode(
        by=who.person,
        digest=digest,
        question=question or new_id("question"),
        now=now,
        expires_at=now + 15 * MINUTE,
        window_start=now - HOUR,
        tries_max=tries_max,
    )
    entry: Entry = await store.transact(enter_code, entered)
    return entry


async def ask(store: Database, who: Caller, other: Caller, *, now: int = NOW) -> str:
    """Have `who` enter a code of `other`; returns the question that they are asked."""
    digest, question = new_id("digest"), new_id("question")
    await store.transact(put_code, linked_person(other), digest, expires_at=now + 10 * MINUTE)
    entry = await enter(store, who, digest, now=now, question=question, tries_max=10**6)
    assert entry.person == linked_person(other)
    return question


async def link_up(store: Database, who: Caller, other: Caller, *, now: int = NOW) -> None:
    assert await store.transact(link, await ask(store, who, other, now=now), linked_person(who), change(now))


async def part(store: Database, who: Caller, *, now: int = NOW) -> None:
    """Unlink a person from all others."""
    await store.transact(unlink, who.person, who.person, change(now))
