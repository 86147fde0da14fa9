"""The collaborators of use cases and worker loops, and the topics on which they wake each other."""

import asyncio
import os
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Hashable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

import structlog
from pydantic import SecretStr

from bot.domain.errors import ServiceUnavailable
from bot.domain.generations.concepts import Vocabulary
from bot.domain.generations.estimates import DurationStats
from bot.domain.generations.models import Lane
from bot.domain.ids import ENTROPY_BYTES, new_id
from bot.domain.jobs.actions import ActionPrices
from bot.domain.jobs.job import queue_name
from bot.domain.money.credit import Spendable
from bot.domain.money.pricing import Rates
from bot.domain.policy.reactions import ReactionRule
from bot.media.disk import MediaUsage
from bot.media.ingest import MediaLibrary
from bot.media.storage.base import Storage
from bot.ports import FileResolver
from bot.providers.base import Capabilities, Provider
from bot.providers.health import ProviderHealth
from bot.security.encryption import FieldCipher
from bot.security.rate_limit import RateLimiter
from bot.security.tokens import TokenSigner
from bot.settings import Settings
from bot.store.database.base import Database
from bot.store.operator.accounts import ReadyAccount
from bot.timing import Timing

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
    #: workspaces' own keys that were set or removed, or that have jobs
    WORKSPACE_KEYS = "keys"
    #: persons whose data is to be deleted
    ERASURE = "erasure"


#: opens one account, by the name of its provider and its key
OpenAccount = Callable[[str, SecretStr], Awaitable[Provider]]


async def no_workspace_keys(_provider: str, _key: SecretStr) -> Provider:
    """Refuse to open an account, in processes without providers."""
    raise ServiceUnavailable


@dataclass(frozen=True, slots=True, kw_only=True)
class EstimateInputs:
    """What an estimate needs besides its job's place in the queue."""

    #: durations of the latest jobs by duration class; a class without jobs is missing
    duration_stats: Mapping[str, DurationStats] = field(default_factory=dict)
    #: accounts that accept jobs, by id; None: not known
    ready: Mapping[str, ReadyAccount] | None = None
    #: stopped accounts of workspaces' own keys, each with the reason
    stopped_keys: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class LoopFailures:
    """The failures of a loop since its last success."""

    count: int
    #: type of the last error
    error: str


def clock_ms() -> int:
    return time.time_ns() // 1_000_000


def monotonic_ms() -> int:
    return time.monotonic_ns() // 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """The collaborators, assembled once by `bootstrap`."""

    settings: Settings
    database: Database
    #: of the operator, by account
    providers: Mapping[str, Provider]
    #: the outcomes of their calls, by account
    health: Mapping[str, ProviderHealth]
    library: MediaLibrary
    storage: Storage
    #: the first one encrypts and signs; the others only decrypt and verify
    secrets: tuple[bytes, ...] = field(repr=False)
    media_usage: MediaUsage
    signer: TokenSigner
    cipher: FieldCipher
    rates: Rates
    #: milliseconds UTC
    clock: Callable[[], int]
    #: monotonic milliseconds
    monotonic: Callable[[], int]
    #: id of this process, new at each start
    owner: str
    rate_limit: RateLimiter
    #: base of the URLs under which each provider reaches the bot, by its name; one that cannot is missing
    facing_urls: Mapping[str, str]
    #: resolvers of platforms' own files, by adapter
    files: dict[str, FileResolver] = field(default_factory=dict)
    #: capabilities of the providers for which this process has no key, by name
    capabilities: Mapping[str, Capabilities] = field(default_factory=dict)
    #: of workspaces' own keys, by account; only those that this process has opened
    workspace_providers: dict[str, Provider] = field(default_factory=dict)
    #: opens the account of a workspace's own key; raises ValueError or ReverieError
    open_account: OpenAccount = no_workspace_keys
    #: words that video models know, by provider, as last fetched
    vocabularies: dict[str, Vocabulary] = field(default_factory=dict)
    #: accounts with a refusal that may be about the account itself
    accounts_to_check: set[str] = field(default_factory=set)
    #: what the accounts of this process may still spend, by account; those without a limit are missing
    spendable: dict[str, Spendable] = field(default_factory=dict)
    #: stopped accounts whose next job shows whether they work again
    trials: set[str] = field(default_factory=set)
    #: held while a job is claimed for a trial
    trial_lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    #: loops whose last tick failed, by name
    failing_loops: dict[str, LoopFailures] = field(default_factory=dict)
    #: inputs of estimates and when they were read, by duration class
    estimate_cache: dict[str, tuple[int, EstimateInputs]] = field(default_factory=dict)
    #: prices of actions with the rates by which they were found, by kind of job; the newest last
    price_cache: dict[Hashable, tuple[Rates, ActionPrices]] = field(default_factory=dict)
    #: what each emoji does in a workspace and when that was read, by workspace
    reaction_maps: dict[str, tuple[int, Mapping[str, ReactionRule]]] = field(default_factory=dict)
    #: no new work is started once this is set
    stopping: asyncio.Event = field(default_factory=asyncio.Event)

    def provider_reads_files(self, provider: str) -> bool:
        """Whether a provider can read stored files by URL, from us or from the bucket."""
        return provider in self.facing_urls or self.provider_reads_bucket(provider)

    def provider_reads_bucket(self, provider: str) -> bool:
        """Whether a provider can read from the bucket; the built-in simulator reads through our own route."""
        return self.storage.links_origin is not None and provider != "simulator"

    @property
    def times(self) -> Timing:
        return self.settings.times

    @property
    def media_scan_interval(self) -> int:
        """Milliseconds between two looks at everything that is stored, which a bucket lists page by page."""
        in_bucket = self.settings.media_url is not None
        return self.times.bucket_scan_interval if in_bucket else self.times.retention_interval

    @property
    def answer_lease_owner(self) -> str:
        """Who leases a card that an adapter shows by itself: this process, but not its delivery loop."""
        return f"{self.owner}/answer"

    def new_id(self) -> str:
        return new_id(self.clock(), os.urandom(ENTROPY_BYTES))

    def wake(self, *topics: str) -> None:
        for topic in topics:
            self.database.wakeups.notify(topic)

    async def ticks(self, topic: str, interval_ms: int) -> AsyncIterator[None]:
        """Tick at once, then on every signal or after the interval, until the process stops."""
        while not self.stopping.is_set():
            seen = self.database.wakeups.mark(topic)
            yield
            await self.database.wakeups.changed(topic, since=seen, timeout_s=interval_ms / 1000)

    async def guarded(self, name: str, work: Callable[[], Awaitable[object]]) -> None:
        """Run one tick of a loop; an exception is logged and counted, and the next tick tries again."""
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
        """The capabilities of a provider; None if they are not known here."""
        own = next((one.capabilities for one in self.providers.values() if one.name == provider), None)
        return own or self.capabilities.get(provider)

    def provider_of(self, account: str) -> Provider | None:
        """The opened account of the operator or of a workspace."""
        return self.providers.get(account) or self.workspace_providers.get(account)

    def queue_of(self, provider: Provider, lane: Lane) -> str:
        """The queue that an account takes its jobs from: the operator's, or that of its own workspace."""
        owned = provider.account in self.workspace_providers
        return queue_name(provider.name, lane, provider.account if owned else None)

    def providers_of(self, name: str) -> list[Provider]:
        """The operator's accounts at a provider."""
        return [provider for provider in self.providers.values() if provider.name == name]


#: the topic of direct messages to persons
PERSON_NOTICES = "person notices"


def jobs_topic(lane: Lane) -> str:
    """The topic that signals queued jobs of a lane."""
    return f"jobs/{lane}"


#: the topics of all lanes
ALL_JOBS = tuple(jobs_topic(lane) for lane in Lane)
