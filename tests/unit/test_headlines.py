"""The one line that tells why something takes longer."""

import pytest

from bot.domain.estimates import Estimate
from bot.domain.headlines import headline
from bot.domain.jobs import State
from tests.unit.people import film

_SLOWER = "it is slower than expected"


@pytest.mark.parametrize(
    ("state", "estimate", "expected"),
    [
        (
            State.QUEUED,
            Estimate(position=4, wait_ms=90_000, delay_reason="members with fewer jobs go first"),
            "Place 4 in the queue · about 2 min – members with fewer jobs go first",
        ),
        (
            State.SUBMITTING,
            Estimate(wait_ms=65_000, delay_reason=_SLOWER),
            f"Starting · about 65 s – {_SLOWER}",
        ),
        (
            State.SUBMITTED,
            Estimate(generation_ms=65_000, delay_reason=_SLOWER),
            f"Generating · about 65 s in total – {_SLOWER}",
        ),
    ],
)
def test_a_worse_outlook_is_told_with_its_reason(state: State, estimate: Estimate, expected: str) -> None:
    assert expected == headline(film(state), estimate)


def test_what_runs_for_longer_than_nearly_all_of_its_kind_says_so_instead_of_a_time() -> None:
    late = Estimate(wait_ms=-30_000, generation_ms=65_000, late=True, delay_reason=_SLOWER)
    assert headline(film(State.SUBMITTED), late).startswith("Taking longer than usual")
    for state in (State.QUEUED, State.SUBMITTING):
        assert "longer than usual" not in headline(film(state), late)


def test_a_known_obstacle_is_told_instead_of_a_place() -> None:
    stuck = Estimate(position=4, blocked_reason="paused by an admin", delay_reason=_SLOWER)
    assert "Waiting: paused by an admin" == headline(film(State.QUEUED), stuck)
