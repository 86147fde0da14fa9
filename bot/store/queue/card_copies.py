"""Copies of cards: a job of another card, shown to its caller again or to the moderators."""

from collections.abc import Iterable
from dataclasses import dataclass

from bot.domain.cards.decisions import Purpose
from bot.domain.identity import Caller, Place
from bot.store.database.base import Transaction
from bot.store.database.named_sql import load
from bot.store.rows import card_row

sql = load("queue/cards")


@dataclass(frozen=True, slots=True, kw_only=True)
class CardCopy:
    """A copy of a job's card for another place."""

    card: str
    #: id of the platform's event; the same id again returns the same card
    event: str
    caller: Caller
    place: Place
    encrypted_reply_token: str
    job: str
    now: int
    #: names member, job and emoji of a reaction; None where it was none
    reaction: str | None = None
    #: the same reaction returns the same card if that was created after this time
    reaction_since: int = 0
    #: why it is shown to others, and what moderators read beside it; None: a copy for the caller
    purpose: Purpose | None = None
    note: str = ""


async def insert_copies(tx: Transaction, copies: Iterable[CardCopy]) -> None:
    """Insert copies, except where the same event or reaction has made one."""
    await tx.run(
        sql.insert_copy,
        items=[
            {
                "id": copy.card,
                "event": copy.event,
                **card_row(copy.place, copy.caller, copy.encrypted_reply_token),
                "copy_of": copy.job,
                "reaction": copy.reaction,
                "purpose": copy.purpose,
                "note": copy.note,
                "since": copy.reaction_since,
                "now": copy.now,
            }
            for copy in copies
        ],
    )
