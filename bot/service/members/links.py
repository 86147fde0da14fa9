"""Linking persons across platforms: codes, the question that is asked first, and unlinking."""

import os
from collections.abc import Iterable

from bot.domain.access import check_unblocked
from bot.domain.commands import Link, Unlink
from bot.domain.errors import InvalidRequest, NotAllowed, TooManyRequests
from bot.domain.identity import Caller
from bot.domain.jobs.failures import neutral, one_line
from bot.domain.links import (
    CODE_ENTROPY,
    LINKED_MAX,
    TRIES_MAX,
    LinkedPerson,
    code_digest,
    new_code,
)
from bot.service.durable_writes import until_known
from bot.service.replies import PrivateReply, question_choices
from bot.services import PERSON_NOTICES, Services, log
from bot.store.admin.workspaces import AuditEntry, blocked_subjects
from bot.store.members.linking import Change, EnteredCode, enter_code, link, put_code, take_question, unlink
from bot.store.quotas.links import links_of

_INVALID = (
    "This code is wrong or has expired. A code works once and for {minutes} minutes; /link in your other "
    "account gives a new one."
)
_SHARED = (
    "Linked accounts share history, results and a personal limit of the operator; each workspace keeps its "
    "own rules, budgets and admins."
)
_OPEN_PAGE = (
    "Anybody who opens this page can be this person, because it needs no login, and would see what you made "
    "elsewhere. Accounts can be linked here once the operator protects it with a password."
)


async def show_or_enter(services: Services, command: Link, caller: Caller) -> PrivateReply:
    """Give a code, or ask about one that was entered; nobody is linked before that is answered."""
    if not caller.is_authenticated:
        raise NotAllowed(_OPEN_PAGE)
    check_unblocked(await blocked_subjects(services.database, caller.persons))
    if command.code:
        return await _enter(services, command.code, caller)
    code, now = new_code(os.urandom(CODE_ENTROPY)), services.clock()
    digest = code_digest(code)
    assert digest is not None  # noqa: S101 - it is a code
    me, expires_at = _person(caller), now + services.times.link_code
    await until_known(
        services,
        lambda: services.database.transact(put_code, me, digest, expires_at=expires_at),
    )
    linked = await _linked(services, caller)
    return PrivateReply(
        title="Link another account",
        text=f"Give this command in your other account, within {_minutes(services)} minutes:\n/link {code}\n"
        f"The code works once. Show it to nobody: whoever enters it can link themselves with you.\n{_SHARED}",
        fields=tuple(("Linked with", one.shown) for one in linked),
    )


async def _enter(services: Services, text: str, caller: Caller) -> PrivateReply:
    digest, now, times = code_digest(text), services.clock(), services.times
    if digest is None:
        raise InvalidRequest("A code has 12 letters and digits, such as 7K2M-9QXD-4HTP; /link gives you one")
    entered = EnteredCode(
        by=caller.person,
        digest=digest,
        question=services.new_id(),
        now=now,
        expires_at=now + times.confirmation,
        window_start=now - times.link_window,
        tries_max=TRIES_MAX,
    )
    entry = await until_known(services, lambda: services.database.transact(enter_code, entered))
    if entry.too_many_since is not None:
        wait = -(-(entry.too_many_since + times.link_window - now) // 60_000)
        raise TooManyRequests(f"You have entered too many codes. Try again in {wait} min.")
    other = entry.person
    if other is None:
        raise InvalidRequest(_INVALID.format(minutes=_minutes(services)))
    if other.person == caller.person:
        raise InvalidRequest("This is the code of this account; enter it in your other one")
    if other.person in caller.linked:
        raise InvalidRequest(f"You are linked with {other.shown} already")
    return PrivateReply(
        title=f"Link {_person(caller).shown} with {other.shown}?",
        text=f"Both then see and delete what the other has made, also privately. Go on only if {other.shown} "
        f"is you.\n{_SHARED}",
        choices=question_choices(entered.question, "Link"),
    )


async def answer_question(
    services: Services, question: str, caller: Caller, *, confirmed: bool
) -> PrivateReply:
    """Link the caller with the person whose code they entered, or leave both as they are."""
    now, me = services.clock(), _person(caller)
    if not confirmed:
        await services.database.transact(take_question, question, me.person, now=now)
        return PrivateReply(title="Not linked", text="Nothing was changed; the code is no longer valid.")
    if not caller.is_authenticated:
        raise NotAllowed(_OPEN_PAGE)
    change = _change(
        services,
        caller,
        "link",
        notice=f"🔗 {_quoted(me)} entered a code and is now linked with your account. {_SHARED} If that was "
        "not you, give /unlink here now.",
    )
    persons = await until_known(services, lambda: services.database.transact(link, question, me, change))
    if persons is None:
        raise InvalidRequest("This question is over, so nothing was changed; give the command again")
    services.wake(PERSON_NOTICES)
    log.info("persons_linked", person=me.person, persons=len(persons))
    return PrivateReply(title="Linked", text=_SHARED, fields=_fields(persons, me.person))


async def unlink_account(services: Services, command: Unlink, caller: Caller) -> PrivateReply:
    """Take the caller, or somebody linked with them, out of the link; all others are told."""
    if not caller.is_authenticated:
        raise NotAllowed(_OPEN_PAGE)
    linked = await _linked(services, caller)
    if not linked:
        return PrivateReply(title="Not linked", text="This account is linked with no other.")
    who = _named(command.account, linked, _person(caller)) if command.account else _person(caller)
    change = _change(
        services,
        caller,
        "unlink",
        notice=f"🔗 {_quoted(who)} is no longer linked with your other accounts. Each keeps what it has "
        "made and spent.",
    )
    rest = await until_known(
        services, lambda: services.database.transact(unlink, who.person, caller.person, change)
    )
    services.wake(PERSON_NOTICES)
    log.info("person_unlinked", person=who.person)
    return PrivateReply(
        title="Unlinked",
        text=f"{who.shown} has a history and a personal limit of its own again.",
        fields=_fields(rest, caller.person) if who.person != caller.person and len(rest) > 1 else (),
    )


def _named(text: str, linked: Iterable[LinkedPerson], me: LinkedPerson) -> LinkedPerson:
    """The linked account that a text names; raises InvalidRequest that lists them."""
    wanted = text.strip().casefold()
    persons = [*linked, me]
    for names in ("person", "shown", "name"):
        found = [one for one in persons if getattr(one, names).casefold() == wanted]
        if len(found) == 1:
            return found[0]
    known = ", ".join(f"{one.shown} ({one.person})" for one in persons)
    raise InvalidRequest(f"Name one of your linked accounts: {known}")


async def _linked(services: Services, caller: Caller) -> list[LinkedPerson]:
    found = (await links_of(services.database, [caller.person])).get(caller.person)
    return [one for one in found.persons if one.person != caller.person] if found else []


def _person(caller: Caller) -> LinkedPerson:
    return LinkedPerson(person=caller.person, name=caller.name)


def _quoted(person: LinkedPerson) -> str:
    return neutral(one_line(person.shown))


def _fields(persons: Iterable[LinkedPerson], me: str) -> tuple[tuple[str, str], ...]:
    return tuple(("Linked with", one.shown) for one in persons if one.person != me)


def _minutes(services: Services) -> int:
    return max(1, services.times.link_code // 60_000)


def _change(services: Services, caller: Caller, action: str, *, notice: str) -> Change:
    now = services.clock()
    return Change(
        id=services.new_id(),
        now=now,
        notice=notice,
        ids=tuple(services.new_id() for _ in range(LINKED_MAX)),
        # No workspace: its admins are not told about other accounts of their members.
        audit=AuditEntry(actor=caller.person, workspace="", action=action, subject=caller.person, now=now),
    )
