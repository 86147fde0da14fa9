"""The port to a generation API: one `Provider` is one account at one API."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import BinaryIO, Protocol

from bot.domain.generations.concepts import Vocabulary
from bot.domain.generations.models import Lane
from bot.domain.generations.offers import Offer
from bot.domain.generations.requests import AnyRequest
from bot.domain.jobs.failures import FailureCategory


class GenerationState(StrEnum):
    """State of a generation; an unknown one is read as `DREAMING`."""

    QUEUED = "queued"
    DREAMING = "dreaming"
    COMPLETED = "completed"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Generation:
    """The provider's object."""

    id: str
    state: GenerationState
    #: milliseconds UTC by the provider's clock; None where the provider does not say
    created_at: int | None
    #: in the provider's words; only of a failed one
    failure_reason: str | None = None
    #: what kind of failure that is, where the provider names one
    failure_category: FailureCategory | None = None
    #: it failed because the account cannot submit
    stops_account: bool = False
    #: URL of the finished file, which expires; None until completed
    asset_url: str | None = None
    #: URL of a finished video's thumbnail, which expires
    thumbnail_url: str | None = None
    #: URL of a film of its progress, which expires; None unless the provider gives one while it runs
    preview_url: str | None = None
    #: the callback URL of the create, echoed by the provider; it carries the attempt's token
    callback_url: str | None = None
    #: digest of the request as echoed; equal requests have equal digests
    fingerprint: str = ""

    @property
    def is_running(self) -> bool:
        return self.state in (GenerationState.QUEUED, GenerationState.DREAMING)


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One page of an account's generations, in the provider's order."""

    generations: Sequence[Generation]
    has_more: bool
    #: every entry could be read, so that a generation which is not here does not exist
    is_complete: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class LaneLimits:
    concurrent: int
    per_minute: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """What an API can do; the offered options follow from it."""

    #: what it makes; of each kind the default model first
    offers: tuple[Offer, ...]
    #: generations can be listed, so that one whose create was not answered can be found
    lists: bool
    #: calls back and echoes the callback URL, so that a create can carry a token
    callbacks: bool
    #: takes inputs as files (`InputFile`), so that it needs no URL of ours
    takes_files: bool
    #: `check` tells the account's credit
    reports_credit: bool
    #: what people read about a generation that stays there, because the API deletes none; empty: it deletes
    keeps: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class InputUrl:
    """An input as a URL that the provider can read."""

    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class InputFile:
    """An input as a file of ours, for a provider that takes files."""

    #: digest of the content
    name: str
    mime: str
    #: bytes
    size: int
    #: opens the file for reading; raises MediaError
    open: Callable[[], Awaitable[BinaryIO]]


@dataclass(frozen=True, slots=True, kw_only=True)
class InputGeneration:
    """A video that the provider has made itself, and that is extended."""

    id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class InputUpload:
    """An input that has been uploaded to the provider."""

    #: of the file at the provider
    id: str


Input = InputUrl | InputFile | InputGeneration | InputUpload
#: by the key of each reference of a request
Inputs = Mapping[str, Input]


class Provider(Protocol):
    """One account at a generation API. Raises `ProviderError`s only."""

    #: the API: `luma`, `simulator` …
    name: str
    #: id of the account: a keyed hash of its key, never the key
    account: str
    capabilities: Capabilities
    limits: Mapping[Lane, LaneLimits]
    #: URL prefix that may be fetched though its address is private, because the operator configured it:
    #: scheme, host and port, and what precedes the API's own path
    origin: str

    def fingerprint(self, request: AnyRequest, media: Inputs) -> str:
        """Digest of what `submit` would send, comparable with `Generation.fingerprint`.

        Empty where the echo does not tell such requests apart.
        """
        ...

    async def upload(self, media: Inputs, *, end_user: str = "") -> Inputs:
        """Upload the files that cannot be part of a create, so that the create itself is sent quickly.

        A provider that takes no files returns what it is given. Raises NotSent while an upload is running: it
        continues, and a later call finds its result. Otherwise raises the same as `submit`.
        """
        ...

    async def submit(
        self, request: AnyRequest, *, media: Inputs, callback_url: str | None, end_user: str = ""
    ) -> Generation:
        """Create a generation. Sends one create and never repeats it.

        A request that changes a video may be answered with a new generation or with the same one. `end_user`
        stands for the member, so that an abuse is traced to one of them, and reveals nothing.
        Raises NotSent, RateLimited, Rejected, OutcomeUnknown or AccountProblem.
        """
        ...

    async def get(self, generation_id: str) -> Generation:
        """Read one generation; raises GenerationNotFound, and the same as `submit`."""
        ...

    async def page(self, *, limit: int, offset: int) -> Page:
        """Read one page of the account's generations; raises the same as `submit`.

        Called only if the API lists them.
        """
        ...

    async def delete(self, generation_id: str) -> None:
        """Delete a generation; no error if it is missing, or if the API deletes none."""
        ...

    async def check(self) -> int | None:
        """Check that the account can submit; returns its credit in micro-dollars, or None if unknown.

        Raises AccountProblem while it cannot.
        """
        ...

    async def vocabulary(self) -> Vocabulary:
        """Read the terms that the video models understand; raises the same as `submit`."""
        ...

    async def close(self) -> None: ...
