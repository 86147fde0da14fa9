"""Convert rows to records and back.

A row may be damaged, written by a newer version, or encrypted with a lost secret. It fails alone: reading
many rows skips it, and it is logged once.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields
from functools import lru_cache
from operator import attrgetter
from typing import Any, TypeVar

import orjson
import structlog

from bot.domain.access import Access, Pace, Workspace
from bot.domain.cards.card import Card
from bot.domain.cards.decisions import Purpose
from bot.domain.generations.estimates import ShownEstimate, ShownEstimates
from bot.domain.generations.media import Media
from bot.domain.generations.models import Lane
from bot.domain.generations.requests import dump_request, load_request
from bot.domain.identity import Caller, Named, Place
from bot.domain.jobs.failures import Failure, FailureCategory
from bot.domain.jobs.job import Hold, Job, State
from bot.domain.money.groups import Group
from bot.domain.money.quota import Allowance, Level, Period, Rule, Unit
from bot.domain.policy.record import Policy, load_policy
from bot.domain.reports.usage import command_of
from bot.domain.workspace.workspace_keys import OwnAccount
from bot.security.encryption import DecryptionFailed, FieldCipher, card_context
from bot.store.database.base import Row

#: what reading an unreadable row raises
UNREADABLE = (ValueError, TypeError, KeyError, AttributeError, DecryptionFailed)
#: how many unreadable rows are remembered as logged
_LOGGED = 10_000

#: stored of a failure: whether the bot submits the job once more by itself
_ONCE, _NEVER = "once", "button"

log = structlog.get_logger()
_Record = TypeVar("_Record")


@lru_cache(maxsize=_LOGGED)
def log_unreadable(table: str, identifier: str, error: str) -> None:
    """Log an unreadable row, the first time only; the error's text may quote what a person wrote."""
    log.error("row_unreadable", table=table, id=identifier, error=error)


def readable(table: str, rows: Iterable[Row], read: Callable[[Row], _Record]) -> dict[str, _Record]:
    """The records of those rows that can be read, by id and in the rows' order."""
    found: dict[str, _Record] = {}
    for row in rows:
        try:
            found[row["id"]] = read(row)
        except UNREADABLE as error:
            log_unreadable(table, row["id"], type(error).__name__)
    return found


def jobs_from(rows: Iterable[Row]) -> dict[str, Job]:
    """The jobs that can be read, by id and in the rows' order."""
    return readable("job", rows, job_from)


def media_from(text: str | None) -> Media | None:
    return Media(**orjson.loads(text)) if text else None


def failure_from(text: str | None) -> Failure | None:
    if not text:
        return None
    values = orjson.loads(text)
    return Failure(
        category=FailureCategory(values["category"]),
        message=values["told"],
        reason=values["reason"],
        retry_once=values["retry"] == _ONCE,
    )


#: the columns of a job that are converted; all others are stored as they are
_CONVERTED: Mapping[str, Callable[[Any], object]] = {
    "lane": Lane,
    "request": load_request,
    "state": State,
    "result": media_from,
    "preview": media_from,
    "failure": failure_from,
    "private": bool,
    "hold": lambda hold: Hold(hold) if hold else None,
    "spoiler": bool,
    "deleted": bool,
    "refunded": bool,
    "expired": bool,
    "words_removed": bool,
}
_JOB_FIELDS = tuple(field.name for field in fields(Job))
_job_values = attrgetter(*_JOB_FIELDS)


def job_from(row: Row) -> Job:
    values: dict[str, Any] = {name: row[name] for name in _JOB_FIELDS}
    for name, convert in _CONVERTED.items():
        values[name] = convert(values[name])
    return Job(**values)


def new_job_row(job: Job, *, duration_class: str) -> dict[str, Any]:
    """The columns of a job that is inserted, without those that are NULL."""
    values = zip(_JOB_FIELDS, _job_values(job), strict=True)
    row: dict[str, Any] = {name: value for name, value in values if value is not None}
    return row | {
        "duration_class": duration_class,
        "request": dump_request(job.request),
        "command": command_of(job.request),
        "makes": job.request.makes,
        "private": int(job.private),
        "spoiler": int(job.spoiler),
        "run_at": max(job.run_at, job.created_at),
    }


def dump_record(record: Media | Failure | None) -> str | None:
    if isinstance(record, Failure):
        stored = {
            "category": record.category,
            "told": record.message,
            "reason": record.reason,
            "retry": _ONCE if record.retry_once else _NEVER,
        }
        return orjson.dumps(stored).decode()
    return orjson.dumps(record).decode() if record else None


def card_from(row: Row, cipher: FieldCipher) -> Card:
    token, private = _reply_token(row, cipher), bool(row["private"])
    return Card(
        id=row["id"],
        place=Place(
            adapter=row["adapter"],
            workspace=row["workspace"],
            channel=row["channel"],
            thread=row["thread"],
            message=row["message"],
            # The token may say that only the asker sees the card: if it is unreadable, nobody else does.
            private=private or token is None,
            reply_token=token or "",
        ),
        member=row["member"],
        person=row["person"],
        wanted_rev=row["wanted_rev"],
        shown_rev=row["shown_rev"],
        shown_digest=row["shown_digest"],
        posting_since=row["posting_since"],
        tries=row["tries"],
        created_at=row["created_at"],
        copy_of=row["copy_of"],
        purpose=Purpose(row["purpose"]) if row["purpose"] else None,
        note=row["note"],
        shown_estimates=estimates_from(row["shown_estimates"]),
    )


def _reply_token(row: Row, cipher: FieldCipher) -> str | None:
    """The card's reply token, empty where it has none; None where it cannot be decrypted."""
    try:
        return (
            cipher.decrypt(row["reply_token"], context=card_context(row["id"])) if row["reply_token"] else ""
        )
    except DecryptionFailed as error:
        log_unreadable("card", row["id"], type(error).__name__)
        return None


def estimates_from(text: str) -> ShownEstimates:
    return {
        job: ShownEstimate(
            position=values["position"], ready_at=values["ready_at"], delay_reason=values.get("because", "")
        )
        for job, values in orjson.loads(text).items()
    }


def dump_estimates(estimates: ShownEstimates) -> str:
    stored = {
        job: {"position": one.position, "ready_at": one.ready_at, "because": one.delay_reason}
        for job, one in estimates.items()
    }
    return orjson.dumps(stored).decode()


def card_row(place: Place, caller: Caller, encrypted_reply_token: str) -> dict[str, object]:
    """The columns of a new card that name its place and the caller."""
    return {
        "adapter": place.adapter,
        "workspace": place.workspace,
        "channel": place.channel,
        "channel_name": place.channel_name,
        "thread": place.thread,
        "message": place.message,
        "reply_token": encrypted_reply_token,
        "private": int(place.private),
        "member": caller.member,
        "person": caller.person,
    }


def member_row(caller: Caller, now: int) -> dict[str, object]:
    """The columns of a member, as the platform describes them now."""
    return {
        "id": caller.member,
        "workspace": caller.workspace,
        "person": caller.person,
        "name": caller.name,
        "guest": int(caller.is_guest),
        "roles": None if caller.roles is None else orjson.dumps(sorted(caller.roles)).decode(),
        "now": now,
    }


def rule_from(row: Row) -> Rule:
    return Rule(
        level=Level(row["level"]),
        subject=row["subject"],
        workspace=row["workspace"],
        allowance=Allowance(amount=row["amount"], period=Period(row["period"]), unit=Unit(row["unit"])),
        label=row["label"],
    )


def workspace_from(row: Row) -> Workspace:
    policy = _policy_from(row)
    return Workspace(
        id=row["id"],
        timezone=row["timezone"],
        paused=bool(row["paused"]),
        pause_reason=row["pause_reason"],
        own_account=OwnAccount(id=row["account"], provider=row["provider"]) if row["account"] else None,
        group=(
            Group(id=row["group_id"], name=row["group_name"], budget=row["group_budget"])
            if row["group_id"]
            else None
        ),
        pace=Pace(cooldown_ms=row["cooldown_ms"], max_open=row["max_open"]),
        access=Access(
            channels=_named(row["channels"]),
            roles=_named(row["roles"]),
            reactions=bool(row["reactions"]),
        ),
        admin_channel=Named(**orjson.loads(row["admin_channel"])) if row["admin_channel"] else None,
        admin_adapter=row["admin_adapter"],
        policy=policy or Policy(),
        policy_readable=policy is not None,
    )


def _named(text: str) -> tuple[Named, ...]:
    return tuple(Named(**one) for one in orjson.loads(text))


def _policy_from(row: Row) -> Policy | None:
    """A workspace's policy; None where it is damaged, which must affect this workspace alone."""
    try:
        return load_policy(row["policy"])
    except ValueError as error:
        log_unreadable("workspace", row["id"], type(error).__name__)
        return None
