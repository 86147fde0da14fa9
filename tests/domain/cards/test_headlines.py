"""The one line that tells why something takes longer."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from bot.domain.cards.card import card_view
from bot.domain.cards.job_text import status_line
from bot.domain.generations.estimates import Estimate
from bot.domain.jobs.job import State
from tests.domain.people import CARD, NOW, film

_BROKEN = "The connection broke while this was submitted; checking whether it arrived"
_SLOWER = "it is slower than expected"


@pytest.mark.parametrize(
    ("state", "estimate", "expected"),
    [
        (
            State.QUEUED,
            Estimate(position=4, wait_ms=90_000, delay_reason="members with fewer jobs go first"),
            "Place 4 in the queue · about 90 s left – members with fewer jobs go first",
        ),
        (
            State.SUBMITTING,
            Estimate(wait_ms=65_000, delay_reason=_SLOWER),
            f"Starting · about 65 s left – {_SLOWER}",
        ),
        (
            State.SUBMITTED,
            Estimate(wait_ms=14_000, generation_ms=65_000, delay_reason=_SLOWER),
            f"Dreaming · about 15 s left – {_SLOWER}",
        ),
    ],
)
def test_a_worse_outlook_is_told_with_its_reason(state: State, estimate: Estimate, expected: str) -> None:
    assert expected == status_line(film(state), estimate)


def test_what_runs_for_longer_than_nearly_all_of_its_kind_says_so_instead_of_a_time() -> None:
    late = Estimate(wait_ms=-30_000, generation_ms=65_000, late=True, delay_reason=_SLOWER)
    assert status_line(film(State.SUBMITTED), late).startswith("Taking longer than usual")
    for state in (State.QUEUED, State.SUBMITTING):
        assert "longer than usual" not in status_line(film(state), late)


@pytest.mark.parametrize(
    ("states", "line"),
    [
        ((State.QUEUED, State.QUEUED), "In the queue · in 30 s"),
        ((State.SUBMITTED, State.QUEUED), "Dreaming · in 30 s"),
        ((State.COMPLETED, State.SUBMITTED, State.QUEUED), "Dreaming · 1 of 3 done · in 30 s"),
        ((State.COMPLETED, State.UNKNOWN), f"{_BROKEN} · 1 of 2 done"),
        ((State.COMPLETED, State.COMPLETED), "Done"),
        ((State.COMPLETED, State.FAILED), "1 of 2 done"),
    ],
)
def test_a_card_with_several_jobs_has_one_status_line_with_the_time_of_the_last(
    states: Sequence[State], line: str
) -> None:
    jobs = [replace(film(state), id=f"{number}" * 24) for number, state in enumerate(states)]
    estimates = {job.id: Estimate(wait_ms=10_000 * (number + 1)) for number, job in enumerate(jobs)}
    status = card_view(CARD, jobs, estimates, NOW).status
    assert status.ready_at in (None, NOW + 10_000 * len(jobs))
    assert line == status.line("in 30 s" if status.ready_at else "")


def test_a_known_obstacle_is_told_instead_of_a_place() -> None:
    stuck = Estimate(position=4, blocked_reason="paused by an admin", delay_reason=_SLOWER)
    assert "Waiting: paused by an admin" == status_line(film(State.QUEUED), stuck)
