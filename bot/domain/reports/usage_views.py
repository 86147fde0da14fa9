"""A usage report as people get it: a sentence, lines, a chart and a CSV file."""

import csv
import io
import re
import unicodedata
from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any

from bot.domain.cards.job_text import show_duration
from bot.domain.money.pricing import MICROUSD, show_money
from bot.domain.reports.charts import Bar, BarChart
from bot.domain.reports.usage import Dimension, Figures, Group, UsageReport, show_reason

#: bars of a chart that are not days; the rest is one bar more
_BARS = 10
#: with more days than this a bar is a week
_DAY_BARS = 45
_WEEK = 7
#: characters of a name in a chart
_NAME = 26
#: characters of an id in place of a name that cannot be drawn
_SHORT_ID = 6
#: failures that a sentence names, and groups that an alternative text names
_REASONS, _NAMED = 4, 5


def summary(report: UsageReport) -> str:
    """What the jobs of a report came to, in a few sentences."""
    total = report.total
    if not total.jobs:
        return f"No job has ended {report.span.name}."
    made = _listed([_count(total.pictures, "picture"), _count(total.videos, "video")])
    rest = _listed(
        [
            f"{total.failed} failed" * bool(total.failed),
            f"{total.cancelled} cancelled" * bool(total.cancelled),
        ]
    )
    sentences = [f"{made or 'Nothing'} finished{f'; {rest}' if rest else ''}."]
    if total.refunds:
        sentences.append(f"Refunded: {show_money(total.refunded)} of {_count(total.refunds, 'job')}.")
    if waits := _waits(total):
        sentences.append(waits)
    if reasons := failures(total):
        sentences.append(f"Failed: {reasons}.")
    return " ".join(sentences)


def failures(figures: Figures) -> str:
    """The most frequent reasons of failures, with their numbers."""
    by_count = list(figures.failures.items())
    shown = [f"{jobs} {show_reason(category)}" for category, jobs in by_count[:_REASONS]]
    if rest := sum(jobs for _, jobs in by_count[_REASONS:]):
        shown.append(f"{rest} for other reasons")
    return ", ".join(shown)


def _waits(figures: Figures) -> str:
    if figures.median_ms is None or figures.p90_ms is None:
        return ""
    return (
        f"Half of the results took {show_duration(figures.median_ms)} or less, "
        f"nine of ten {show_duration(figures.p90_ms)} or less."
    )


def lines(report: UsageReport, count: int) -> tuple[tuple[str, str], ...]:
    """Name and figures of the first groups with jobs, the newest days first, and of all others together."""
    groups = [group for group in report.groups if group.figures.jobs]
    if report.by is Dimension.DAY:
        groups.reverse()
    shown = [(group.name, _figures(group.figures)) for group in groups[:count]]
    if rest := groups[count:]:
        spent, jobs = sum(one.figures.spent for one in rest), sum(one.figures.jobs for one in rest)
        shown.append((f"{len(rest)} more", f"{show_money(spent)} for {_count(jobs, 'job')}"))
    return tuple(shown)


def _figures(figures: Figures) -> str:
    parts = [f"{show_money(figures.spent)} for {_count(figures.jobs, 'job')}"]
    if figures.failed:
        parts.append(f"{figures.failed} failed")
    if figures.refunds:
        parts.append(f"{show_money(figures.refunded)} refunded")
    if figures.median_ms is not None:
        parts.append(f"median {show_duration(figures.median_ms)}")
    return " · ".join(parts)


def chart(report: UsageReport) -> BarChart:
    """The report as a chart of what was spent."""
    in_time = report.by is Dimension.DAY
    bars = _time_bars(report.groups) if in_time else _bars(report.groups)
    parted = bool(report.total.pictures_spent and report.total.videos_spent)
    if not parted:
        bars = [
            Bar(label=bar.label, parts=(sum(bar.parts),), note=bar.note, short_id=bar.short_id)
            for bar in bars
        ]
    weekly = in_time and len(report.groups) > _DAY_BARS
    return BarChart(
        title=f"{report.title} · by {report.by}",
        lines=tuple(_chart_lines(report)),
        series=("Pictures", "Videos") if parted else (),
        bars=tuple(bars) if report.total.jobs else (),
        axis="Week from" if weekly else "Day",
        in_time=in_time,
        empty=f"No job has ended {report.span.name}.",
    )


def _chart_lines(report: UsageReport) -> Iterator[str]:
    total = report.total
    if not total.jobs:
        return
    counts = [_count(total.pictures, "picture"), _count(total.videos, "video")]
    counts.append(f"{total.failed} failed" * bool(total.failed))
    counts.append(f"{show_money(total.refunded)} refunded" * bool(total.refunds))
    if total.median_ms is not None and total.p90_ms is not None:
        counts.append(f"median wait {show_duration(total.median_ms)}")
        counts.append(f"9 of 10 within {show_duration(total.p90_ms)}")
    yield " · ".join(one for one in counts if one)


def _time_bars(groups: Sequence[Group]) -> list[Bar]:
    if len(groups) <= _DAY_BARS:
        return [Bar(label=_short_day(group.key), parts=_parts([group])) for group in groups]
    # From the end, so that the newest bar is a whole week.
    first = len(groups) % _WEEK
    starts = [0] * bool(first) + list(range(first, len(groups), _WEEK))
    weeks = [groups[start:end] for start, end in zip(starts, [*starts[1:], len(groups)], strict=True)]
    return [Bar(label=_short_day(week[0].key), parts=_parts(week)) for week in weeks]


def _short_day(key: str) -> str:
    day = date.fromisoformat(key)
    return f"{day.day} {day:%b}"


def _bars(groups: Sequence[Group]) -> list[Bar]:
    bars = [_bar(group.name, [group]) for group in groups[:_BARS]]
    rest = groups[_BARS:]
    if len(rest) == 1:
        bars.append(_bar(rest[0].name, rest))
    elif rest:
        bars.append(_bar(f"{len(rest)} others", rest))
    return bars


def _bar(name: str, groups: Sequence[Group]) -> Bar:
    spent, jobs = sum(one.figures.spent for one in groups), sum(one.figures.jobs for one in groups)
    return Bar(
        label=drawable(name),
        parts=_parts(groups),
        note=f"{show_money(spent)} · {_count(jobs, 'job')}",
        short_id=f"…{groups[0].key[-_SHORT_ID:]}",
    )


def _parts(groups: Sequence[Group]) -> tuple[int, ...]:
    return (
        sum(one.figures.pictures_spent for one in groups),
        sum(one.figures.videos_spent for one in groups),
    )


#: control and format characters, among them those that reverse the direction of what follows
_INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
#: marks above and below a letter, of which a name may pile up hundreds
_MARKS = re.compile(r"([\u0300-\u036f]{2})[\u0300-\u036f]+")


def drawable(name: str) -> str:
    """A name on one short line, without characters that change how others are drawn."""
    visible = "".join(" " if unicodedata.category(one) in _INVISIBLE else one for one in name[:1_000])
    line = " ".join(_MARKS.sub(r"\1", visible).split())
    return line if len(line) <= _NAME else f"{line[: _NAME - 1].rstrip()}…"


def alt_text(report: UsageReport) -> str:
    """The main figures of the chart, for whoever does not see it."""
    sentences = [f"Bar chart by {report.by}. {report.title}.", summary(report)]
    spent = sorted((one for one in report.groups if one.figures.spent), key=lambda one: -one.figures.spent)
    if spent:
        named = [f"{drawable(one.name)} {show_money(one.figures.spent)}" for one in spent[:_NAMED]]
        sentences.append(f"Most: {', '.join(named)}.")
    return " ".join(sentences)


def usage_record(report: UsageReport) -> dict[str, list[dict[str, Any]]]:
    """The report as tables of plain values: its groups, the total, and failures by reason."""
    named = report.by in (Dimension.MEMBER, Dimension.CHANNEL)
    return {
        "groups": [
            {str(report.by): one.key, **({"name": one.name} if named else {}), **_values(one.figures)}
            for one in report.groups
        ],
        "total": [{"period": report.span.name, "zone": report.span.zone} | _values(report.total)],
        "failures": [
            {"reason": show_reason(category), "category": category, "jobs": jobs}
            for category, jobs in report.total.failures.items()
        ],
    }


def _values(figures: Figures) -> dict[str, int | None]:
    return {
        "jobs": figures.jobs,
        "pictures": figures.pictures,
        "videos": figures.videos,
        "failed": figures.failed,
        "cancelled": figures.cancelled,
        "spent_microusd": figures.spent,
        "refunds": figures.refunds,
        "refunded_microusd": figures.refunded,
        "median_wait_ms": figures.median_ms,
        "p90_wait_ms": figures.p90_ms,
    }


#: what a spreadsheet takes for the beginning of a formula
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


def csv_file(report: UsageReport) -> str:
    """The report as CSV with a line of headings; amounts in dollars, waits in seconds."""
    reasons = list(report.total.failures)
    head = [str(report.by), "name", "jobs", "pictures", "videos", "failed", "cancelled", "refunds"]
    head += ["spent_usd", "refunded_usd", "median_wait_s", "p90_wait_s"]
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow([*head, *(f"failed: {show_reason(one)}" for one in reasons)])
    for group in report.groups:
        one = group.figures
        writer.writerow(
            [
                as_text_cell(group.key),
                as_text_cell(group.name),
                *(one.jobs, one.pictures, one.videos, one.failed, one.cancelled, one.refunds),
                *(_dollars(one.spent), _dollars(one.refunded), _seconds(one.median_ms), _seconds(one.p90_ms)),
                *(one.failures.get(reason, 0) for reason in reasons),
            ]
        )
    return text.getvalue()


def as_text_cell(text: str) -> str:
    """A text that no spreadsheet runs as a formula."""
    return f"'{text}" if text.startswith(_FORMULA) else text


def _dollars(microusd: int) -> str:
    return f"{microusd / MICROUSD:.6f}"


def _seconds(milliseconds: int | None) -> str:
    return "" if milliseconds is None else f"{milliseconds / 1000:g}"


def _count(number: int, what: str) -> str:
    return "" if not number else f"{number:,} {what}{'s' if number > 1 else ''}"


def _listed(parts: Sequence[str]) -> str:
    return " and ".join(part for part in parts if part)


def file_name(report: UsageReport, extension: str) -> str:
    """A name of a file with the report, by its period and dimension."""
    last = report.span.date_of(report.span.days[-1].start)
    first = report.span.date_of(report.span.since)
    return f"usage-by-{report.by}-{first:%Y%m%d}-{last:%Y%m%d}.{extension}"
