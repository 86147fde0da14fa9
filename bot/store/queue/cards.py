"""Cards and their delivery: leased, shown, postponed or undeliverable; and copies of cards.

Whoever changes several cards locks them in the order of their ids, so that transactions never deadlock.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import Enum, auto

from bot.domain.access import Workspace, blockable_subjects, check_open
from bot.domain.cards.card import Card
from bot.domain.generations.estimates import ShownEstimates
from bot.domain.jobs.job import Job
from bot.security.encryption import FieldCipher
from bot.store.admin.workspaces import blocked_subjects
from bot.store.database.base import Database, Row, Transaction
from bot.store.database.named_sql import load
from bot.store.queue.acceptance import AcceptedCard
from bot.store.queue.card_copies import CardCopy, insert_copies
from bot.store.rows import card_from, dump_estimates, jobs_from, readable

sql, accept_sql, jobs_sql = load("queue/cards"), load("queue/accept"), load("queue/jobs")


@dataclass(frozen=True, slots=True, kw_only=True)
class CardLeaseRequest:
    """A process offers to bring cards up to date."""

    owner: str
    adapters: tuple[str, ...]
    now: int
    lease_until: int
    max_count: int
    cipher: FieldCipher
    #: an unreadable card is postponed until then, or undeliverable if it was made before
    retry_unreadable_at: int
    undeliverable_before: int


async def lease_cards(tx: Transaction, items: Sequence[CardLeaseRequest]) -> Sequence[list[Card]]:
    """Lease cards whose shown revision is behind; no other process gets them until the lease ends."""
    return [await _lease(tx, item) for item in items]


async def _lease(tx: Transaction, item: CardLeaseRequest) -> list[Card]:
    while due := await tx.fetch(sql.due, now=item.now, adapters=list(item.adapters), count=item.max_count):
        rows = await tx.fetch(
            sql.lease,
            ids=[row["id"] for row in due],
            owner=item.owner,
            until=item.lease_until,
            now=item.now,
        )
        cards = _cards(rows, item.cipher)
        if unreadable := [row["id"] for row in rows if row["id"] not in cards]:
            await tx.run(
                sql.postpone_unreadable,
                ids=unreadable,
                run_at=item.retry_unreadable_at,
                undeliverable_before=item.undeliverable_before,
            )
        if cards or not rows:
            return list(cards.values())
    return []


def _cards(rows: Sequence[Row], cipher: FieldCipher) -> dict[str, Card]:
    return readable("card", rows, lambda row: card_from(row, cipher))


async def create_card_copy(tx: Transaction, copy: CardCopy) -> AcceptedCard:
    """Create a card that shows a job of another card, with all that changes about it; raises Refused.

    Nothing new is generated, so a pause does not matter; but a blocked caller gets nothing.
    """
    caller = copy.caller
    blocked = await blocked_subjects(tx, blockable_subjects(caller))
    check_open(Workspace(id=caller.workspace), blocked, caller)
    await tx.one(jobs_sql.lock_job, id=copy.job)
    await insert_copies(tx, [copy])
    # Only now: another replica may have received the same event, and has committed its card.
    known = await tx.fetch(accept_sql.known_events, events=[copy.event])
    if not known and copy.reaction is not None:
        known = await tx.fetch(
            accept_sql.known_reactions, reactions=[copy.reaction], since=copy.reaction_since
        )
    card = known[-1]["id"] if known else ""
    return AcceptedCard(card=card, repeated=card != copy.card)


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageCard:
    """The card and jobs that a message shows."""

    card: str
    #: ids of its jobs, in their order
    jobs: tuple[str, ...]


async def card_of_message(database: Database, adapter: str, messages: Sequence[str]) -> MessageCard | None:
    """The card of a message, by any of the ids that its adapter may have recorded for it."""
    rows = await database.fetch(sql.card_of_message, adapter=adapter, messages=sorted(messages))
    jobs = tuple(row["job"] for row in rows if row["job"] is not None)
    return MessageCard(card=rows[0]["card"], jobs=jobs) if jobs else None


async def find_card(database: Database, card: str, cipher: FieldCipher) -> Card | None:
    """A card; None where there is none, or it cannot be read."""
    return _cards(await database.fetch(sql.card, id=card), cipher).get(card)


def read_accepted(accepted: AcceptedCard, cipher: FieldCipher) -> tuple[Card | None, Sequence[Job]]:
    """A card that had been accepted before, with its jobs: those that can be read."""
    row, jobs = accepted.rows
    card = _cards([row], cipher).get(accepted.card) if row else None
    return card, list(jobs_from(jobs).values())


async def was_sent(database: Database, job: str, persons: Iterable[str]) -> bool:
    """Whether a job has been shown to one of these persons in their direct messages."""
    return await database.one(sql.was_sent, job=job, persons=sorted(persons)) is not None


async def record_posting(tx: Transaction, card: str, *, owner: str, now: int) -> bool:
    """Record that a first message is about to be posted, so that after a crash it is searched for first."""
    return bool(await tx.run(sql.record_posting, id=card, owner=owner, now=now))


async def clear_posting(tx: Transaction, card: str, *, owner: str) -> None:
    """Record that no first message was posted after all: nothing has to be searched for."""
    await tx.run(sql.clear_posting, id=card, owner=owner)


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownRevision:
    """A revision that was shown."""

    card: str
    owner: str
    rev: int
    digest: str
    #: the estimates that it shows for unfinished jobs
    shown_estimates: ShownEstimates = field(default_factory=dict)
    message: str | None
    #: not shown again before
    run_at: int


class ShownOutcome(Enum):
    """The state of a card after a revision of it was recorded as shown."""

    UP_TO_DATE = auto()
    #: something has happened meanwhile and is to be shown
    BEHIND = auto()
    #: the caller no longer had the card's lease
    LOST = auto()


async def record_shown(tx: Transaction, items: Sequence[ShownRevision]) -> Sequence[ShownOutcome]:
    """Record revisions as shown, and release the cards."""
    latest = {item.card: item for item in sorted(items, key=lambda item: item.rev)}
    rows = await tx.fetch(
        sql.record_shown,
        items=[
            {
                "id": item.card,
                "owner": item.owner,
                "rev": item.rev,
                "digest": item.digest,
                "shown_estimates": dump_estimates(item.shown_estimates),
                "message": item.message,
                "run_at": item.run_at,
            }
            for item in latest.values()
        ],
    )
    outcomes = {row["id"]: ShownOutcome.BEHIND if row["behind"] else ShownOutcome.UP_TO_DATE for row in rows}
    return [outcomes.get(item.card, ShownOutcome.LOST) for item in items]


async def renew_card_lease(tx: Transaction, card: str, *, owner: str, now: int, until: int) -> bool:
    """Prolong a lease; False where it has ended or is another process's."""
    return await tx.run(sql.renew, id=card, owner=owner, now=now, until=until) > 0


async def postpone_card(tx: Transaction, card: str, *, owner: str, run_at: int) -> None:
    """Release a card that could not be shown now."""
    await tx.run(sql.postpone, id=card, owner=owner, run_at=run_at)


async def mark_undeliverable(tx: Transaction, card: str, *, owner: str, reason: str) -> bool:
    """Release a card that can never be shown; its results stay. Returns whether the owner still had it."""
    return bool(await tx.run(sql.mark_undeliverable, id=card, owner=owner, reason=reason))


async def forget_report(tx: Transaction, card: str) -> None:
    """Let a report be made again that nobody can see; other cards stay as they are."""
    await tx.run(sql.forget_report, id=card)


async def cards_in_progress(database: Database, *, now: int, count: int, each: int) -> list[str]:
    """Shown cards of unfinished jobs, which look different as time passes.

    At most `count`, and per channel `each` whose jobs are running and `each` whose jobs wait: there may be
    thousands, and few of them have changed.
    """
    rows = await database.fetch(sql.in_progress, now=now, count=count, each=each)
    return [row["id"] for row in rows]


async def request_progress(tx: Transaction, cards: Sequence[str], *, now: int) -> int:
    """Request new revisions of cards; returns of how many. Those that look the same are not shown again."""
    return len(await tx.fetch(sql.request_progress, ids=sorted(cards), now=now))


async def show_card_again(tx: Transaction, card: str, *, now: int) -> None:
    """Have a card shown once more, even if it looks the same."""
    await tx.run(sql.show_again, id=card, now=now)
