"""Texts that the adapters add to cards on every platform."""

from dataclasses import dataclass

from bot.domain.cards.card import CardView, JobView


@dataclass(frozen=True, slots=True, kw_only=True)
class Strings:
    """English; texts with braces are formatted."""

    cancel: str = "Cancel"
    cancel_all: str = "Cancel all waiting"
    #: closes a command that was shown and not started
    discard: str = "Cancel"
    details: str = "Details"
    origin: str = "Source job"
    #: under the details of a job
    settings: str = "Use these settings"
    pick: str = "Choose the result that the buttons below act on"
    #: under a list of jobs
    open: str = "Show one of these jobs"
    #: with a list that is also a page
    page: str = "Open the whole list as a page"
    #: below a list that is longer than a message
    left_out: str = "and {count} more"
    full: str = "Full size"
    full_only: str = "Too large for this channel"
    untitled: str = "No prompt"
    expected: str = "expected {when}"
    deleted: str = "Deleted"
    #: above a card that was sent by direct message instead
    moved: str = "Sent here because it could not be posted in {channel}: {reason}."
    #: where a result can be neither uploaded nor linked
    too_large: str = (
        "A file is too large for this channel, and the bot has no public URL to link it from. "
        "The bot's operator can set REVERIE_PUBLIC_URL."
    )
    #: under a reply whose file the platform did not take
    file_not_sent: str = "The file could not be sent. Please try again."

    def cancel_label(self, view: CardView, job: JobView) -> str:
        """The label of Cancel, which names the job where there are several."""
        return self.cancel if len(view.jobs) == 1 else f"{self.cancel} {view.jobs.index(job) + 1}"
