"""What the engine's use cases and loops work with."""

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

import structlog

from bot.domain.durations import DurationStats
from bot.domain.ids import ENTROPY_BYTES, new_id
from bot.domain.models import Lane
from bot.domain.pricing import Rates
from bot.media.disk_usage import MediaUsage
from bot.media.ingest import MediaLibrary
from bot.media.storage import FolderStorage
from bot.ports import FileResolver
from bot.providers.base import Capabilities, Provider, Vocabulary
from bot.providers.health import ProviderHealth
from bot.security.encryption import FieldCipher
from bot.security.rate_limit import RateLimiter
from bot.security.tokens import TokenSigner
from bot.settings import Settings, Timing
from bot.store.accounts import ReadyAccount
from bot.store.database.base import Database

log = structlog.get_logger()


class Topic(StrEnum):
    """What a signal wakes the waiting loops for."""

    #: jobs whose inputs are to be fetched
    INPUTS = "inputs"
    #: a slot of a lane has become free
    LANE_FREE = "free"
    #: cards that may be shown
    CARDS = "cards"
    #: jobs that are with the provider
    IN_FLIGHT = "flight"
    #: accounts that are to be checked
    ACCOUNTS = "accounts"
    #: more media is stored than the budget allows
    MEDIA = "media"


@dataclass(frozen=True, slots=True, kw_only=True)
class EstimateInputs:
    """What an outlook takes besides its job's own place."""

    #: how long the latest jobs of each kind took; only kinds with some
    duration_stats: Mapping[str, DurationStats] = field(default_factory=dict)
    #: accounts that take something, by id; None: nobody could tell
    ready: Mapping[str, ReadyAccount] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LoopFailures:
    """How a round of a loop has gone lately: never well since `count` failures."""

    count: int
    #: kind of the last failure
    error: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """The collaborators, assembled once by `app.py`."""

    settings: Settings
    database: Database
    #: by account
    providers: Mapping[str, Provider]
    #: how their calls have gone, by account
    health: Mapping[str, ProviderHealth]
    library: MediaLibrary
    storage: FolderStorage
    #: the one that writes first
    secrets: tuple[bytes, ...] = field(repr=False)
    media_usage: MediaUsage
    signer: TokenSigner
    cipher: FieldCipher
    rates: Rates
    #: milliseconds UTC
    clock: Callable[[], int]
    #: milliseconds that never jump
    monotonic: Callable[[], int]
    #: id of this process, new at each start
    owner: str
    rate_limit: RateLimiter
    #: base of the URLs under which a provider reaches us; None: it cannot
    provider_facing_url: str | None
    #: by name of the adapter whose platform's files it opens
    files: dict[str, FileResolver] = field(default_factory=dict)
    #: what providers can of whose accounts this process has no key, by name
    capabilities: Mapping[str, Capabilities] = field(default_factory=dict)
    #: words that video models know, by provider, as last told
    vocabularies: dict[str, Vocabulary] = field(default_factory=dict)
    #: accounts that were refused something which may be about the account itself
    accounts_to_check: set[str] = field(default_factory=set)
    #: rounds of loops that have failed since they last went well, by the loop's name
    failing_loops: dict[str, LoopFailures] = field(default_factory=dict)
    #: what outlooks take, and when it was asked for, by pace
    estimate_cache: dict[str, tuple[int, EstimateInputs]] = field(default_factory=dict)
    #: nothing new is begun once this is set
    stopping: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def times(self) -> Timing:
        return self.settings.times

    @property
    def answer_lease_owner(self) -> str:
        """Who holds a card that an inlet shows by itself: this process, but not its deliverer."""
        return f"{self.owner}/answer"

    def new_id(self) -> str:
        return new_id(self.clock(), os.urandom(ENTROPY_BYTES))

    def wake(self, *topics: str) -> None:
        for topic in topics:
            self.database.wakeups.notify(topic)

    async def ticks(self, topic: str, interval_ms: int) -> AsyncIterator[None]:
        """Go on at once, then with every signal or after the interval, until the process stops."""
        while not self.stopping.is_set():
            seen = self.database.wakeups.mark(topic)
            yield
            await self.database.wakeups.changed(topic, since=seen, timeout_s=interval_ms / 1000)

    async def guarded(self, name: str, work: Callable[[], Awaitable[object]]) -> None:
        """Do one round of a loop; whatever goes wrong in it is told, and the next round tries again."""
        try:
            await work()
        except Exception as error:  # noqa: BLE001 - a loop that dies would strand every job behind it
            log.warning("tick_failed", loop=name, error=repr(error))
            before = self.failing_loops.get(name)
            count = 1 if before is None else before.count + 1
            self.failing_loops[name] = LoopFailures(count=count, error=type(error).__name__)
        else:
            self.failing_loops.pop(name, None)

    def capabilities_of(self, provider: str) -> Capabilities | None:
        """What a provider can; None where it is not known here."""
        own = next((one.capabilities for one in self.providers.values() if one.name == provider), None)
        return own or self.capabilities.get(provider)

    def providers_of(self, name: str) -> list[Provider]:
        return [provider for provider in self.providers.values() if provider.name == name]


def queue_name(provider: str, lane: Lane) -> str:
    """What shares one virtual time: all that is submitted to one provider's pool in one lane."""
    return f"{provider}/{lane}"


def jobs_topic(lane: Lane) -> str:
    """The topic under which it is told that jobs of a lane may be claimed."""
    return f"jobs/{lane}"


#: for whatever concerns jobs of every lane
ALL_JOBS = tuple(jobs_topic(lane) for lane in Lane)
