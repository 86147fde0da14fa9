"""What a run of the benchmarks says: ratios, goals, controls, and the page that it writes."""

import json
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from benchmarks.__main__ import BENCHMARKS, Benchmark, compare
from benchmarks.results.comparison import (
    CONTROL,
    OURS,
    Better,
    Comparison,
    Figure,
    Goal,
    comparison_of,
    in_turn,
)
from benchmarks.results.comparison import compared as comparisons_of
from benchmarks.results.page import write_page
from benchmarks.results.run import Run

SLOWER = "the other"


def compared(better: Better = Better.LESS, *goals: Goal, ours: float = 30, control: float = 0) -> Comparison:
    return Comparison(
        title="time for <one> job",
        unit="ms",
        better=better,
        ours=[1, ours, 99],
        alternatives={SLOWER: [10, 20, 30]},
        limits={"bare disk": [5]},
        goals=goals,
        control=[control] if control else [],
    )


def test_medians_are_compared() -> None:
    assert 1.5 == compared().ratio(SLOWER)
    assert 6 == compared().ratio("bare disk")


@pytest.mark.parametrize(
    ("better", "goal", "met", "words"),
    [
        (Better.LESS, Goal(against=SLOWER, factor=1.5), True, "≤ 1.5 ×"),
        (Better.LESS, Goal(against=SLOWER, factor=1.5, strict=True), False, "< 1.5 ×"),
        (Better.LESS, Goal(against=SLOWER, factor=1.25, plus=5), True, "≤ 1.25 × + 5 ms"),
        (Better.LESS, Goal(against=SLOWER, factor=1.25, plus=4), False, "≤ 1.25 × + 4 ms"),
        (Better.LESS, Goal(plus=29), False, "≤ 29 ms"),
        (Better.MORE, Goal(against=SLOWER, factor=2), False, "≥ 2 ×"),
        (Better.MORE, Goal(against="bare disk", factor=6), True, "≥ 6 ×"),
    ],
)
def test_a_goal_is_met_by_a_ratio_or_a_figure(better: Better, goal: Goal, met: bool, words: str) -> None:
    comparison = compared(better, goal)
    assert (met, words) == (comparison.met(goal), comparison.worded(goal))


def test_a_control_shows_only_if_it_is_worse_than_every_round() -> None:
    assert compared().control_shows is None
    assert compared(control=99).control_shows is False
    assert compared(control=100).control_shows is True
    assert compared(Better.MORE, control=0.5).control_shows is True


async def test_sides_take_turns_and_no_side_is_always_the_first() -> None:
    order = list[str]()

    async def run(name: str) -> dict[str, float]:
        order.append(name)
        return {"figure": len(order)}

    found = await in_turn({"a": lambda: run("a"), "b": lambda: run("b")}, rounds=3)

    assert list("abbaab") == order
    assert {"figure": {"a": [1, 4, 5], "b": [2, 3, 6]}} == found


def result_of(*documents: dict[str, Any], **more: Any) -> dict[str, Any]:
    machine = {
        "processor": "two of them",
        "cores": 2,
        "memory_gb": 8,
        "system": "Linux",
        "flush_ms": 0.1,
        "load": "load 0.1 at the start",
    }
    return {
        "date": "2026-11-29",
        "versions": {"Python": "3.11"},
        "machine": machine,
        "full": True,
        "seconds": 9,
        "failed": [],
        "benchmarks": {"Waiting": {"control": "a <little> more", "figures": documents}},
        **more,
    }


def test_results_are_read_back_and_become_a_page_with_charts(tmp_path: Path) -> None:
    goal = Goal(against=SLOWER, factor=1)
    document = json.loads(json.dumps(compared(Better.LESS, goal).document()))
    assert document == comparison_of(document).document()
    controlled = compared(Better.LESS, control=200).document()

    write_page(result_of(document, failed=["Starting"]), tmp_path, [result_of(controlled)])

    page = (tmp_path / "performance.md").read_text()
    assert "0 of 1 goals are met" in page
    assert "because they failed:** Starting." in page
    assert "| time for <one> job | 3 | **30 ms** | the other | 20 | 1.50 × | ≤ 1 × | **no** |" in page
    assert "| | | | *limit:* bare disk | 5 | 6 × |  |  |" in page
    assert "| time for <one> job | 30 ms | ≤ 1 × of the other: 20 ms | 67 % | not examined yet |  |" in page
    assert "| Waiting | a <little> more | time for <one> job | 30 | 200 ms | yes |" in page
    assert Path("benchmarks/results/lessons.md").read_text().strip() in page
    for name in ("performance.svg", "performance-goals.svg"):
        chart = ET.fromstring((tmp_path / name).read_text())  # noqa: S314 - our own
        words = [text.text for text in chart.iter("{http://www.w3.org/2000/svg}text")]
        assert "time for <one> job · the other" in words
        assert "0.67 ×" in words


def test_the_comparisons_of_all_rounds_leave_the_control_to_the_figures_that_show_it() -> None:
    found = {name: {OURS: [1, 2], CONTROL: [3, 4], SLOWER: [5, 6], "disk": [7, 8]} for name in ("a", "b")}
    figures = {"a": Figure(title="A", unit="s"), "b": Figure(title="B", unit="ms", controlled=False)}

    first, second = comparisons_of(found, figures, limits={"disk"})

    assert ([1, 2], [3, 4]) == (first.ours, first.control)
    assert ({SLOWER: [5, 6]}, {"disk": [7, 8]}) == (first.alternatives, first.limits)
    assert ((), "B") == (second.control, second.title)


@pytest.mark.parametrize("name", BENCHMARKS)
def test_every_benchmark_has_a_control(name: str) -> None:
    """Where it does not show in any figure, a run with `--control` fails."""
    assert BENCHMARKS[name].control


async def test_a_benchmark_that_fails_is_named_and_the_others_have_a_result() -> None:
    saved = list[Mapping[str, Any]]()

    async def fail(_: Run) -> list[Comparison]:
        raise RuntimeError

    async def measure(run: Run) -> list[Comparison]:
        return [compared(control=200 if run.control else 0)]

    async def measure_without_control(_: Run) -> list[Comparison]:
        return [compared()]

    def benchmark(heading: str, measured: Callable[[Run], Awaitable[list[Comparison]]]) -> Benchmark:
        return Benchmark(heading=heading, compare=measured, control="a little")

    given = {
        "bad": benchmark("Bad", fail),
        "good": benchmark("Good", measure),
        "blind": benchmark("Blind", measure_without_control),
    }
    problems = await compare(given, Run(control=True), lambda result: saved.append(json_of(result)))

    assert problems == ["bad has failed", "the control of blind does not show: a little"]
    assert [["Bad"]] * 3 == [result["failed"] for result in saved]
    assert [0, 1, 2] == [len(result["benchmarks"]) for result in saved]
    assert [] == await compare({"good": given["good"]}, Run(), lambda _: None)


def json_of(result: Mapping[str, Any]) -> Any:
    return json.loads(json.dumps(result))
