"""The page with the results: tables, charts, missed goals, controls, and what profiles have shown."""

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from math import isfinite
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.results.chart import alternatives_chart, goals_chart
from benchmarks.results.comparison import Better, Comparison, Goal, comparison_of, written

_INTRODUCTION = """\
# Performance

What a user would otherwise run, beside Reverie, in the same run on the same machine: an SDK's loop inside a
command handler, a bot that only acknowledges, one transaction for each command, an ORM, a job queue. *Limit*
is the same work without a bot around it. The ratio is Reverie's figure divided by the other's. Every commit
is flushed to the disk on all sides.
"""
_PAGE, _ALTERNATIVES, _GOALS = "performance.md", "performance.svg", "performance-goals.svg"
_FOLDER = Path(__file__).parent
#: what profiles have shown, one line each; written by hand
_LESSONS = _FOLDER / "lessons.md"
#: why goals are missed, and what would be needed; written by hand
_REASONS = _FOLDER / "missed.toml"
_UNKNOWN = ("not examined yet", "")


def write_page(result: Mapping[str, Any], docs: Path, controls: Sequence[Mapping[str, Any]] = ()) -> None:
    """Write a result as Markdown and its charts into `docs`; `controls` are other results with controls."""
    found = _comparisons(result)
    every = [one for comparisons in found.values() for one in comparisons]
    (docs / _ALTERNATIVES).write_text(alternatives_chart(every), encoding="utf-8")
    (docs / _GOALS).write_text(goals_chart(every), encoding="utf-8")
    lines = [*_head(result, every), *_missed(every)]
    for name, comparisons in found.items():
        lines += _table(name, comparisons)
    lines += _controls([result, *controls])
    lines += ["## What profiles have shown", "", _LESSONS.read_text(encoding="utf-8").strip(), ""]
    (docs / _PAGE).write_text("\n".join(lines), encoding="utf-8")


def _comparisons(result: Mapping[str, Any]) -> dict[str, list[Comparison]]:
    return {
        name: [comparison_of(one) for one in found["figures"]] for name, found in result["benchmarks"].items()
    }


def _head(result: Mapping[str, Any], every: Sequence[Comparison]) -> Iterator[str]:
    machine = result["machine"]
    goals = [one.met(goal) for one in every for goal in one.goals]
    yield _INTRODUCTION
    yield (
        f"{result['date']} · {machine['processor']}, {machine['cores']} cores, {machine['memory_gb']} GB ·"
        f" {machine['system']} · a flush of 4 kB takes {machine['flush_ms']} ms · {machine['load']}"
    )
    yield ""
    yield " · ".join(f"{name} {number}" for name, number in result["versions"].items())
    yield ""
    kind = "`make bench-full`" if result["full"] else "`make bench`, the shortened run,"
    yield (
        f"Made by {kind} in {result['seconds']} s. Figures are medians of the rounds. By them"
        f" {sum(goals)} of {len(goals)} goals are met."
    )
    yield ""
    if result["failed"]:
        yield f"**Without a result, because they failed:** {', '.join(result['failed'])}."
        yield ""
    yield f"![How many times better Reverie is than each alternative]({_ALTERNATIVES})"
    yield ""
    yield f"![How far each goal is met]({_GOALS})"
    yield ""


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
    ours = f"{written(one.median)} {one.unit}".rstrip()
    head = f"| {one.title} | {len(one.ours)} | **{ours}** |"
    others: list[tuple[str | None, Goal | None]] = [(None, goal) for goal in one.goals if not goal.against]
    for name in one.others:
        matching = [goal for goal in one.goals if goal.against == name]
        others += [(name, goal) for goal in matching] if matching else [(name, None)]
    for side, goal in others or [(None, None)]:
        theirs = ratio = ""
        if side is not None:
            theirs = written(median(one.others[side]))
            ratio = f"{written(one.ratio(side))} ×" if isfinite(one.ratio(side)) else ""
        label = f"*limit:* {side}" if side in one.limits else side or ""
        outcome = "" if goal is None else "yes" if one.met(goal) else "**no**"
        yield f"{head} {label} | {theirs} | {ratio} | {one.worded(goal) if goal else ''} | {outcome} |"
        head = "| | | |"


def _missed(every: Sequence[Comparison]) -> Iterator[str]:
    missed = [(one, goal) for one in every for goal in one.goals if not one.met(goal)]
    if not missed:
        return
    reasons = tomllib.loads(_REASONS.read_text(encoding="utf-8"))["missed"]
    yield "## Missed goals"
    yield ""
    yield "| measured | Reverie | goal | reached | why | what would be needed |"
    yield "|---|--:|---|--:|---|---|"
    for one, goal in missed:
        why, needed = next(
            ((each["why"], each["needed"]) for each in reasons if fnmatchcase(one.title, each["title"])),
            _UNKNOWN,
        )
        ours = f"{written(one.median)} {one.unit}".rstrip()
        bound = one.worded(goal)
        if goal.against:
            bound += f" of {goal.against}: {written(one.bound(goal))} {one.unit}".rstrip()
        yield f"| {one.title} | {ours} | {bound} | {_percent(one, goal)} | {why} | {needed} |"
    yield ""


def _percent(one: Comparison, goal: Goal) -> str:
    """How much of a goal is reached."""
    first, last = one.median, one.bound(goal)
    if one.better is Better.LESS:
        first, last = last, first
    return f"{100 * first / last:.0f} %" if last else ""


def _controls(results: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    yield "## Controls"
    yield ""
    yield (
        "The same with an addition to Reverie's measured path. A benchmark that did not show it would not"
        " measure what it says. `--control` runs them; they shorten like the rest."
    )
    yield ""
    yield "| benchmark | addition | measured | Reverie | with the addition | shows |"
    yield "|---|---|---|--:|--:|---|"
    for result in results:
        for name, comparisons in _comparisons(result).items():
            head = f"| {name} | {result['benchmarks'][name]['control']} |"
            for one in comparisons:
                if one.control:
                    outcome = "yes" if one.control_shows else "**no**"
                    with_addition = f"{written(median(one.control))} {one.unit}"
                    yield f"{head} {one.title} | {written(one.median)} | {with_addition} | {outcome} |"
                    head = "| | |"
    yield ""
