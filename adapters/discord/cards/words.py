"""What this adapter says in its own words; another language is another `Words`."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """English; texts with braces are filled in."""

    cancel: str = "Take back"
    details: str = "Details"
    origin: str = "Made from"
    pick: str = "Which one the buttons are for"
    full: str = "Full size"
    full_only: str = "Too large for this place"
    untitled: str = "Without words"
    expected: str = "expected {when}"
    deleted: str = "Deleted"
    #: under a card that cannot be changed for ever
    bounded: str = (
        "What takes past {time} comes to your direct messages; where those are closed, `/show {job}` has it."
    )
    #: the same when that time is near
    bounded_soon: str = (
        "**This message cannot change much longer.** The result comes to your direct messages; "
        "where those are closed, `/show {job}` has it."
    )
    #: above a card that came to somebody's direct messages instead
    moved: str = "This comes here because it could not be shown in {channel}: {reason}."
    #: to who asked for a result in their direct messages
    not_sent: str = (
        "It could not be sent to you: {reason}. Open them in this server's privacy settings, "
        "or take it from `/show {job}`."
    )
    #: where a result can neither be sent nor linked
    too_large: str = (
        "A file is too large for this place, and the bot has no public address to link it from: "
        "whoever runs it can set REVERIE_PUBLIC_URL."
    )
    #: labels and lines of the core in this language; what is not here is said in English
    core: Mapping[str, str] = field(default_factory=dict)

    def of(self, text: str) -> str:
        return self.core.get(text, text)


ENGLISH = Words()
