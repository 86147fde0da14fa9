"""Charts of ratios as SVG, for light and dark pages: against each alternative, and against each goal."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape

from benchmarks.results.comparison import Better, Comparison

_LINE, _LABELS, _BARS, _MARGIN = 24, 610, 320, 60
_WIDTH = _LABELS + _BARS + _MARGIN
_TOP = 58
#: the axis is logarithmic; a tenth and less are drawn alike, and so are a hundred times and more
_DECADES = (-1, 2)
_LONGEST = 86
_STYLE = """
text { font: 13px system-ui, sans-serif; fill: #1f2328 }
.title { font-weight: 600 }
.axis { stroke: #818b98; stroke-width: 1 }
.grid { stroke: #d1d9e0; stroke-width: 1 }
.better { fill: #1a7f37 }
.worse { fill: #bc4c00 }
@media (prefers-color-scheme: dark) {
  text { fill: #f0f6fc }
  .axis { stroke: #9198a1 }
  .grid { stroke: #3d444d }
  .better { fill: #3fb950 }
  .worse { fill: #f0883e }
}
""".strip()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Bar:
    label: str
    #: how many times better than the other, or than required: 2 is twice as fast, or half the cost
    times: float


def alternatives_chart(comparisons: Sequence[Comparison]) -> str:
    """Draw one bar for each alternative of each comparison."""
    bars = []
    for one in comparisons:
        for side in one.alternatives:
            ratio = one.ratio(side)
            if 0 < ratio < math.inf:
                times = ratio if one.better is Better.MORE else 1 / ratio
                bars.append(_Bar(label=f"{one.title} · {side}", times=times))
    return _chart("How many times better Reverie is than each alternative", bars)


def goals_chart(comparisons: Sequence[Comparison]) -> str:
    """Draw one bar for each goal: right of the axis it is met."""
    bars = []
    for one in comparisons:
        for goal in one.goals:
            bound, reached = one.bound(goal), one.median
            # What must be nothing at all has no ratio.
            if bound and reached:
                times = reached / bound if one.better is Better.MORE else bound / reached
                against = f" · {goal.against}" if goal.against else ""
                bars.append(_Bar(label=f"{one.title}{against}", times=times))
    return _chart("How many times better Reverie is than its goals require", bars)


def _chart(title: str, bars: Sequence[_Bar]) -> str:
    height = _TOP + _LINE * len(bars) + 10
    return "\n".join(
        [
            (
                f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{height}"'
                f' viewBox="0 0 {_WIDTH} {height}" role="img">'
            ),
            f"<title>{escape(title)}</title>",
            f"<style>{_STYLE}</style>",
            f'<text class="title" x="12" y="18">{escape(title)}</text>',
            *_grid(height),
            *(line for number, bar in enumerate(bars) for line in _drawn(bar, _TOP + number * _LINE)),
            "</svg>",
            "",
        ]
    )


def _x(times: float) -> float:
    first, last = _DECADES
    place = min(max(math.log10(times), first), last)
    return _LABELS + (place - first) / (last - first) * _BARS


def _grid(height: int) -> Iterator[str]:
    first, last = _DECADES
    for decade in range(first, last + 1):
        at = _x(10**decade)
        kind = "axis" if decade == 0 else "grid"
        yield f'<line class="{kind}" x1="{at:.0f}" x2="{at:.0f}" y1="{_TOP - 8}" y2="{height - 6}"/>'
        yield f'<text x="{at:.0f}" y="{_TOP - 18}" text-anchor="middle">{10**decade:g} ×</text>'


def _drawn(bar: _Bar, top: int) -> Iterator[str]:
    ends = sorted((_x(1), _x(bar.times)))
    kind = "better" if bar.times >= 1 else "worse"
    text = top + _LINE - 10
    yield f'<text x="{_LABELS - 12}" y="{text}" text-anchor="end">{escape(_shortened(bar.label))}</text>'
    yield (
        f'<rect class="{kind}" x="{ends[0]:.1f}" y="{top + 3}" width="{max(ends[1] - ends[0], 1):.1f}"'
        f' height="{_LINE - 10}" rx="2"/>'
    )
    yield f'<text x="{max(ends[1], _x(1)) + 6:.0f}" y="{text}">{bar.times:.2g} ×</text>'


def _shortened(label: str) -> str:
    return label if len(label) <= _LONGEST else f"{label[: _LONGEST - 1]}…"
