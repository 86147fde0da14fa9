"""Cards on their way to what people see: leased, shown, put off or given up.

Whoever changes several cards locks them in the order of their ids, so that batches never wait in a ring.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum, auto

from bot.domain.access import Workspace, check_open
from bot.domain.cards import Card
from bot.domain.errors import Refused
from bot.domain.estimates import ShownEstimates
from bot.domain.identity import Caller, Place
from bot.domain.jobs import Job
from bot.security.encryption import FieldCipher
from bot.store.accept import AcceptedCard
from bot.store.database.base import Database, Row, Transaction
from bot.store.database.named_sql import load
from bot.store.rows import card_from, card_row, dump_estimates, jobs_from, readable

sql = load("cards")
accepting = load("accepting")


@dataclass(frozen=True, slots=True, kw_only=True)
class CardLeaseRequest:
    """A process offers to bring cards up to date."""

    owner: str
    adapters: tuple[str, ...]
    now: int
    lease_until: int
    count: int
    cipher: FieldCipher
    #: until when a card that cannot be read is put aside, and before when made it is given up instead
    aside_until: int
    given_up_before: int


async def lease_cards(tx: Transaction, items: Sequence[CardLeaseRequest]) -> Sequence[list[Card]]:
    """Hand out cards whose shown revision is behind; nobody else gets them until the lease ends.

    Cards that cannot be read are put aside, and given up in the end.
    """
    return [await _lease(tx, item) for item in items]


async def _lease(tx: Transaction, item: CardLeaseRequest) -> list[Card]:
    while due := await tx.fetch(sql.due_cards, now=item.now, adapters=list(item.adapters), count=item.count):
        rows = await tx.fetch(
            sql.lease_cards,
            ids=[row["id"] for row in due],
            owner=item.owner,
            until=item.lease_until,
            now=item.now,
        )
        cards = _cards(rows, item.cipher)
        if lost := [row["id"] for row in rows if row["id"] not in cards]:
            await tx.run(
                sql.put_aside, ids=lost, run_at=item.aside_until, given_up_before=item.given_up_before
            )
        if cards or not rows:
            return list(cards.values())
    return []


def _cards(rows: Sequence[Row], cipher: FieldCipher) -> dict[str, Card]:
    return readable("card", rows, lambda row: card_from(row, cipher))


@dataclass(frozen=True, slots=True, kw_only=True)
class CardCopy:
    """A job's result is to be shown once more, at a place of the caller's own."""

    card: str
    #: id of the platform's event; the same one again answers the same card
    event: str
    caller: Caller
    place: Place
    #: `place.reach`, encrypted
    encrypted_reply_token: str
    job: str
    now: int
    #: names member, job and emoji of a reaction; None where it was none
    reaction: str | None = None
    #: the same reaction after this is answered again
    reaction_since: int = 0


async def create_card_copy(tx: Transaction, items: Sequence[CardCopy]) -> Sequence[AcceptedCard | Exception]:
    """Make cards that show jobs of other cards; whatever becomes of the job is shown there too."""
    callers = [item.caller for item in items]
    subjects = {subject for one in callers for subject in (one.member, one.person, one.workspace)}
    rows = await tx.fetch(accepting.blocks, subjects=sorted(subjects))
    blocked = frozenset(row["subject"] for row in rows)
    refusals = {item.card: refusal for item in items if (refusal := _refusal(item.caller, blocked))}
    posted = {item.reaction or item.event: item for item in reversed(items) if item.card not in refusals}
    await tx.fetch(sql.keep_jobs, jobs=sorted({item.job for item in posted.values()}))
    await tx.run(sql.insert_copies, items=[_copy_row(item) for item in posted.values()])
    # Only now: another replica may have heard the same event, and has committed its card.
    known = await tx.fetch(accepting.known_events, events=sorted(item.event for item in items))
    reacted = await tx.fetch(
        accepting.known_reactions,
        reactions=sorted(item.reaction for item in items if item.reaction is not None),
        since=min(item.reaction_since for item in items),
    )
    cards = {row["reaction"]: row["id"] for row in reacted} | {row["event"]: row["id"] for row in known}
    answers: list[AcceptedCard | Exception] = []
    for item in items:
        card = cards.get(item.event) or cards.get(item.reaction or "", "")
        answers.append(refusals.get(item.card) or AcceptedCard(card=card, repeated=card != item.card))
    return answers


def _refusal(caller: Caller, blocked: frozenset[str]) -> Refused | None:
    """Nothing new is made, so a pause does not matter; who is blocked gets nothing at all."""
    try:
        check_open(Workspace(id=caller.workspace), blocked, caller)
    except Refused as refusal:
        return refusal
    return None


def _copy_row(item: CardCopy) -> dict[str, object]:
    return {
        "id": item.card,
        "event": item.event,
        **card_row(item.place, item.caller, item.encrypted_reply_token),
        "copy_of": item.job,
        "reaction": item.reaction,
        "since": item.reaction_since,
        "now": item.now,
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageCard:
    """What a message shows."""

    card: str
    #: ids of its jobs, in their order
    jobs: tuple[str, ...]


async def card_of_message(database: Database, adapter: str, messages: Sequence[str]) -> MessageCard | None:
    """The card of a message, by any of the names that its adapter may have for it."""
    rows = await database.fetch(sql.card_at, adapter=adapter, messages=sorted(messages))
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


async def was_sent(database: Database, job: str, person: str) -> bool:
    """Whether a job has been shown to a person in their direct messages."""
    return await database.one(sql.was_sent, job=job, person=person) is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Posting:
    """A first message is about to be posted."""

    card: str
    owner: str
    now: int


async def record_posting(tx: Transaction, items: Sequence[Posting]) -> Sequence[bool]:
    """Note it before it happens, so that after a crash somebody looks for the message first."""
    noted = {
        item.card: await tx.run(sql.note_posting, id=item.card, owner=item.owner, now=item.now)
        for item in sorted(items, key=_card_of)
    }
    return [bool(noted[item.card]) for item in items]


@dataclass(frozen=True, slots=True, kw_only=True)
class Unposted:
    """No first message has been posted after all."""

    card: str
    owner: str


async def clear_posting(tx: Transaction, items: Sequence[Unposted]) -> Sequence[None]:
    """Leave nothing to be looked for."""
    for item in sorted(items, key=_card_of):
        await tx.run(sql.forget_posting, id=item.card, owner=item.owner)
    return [None] * len(items)


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownRevision:
    """People see this revision."""

    card: str
    owner: str
    rev: int
    digest: str
    #: what it says about jobs that have not ended
    told: ShownEstimates = field(default_factory=dict)
    message: str | None
    #: not shown again before
    run_at: int


class ShownOutcome(Enum):
    """How a card stands once a revision of it was noted as shown."""

    UP_TO_DATE = auto()
    #: something has happened meanwhile, and is to be shown
    BEHIND = auto()
    #: it was no longer the caller's to show
    LOST = auto()


async def record_shown(tx: Transaction, items: Sequence[ShownRevision]) -> Sequence[ShownOutcome]:
    """Note revisions as shown."""
    latest = {item.card: item for item in sorted(items, key=lambda item: item.rev)}
    rows = await tx.fetch(
        sql.note_shown,
        items=[
            {
                "id": item.card,
                "owner": item.owner,
                "rev": item.rev,
                "digest": item.digest,
                "told": dump_estimates(item.told),
                "message": item.message,
                "run_at": item.run_at,
            }
            for item in latest.values()
        ],
    )
    noted = {row["id"]: ShownOutcome.BEHIND if row["behind"] else ShownOutcome.UP_TO_DATE for row in rows}
    return [noted.get(item.card, ShownOutcome.LOST) for item in items]


@dataclass(frozen=True, slots=True, kw_only=True)
class Renewal:
    """A card takes longer to be shown than its lease lasts."""

    card: str
    owner: str
    now: int
    until: int


async def renew_card_lease(tx: Transaction, items: Sequence[Renewal]) -> Sequence[bool]:
    """Prolong leases; False where one has ended or is somebody else's."""
    answers: dict[int, bool] = {}
    for index, item in sorted(enumerate(items), key=lambda pair: pair[1].card):
        row = await tx.one(sql.renew_card, id=item.card, owner=item.owner, now=item.now, until=item.until)
        answers[index] = row is not None
    return [answers[index] for index in range(len(items))]


@dataclass(frozen=True, slots=True, kw_only=True)
class PutOff:
    """A card could not be shown now."""

    card: str
    owner: str
    run_at: int


async def postpone_card(tx: Transaction, items: Sequence[PutOff]) -> Sequence[None]:
    for item in sorted(items, key=_card_of):
        await tx.run(sql.put_off, id=item.card, owner=item.owner, run_at=item.run_at)
    return [None] * len(items)


@dataclass(frozen=True, slots=True, kw_only=True)
class GiveUp:
    """A card can never be shown; its results stay."""

    card: str
    owner: str
    reason: str


async def mark_undeliverable(tx: Transaction, items: Sequence[GiveUp]) -> Sequence[None]:
    for item in sorted(items, key=_card_of):
        await tx.run(sql.give_up, id=item.card, owner=item.owner, reason=item.reason)
    return [None] * len(items)


async def cards_in_progress(database: Database, *, now: int, count: int, each: int) -> list[str]:
    """Shown cards of jobs that have not ended: they look different as time passes.

    At most `count`, and of one channel `each` that are under way and `each` that wait: thousands may, and few
    of them have changed.
    """
    rows = await database.fetch(sql.unfinished_cards, now=now, count=count, each=each)
    return [row["id"] for row in rows]


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgressWanted:
    """It is time to look again at these cards."""

    cards: Sequence[str]
    now: int


async def request_progress(tx: Transaction, items: Sequence[ProgressWanted]) -> Sequence[int]:
    """Ask for new revisions of cards; answers of how many. What looks the same is not shown again."""
    return [len(await tx.fetch(sql.want_progress, ids=sorted(item.cards), now=item.now)) for item in items]


@dataclass(frozen=True, slots=True, kw_only=True)
class ShowAgain:
    card: str
    now: int


async def show_card_again(tx: Transaction, items: Sequence[ShowAgain]) -> Sequence[None]:
    """Have cards shown once more, even where they look as they did."""
    for item in sorted(items, key=_card_of):
        await tx.run(sql.show_again, id=item.card, now=item.now)
    return [None] * len(items)


def _card_of(item: Posting | Unposted | PutOff | GiveUp | ShowAgain) -> str:
    return item.card
