"""The seam between the engine and a generation API: one `Provider` is one account at one API."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from bot.domain.models import Lane, Model
from bot.domain.requests import AnyRequest


class GenerationState(StrEnum):
    """Where a generation stands; a state that is not known here is read as `DREAMING`."""

    QUEUED = "queued"
    DREAMING = "dreaming"
    COMPLETED = "completed"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Generation:
    """The provider's object."""

    id: str
    state: GenerationState
    #: milliseconds UTC by the provider's clock; None where it is not told
    created_at: int | None
    #: as sent by the provider, only when failed
    failure_reason: str | None = None
    #: where the finished file lies for a while; None until completed
    asset_url: str | None = None
    #: where the thumbnail of a finished video lies; None where there is none
    still_url: str | None = None
    #: the callback URL that our create carried, echoed by the provider: the attempt's marker
    callback_url: str | None = None
    #: digest of the request as echoed; equal requests have equal digests
    fingerprint: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One page of an account's generations, in the provider's order."""

    generations: Sequence[Generation]
    has_more: bool
    #: every entry could be read, so what is not here is not there
    whole: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class LaneLimits:
    concurrent: int
    per_minute: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """What an API can; the options offered follow."""

    #: kinds of request (`ImageRequest.kind` …) that it takes
    kinds: frozenset[str]
    models: frozenset[Model]
    #: generations can be listed, so a lost answer can be found again
    lists: bool
    #: calls back and echoes the callback URL, so a create can carry a marker
    callbacks: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Vocabulary:
    """Words that a provider's video models know beside the prompt's own."""

    concepts: frozenset[str] = frozenset()
    camera_motions: tuple[str, ...] = ()


class Provider(Protocol):
    """One account at a generation API. All errors are `ProviderError`s."""

    #: the API: `luma`, `simulator` …
    name: str
    #: id of the account: a keyed hash of its key, never the key
    account: str
    capabilities: Capabilities
    limits: Mapping[Lane, LaneLimits]
    #: where its own answers may lead although the address is private, because the operator configured it:
    #: scheme, host and port, and the path above that of the API
    origin: str

    def fingerprint(self, request: AnyRequest, media: Mapping[str, str]) -> str:
        """Digest of what `submit` would send, comparable with `Generation.fingerprint`."""
        ...

    async def submit(
        self, request: AnyRequest, *, media: Mapping[str, str], callback_url: str | None
    ) -> Generation:
        """Create a generation. Sends one request and never repeats it.

        `media` maps the key of each reference to a URL that the provider can read, and of a video that
        another one goes on from or leads up to, to the id of its generation.
        Raises NotSent, RateLimited, Rejected, OutcomeUnknown or AccountProblem.
        """
        ...

    async def get(self, generation_id: str) -> Generation:
        """Raises GenerationNotFound, and the same as `submit`."""
        ...

    async def page(self, *, limit: int, offset: int) -> Page:
        """Read one page of the account's generations; raises the same as `submit`."""
        ...

    async def delete(self, generation_id: str) -> None:
        """Remove a generation; one that is gone already is no error."""
        ...

    async def check(self) -> int | None:
        """Ask whether the account can submit; answers its credit in micro-dollars where it is told.

        Raises AccountProblem while it cannot.
        """
        ...

    async def vocabulary(self) -> Vocabulary:
        """Ask for the words that the video models know; raises the same as `submit`."""
        ...

    async def close(self) -> None: ...
