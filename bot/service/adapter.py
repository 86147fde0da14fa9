"""The port to a chat platform.

An adapter has a *receiver* (events of the platform → commands for the `BotService`) and a *publisher* (shows
a revision of a card at its place). They are separate: a worker delivers without a gateway. Adapters
are found through the entry-point group `reverie.adapters`; each entry is an `AdapterPlugin`.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

from starlette.routing import BaseRoute

from bot.domain.cards import CardView
from bot.domain.identity import Place
from bot.media.ingest import MediaLibrary
from bot.security.tokens import TokenSigner
from bot.settings import Settings

if TYPE_CHECKING:
    from bot.service.adapter_data import AdapterData
    from bot.service.facade import BotService

ENTRY_POINTS = "reverie.adapters"


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

    def phase(self, place: Place) -> str:
        """A word that changes when the place itself calls for another look of the same card; else empty."""
        ...

    async def find(self, card: str, place: Place) -> str | None:
        """Look for the message of a card whose posting has an unknown outcome; None: it is not there."""
        ...

    async def remove(self, place: Place) -> None:
        """Remove the message at `place`; one that is gone already is no error."""
        ...

    async def tell(self, text: str, place: Place) -> None:
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

    async def locate(self, url: str, place: Place) -> ResolvedFile:
        """Find out how to read a file that came with an event at `place`, whose address may be over.

        Raises MediaRefused where it is gone, MediaUnavailable where asking again may help.
        """
        ...


async def _nothing() -> None:
    """Nothing is held open."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Adapter:
    """One chat platform, connected; or why it is not."""

    name: str
    #: None where it cannot be used as it is set: its cards wait for whoever can show them
    publisher: Publisher | None = None
    receiver: Receiver | None = None
    #: None where addresses in its events are good for anybody
    files: FileResolver | None = None
    #: what it adds to the web server
    routes: Sequence[BaseRoute] = ()
    #: why it is not ready, for `/readyz`; None when it is
    obstacle: Callable[[], str | None] = field(default=lambda: None)
    #: what the operator reads in the terminal at the start, made from the address of the web server
    notice: Callable[[str], str] | None = None
    #: gives back its connections, when inlet and outlet have ended
    close: Callable[[], Awaitable[None]] = field(default=_nothing)


@dataclass(frozen=True, slots=True, kw_only=True)
class AdapterContext:
    """All that an adapter gets from the core."""

    settings: Settings
    service: "BotService"
    adapter_data: "AdapterData"
    library: MediaLibrary
    signer: TokenSigner
    #: milliseconds UTC
    clock: Callable[[], int]


class Level(StrEnum):
    """How much a finding matters."""

    FINE = "fine"
    #: worth knowing, or to be done one day; the bot works
    WARNING = "warning"
    #: something does not work
    FAULT = "fault"


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosis:
    """One thing that `reverie doctor` has looked at."""

    what: str
    level: Level = Level.FINE
    remedy: str = ""

    @property
    def ok(self) -> bool:
        """Whether the bot works with it."""
        return self.level is not Level.FAULT


@dataclass(frozen=True, slots=True, kw_only=True)
class AdapterPlugin:
    """What an entry point of the group `reverie.adapters` names."""

    name: str
    #: whether the settings turn it on; must not import the platform's library
    enabled: Callable[[Settings], bool]
    build: Callable[[AdapterContext], Adapter]
    #: looks whether it can work with these settings, for `reverie doctor`; asked only where it is enabled
    examine: Callable[[Settings], AsyncIterator[Diagnosis]] | None = None
    #: names of its settings in the environment, so that a misspelt one is told
    settings: Callable[[], frozenset[str]] = frozenset

    @property
    def prefix(self) -> str:
        """How the names of its settings begin in the environment."""
        return f"REVERIE_{self.name.upper()}_"
