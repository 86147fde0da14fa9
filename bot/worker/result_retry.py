"""Decides when the result of a job that could not be stored is fetched again, and when it is given up."""

from dataclasses import dataclass

from bot.domain.errors import MediaError, ProcessingFailed
from bot.domain.failures import Failure, FailureCategory, failure
from bot.settings import Timing

#: doublings after which the pause has long reached its limit
_DOUBLINGS_MAX = 20


@dataclass(slots=True, kw_only=True)
class ResultRetry:
    """Failed attempts to store one job's result."""

    #: when the file was first missing or invalid
    missing_since: int | None = None
    #: when our own processing first failed; later errors may be a consequence of our delay
    unprocessed_since: int | None = None
    tries: int = 0
    next_try_at: int = 0
    #: given up then, unless a try succeeds
    give_up_at: int = 0
    error: str = ""

    def record(self, error: MediaError, now: int, times: Timing) -> None:
        """Record a failure and put off the next try, each time twice as long, up to a limit."""
        self.error = str(error)
        if isinstance(error, ProcessingFailed):
            self.unprocessed_since = now if self.unprocessed_since is None else self.unprocessed_since
            self.give_up_at = self.unprocessed_since + times.processing_deadline
            pause_max = times.processing_retry_max
        else:
            self.missing_since = now if self.missing_since is None else self.missing_since
            self.give_up_at, pause_max = self.missing_since + times.asset_deadline, times.asset_retry_max
        self.next_try_at = now + min(times.asset_retry * 2 ** min(self.tries, _DOUBLINGS_MAX), pause_max)
        self.tries += 1

    @property
    def is_our_fault(self) -> bool:
        return self.unprocessed_since is not None

    @property
    def failure(self) -> Failure:
        """Why the job fails when its result is given up."""
        is_missing = self.missing_since is not None
        category = FailureCategory.ASSET_LOST if is_missing else FailureCategory.RESULT_UNPROCESSED
        return failure(category, self.error)
