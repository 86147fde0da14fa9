"""What is said of a wait, and how it is kept."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.cards.card import card_view, shown_estimates
from bot.domain.generations.estimates import Estimate, ShownEstimate, stabilised, typical_duration
from bot.domain.generations.media import Reference
from bot.domain.generations.models import Duration, ImageModel, Resolution, VideoModel
from bot.domain.generations.requests import AnyRequest, ImageRequest, ReframeVideoRequest, VideoRequest
from bot.domain.jobs.job import State
from tests.domain.people import CARD, NOW, film

_POSITIONS = st.none() | st.integers(1, 50)
_OUTLOOKS = st.builds(Estimate, position=_POSITIONS, wait_ms=st.integers(-60_000, 3_600_000))
#: milliseconds that pass, and what is expected then
_DAYS = st.lists(st.tuples(st.integers(0, 120_000), _OUTLOOKS), max_size=12)


def _said(estimate: Estimate, now: int) -> ShownEstimate:
    return ShownEstimate(
        position=estimate.position, ready_at=now + estimate.wait_ms, delay_reason=estimate.delay_reason
    )


def _is_behind(later: ShownEstimate, earlier: ShownEstimate) -> bool:
    return later.position is not None and earlier.position is not None and later.position > earlier.position


@given(_OUTLOOKS, _DAYS)
def test_nothing_gets_worse_without_a_reason_and_small_changes_are_not_told(
    first: Estimate, days: list[tuple[int, Estimate]]
) -> None:
    now = NOW
    before = _said(stabilised(first, None, now), now)
    for passed, estimate in days:
        now += passed
        kept = stabilised(estimate, before, now)
        after = _said(kept, now)
        change = after.ready_at - before.ready_at
        assert estimate.position == kept.position
        if change > 0 or _is_behind(after, before):
            assert after.delay_reason
        assert change == 0 or abs(change) > 8_000
        if change != 0:
            assert estimate.wait_ms == kept.wait_ms
        before = after


@given(_OUTLOOKS)
def test_the_first_word_is_told_as_it_is(estimate: Estimate) -> None:
    assert estimate == stabilised(estimate, None, NOW)


@given(_OUTLOOKS, st.integers(0, 8_000))
def test_what_was_said_stands_while_it_comes_true(estimate: Estimate, passed: int) -> None:
    """Told again a little later, neither place nor time has moved."""
    before = _said(estimate, NOW)
    assert before == _said(stabilised(estimate, before, NOW + passed), NOW + passed)


_TOLD = ShownEstimate(position=3, ready_at=NOW + 60_000)


@pytest.mark.parametrize(
    ("estimate", "wait_ms", "because"),
    [
        (Estimate(position=3, wait_ms=70_000), 60_000, ""),
        (Estimate(position=3, wait_ms=50_000), 60_000, ""),
        (Estimate(position=2, wait_ms=55_000), 60_000, ""),
        (Estimate(position=1, wait_ms=30_000), 30_000, ""),
        (Estimate(position=4, wait_ms=65_000), 60_000, "members with fewer jobs go first"),
        (Estimate(position=5, wait_ms=90_000), 90_000, "members with fewer jobs go first"),
        (Estimate(position=3, wait_ms=90_000), 90_000, "it is slower than expected"),
        (Estimate(position=2, wait_ms=90_000), 90_000, "it is slower than expected"),
        (Estimate(wait_ms=90_000), 90_000, "it is slower than expected"),
        (Estimate(wait_ms=61_000), 60_000, ""),
    ],
)
def test_a_worse_outlook_comes_with_the_reason_that_fits(
    estimate: Estimate, wait_ms: int, because: str
) -> None:
    assert replace(estimate, wait_ms=wait_ms, delay_reason=because) == stabilised(estimate, _TOLD, NOW)


@pytest.mark.parametrize(
    ("estimate", "because"),
    [
        (Estimate(position=3, wait_ms=60_000), "it is slower than expected"),
        (Estimate(position=3, wait_ms=30_000), ""),
        (Estimate(position=2, wait_ms=60_000), ""),
        (Estimate(wait_ms=60_000), ""),
    ],
)
def test_a_reason_stays_until_something_gets_better(estimate: Estimate, because: str) -> None:
    """A person who looks a minute later must still find it."""
    before = replace(_TOLD, delay_reason="it is slower than expected")
    assert because == stabilised(estimate, before, NOW).delay_reason


def test_what_a_card_says_is_what_the_next_one_keeps_to() -> None:
    job = film(State.QUEUED)
    estimate = Estimate(position=4, wait_ms=90_000, delay_reason="it is slower than expected")
    seen = card_view(CARD, [job], {job.id: estimate}, NOW)
    assert {job.id: _said(estimate, NOW)} == shown_estimates(seen)
    assert {} == shown_estimates(card_view(CARD, [film()], {}, NOW))


_PICTURE, _FILM = ImageRequest(prompt="a fox"), VideoRequest(prompt="a fox")
_REFRAMED = ReframeVideoRequest(source=Reference(job="0" * 24), aspect_ratio="1:1")


@pytest.mark.parametrize(
    ("request_", "usual"),
    [
        (_PICTURE, 12_000),
        (_PICTURE.model_copy(update={"model": ImageModel.PHOTON_FLASH_1}), 5_000),
        (_FILM, 65_000),
        (_FILM.model_copy(update={"model": VideoModel.RAY_2}), 105_000),
        (_REFRAMED, 65_000),
    ],
)
def test_what_is_typical_is_expected_until_something_is_learned(request_: AnyRequest, usual: int) -> None:
    assert usual == typical_duration(request_).p50
    hurried = typical_duration(request_, speed=10)
    assert usual // 10 == hurried.p50
    assert hurried.p50 < hurried.p95 < typical_duration(request_).p95


@pytest.mark.parametrize("model", VideoModel)
def test_larger_and_longer_videos_take_longer(model: VideoModel) -> None:
    def usual(resolution: Resolution, duration: Duration) -> int:
        return typical_duration(VideoRequest(model=model, resolution=resolution, duration=duration)).p50

    for duration in Duration:
        by_size = [usual(resolution, duration) for resolution in Resolution]
        assert sorted(set(by_size)) == by_size
    assert all(usual(one, Duration.FIVE) < usual(one, Duration.NINE) for one in Resolution)
