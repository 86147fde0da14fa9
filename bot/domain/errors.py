"""Errors, named by what the caller must do.

ReverieError
├── Refused                  the person can fix it; its text is shown to them, privately
│   ├── InvalidRequest       change the command
│   ├── QuotaExhausted       wait for the reset, or ask an admin
│   │   ├── NotEnoughLeft    the same; `for_admins`: what admins read where the text is for the person alone
│   │   └── TooManyRequests  wait a few seconds; `repeated`: told so within the last minute
│   ├── NotAllowed           ask somebody who may
│   ├── JobNotFound          check the id
│   ├── NotYours             ask the owner
│   └── ServiceUnavailable   a fault of ours: try again
├── ProviderError            the generation API
│   ├── NotSent              nothing left this machine: try again
│   ├── RateLimited          try again after `retry_after_ms`
│   ├── Rejected             final: release the money, tell the reason
│   ├── OutcomeUnknown       never replay: reconcile
│   ├── AccountProblem       stop submitting on this account, tell the operator
│   └── GenerationNotFound   the id is not known there (any more)
├── MediaError               fetching or storing a file
│   ├── MediaUnavailable     try again later
│   │   ├── ProcessingFailed the file is here, but processing it failed: try again, then the operator
│   │   └── MediaLost        it was stored and is not there any more
│   └── MediaRefused         final: the file is not acceptable
├── DeliveryError            a chat platform
│   ├── Delayed              try again after `retry_after_ms`
│   │   └── NotPosted        the same, and it is certain that nothing was posted
│   │       └── FileLost     show the card without this file, and say that it is no longer stored
│   └── Undeliverable        final for the card, never for its results
└── StoreError
    └── StaleTransition      somebody else did it: drop quietly
"""


class ReverieError(Exception):
    """Something went wrong."""

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message or (type(self).__doc__ or "").strip())


class Refused(ReverieError):
    """This cannot be done as asked."""


class InvalidRequest(Refused):
    """The command is not valid."""

    def __init__(self, message: str | None = None, *, option: str = "") -> None:
        super().__init__(message)
        #: the option that has to be changed; empty where it is none, or not one alone
        self.option = option


class QuotaExhausted(Refused):
    """The quota is used up."""


class NotEnoughLeft(QuotaExhausted):
    """What is left does not suffice for this."""

    def __init__(self, message: str | None = None, *, for_admins: str = "") -> None:
        super().__init__(message)
        #: what the workspace's admins read instead where the message tells what was spent elsewhere
        self.for_admins = for_admins


def for_admins(refusal: Refused) -> str:
    """Why a member was refused, as the admins of the workspace read it."""
    text = refusal.for_admins if isinstance(refusal, NotEnoughLeft) else ""
    return text or str(refusal)


class TooManyRequests(QuotaExhausted):
    """That was a lot at once."""

    def __init__(self, message: str | None = None, *, repeated: bool = False) -> None:
        super().__init__(message)
        #: the member was told so a moment ago; an adapter that would need a new message sends none
        self.repeated = repeated


class NotAllowed(Refused):
    """You may not do this here."""


class JobNotFound(Refused):
    """There is no such job."""


class NotYours(Refused):
    """This job belongs to somebody else."""


class ServiceUnavailable(Refused):
    """Temporarily unavailable; try again in a moment."""


class ProviderError(ReverieError):
    """The generation API failed."""


class NotSent(ProviderError):
    """The request did not leave this machine."""


class RateLimited(ProviderError):
    """The generation API asks to slow down."""

    def __init__(self, message: str | None = None, *, retry_after_ms: int | None = None) -> None:
        super().__init__(message)
        #: as the API asked; None where it named no time
        self.retry_after_ms = retry_after_ms


class Rejected(ProviderError):
    """The generation API refused the request for good."""


class OutcomeUnknown(ProviderError):
    """The request may or may not have been carried out."""


class AccountProblem(ProviderError):
    """The account cannot submit: its key, credit or permission needs the operator."""


class GenerationNotFound(ProviderError):
    """The generation API does not know this generation."""


class MediaError(ReverieError):
    """The file could not be fetched or stored."""


class MediaUnavailable(MediaError):
    """The file cannot be had right now."""


class ProcessingFailed(MediaUnavailable):
    """The file has arrived and could not be processed here."""


class MediaLost(MediaUnavailable):
    """This file is no longer stored."""


class MediaRefused(MediaError):
    """The file is not acceptable."""


class DeliveryError(ReverieError):
    """The message could not be shown."""


class Delayed(DeliveryError):
    """The platform asks to try again later."""

    def __init__(self, message: str | None = None, *, retry_after_ms: int | None = None) -> None:
        super().__init__(message)
        #: as the platform asked; None where it named no time
        self.retry_after_ms = retry_after_ms


class NotPosted(Delayed):
    """The platform was not asked yet, or has said no for now."""


class FileLost(NotPosted):
    """A file of the card is no longer stored."""

    def __init__(self, file: str) -> None:
        super().__init__()
        #: its id in the storage
        self.file = file


class Undeliverable(DeliveryError):
    """The message can never be shown at that place."""


class StoreError(ReverieError):
    """The store refused the write."""


class StaleTransition(StoreError):
    """The record has moved on meanwhile."""
