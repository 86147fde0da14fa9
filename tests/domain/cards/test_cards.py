"""What a card shows."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.cards.card import JobPhase, card_view, job_view
from bot.domain.cards.job_text import show_duration, show_wait
from bot.domain.generations.estimates import Estimate
from bot.domain.generations.media import Reference
from bot.domain.generations.models import AspectRatio
from bot.domain.generations.requests import ReframeImageRequest, VideoRequest
from bot.domain.jobs.failures import FailureCategory, failure
from bot.domain.jobs.job import Job, State
from tests.domain.people import CARD, NOW, film, job

_FAILED = job(State.FAILED, failure=failure(FailureCategory.MODERATION))


@pytest.mark.parametrize(
    ("shown", "estimate", "tone", "words"),
    [
        (job(State.HELD), Estimate(), JobPhase.WAITING, "Waiting for user 1 to confirm the price"),
        (job(State.PREPARING), Estimate(), JobPhase.WAITING, "Fetching"),
        (
            job(State.QUEUED),
            Estimate(position=3, wait_ms=40_000),
            JobPhase.WAITING,
            "Place 3 in the queue",
        ),
        (job(State.QUEUED), Estimate(), JobPhase.WAITING, "In the queue"),
        (job(State.QUEUED), Estimate(blocked_reason="no credit"), JobPhase.WAITING, "Waiting: no credit"),
        (job(State.SUBMITTING), Estimate(), JobPhase.WAITING, "Starting"),
        (job(State.UNKNOWN), Estimate(), JobPhase.WAITING, "connection broke"),
        (
            job(State.SUBMITTED),
            Estimate(generation_ms=12_000),
            JobPhase.RUNNING,
            "Dreaming",
        ),
        (job(State.COMPLETED), Estimate(), JobPhase.DONE, "Done"),
        (_FAILED, Estimate(), JobPhase.FAILED, "refused by moderation"),
        (_FAILED, Estimate(), JobPhase.FAILED, "not charged"),
        (job(State.FAILED), Estimate(), JobPhase.FAILED, "not charged"),
        (job(State.CANCELLED), Estimate(), JobPhase.FAILED, "not charged ($0.018 returned)"),
        (job(deleted=True), Estimate(), JobPhase.GONE, "Deleted"),
    ],
)
def test_a_headline_tells_where_the_job_stands(
    shown: Job, estimate: Estimate, tone: JobPhase, words: str
) -> None:
    found = job_view(shown, estimate, NOW)
    assert tone is found.phase
    assert words in found.headline


@pytest.mark.parametrize("state", State)
def test_what_was_not_paid_is_said_to_be_not_charged(state: State) -> None:
    price = dict(job_view(job(state), Estimate(), NOW).fields)["Price"]
    expected = {State.COMPLETED: "$0.018", State.FAILED: "not charged", State.CANCELLED: "not charged"}
    assert expected.get(state, "≈$0.018") == price


def test_a_refund_is_told() -> None:
    assert "$0.018, refunded" == dict(job_view(job(refunded=True), Estimate(), NOW).fields)["Price"]


def test_the_price_of_a_reframe_is_no_estimate() -> None:
    request = ReframeImageRequest(source=Reference(job="2" * 24), aspect_ratio=AspectRatio.SQUARE)
    shown = job_view(job(State.QUEUED, request=request), Estimate(position=1), NOW)
    assert "$0.018" == dict(shown.fields)["Price"]


def test_a_loop_towards_a_picture_is_made_with_a_warning() -> None:
    picture = Reference(job="2" * 24)
    for ends, warned in (({"end": picture}, True), ({"start": picture}, False), ({}, False)):
        request = VideoRequest(prompt="a fox", loop=True, **ends)
        assert warned is ("Loop" in dict(job_view(film(request=request), None, NOW).fields))


def test_a_finished_picture_is_shown_with_its_size_and_time() -> None:
    facts = dict(job_view(job(), Estimate(), NOW).fields)
    assert ("2048 × 1152", "12 s") == (facts["Size"], facts["Took"])


@pytest.mark.parametrize("state", State)
def test_only_what_waits_can_be_taken_back(state: State) -> None:
    """A held job has buttons of its own."""
    assert (state in {State.PREPARING, State.QUEUED}) is job_view(job(state), Estimate(), NOW).cancellable
    held = card_view(CARD, [job(State.HELD)], {}, NOW)
    assert ["Confirm $0.018", "Cancel"] == [one.label for one in held.decisions]


def test_a_deleted_job_shows_no_picture_and_offers_nothing() -> None:
    shown = card_view(CARD, [job(deleted=True)], {}, NOW)
    assert shown.gone
    assert shown.jobs[0].media is None
    assert () == shown.jobs[0].actions


def test_cards_that_look_the_same_have_the_same_digest() -> None:
    one = card_view(CARD, [job()], {}, NOW)
    again = card_view(replace(CARD, wanted_rev=9, shown_rev=8, tries=5), [job()], {}, NOW)
    assert one.rev != again.rev
    assert one.digest == again.digest


@pytest.mark.parametrize(
    "other",
    [job(State.SUBMITTED), job(stars=1), job(deleted=True), job(title="a blue fox"), job(expired=True)],
)
def test_a_card_that_looks_different_has_another_digest(other: Job) -> None:
    assert card_view(CARD, [job()], {}, NOW).digest != card_view(CARD, [other], {}, NOW).digest


def test_a_card_is_settled_when_all_its_jobs_are() -> None:
    running = job(State.SUBMITTED, position=1)
    assert card_view(CARD, [job(), _FAILED], {}, NOW).settled
    assert not card_view(CARD, [job(), running], {running.id: Estimate()}, NOW).settled
    assert not card_view(CARD, [job(), job(deleted=True)], {}, NOW).gone


@given(st.integers(-1000, 10**9))
def test_an_expected_wait_is_rough_but_never_nothing(milliseconds: int) -> None:
    shown = show_wait(milliseconds)
    assert shown == "a few seconds" or " 0 " not in shown


@pytest.mark.parametrize(
    ("milliseconds", "shown"),
    [
        (9_999, "a few seconds"),
        (12_000, "about 15 s"),
        (89_000, "about 90 s"),
        (91_000, "about 2 min"),
        (125_000, "about 3 min"),
        (7_200_000, "about 2 h"),
    ],
)
def test_a_wait_is_told_in_a_fitting_unit(milliseconds: int, shown: str) -> None:
    assert shown == show_wait(milliseconds)


def test_a_duration_is_told_in_seconds_then_minutes() -> None:
    assert ("12 s", "3 min") == (show_duration(12_300), show_duration(180_000))
