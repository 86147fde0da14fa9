"""Checks events as they come from the gateway, before the library reads them. Pure.

Only what decides who asks and who pays is checked here; whatever else is odd, the reader of it refuses.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from bot.domain.errors import InvalidRequest, NotAllowed, Refused

_COMPLETION = 4
_BY_GUILD, _BY_USER = "0", "1"
ODD = "Discord sent this in a form that is not understood, so nothing was started or charged. Try it again."
NO_PERSON = "Only people can use this; nothing was started or charged."


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticket:
    """As much of an interaction as an answer needs."""

    id: str
    token: str
    #: somebody types, and takes choices alone
    completes: bool


@contextmanager
def understood() -> Iterator[None]:
    """Translate what reading an odd part of an event raises into a refusal that says so."""
    try:
        yield
    except (LookupError, TypeError, ValueError, AttributeError, ArithmeticError) as error:
        raise InvalidRequest(ODD) from error


def ticket_of(event: object) -> Ticket | None:
    """How to answer an interaction, however odd the rest of it is; None where it cannot be answered."""
    if not isinstance(event, dict):
        return None
    key, token = event.get("id"), event.get("token")
    if not isinstance(key, str) or not key.isdecimal() or not isinstance(token, str) or not token:
        return None
    return Ticket(id=key, token=token, completes=event.get("type") == _COMPLETION)


def why_not(event: object) -> Refused | None:
    """Why an interaction is refused unread; None where a person has made it."""
    if not isinstance(event, dict) or ticket_of(event) is None or not _is_id(event.get("application_id")):
        return InvalidRequest(ODD)
    guild, member = event.get("guild_id"), event.get("member")
    in_guild = guild is not None
    if (in_guild and not _is_id(guild)) or not _names_owner(
        event.get("authorizing_integration_owners"), guild
    ):
        return InvalidRequest(ODD)
    user = (member.get("user") if isinstance(member, dict) else None) if in_guild else event.get("user")
    if not isinstance(user, dict) or not _is_id(user.get("id")):
        return InvalidRequest(ODD)
    return None if _is_person(user) else NotAllowed(NO_PERSON)


def is_by_person(event: object) -> bool:
    """Whether a person may have put a reaction; what the event does not say is asked of Discord later."""
    if not isinstance(event, dict) or not all(map(_is_id, _ids(event))):
        return False
    member = event.get("member")
    if member is None:
        return True
    if event.get("guild_id") is None:
        return False
    user = member.get("user") if isinstance(member, dict) else None
    return isinstance(user, dict) and user.get("id") == event["user_id"] and _is_person(user)


def _names_owner(owners: object, guild: object) -> bool:
    """Whether it is said who has installed the app, a server or a person: that decides whose budget pays."""
    if not isinstance(owners, dict) or not owners or not all(map(_is_id, owners.values())):
        return False
    by_guild = owners.get(_BY_GUILD)
    return owners.keys() <= {_BY_GUILD, _BY_USER} and (guild is None or by_guild is None or by_guild == guild)


def _ids(event: Mapping[str, Any]) -> tuple[Any, ...]:
    ids = tuple(event.get(name) for name in ("user_id", "channel_id", "message_id"))
    return ids if event.get("guild_id") is None else (*ids, event["guild_id"])


def _is_id(value: object) -> bool:
    return isinstance(value, str) and value.isascii() and value.isdecimal()


def _is_person(user: Mapping[str, Any]) -> bool:
    """A flag that is there and is not plainly false says no."""
    return user.get("bot", False) is False and user.get("system", False) is False
