"""The page with the results: a table of all comparisons, and the chart beside it."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.results.chart import chart
from benchmarks.results.comparison import CONTROL_S, Comparison, Goal, comparison_of, shown

_INTRODUCTION = """\
# Performance

What a user would otherwise run, beside Reverie, in the same run on the same machine: an SDK's loop inside a
command handler, a bot that only acknowledges, one transaction for each command, an ORM, a job queue. *Limit*
is the same work without a bot around it. The ratio is Reverie's figure divided by the other's. Every commit
is flushed to the disk on all sides.
"""
_CHART = "performance.svg"


def write_page(result: Mapping[str, Any], path: Path) -> None:
    """Write a result as Markdown to `path`, and its chart beside it."""
    comparisons = {
        name: [comparison_of(one) for one in found] for name, found in result["benchmarks"].items()
    }
    every = [one for found in comparisons.values() for one in found]
    path.with_name(_CHART).write_text(chart(every), encoding="utf-8")
    path.write_text("\n".join(_lines(result, comparisons)), encoding="utf-8")


def _lines(result: Mapping[str, Any], comparisons: Mapping[str, Sequence[Comparison]]) -> Iterator[str]:
    machine = result["machine"]
    every = [one for found in comparisons.values() for one in found]
    goals = [one.met(goal) for one in every for goal in one.goals]
    yield _INTRODUCTION
    yield (
        f"{result['date']} · {machine['processor']}, {machine['cores']} cores, {machine['memory_gb']} GB ·"
        f" {machine['system']} · a flush of 4 kB takes {machine['flush_ms']} ms"
    )
    yield ""
    yield " · ".join(f"{name} {number}" for name, number in result["versions"].items())
    yield ""
    kind = "`make bench-full`" if result["full"] else "`make bench`, the shortened run"
    yield f"Made by {kind}. Figures are medians of the rounds. {sum(goals)} of {len(goals)} goals are met."
    yield ""
    yield f"![Reverie compared with each alternative]({_CHART})"
    yield ""
    for name, found in comparisons.items():
        if found:
            yield from _table(name, found)
    controls = [one for one in every if one.control]
    if controls:
        yield from _controls(controls)


def _table(name: str, found: Sequence[Comparison]) -> Iterator[str]:
    yield f"## {name}"
    yield ""
    yield "| measured | rounds | Reverie | other | its figure | ratio | goal | met |"
    yield "|---|--:|--:|---|--:|--:|---|---|"
    for one in found:
        yield from rows(one)
    yield ""
    for note in dict.fromkeys(one.note for one in found if one.note):
        yield note
        yield ""


def rows(one: Comparison) -> Iterator[str]:
    """The lines of a comparison in the table: one for each other side, and one for each absolute goal."""
    ours = f"{shown(one.median)} {one.unit}".rstrip()
    head = f"| {one.title} | {len(one.ours)} | **{ours}** |"
    others: list[tuple[str | None, Goal | None]] = [(None, goal) for goal in one.goals if not goal.against]
    for name in one.others:
        matching = [goal for goal in one.goals if goal.against == name]
        others += [(name, goal) for goal in matching] if matching else [(name, None)]
    for side, goal in others or [(None, None)]:
        theirs = ratio = ""
        if side is not None:
            theirs, ratio = shown(median(one.others[side])), f"{shown(one.ratio(side))} ×"
        label = f"*limit:* {side}" if side in one.limits else side or ""
        outcome = "" if goal is None else "yes" if one.met(goal) else "**no**"
        yield f"{head} {label} | {theirs} | {ratio} | {one.worded(goal) if goal else ''} | {outcome} |"
        head = "| | | |"


def _controls(controls: Sequence[Comparison]) -> Iterator[str]:
    yield "## Controls"
    yield ""
    yield (
        f"The same with {CONTROL_S * 1000:.0f} ms added to each operation in Reverie's measured path. A"
        " benchmark that did not show them would not measure what it says."
    )
    yield ""
    yield "| measured | Reverie | with the addition | shows |"
    yield "|---|--:|--:|---|"
    for one in controls:
        outcome = "yes" if one.control_shows else "**no**"
        yield f"| {one.title} | {shown(one.median)} | {shown(median(one.control))} {one.unit} | {outcome} |"
    yield ""
