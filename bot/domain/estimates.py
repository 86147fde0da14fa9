"""What is expected of a job that has not ended, and how to say so without going back on one's word."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

#: how much later than told something may become before it is told anew, in percent of the wait and at least
_SLACK, _SLACK_MS = 25, 8_000


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownEstimate:
    """What a card's message has said about one of its jobs."""

    #: place in the queue; None where none was told
    position: int | None
    #: when it was said to be done, in milliseconds UTC
    ready_at: int
    #: why that was worse than what was told before it
    delay_reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """What is expected of a job that has not ended."""

    #: place in the queue from 1; None once it is with the provider
    position: int | None = None
    #: milliseconds until it is expected to be done; below 0 when it should have been by now
    wait_ms: int = 0
    #: milliseconds that the generation itself is expected to take
    generation_ms: int = 0
    #: it runs for longer than 95 of 100 of its kind
    late: bool = False
    #: the provider is done, and our own work on its file takes long
    finishing: bool = False
    #: why nothing moves, where that is known
    blocked_reason: str = ""
    #: why this is worse than what was told before
    delay_reason: str = ""


def stabilised(estimate: Estimate, told: ShownEstimate | None, now: int) -> Estimate:
    """The outlook as it may be told after what was told before.

    A small change of the time is not told at all: what was said stands. A worse place or time comes with its
    reason, which stays until something gets better.
    """
    if told is None:
        return estimate
    slack = max(_SLACK_MS, estimate.wait_ms * _SLACK // 100)
    later_by = now + estimate.wait_ms - told.ready_at
    if abs(later_by) <= slack:
        estimate, later_by = replace(estimate, wait_ms=told.ready_at - now), 0
    if _behind(estimate.position, told.position):
        return replace(estimate, delay_reason="members with fewer jobs go first")
    if later_by > 0:
        return replace(estimate, delay_reason="it goes slower than expected")
    better = later_by < 0 or estimate.position != told.position
    return estimate if better else replace(estimate, delay_reason=told.delay_reason)


def _behind(position: int | None, before: int | None) -> bool:
    return position is not None and before is not None and position > before


#: what was told of each job, by id
ShownEstimates = Mapping[str, ShownEstimate]
