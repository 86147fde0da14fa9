"""Decisions: buttons under a card that is held, reported, sent to the moderators or meant for a gallery."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from bot.domain.jobs.job import Hold, Job, State
from bot.domain.money.pricing import Price


class Purpose(StrEnum):
    """Why a card shows the job of another one to others: moderators, a gallery, or its maker."""

    REPORT = "report"
    APPROVAL = "approval"
    #: a post in the gallery's channel, for everybody there
    GALLERY = "gallery"
    #: asks the maker of a result whether it may be shown in the gallery
    CONSENT = "consent"


class Decision(StrEnum):
    """What a button decides. The values are stored in the ids of messages that were sent already."""

    #: lets a held job go on: its requester confirms the price, or an admin approves it
    APPROVE = "approve"
    #: ends a held job
    REFUSE = "refuse"
    #: deletes a reported result
    REMOVE = "remove"
    #: accepts no more jobs of the maker of a reported result
    BLOCK = "block"
    UNBLOCK = "unblock"
    #: shows a result in the gallery, or keeps it out
    SHARE = "share"
    WITHHOLD = "withhold"


#: decisions that take something away
DESTRUCTIVE = frozenset({Decision.REFUSE, Decision.REMOVE, Decision.BLOCK, Decision.WITHHOLD})


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionButton:
    """A button under a card; pressing it calls `BotService.decide`."""

    decision: Decision
    emoji: str
    label: str

    @property
    def destructive(self) -> bool:
        return self.decision in DESTRUCTIVE


def held_buttons(jobs: Sequence[Job], *, priced: bool = True) -> tuple[DecisionButton, ...]:
    """The buttons under a card with held jobs; `priced` for a card that shows all that is asked for."""
    held = [job for job in jobs if job.state is State.HELD and not job.deleted]
    if not held:
        return ()
    # The jobs of one card are equal.
    total = f" {Price(each=held[0].price, count=len(held)).total_text}" if priced else ""
    go, stop = _WORDS[held[0].hold or Hold.CONFIRMATION]
    return (
        DecisionButton(decision=Decision.APPROVE, emoji="✅", label=f"{go}{total}"),
        DecisionButton(decision=Decision.REFUSE, emoji="✖️", label=stop),
    )


_WORDS: Mapping[Hold, tuple[str, str]] = {
    Hold.CONFIRMATION: ("Confirm", "Cancel"),
    Hold.APPROVAL: ("Approve", "Refuse"),
}


def report_buttons(job: Job, *, blocked: bool) -> Iterator[DecisionButton]:
    """The buttons under a reported result; `blocked` says whether its maker is blocked here."""
    if not job.deleted:
        yield DecisionButton(decision=Decision.REMOVE, emoji="🗑️", label="Remove it")
    if blocked:
        yield DecisionButton(decision=Decision.UNBLOCK, emoji="↩️", label=f"Unblock {job.member_name}")
    else:
        yield DecisionButton(decision=Decision.BLOCK, emoji="🚫", label=f"Block {job.member_name}")
