"""What all platforms say in the adapters' own words; another language is another `Words`."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from bot.domain.cards import PRICE


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """English; texts with braces are filled in."""

    cancel: str = "Take back"
    details: str = "Details"
    origin: str = "Made from"
    pick: str = "Which one the buttons are for"
    #: under a list of jobs
    open: str = "Show one of these"
    #: below a list that is longer than a message
    left_out: str = "and {count} more"
    #: of what holds for each of several jobs
    each: str = "{label} each"
    full: str = "Full size"
    full_only: str = "Too large for this place"
    untitled: str = "Without words"
    expected: str = "expected {when}"
    deleted: str = "Deleted"
    #: above a card that came to somebody's direct messages instead
    moved: str = "This comes here because it could not be shown in {channel}: {reason}."
    #: where a result can neither be sent nor linked
    too_large: str = (
        "A file is too large for this place, and the bot has no public address to link it from: "
        "whoever runs it can set REVERIE_PUBLIC_URL."
    )
    #: labels and lines of the core in this language; what is not here is said in English
    core: Mapping[str, str] = field(default_factory=dict)

    def of(self, text: str) -> str:
        return self.core.get(text, text)

    def label(self, text: str, jobs: int) -> str:
        """The label of a fact that holds for so many jobs."""
        told = self.of(text)
        return self.each.format(label=told) if text == PRICE and jobs > 1 else told
