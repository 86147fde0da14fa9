"""How an adapter plugs into the bot: what it is given, what it builds, and how its set-up is diagnosed.

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
    not_ready_reason: Callable[[], str | None] = field(default=lambda: None)
    #: what the operator reads in the terminal at the start, made from the address of the web server
    startup_notice: Callable[[str], str] | None = None
    #: gives back its connections, when inlet and outlet have ended
    close: Callable[[], Awaitable[None]] = field(default=_nothing)


@dataclass(frozen=True, slots=True, kw_only=True)
class AdapterContext:
    """All that an adapter gets from the core."""

    settings: Settings
    service: BotService
    adapter_data: AdapterData
    library: MediaLibrary
    signer: TokenSigner
    #: milliseconds UTC
    clock: Callable[[], int]


class Severity(StrEnum):
    """How much a finding matters."""

    OK = "fine"
    #: worth knowing, or to be done one day; the bot works
    WARNING = "warning"
    #: something does not work
    FAULT = "fault"


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosis:
    """One thing that `reverie doctor` has looked at."""

    what: str
    level: Severity = Severity.OK
    remedy: str = ""

    @property
    def ok(self) -> bool:
        """Whether the bot works with it."""
        return self.level is not Severity.FAULT


@dataclass(frozen=True, slots=True, kw_only=True)
class AdapterPlugin:
    """What an entry point of the group `reverie.adapters` names."""

    name: str
    #: whether the settings turn it on; must not import the platform's library
    enabled: Callable[[Settings], bool]
    build: Callable[[AdapterContext], Adapter]
    #: looks whether it can work with these settings, for `reverie doctor`; asked only where it is enabled
    diagnose: Callable[[Settings], AsyncIterator[Diagnosis]] | None = None
    #: names of its settings in the environment, so that a misspelt one is told
    setting_names: Callable[[], frozenset[str]] = frozenset

    @property
    def prefix(self) -> str:
        """How the names of its settings begin in the environment."""
        return f"REVERIE_{self.name.upper()}_"
