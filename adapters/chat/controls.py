"""What the cards of all platforms have in common besides what the core says."""

from collections.abc import Mapping, Sequence
from enum import StrEnum

from bot.domain.actions import Action
from bot.domain.cards import JobPhase, JobView
from bot.service.replies import ConfirmationButton


class Control(StrEnum):
    """What a button does besides the actions of the core."""

    #: take back a job that waits
    CANCEL = "cancel"
    #: show everything about a job, privately; under every card, so that every card can be found again
    DETAILS = "details"
    #: show the job that this one was made from
    ORIGIN = "origin"
    #: a select: which job of the card the buttons are for
    PICK = "pick"
    #: a select under a list: which of its jobs to show
    OPEN = "open"
    #: under a question: do what it asks about, or leave everything as it is
    CONFIRM = "confirm"
    KEEP = "keep"


#: how a job stands, at a glance
MARK: Mapping[JobPhase, str] = {
    JobPhase.WAITING: "🕓",
    JobPhase.RUNNING: "✨",
    JobPhase.DONE: "✅",
    JobPhase.FAILED: "⚠️",
    JobPhase.GONE: "🗑️",
}


def verb_of(text: str) -> Action | Control | None:
    """What a button's own text says is to be done; None where a version wrote it that knew other verbs."""
    for verbs in (Action, Control):
        if text in set(verbs):
            return verbs(text)
    return None


def verb_for(choice: ConfirmationButton) -> Control:
    """What a button under a question does."""
    return Control.CONFIRM if choice.confirms else Control.KEEP


def shared_facts(jobs: Sequence[JobView]) -> list[tuple[str, str]]:
    """The facts that hold for every job of a card, in their order."""
    return [fact for fact in jobs[0].fields if all(fact in job.fields for job in jobs)] if jobs else []
