"""Card controls and status emoji that look the same on every platform."""

from collections.abc import Mapping, Sequence
from enum import StrEnum

from bot.domain.actions import Action
from bot.domain.cards import CardView, JobPhase, JobView
from bot.domain.decisions import Decision
from bot.domain.headlines import DONE
from bot.service.replies import ConfirmationButton


class CardControl(StrEnum):
    """What a button or select under a card does, besides the core's actions.

    The values are stored in the custom ids and action ids of messages that were sent already.
    """

    #: cancel a job that has not started
    CANCEL = "cancel"
    #: show one job privately; under every card, so that a card's message can be recognised
    DETAILS = "details"
    #: show the job that this one was made from
    ORIGIN = "origin"
    #: a select: the job of the card that the buttons act on
    PICK = "pick"
    #: a select under a list of jobs: the job to show
    OPEN = "open"
    #: under a question: do it, or change nothing
    CONFIRM = "confirm"
    KEEP = "keep"
    #: under a command that was shown: start it, or forget it
    START = "start"
    DISCARD = "discard"


#: a job's state as one emoji
PHASE_EMOJI: Mapping[JobPhase, str] = {
    JobPhase.WAITING: "🕓",
    JobPhase.RUNNING: "✨",
    JobPhase.DONE: "✅",
    JobPhase.FAILED: "⚠️",
    JobPhase.GONE: "🗑️",
}


#: what a button or select asks for
Verb = Action | CardControl | Decision


def parse_verb(text: str) -> Verb | None:
    """Parse the verb of a custom id; None for a verb of another version of the bot."""
    for verbs in (Action, CardControl, Decision):
        if text in set(verbs):
            return verbs(text)
    return None


def control_for(choice: ConfirmationButton) -> CardControl:
    """The control of a button under a question."""
    return CardControl.CONFIRM if choice.confirms else CardControl.KEEP


def says_more(job: JobView, view: CardView) -> bool:
    """Whether a job of a card with several has something to say that the card's status line does not."""
    return job.phase in (JobPhase.FAILED, JobPhase.GONE) or (
        job.phase is JobPhase.DONE and job.headline not in (DONE, view.status.headline)
    )


def common_fields(jobs: Sequence[JobView]) -> list[tuple[str, str]]:
    """The fields that are equal for every job of a card, in order."""
    return [one for one in jobs[0].fields if all(one in job.fields for job in jobs)] if jobs else []
