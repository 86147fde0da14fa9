"""A comparison: the same figure of Reverie and of others, measured round by round in one run."""

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from statistics import median
from typing import Any

#: the sides that every benchmark has: Reverie, and Reverie with `CONTROL_S` added to its measured path
OURS, CONTROL = "reverie", "control"
#: what the control adds to every operation
CONTROL_S = 0.005


class Better(StrEnum):
    """Which figure is the better one."""

    MORE = "more"
    LESS = "less"


@dataclass(frozen=True, slots=True, kw_only=True)
class Goal:
    """What Reverie's median has to reach."""

    #: the side that it is compared with; None: an absolute bound
    against: str | None = None
    #: of that side's median
    factor: float = 1.0
    #: added to the bound, in the unit of the comparison
    plus: float = 0.0
    #: below the bound is required, not at it
    strict: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """One figure of all sides."""

    title: str
    unit: str
    better: Better
    #: Reverie's figure in each round
    ours: Sequence[float]
    #: those of what a user would run instead, by name
    alternatives: Mapping[str, Sequence[float]] = field(default_factory=dict)
    #: the same work without a bot around it: what the machine allows, by name
    limits: Mapping[str, Sequence[float]] = field(default_factory=dict)
    goals: Sequence[Goal] = ()
    #: Reverie's figure in each round of the control
    control: Sequence[float] = ()
    note: str = ""

    @property
    def median(self) -> float:
        return median(self.ours)

    @property
    def others(self) -> Mapping[str, Sequence[float]]:
        return {**self.alternatives, **self.limits}

    def ratio(self, side: str) -> float:
        """Reverie's median divided by another side's."""
        theirs = median(self.others[side])
        return self.median / theirs if theirs else float("inf") if self.median else 1.0

    def bound(self, goal: Goal) -> float:
        """What has to be reached, in the unit of the comparison."""
        theirs = 0.0 if goal.against is None else median(self.others[goal.against])
        return theirs * goal.factor + goal.plus

    def met(self, goal: Goal) -> bool:
        bound = self.bound(goal)
        if goal.strict and self.median == bound:
            return False
        return self.median >= bound if self.better is Better.MORE else self.median <= bound

    def worded(self, goal: Goal) -> str:
        """The goal as a reader finds it in the table."""
        sign = {
            (Better.MORE, False): "≥",
            (Better.MORE, True): ">",
            (Better.LESS, False): "≤",
            (Better.LESS, True): "<",
        }[self.better, goal.strict]
        if goal.against is None:
            return f"{sign} {written(goal.plus)} {self.unit}".rstrip()
        plus = f" + {written(goal.plus)} {self.unit}" if goal.plus else ""
        return f"{sign} {goal.factor:g} ×{plus}"

    @property
    def control_shows(self) -> bool | None:
        """Whether every round of the control is worse than every round without; None if there was none."""
        if not self.control:
            return None
        if self.better is Better.MORE:
            return max(self.control) < min(self.ours)
        return min(self.control) > max(self.ours)

    def document(self) -> dict[str, Any]:
        """This comparison as JSON."""
        return {
            "title": self.title,
            "unit": self.unit,
            "better": self.better,
            "ours": list(self.ours),
            "alternatives": {name: list(figures) for name, figures in self.alternatives.items()},
            "limits": {name: list(figures) for name, figures in self.limits.items()},
            "goals": [
                {
                    "against": goal.against,
                    "factor": goal.factor,
                    "plus": goal.plus,
                    "strict": goal.strict,
                    "met": self.met(goal),
                }
                for goal in self.goals
            ],
            "control": list(self.control),
            "note": self.note,
        }


def comparison_of(document: Mapping[str, Any]) -> Comparison:
    """A comparison from its JSON."""
    goals = [{name: value for name, value in goal.items() if name != "met"} for goal in document["goals"]]
    return Comparison(
        **{**document, "better": Better(document["better"]), "goals": [Goal(**goal) for goal in goals]}
    )


def written(figure: float) -> str:
    """A figure with three digits that count."""
    if abs(figure) >= 100:
        return f"{figure:,.0f}"
    if figure == round(figure):
        return f"{figure:.0f}"
    return f"{figure:.1f}" if abs(figure) >= 10 else f"{figure:.2f}"


#: runs a side once and returns its figures, by name
Measure = Callable[[], Awaitable[Mapping[str, float]]]


async def in_turn(sides: Mapping[str, Measure], rounds: int) -> dict[str, dict[str, list[float]]]:
    """Run all sides once in each round, every other round in reverse; figures by their name and side."""
    found: dict[str, dict[str, list[float]]] = {}
    for number in range(rounds):
        # The machine may get slower or faster meanwhile: no side is always the first.
        for side, measure in list(sides.items())[:: -1 if number % 2 else 1]:
            for name, figure in (await measure()).items():
                found.setdefault(name, {}).setdefault(side, []).append(figure)
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """What the figures of one name are called, and what Reverie's has to reach."""

    title: str
    unit: str
    better: Better = Better.LESS
    goals: Sequence[Goal] = ()
    #: the control's addition has to show in it
    controlled: bool = True


def compared(
    found: Mapping[str, Mapping[str, Sequence[float]]],
    figures: Mapping[str, Figure],
    *,
    limits: Collection[str] = (),
    note: str = "",
) -> list[Comparison]:
    """The comparisons of what `in_turn` has found; sides that are `limits` are no alternatives."""
    comparisons = []
    for name, figure in figures.items():
        sides = dict(found[name])
        ours, control = sides.pop(OURS), sides.pop(CONTROL, ())
        comparisons.append(
            Comparison(
                title=figure.title,
                unit=figure.unit,
                better=figure.better,
                ours=ours,
                alternatives={side: sides[side] for side in sides if side not in limits},
                limits={side: sides[side] for side in sides if side in limits},
                goals=figure.goals,
                control=control if figure.controlled else (),
                note=note,
            )
        )
    return comparisons
