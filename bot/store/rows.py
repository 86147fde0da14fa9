"""Rows to records and back.

A row may be damaged, written by a newer version, or sealed with a secret that is lost. It fails alone:
reading many rows passes over it, and it is logged once.
"""

from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import TypeVar

import orjson
import structlog

from bot.domain.access import Workspace
from bot.domain.cards import Card
from bot.domain.estimates import ShownEstimate, ShownEstimates
from bot.domain.failures import Failure, FailureCategory
from bot.domain.identity import Caller, Place
from bot.domain.jobs import Job, State
from bot.domain.media import Media
from bot.domain.models import Lane
from bot.domain.quota import Allowance, Level, Period, Rule
from bot.domain.requests import load_request
from bot.security.encryption import DecryptionFailed, FieldCipher, card_context
from bot.store.database.base import Row

#: what reading such a row raises
UNREADABLE = (ValueError, TypeError, KeyError, AttributeError, DecryptionFailed)
#: unreadable rows that are remembered as logged
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


def job_from(row: Row) -> Job:
    return Job(
        id=row["id"],
        card=row["card"],
        position=row["position"],
        workspace=row["workspace"],
        member=row["member"],
        person=row["person"],
        member_name=row["member_name"],
        provider=row["provider"],
        lane=Lane(row["lane"]),
        queue=row["queue"],
        request=load_request(row["request"]),
        title=row["title"],
        price=row["price"],
        state=State(row["state"]),
        virtual_time=row["turn"],
        attempt=row["attempt"],
        account=row["account"],
        remote_id=row["remote_id"],
        created_at=row["created_at"],
        claimed_at=row["claimed_at"],
        submitted_at=row["submitted_at"],
        finished_at=row["finished_at"],
        deadline=row["deadline"],
        result=media_from(row["result"]),
        failure=failure_from(row["failure"]),
        parent=row["parent"],
        private=bool(row["private"]),
        stars=row["stars"],
        deleted=bool(row["deleted"]),
        refunded=bool(row["refunded"]),
        expired=bool(row["expired"]),
        account_required=row["account_required"],
    )


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
    reach, private = _open_reach(row, cipher), bool(row["private"])
    return Card(
        id=row["id"],
        place=Place(
            adapter=row["adapter"],
            workspace=row["workspace"],
            channel=row["channel"],
            thread=row["thread"],
            message=row["message"],
            # How to reach the place may have said that only the asker sees it: without it, nobody else does.
            private=private or reach is None,
            reply_token=reach or "",
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
        shown_estimates=estimates_from(row["told"]),
    )


def _open_reach(row: Row, cipher: FieldCipher) -> str | None:
    """How to reach the card's place; None where that cannot be decrypted."""
    try:
        return cipher.decrypt(row["reach"], context=card_context(row["id"])) if row["reach"] else ""
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


def dump_estimates(told: ShownEstimates) -> str:
    stored = {
        job: {"position": one.position, "ready_at": one.ready_at, "because": one.delay_reason}
        for job, one in told.items()
    }
    return orjson.dumps(stored).decode()


def card_row(place: Place, caller: Caller, encrypted_reply_token: str) -> dict[str, object]:
    """The columns that say where a new card is shown, and who asked for it."""
    return {
        "adapter": place.adapter,
        "workspace": place.workspace,
        "channel": place.channel,
        "thread": place.thread,
        "message": place.message,
        "reach": encrypted_reply_token,
        "private": int(place.private),
        "member": caller.member,
        "person": caller.person,
    }


def member_row(caller: Caller, now: int) -> dict[str, object]:
    """A member as they are seen now."""
    return {
        "id": caller.member,
        "workspace": caller.workspace,
        "person": caller.person,
        "name": caller.name,
        "guest": int(caller.is_guest),
        "now": now,
    }


def rule_from(row: Row) -> Rule:
    return Rule(
        level=Level(row["level"]),
        subject=row["subject"],
        workspace=row["workspace"],
        allowance=Allowance(amount=row["amount"], period=Period(row["period"])),
    )


def workspace_from(row: Row) -> Workspace:
    return Workspace(
        id=row["id"],
        timezone=row["timezone"],
        paused=bool(row["paused"]),
        pause_reason=row["pause_reason"],
    )
