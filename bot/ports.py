"""The port to a chat platform: what the core asks of an adapter.

An adapter has a *receiver* (events of the platform → calls of the `BotService`) and a *publisher* (shows a
revision of a card at its place). They are separate: a worker delivers without a gateway.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from bot.domain.cards.card import CardView
from bot.domain.identity import Place


class Publisher(Protocol):
    """Shows cards. Works without the receiver's gateway or socket."""

    #: milliseconds in which the platform drops a second first message of a card; 0: it never does
    dedupe_ms: int

    async def show(self, view: CardView, place: Place) -> str:
        """Show this revision in the card's one message; returns the message's id.

        Edits `place.message`; where that is None, posts a new message with the platform's own dedupe by card
        id. Must be idempotent. Raises Delayed to be called again later, NotPosted if in addition certainly no
        message was posted, and Undeliverable if the card can never be shown.
        """
        ...

    def layout_variant(self, place: Place) -> str:
        """A name for how a card looks at a place now, if that changes with time; else empty."""
        ...

    async def find_message(self, card: str, place: Place) -> str | None:
        """Find the message of a card whose posting has an unknown outcome; None if there is none."""
        ...

    async def remove(self, place: Place) -> None:
        """Delete the message at `place`; a message that no longer exists is no error.

        Raises Undeliverable where the platform does not let the bot delete it.
        """
        ...

    async def post_notice(self, text: str, place: Place) -> None:
        """Post a notice of the bot to everybody at `place`, without mentions; raises DeliveryError."""
        ...


class Receiver(Protocol):
    """Receives the platform's events."""

    async def run(self) -> None:
        """Run until cancelled; raises if the platform can never be reached."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ResolvedFile:
    """Where a platform's own file can be fetched now."""

    url: str
    #: headers that the platform requires; never sent to another host
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)


class FileResolver(Protocol):
    """Resolves addresses of files that the platform hosts."""

    async def resolve(self, url: str, place: Place) -> ResolvedFile:
        """Resolve a file of an event at `place`, whose address may have expired.

        Raises MediaRefused if the file is gone, MediaUnavailable if a later try may succeed.
        """
        ...
