"""Highest use of each account and lane, computed from when each generation occupied its slot."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class SlotSpan:
    """The time in which a generation counts as concurrent, in milliseconds UTC."""

    account: str
    lane: str
    start: int
    #: None while the end is unknown
    end: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LaneUsage:
    account: str
    lane: str
    created: int
    #: most generations that were queued or dreaming at one time
    concurrent: int
    #: most creates within any window of the rate limit
    per_window: int


def usage_by_lane(spans: Iterable[SlotSpan], window_ms: int) -> list[LaneUsage]:
    lanes: defaultdict[tuple[str, str], list[SlotSpan]] = defaultdict(list)
    for span in spans:
        lanes[span.account, span.lane].append(span)
    return [
        LaneUsage(
            account=account,
            lane=lane,
            created=len(in_use),
            concurrent=_highest_overlap(in_use),
            per_window=_fullest_window(sorted(span.start for span in in_use), window_ms),
        )
        for (account, lane), in_use in lanes.items()
    ]


def _highest_overlap(spans: Iterable[SlotSpan]) -> int:
    # A slot that is freed and taken in the same millisecond counts once: ends sort before starts.
    changes = sorted(
        change
        for span in spans
        for change in ((span.start, 1), *(() if span.end is None else ((max(span.end, span.start + 1), -1),)))
    )
    highest = in_use = 0
    for _, change in changes:
        in_use += change
        highest = max(highest, in_use)
    return highest


def _fullest_window(starts: list[int], window_ms: int) -> int:
    fullest = first = 0
    for last, start in enumerate(starts):
        while starts[first] <= start - window_ms:
            first += 1
        fullest = max(fullest, last - first + 1)
    return fullest
