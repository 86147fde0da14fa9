"""How a job looks in the moderators' channel: what was reported, or what is to be approved."""

from dataclasses import replace

from bot.domain.cards.card import Card, CardView, JobPhase, JobView
from bot.domain.cards.decisions import Purpose, held_buttons, report_buttons
from bot.domain.ids import short_id
from bot.domain.jobs.job import Job, State

#: label of who reported it and why, or of what is to be approved
NOTE = "Note"
_APPROVED, _TAKEN_BACK = "Approved", "Taken back by who asked for it; not charged"


def moderators_view(view: CardView, card: Card, job: Job, *, blocked: bool) -> CardView:
    """The view of a card in the moderators' channel, which shows one job and nothing of its progress.

    `blocked` says whether the maker of a reported job is blocked in its workspace.
    """
    is_report = card.purpose is Purpose.REPORT
    buttons = report_buttons(job, blocked=blocked) if is_report else held_buttons([job], priced=False)
    shown = replace(
        view.jobs[0],
        phase=_phase(view.jobs[0], job),
        headline=view.jobs[0].headline if is_report else _outcome(view.jobs[0], job),
        fields=((NOTE, card.note), *view.jobs[0].fields),
        running_since=None,
        position=None,
        ready_at=None,
        preview=None,
        media=view.jobs[0].media if is_report else None,
        actions=(),
        cancellable=False,
        parent=None,
        delay_reason="",
        # Nobody should see by accident what was reported.
        spoiler=True,
    )
    return replace(view, jobs=(shown,), decisions=tuple(buttons), purpose=card.purpose)


def unseen_notice(card: Card) -> str:
    """What its person is told where a card can never be shown to the moderators; empty for any other card."""
    if card.copy_of is None or card.shown_rev:
        return ""
    job = f"#{short_id(card.copy_of)}"
    if card.purpose is Purpose.REPORT:
        return (
            f"🚩 I could not show your report of {job} to the moderators, so nobody has seen it. Tell an "
            "admin, who can name another channel with /rules moderators; then report it again."
        )
    if card.purpose is Purpose.APPROVAL:
        return (
            f"⏸️ I could not show {job} to the admins who have to approve it. Ask an admin to approve it "
            "under its card, or to name another channel with /rules moderators."
        )
    return ""


def undeleted_notice(view: CardView, reason: str) -> str:
    """What is told to who asked for a deleted result whose message the bot could not delete."""
    return (
        f"🗑️ #{short_id(view.jobs[0].id)} is deleted, but its message is still there: {reason}. Somebody who "
        "manages that channel can delete it."
    )


def _phase(view: JobView, job: Job) -> JobPhase:
    if view.phase in (JobPhase.FAILED, JobPhase.GONE):
        return view.phase
    return JobPhase.WAITING if job.state is State.HELD else JobPhase.DONE


def _outcome(view: JobView, job: Job) -> str:
    """What has become of a request for approval."""
    if job.state is State.CANCELLED:
        return _TAKEN_BACK
    return view.headline if job.state is State.HELD or job.failure is not None else _APPROVED
