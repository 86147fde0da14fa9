"""The table of legal moves, and ids."""

from hypothesis import given
from hypothesis import strategies as st

from bot.domain.ids import ENTROPY_BYTES, new_id, parse_job_id
from bot.domain.jobs.job import FINAL, IN_FLIGHT, TRANSITIONS, WAITING, State, can_transition
from tests.domain.people import job

_TIMES = st.integers(0, 2**48 - 1)
_ENTROPY = st.binary(min_size=ENTROPY_BYTES, max_size=ENTROPY_BYTES)


def test_every_state_waits_is_in_flight_or_final() -> None:
    assert {State.COMPLETED, State.FAILED, State.CANCELLED} == FINAL
    assert {State.HELD, State.PREPARING, State.QUEUED} == WAITING
    assert {State.SUBMITTING, State.UNKNOWN, State.SUBMITTED} == IN_FLIGHT
    assert len(State) == len(FINAL) + len(WAITING) + len(IN_FLIGHT)
    assert set(State) == set(TRANSITIONS)


def test_final_states_have_no_way_out() -> None:
    for state in State:
        assert not any(can_transition(final, state) for final in FINAL)
        assert (state in FINAL) is job(state).is_final


def test_from_every_state_a_job_can_end_at_once_or_after_more() -> None:
    """Wherever a job stands, a failure is one move away, so nothing can hang for ever."""
    for state in set(State) - FINAL:
        assert can_transition(state, State.FAILED)


def test_every_state_is_reached_from_where_jobs_begin() -> None:
    reached, front = set[State](), {State.HELD, State.PREPARING, State.QUEUED}
    while front:
        reached |= front
        front = {after for state in front for after in TRANSITIONS[state]} - reached
    assert set(State) == reached


def test_only_what_the_provider_has_completes_and_only_what_waits_is_taken_back() -> None:
    assert {State.SUBMITTED} == {state for state in State if can_transition(state, State.COMPLETED)}
    assert WAITING == {state for state in State if can_transition(state, State.CANCELLED)}
    assert {State.QUEUED} == {state for state in State if can_transition(state, State.SUBMITTING)}


@given(_TIMES, _TIMES, _ENTROPY, _ENTROPY)
def test_ids_sort_by_time(one: int, other: int, some: bytes, more: bytes) -> None:
    first, second = new_id(one, some), new_id(other, more)
    assert 24 == len(first)
    assert first.isascii()
    assert first.isalnum()
    if one != other:
        assert (one < other) is (first < second)
    else:
        assert (some < more) is (first < second)


@given(_TIMES, _ENTROPY)
def test_an_id_is_read_however_it_is_pasted(now: int, entropy: bytes) -> None:
    made = new_id(now, entropy)
    for pasted in (made, made.upper(), f"#{made}", f"  {made}\n"):
        assert made == parse_job_id(pasted)


@given(st.text(max_size=30))
def test_what_is_no_id_is_not_read_as_one(text: str) -> None:
    found = parse_job_id(text)
    assert found is None or parse_job_id(found) == found
    assert parse_job_id(new_id(1, b"123456789") + "x") is None
