"""What a member is told when a generation fails."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.jobs.failures import (
    FailureCategory,
    classify_failure,
    classify_refusal,
    failure,
    one_line,
)


@pytest.mark.parametrize(
    ("reason", "category", "words", "retry_once"),
    [
        ("Failed to moderate image", FailureCategory.INPUT_UNREACHABLE, "attachment", False),
        (
            "Failed to read user input frames",
            FailureCategory.INPUT_UNREACHABLE,
            "picture",
            False,
        ),
        (
            "Failed to moderate: job failed",
            FailureCategory.INPUT_UNREACHABLE,
            "picture",
            False,
        ),
        ("Contains blacklisted words", FailureCategory.MODERATION, "The prompt was", False),
        ("Frame moderation failed", FailureCategory.MODERATION, "The picture was", False),
        (
            "ADVANCED PROMPT MODERATION FAILED",
            FailureCategory.MODERATION,
            "The prompt was",
            False,
        ),
        (
            "Advanced moderation failed",
            FailureCategory.MODERATION,
            "The prompt or its picture",
            False,
        ),
        ("Prompt processing failed", FailureCategory.PROMPT, "Word it differently", True),
        ("Error dispatching job", FailureCategory.SERVICE, "service", False),
        ("Job failed", FailureCategory.SERVICE, "service", False),
        ("Error processing callback", FailureCategory.SERVICE, "service", False),
        ("CUDA out of memory", FailureCategory.UNKNOWN, "“CUDA out of memory”", False),
        ("", FailureCategory.UNKNOWN, "no reason", False),
        (None, FailureCategory.UNKNOWN, "no reason", False),
    ],
)
def test_reasons_are_classified_by_fragment(
    reason: str | None, category: FailureCategory, words: str, *, retry_once: bool
) -> None:
    found = classify_failure(reason)
    assert (found.category, found.retry_once, found.reason) == (category, retry_once, reason or None)
    assert words in found.message
    assert ("refused by moderation" in found.message) is (category is FailureCategory.MODERATION)


@pytest.mark.parametrize(
    ("reason", "category"),
    [
        ("Prompt refused by moderation", FailureCategory.MODERATION),
        ("This violates our content policy", FailureCategory.MODERATION),
        ("Failed to read user input frames", FailureCategory.INPUT_UNREACHABLE),
        ("concepts are not supported for this model", FailureCategory.REJECTED),
        ("job failed validation", FailureCategory.REJECTED),
    ],
)
def test_a_refused_create_is_classified_by_what_it_says(reason: str, category: FailureCategory) -> None:
    assert category is classify_refusal(reason).category


@pytest.mark.parametrize("category", FailureCategory)
def test_every_failure_says_that_it_was_not_charged(category: FailureCategory) -> None:
    for reason in (None, "some reason"):
        told = failure(category, reason).message
        assert "not charged" in told
        quoted = {
            FailureCategory.UNKNOWN,
            FailureCategory.REJECTED,
            FailureCategory.INPUT_REFUSED,
            FailureCategory.INPUT_UNREACHABLE,
        }
        shows = category in quoted and reason is not None
        assert ("some reason" in told) is shows


def test_a_known_reason_is_kept_for_the_operator_but_not_shown() -> None:
    found = classify_failure("Job failed on gpu-7 for @everyone")
    assert "gpu-7" not in found.message
    assert found.reason == "Job failed on gpu-7 for @everyone"


def test_a_shown_reason_pings_nobody_and_links_nowhere() -> None:
    told = classify_failure("ask @everyone <@1> [here](https://evil.example/x?y) `code`").message
    assert not set("<>[]`") & set(told)
    assert "@everyone" not in told
    assert "://" not in told


@given(reason=st.text())
def test_any_reason_makes_a_short_line(reason: str) -> None:
    assert len(classify_failure(reason).message) < 1000
    line = one_line(reason)
    assert len(line) <= 300
    assert line.isprintable()
