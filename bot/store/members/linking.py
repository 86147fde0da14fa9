"""Links persons by codes that one shows and the other enters, and unlinks them."""

from collections.abc import Iterable
from dataclasses import dataclass

from bot.domain.access import check_unblocked
from bot.domain.errors import InvalidRequest
from bot.domain.jobs.erasure import NAMELESS
from bot.domain.links import LINKED_MAX, LinkedPerson
from bot.store.admin.workspaces import AuditEntry, blocked_subjects, record_audit
from bot.store.database.base import Transaction
from bot.store.database.named_sql import load
from bot.store.members.person_notices import PersonNotice, insert_notices
from bot.store.quotas.links import links_of
from bot.store.quotas.personal_meters import align_personal_meters

sql, notices_sql = load("quotas/links"), load("members/person_notices")


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What a change of links needs beside the persons."""

    #: becomes the link's name
    id: str
    now: int
    #: told to everybody whose links change, but the one who makes the change; `ids` name the messages
    notice: str
    ids: tuple[str, ...]
    audit: AuditEntry


async def put_code(tx: Transaction, person: LinkedPerson, digest: str, *, expires_at: int) -> None:
    """Store a code of a person; an earlier one is no longer valid."""
    await tx.run(sql.put_code, person=person.person, name=person.name, digest=digest, expires_at=expires_at)


async def expire_codes(tx: Transaction, *, now: int, window_start: int) -> None:
    """Remove the codes that can no longer be entered, and tries that no longer count."""
    await tx.run(sql.remove_expired_codes, now=now)
    await tx.run(sql.remove_old_tries, before=window_start)


@dataclass(frozen=True, slots=True, kw_only=True)
class EnteredCode:
    """A code as somebody has entered it."""

    by: str
    digest: str
    #: id of the question that they are asked
    question: str
    now: int
    #: until when they may answer
    expires_at: int
    #: tries before this no longer count, and how many may follow
    window_start: int
    tries_max: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What came of a code that was entered."""

    #: whose code it was; None for one that is wrong or has expired
    person: LinkedPerson | None = None
    #: since when the tries are counted, if there were too many of them
    too_many_since: int | None = None


async def enter_code(tx: Transaction, entered: EnteredCode) -> Entry:
    """Count a try, and take a valid code of somebody else, which nobody can enter again."""
    before = entered.window_start
    tried = await tx.one(sql.count_try, person=entered.by, now=entered.now, before=before)
    if tried is not None and tried["tries"] > entered.tries_max:
        return Entry(too_many_since=tried["since"])
    row = await tx.one(sql.code, digest=entered.digest, question=entered.question, now=entered.now)
    if row is None:
        return Entry()
    if row["person"] != entered.by:
        await tx.run(
            sql.enter_code,
            digest=entered.digest,
            entered_by=entered.by,
            question=entered.question,
            expires_at=entered.expires_at,
        )
    return Entry(person=LinkedPerson(person=row["person"], name=row["name"]))


async def take_question(tx: Transaction, question: str, by: str, *, now: int) -> LinkedPerson | None:
    """Whose code a question was about, which is answered once; None where it is over."""
    row = await tx.one(sql.take_question, question=question, entered_by=by, now=now)
    return LinkedPerson(person=row["person"], name=row["name"]) if row else None


async def link(
    tx: Transaction, question: str, by: LinkedPerson, change: Change
) -> tuple[LinkedPerson, ...] | None:
    """Link the two persons of a question, with everybody whom they are linked to; returns them all.

    None where the question is over. Raises NotAllowed if the operator has blocked one of them.
    """
    other = await take_question(tx, question, by.person, now=change.now)
    if other is None:
        # Done before, where the outcome of that commit was unknown.
        done = (await links_of(tx, [by.person])).get(by.person)
        return done.persons if done is not None and done.id == change.id else None
    await tx.run(sql.lock_links)
    before = await links_of(tx, [by.person, other.person])
    persons = {
        one.person: one
        for start in (by, other)
        for one in (start, *(before[start.person].persons if start.person in before else ()))
    }
    # As they are called now.
    persons |= {one.person: one for one in (by, other)}
    if len(persons) > LINKED_MAX:
        raise InvalidRequest(f"No more than {LINKED_MAX} accounts can be linked; /unlink one first")
    check_unblocked(await blocked_subjects(tx, persons))
    await _put(tx, persons.values(), change)
    everybody = frozenset(persons)
    linked = {person: everybody - {person} for person in persons}
    await align_personal_meters(tx, linked, now=change.now, cause="linked")
    await _tell(tx, everybody - {by.person}, change)
    await record_audit(tx, change.audit, {"with": other.person, "persons": sorted(everybody)})
    return tuple(persons.values())


async def unlink(tx: Transaction, person: str, by: str, change: Change) -> tuple[LinkedPerson, ...]:
    """Unlink a person from all others; returns who they were linked to, nobody where they were not linked.

    Raises NotAllowed if the operator has blocked one of them: the block holds for all of them.
    """
    await tx.run(sql.lock_links)
    found = (await links_of(tx, [person])).get(person)
    if found is None:
        return ()
    check_unblocked(await blocked_subjects(tx, (one.person for one in found.persons)))
    rest = tuple(one for one in found.persons if one.person != person)
    gone = [person] if len(rest) > 1 else [one.person for one in found.persons]
    await tx.run(sql.remove_linked, persons=gone)
    await _put(tx, rest if len(rest) > 1 else (), change)
    everybody = frozenset(one.person for one in rest)
    linked = {one: everybody - {one} for one in everybody} | {person: frozenset()}
    await align_personal_meters(tx, linked, now=change.now, cause="unlinked")
    await _tell(tx, (everybody | {person}) - {by}, change)
    await record_audit(tx, change.audit, {"from": sorted(everybody)})
    return rest


async def forget_links(tx: Transaction, person: str, change: Change) -> None:
    """Unlink a person whose data is deleted, and remove their codes, tries and messages.

    While the operator blocks one of the linked persons, the link stays without their name.
    """
    found = (await links_of(tx, [person])).get(person)
    if found is not None and await blocked_subjects(tx, (one.person for one in found.persons)):
        await tx.run(sql.rename_linked, person=person, name=NAMELESS)
    else:
        await unlink(tx, person, person, change)
    for query in (sql.remove_codes, sql.remove_tries, sql.remove_audit, notices_sql.remove_notices_of):
        await tx.run(query, person=person)


async def _put(tx: Transaction, persons: Iterable[LinkedPerson], change: Change) -> None:
    rows = [{"person": one.person, "link": change.id, "name": one.name, "now": change.now} for one in persons]
    if rows:
        await tx.run(sql.put_linked, items=rows)


async def _tell(tx: Transaction, persons: Iterable[str], change: Change) -> None:
    notices = [
        PersonNotice(id=id_, person=person, text=change.notice)
        for id_, person in zip(change.ids, sorted(persons), strict=False)
    ]
    await insert_notices(tx, notices, now=change.now)
