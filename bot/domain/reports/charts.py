"""A chart of amounts of money, as plain values that are drawn elsewhere."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One bar, whose parts are stacked."""

    label: str
    #: micro-dollars, one of each series
    parts: tuple[int, ...]
    #: beside the bar; empty: nothing
    note: str = ""
    #: drawn in place of a label whose letters no font has
    short_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class BarChart:
    """A bar chart in dollars."""

    title: str
    #: lines below the title
    lines: tuple[str, ...]
    #: what the parts of each bar stand for
    series: tuple[str, ...]
    bars: tuple[Bar, ...]
    #: name of the axis of days
    axis: str
    #: bars in their order from left to right; else below each other, with room for long labels
    in_time: bool
    #: drawn in place of bars where there are none
    empty: str = ""
