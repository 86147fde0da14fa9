"""How hard the simulator has been used, worked out afterwards from when each generation held its slot."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """The time during which a generation counts as concurrent, in milliseconds UTC."""

    account: str
    lane: str
    start: int
    #: None while it is not known when that will be
    end: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Peak:
    account: str
    lane: str
    created: int
    #: most generations that were queued or dreaming at one time
    concurrent: int
    #: most creates in any stretch as long as the rate limit's window
    per_window: int


def peaks(spans: Iterable[Span], window_ms: int) -> list[Peak]:
    lanes: defaultdict[tuple[str, str], list[Span]] = defaultdict(list)
    for span in spans:
        lanes[span.account, span.lane].append(span)
    return [
        Peak(
            account=account,
            lane=lane,
            created=len(held),
            concurrent=_highest_overlap(held),
            per_window=_fullest_window(sorted(span.start for span in held), window_ms),
        )
        for (account, lane), held in lanes.items()
    ]


def _highest_overlap(spans: Iterable[Span]) -> int:
    # A slot that is freed and taken in the same millisecond is one slot: ends sort before starts.
    changes = sorted(
        change
        for span in spans
        for change in ((span.start, 1), *(() if span.end is None else ((max(span.end, span.start + 1), -1),)))
    )
    highest = held = 0
    for _, change in changes:
        held += change
        highest = max(highest, held)
    return highest


def _fullest_window(starts: list[int], window_ms: int) -> int:
    fullest = first = 0
    for last, start in enumerate(starts):
        while starts[first] <= start - window_ms:
            first += 1
        fullest = max(fullest, last - first + 1)
    return fullest
