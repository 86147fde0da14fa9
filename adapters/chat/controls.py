"""Card controls and status emoji that look the same on every platform."""

import re
from collections.abc import Mapping, Sequence
from enum import StrEnum

from bot.domain.cards.card import CardView, JobPhase, JobView
from bot.domain.cards.decisions import Decision
from bot.domain.cards.job_text import DONE, TOOK
from bot.domain.jobs.actions import LABELS, Action
from bot.service.replies import ConfirmationButton

#: a value of a select with the price beside it
_PRICED = re.compile(r"(?P<value>[^@]*)@(?P<price>[0-9]{1,15})", re.ASCII)


class CardControl(StrEnum):
    """What a button or select under a card does, besides the core's actions.

    The values are stored in the custom ids and action ids of messages that were sent already.
    """

    #: cancel a job that has not started
    CANCEL = "cancel"
    #: cancel all jobs of the card that have not started
    CANCEL_ALL = "cancelall"
    #: show one job privately; under every card, so that a card's message can be recognised
    DETAILS = "details"
    #: open a form with the settings of a job; under its details
    SETTINGS = "settings"
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


def varied_jobs(view: CardView) -> list[tuple[int, JobView]]:
    """The jobs of a card with several that have a button for a variation each, with their numbers."""
    remaining = [one for one in enumerate(view.jobs, 1) if one[1].phase is not JobPhase.GONE]
    if len(remaining) == 1:
        return []
    return [(number, job) for number, job in remaining if Action.VARIATION in job.actions]


def variation_label(number: int, job: JobView) -> str:
    """The label of such a button: `Variation 2 · $0.018`."""
    price = job.prices.text(Action.VARIATION)
    return f"{LABELS[Action.VARIATION]} {number}" + (f" · {price}" if price else "")


def actions_of_picked(view: CardView, job: JobView) -> list[Action]:
    """The actions on the picked job, without the one that has a button for each job."""
    has_own = bool(varied_jobs(view))
    return [action for action in job.actions if not (has_own and action is Action.VARIATION)]


def job_to_cancel(view: CardView, picked: JobView) -> JobView | None:
    """The job that Cancel acts on: the picked one, else another one of the card that still can be."""
    return next((job for job in (picked, *view.jobs) if job.cancellable), None)


def may_cancel_all(view: CardView) -> bool:
    """Whether several jobs of a card can be cancelled, so that it has a button for all of them."""
    return sum(job.cancellable for job in view.jobs) > 1


def option_label(number: int, job: JobView) -> str:
    """An entry of the select that names one of several jobs: `Picture 2 · Done · ⭐ 1`."""
    stars = f" · ⭐ {job.stars}" if job.stars else ""
    return f"{job.makes.capitalize()} {number} · {job.headline}{stars}"


def says_more(job: JobView, view: CardView) -> bool:
    """Whether a job of a card with several has something to say that the card's status line does not."""
    return job.phase in (JobPhase.FAILED, JobPhase.GONE) or (
        job.phase is JobPhase.DONE and job.headline not in (DONE, view.status.headline)
    )


def common_fields(jobs: Sequence[JobView]) -> list[tuple[str, str]]:
    """The fields that are equal for every job of a card, in order."""
    return [one for one in jobs[0].fields if all(one in job.fields for job in jobs)] if jobs else []


def own_fields(job: JobView, common: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """The fields in which one of several jobs differs, without the time that it took: its details have it."""
    return [one for one in job.fields if one not in common and one[0] != TOOK]


def priced_value(value: str, price: int | None) -> str:
    """The value of an entry that shows a price, in micro-dollars."""
    return value if price is None else f"{value}@{price}"


def parse_priced(text: str) -> tuple[str, int | None]:
    """Parse such a value; one that was sent without a price has none."""
    match = _PRICED.fullmatch(text)
    return (match["value"], int(match["price"])) if match is not None else (text, None)
