"""The plugin interface of adapters: context, factory and diagnosis.

Adapters are found through the entry-point group `reverie.adapters`; each entry is an `AdapterPlugin`.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from starlette.routing import BaseRoute

from bot.media.ingest import MediaLibrary
from bot.ports import FileResolver, Publisher, Receiver
from bot.security.tokens import TokenSigner
from bot.service.adapter_data import AdapterData
from bot.service.facade import BotService
from bot.settings import Settings

ENTRY_POINTS = "reverie.adapters"


async def _no_close() -> None:
    """Does nothing: the adapter holds no connections."""


async def _nothing_stored(_person: str) -> None:
    """Does nothing: the adapter stores nothing about persons."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Adapter:
    """A built adapter: the parts of one chat platform."""

    name: str
    #: None if its settings are unusable; its cards then wait for another process
    publisher: Publisher | None = None
    receiver: Receiver | None = None
    #: None where the addresses of its files can be fetched without credentials
    files: FileResolver | None = None
    #: its routes on the web server
    routes: Sequence[BaseRoute] = ()
    #: why it is not ready, for `/readyz`; None when it is
    not_ready_reason: Callable[[], str | None] = field(default=lambda: None)
    #: makes what the operator reads in the terminal at start, from the web server's address
    startup_notice: Callable[[str], str] | None = None
    #: removes what it stores about a person, which may be asked more than once
    forget: Callable[[str], Awaitable[None]] = field(default=_nothing_stored)
    #: closes its connections, after receiver and publisher have ended
    close: Callable[[], Awaitable[None]] = field(default=_no_close)


@dataclass(frozen=True, slots=True, kw_only=True)
class AdapterContext:
    """What an adapter gets from the core."""

    settings: Settings
    service: BotService
    adapter_data: AdapterData
    library: MediaLibrary
    signer: TokenSigner
    #: milliseconds UTC
    clock: Callable[[], int]


class Severity(StrEnum):
    """The severity of a finding."""

    OK = "fine"
    #: the bot works, but the operator should know
    WARNING = "warning"
    #: something does not work
    FAULT = "fault"


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosis:
    """One finding of `reverie doctor`."""

    what: str
    level: Severity = Severity.OK
    remedy: str = ""

    @property
    def ok(self) -> bool:
        """Whether the bot works with it."""
        return self.level is not Severity.FAULT


@dataclass(frozen=True, slots=True, kw_only=True)
class AdapterPlugin:
    """An adapter as its entry point in the group `reverie.adapters` names it."""

    name: str
    #: whether the settings enable it; must not import the platform's library
    enabled: Callable[[Settings], bool]
    build: Callable[[AdapterContext], Adapter]
    #: checks whether it can work with these settings, for `reverie doctor`; called only where it is enabled
    diagnose: Callable[[Settings], AsyncIterator[Diagnosis]] | None = None
    #: names of its settings in the environment, so that a misspelt one is reported
    setting_names: Callable[[], frozenset[str]] = frozenset

    @property
    def prefix(self) -> str:
        """The prefix of its settings in the environment."""
        return f"REVERIE_{self.name.upper()}_"
