"""A report of usage as a sentence, lines, a chart and CSV."""

from collections.abc import Mapping

import pytest

from bot.domain.generations.media import MediaKind
from bot.domain.jobs.failures import FailureCategory
from bot.domain.money.quota import Period
from bot.domain.reports.usage import (
    Dimension,
    Fact,
    UsageReport,
    group_days,
    group_values,
    read_span,
    show_reason,
    sum_facts,
)
from bot.domain.reports.usage_views import alt_text, as_text_cell, chart, csv_file, drawable, lines, summary

NOW = 1_800_000_000_000
CENT = 10_000


def fact(value: str = "", *, outcome: str = "completed", amount: int = CENT, **more: object) -> Fact:
    values = {"makes": MediaKind.PICTURE, "wait_ms": 12_000, "jobs": 1, "named_by": value} | more
    return Fact(value=value, outcome=outcome, amount=amount, **values)  # type: ignore[arg-type]


def report(
    *facts: Fact, by: Dimension = Dimension.MEMBER, days: int = 7, names: Mapping[str, str] | None = None
) -> UsageReport:
    span = read_span(NOW, "UTC", Period.DAY, days)
    if by is Dimension.DAY:
        groups = group_days([(span, one) for one in facts], span)
    else:
        groups = group_values(facts, names or {}, by)
    return UsageReport(workspace="w", span=span, by=by, total=sum_facts(facts), groups=groups)


def test_a_sentence_says_what_was_made_refunded_and_why_jobs_failed() -> None:
    facts = [
        fact(jobs=190, amount=300 * CENT),
        fact(jobs=12, amount=900 * CENT, makes=MediaKind.VIDEO, wait_ms=90_000),
        fact(outcome="refunded", jobs=3, amount=20 * CENT, wait_ms=0),
        fact(outcome=FailureCategory.MODERATION, jobs=6, amount=0, wait_ms=0),
        fact(outcome="cancelled", jobs=2, amount=0, wait_ms=0),
    ]
    text = summary(report(*facts))
    assert "190 pictures and 12 videos finished; 6 failed and 2 cancelled." in text
    assert "Refunded: $0.20 of 3 jobs." in text
    assert "Half of the results took 12 s or less, nine of ten 12 s or less." in text
    assert "Failed: 6 refused by moderation." in text


def test_every_failure_has_words() -> None:
    assert all("_" not in show_reason(category) for category in FailureCategory)


def test_a_chart_has_ten_bars_and_the_others_together() -> None:
    facts = [fact(f"m{at:02}", amount=(20 - at) * CENT) for at in range(14)]
    drawn = chart(report(*facts))
    assert [*(f"m{at:02}" for at in range(10)), "4 others"] == [bar.label for bar in drawn.bars]
    assert sum(20 - at for at in range(10, 14)) * CENT == sum(drawn.bars[-1].parts)
    assert "$0.34 · 4 jobs" == drawn.bars[-1].note
    assert ("4 more", "$0.34 for 4 jobs") == lines(report(*facts), 10)[-1]
    assert 11 == len(chart(report(*facts[:11])).bars)


@pytest.mark.parametrize(("days", "bars"), [(1, 1), (45, 45), (46, 7), (366, 53)])
def test_more_than_some_weeks_are_drawn_week_by_week(days: int, bars: int) -> None:
    start = read_span(NOW, "UTC", Period.DAY, 1).since
    drawn = chart(report(fact(day=start), by=Dimension.DAY, days=days))
    assert bars == len(drawn.bars)
    assert CENT == sum(drawn.bars[-1].parts)


def test_nothing_is_said_in_words() -> None:
    empty = report()
    assert ((), "No job has ended the last 7 days.") == (chart(empty).bars, chart(empty).empty)
    assert "No job has ended" in alt_text(empty)
    assert () == lines(empty, 10)


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("x\u202egnp.exe", "x gnp.exe"),
        ("two\nlines", "two lines"),
        ("a" * 80, "a" * 25 + "…"),
        ("Z" + "\u0337" * 40, "Z\u0337\u0337"),
    ],
)
def test_names_are_one_short_line(name: str, shown: str) -> None:
    assert shown == drawable(name)


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@sum", "\t=1", "\r=1"])
def test_no_cell_is_a_formula(text: str) -> None:
    assert f"'{text}" == as_text_cell(text)
    assert f"'{text[:2]}" in csv_file(report(fact("m"), names={"m": text}))


def test_csv_has_a_column_for_each_reason() -> None:
    facts = [fact("m"), fact("m", outcome=FailureCategory.TIMEOUT, amount=0, wait_ms=0)]
    head, row = csv_file(report(*facts, by=Dimension.COMMAND)).splitlines()
    assert head.endswith("median_wait_s,p90_wait_s,failed: not finished in time")
    assert "m,/m,2,1,0,1,0,0,0.010000,0.000000,12,12,1" == row
