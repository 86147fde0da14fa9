"""What keeps finished results out of our storage, and for how long each is tried again."""

from dataclasses import dataclass

from bot.domain.errors import MediaError, ProcessingFailed
from bot.domain.failures import Failure, FailureCategory, failure
from bot.settings import Timing

#: doublings of a wait, after which it is the longest one anyhow
_DOUBLINGS = 20


@dataclass(slots=True, kw_only=True)
class Trouble:
    """Why the result of a job could not be taken in, and when it is tried again."""

    #: when the file first could not be had, or was not what it must be
    lost_since: int | None = None
    #: when our own processing first failed on it; what happens later may be the consequence of our delay
    ours_since: int | None = None
    tries: int = 0
    #: not tried again before
    due: int = 0
    #: given up then, unless it succeeds
    until: int = 0
    error: str = ""

    def note(self, error: MediaError, now: int, times: Timing) -> None:
        """Note one more failure, and put off the next try: twice as long each time, up to a limit."""
        self.error = str(error)
        if isinstance(error, ProcessingFailed):
            self.ours_since = now if self.ours_since is None else self.ours_since
            self.until, longest = self.ours_since + times.processing_deadline, times.processing_retry_max
        else:
            self.lost_since = now if self.lost_since is None else self.lost_since
            self.until, longest = self.lost_since + times.asset_deadline, times.asset_retry_max
        self.due = now + min(times.asset_retry * 2 ** min(self.tries, _DOUBLINGS), longest)
        self.tries += 1

    @property
    def ours(self) -> bool:
        return self.ours_since is not None

    @property
    def why(self) -> Failure:
        """Why the job fails when it is given up."""
        lost = self.lost_since is not None
        category = FailureCategory.ASSET_LOST if lost else FailureCategory.RESULT_UNPROCESSED
        return failure(category, self.error)
