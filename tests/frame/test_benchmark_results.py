"""What a run of the benchmarks says: ratios, goals, controls, and the page that it writes."""

import json
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from benchmarks.results.comparison import Better, Comparison, Goal, comparison_of, in_turn
from benchmarks.results.page import write_page

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


def test_results_are_read_back_and_become_a_page_with_a_chart(tmp_path: Path) -> None:
    goal = Goal(against=SLOWER, factor=1)
    document = json.loads(json.dumps(compared(Better.LESS, goal, control=200).document()))
    assert document == comparison_of(document).document()
    machine = {"processor": "two of them", "cores": 2, "memory_gb": 8, "system": "Linux", "flush_ms": 0.1}
    result = {
        "date": "2026-11-29",
        "versions": {"Python": "3.11"},
        "machine": machine,
        "full": True,
        "benchmarks": {"Waiting": [document], "Nothing": []},
    }

    write_page(result, tmp_path / "performance.md")

    page = (tmp_path / "performance.md").read_text()
    assert "0 of 1 goals are met" in page
    assert "| time for <one> job | 3 | **30 ms** | the other | 20 | 1.50 × | ≤ 1 × | **no** |" in page
    assert "| | | | *limit:* bare disk | 5 | 6 × |  |  |" in page
    assert "| time for <one> job | 30 | 200 ms | yes |" in page
    chart = ET.fromstring((tmp_path / "performance.svg").read_text())  # noqa: S314 - our own
    words = [text.text for text in chart.iter("{http://www.w3.org/2000/svg}text")]
    assert "time for <one> job · the other" in words
    assert "0.67 ×" in words
