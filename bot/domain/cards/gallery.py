"""The gallery: results with a star that a workspace shares, in a list, in a channel and on a page."""

from dataclasses import dataclass, replace
from enum import StrEnum

from bot.domain.cards.card import Card, CardView, JobPhase, JobView
from bot.domain.cards.decisions import Decision, DecisionButton, Purpose
from bot.domain.identity import is_direct_workspace
from bot.domain.jobs.job import Job

#: label of what a maker is asked
_QUESTION = "Gallery"


class GalleryState(StrEnum):
    """Whether a result with a star is shown in its workspace's gallery."""

    #: its maker has been asked, and has not answered
    WAITING = "waiting"
    SHOWN = "shown"
    #: its maker does not want it there
    REFUSED = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class GalleryEntry:
    """A result in a workspace's gallery."""

    job: str
    state: GalleryState
    #: the card that shows it in the gallery's channel; None where there is none
    card: str | None
    #: that card shows it behind a spoiler
    spoiler: bool


def has_gallery(job: Job) -> bool:
    """Whether a result with a star is in a gallery; private ones and direct messages are in none."""
    return not job.private and not is_direct_workspace(job.workspace)


def gallery_view(view: CardView, card: Card, entry: GalleryEntry | None) -> CardView:
    """The view of a post in the gallery's channel, or of the question to a result's maker.

    `entry` is that of the result; None where it has no star any more.
    """
    view = replace(view, purpose=card.purpose)
    if card.purpose is Purpose.CONSENT:
        return _question(view, entry)
    if entry is None or entry.state is not GalleryState.SHOWN or entry.card != card.id:
        return replace(view, jobs=tuple(map(_withdrawn, view.jobs)))
    return replace(view, jobs=tuple(replace(job, spoiler=job.spoiler or entry.spoiler) for job in view.jobs))


def _withdrawn(job: JobView) -> JobView:
    return replace(job, phase=JobPhase.GONE, media=None, actions=(), parent=None)


def _question(view: CardView, entry: GalleryEntry | None) -> CardView:
    state = entry.state if entry is not None else None
    texts = {
        GalleryState.WAITING: "Somebody gave it a star. May it be shown in the gallery of its workspace?",
        GalleryState.SHOWN: "It is shown in the gallery of its workspace.",
        GalleryState.REFUSED: "It is kept out of the gallery of its workspace.",
        None: "It has no star any more.",
    }
    jobs = tuple(
        replace(job, fields=((_QUESTION, texts[state]), *job.fields), actions=()) for job in view.jobs
    )
    decisions = _CONSENT if state is GalleryState.WAITING else ()
    return replace(view, jobs=jobs, decisions=decisions)


_CONSENT = (
    DecisionButton(decision=Decision.SHARE, emoji="⭐", label="Show it in the gallery"),
    DecisionButton(decision=Decision.WITHHOLD, emoji="✖️", label="Keep it out"),
)
