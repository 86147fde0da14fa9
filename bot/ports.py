"""The port to a chat platform: what the core asks of an adapter.

An adapter has a *receiver* (events of the platform → calls of the `BotService`) and a *publisher* (shows a
revision of a card at its place). They are separate: a worker delivers without a gateway.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from bot.domain.cards import CardView
from bot.domain.identity import Place


class Publisher(Protocol):
    """Shows cards. Uses only what can be reached without a gateway or socket of the inlet."""

    #: milliseconds in which the platform itself merges two first messages of one card; 0: it never does
    dedupe_ms: int

    async def show(self, view: CardView, place: Place) -> str:
        """Bring the card's one message up to this revision; answers the message's id.

        Edits `place.message`; posts a new message, with the platform's own dedupe by card id, only where
        that is None. Doing it twice must look like doing it once.
        Raises Delayed to be called again later, Held where no new message can have come of it meanwhile,
        Undeliverable when all that is of no use.
        """
        ...

    def layout_variant(self, place: Place) -> str:
        """A word that changes when the place itself calls for another look of the same card; else empty."""
        ...

    async def find_message(self, card: str, place: Place) -> str | None:
        """Look for the message of a card whose posting has an unknown outcome; None: it is not there."""
        ...

    async def remove(self, place: Place) -> None:
        """Remove the message at `place`; one that is gone already is no error."""
        ...

    async def post_notice(self, text: str, place: Place) -> None:
        """Post a line of the bot's own to everybody at `place`; nobody is mentioned.

        Raises DeliveryError, after which it is not tried again.
        """
        ...


class Receiver(Protocol):
    """Takes in what people do."""

    async def run(self) -> None:
        """Work until cancelled. Raises when the platform cannot be reached for good."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ResolvedFile:
    """Where a platform's own file can be read now."""

    url: str
    #: what the platform wants to see before it gives the file; never sent elsewhere
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)


class FileResolver(Protocol):
    """Opens files that lie on the platform itself."""

    async def resolve(self, url: str, place: Place) -> ResolvedFile:
        """Find out how to read a file that came with an event at `place`, whose address may be over.

        Raises MediaRefused where it is gone, MediaUnavailable where asking again may help.
        """
        ...
