"""Usage: what ended jobs came to in a period, by day, member, channel, command or model."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from itertools import groupby
from zoneinfo import ZoneInfo

from bot.domain.generations.media import MediaKind
from bot.domain.generations.requests import (
    AnyRequest,
    AudioRequest,
    ImageRequest,
    ModifyVideoRequest,
    UpscaleRequest,
    VideoRequest,
)
from bot.domain.jobs.failures import FailureCategory
from bot.domain.jobs.job import State
from bot.domain.money.pricing import show_money
from bot.domain.money.quota import Period, bounds

#: the longest period of a report in days: a leap year
DAYS_MAX = 366
#: of an outcome that stands beside `completed`: its amount was given back
REFUNDED = "refunded"
_MEDIAN, _NEARLY_ALL = 0.5, 0.9


class Dimension(StrEnum):
    """What a report is grouped by."""

    DAY = "day"
    MEMBER = "member"
    CHANNEL = "channel"
    COMMAND = "command"
    MODEL = "model"


class Format(StrEnum):
    """How a report is shown in a chat."""

    CHART = "chart"
    TABLE = "table"
    CSV = "csv"


def command_of(request: AnyRequest) -> str:
    """The command that makes such requests; what a button or a reaction starts counts as that command."""
    match request:
        case ImageRequest(modify_ref=None):
            return "imagine"
        case ImageRequest() | ModifyVideoRequest():
            return "modify"
        case VideoRequest():
            return "extend" if request.generations else "animate"
        case UpscaleRequest():
            return "upscale"
        case AudioRequest():
            return "audio"
        case _:
            return "reframe"


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """A calendar day in a workspace's time zone, in milliseconds UTC."""

    start: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """The period of a report: whole days of one time zone, up to and with today."""

    zone: str
    days: tuple[Day, ...]
    #: as people say it: `this month`, `the last 10 days`
    name: str

    @property
    def since(self) -> int:
        return self.days[0].start

    @property
    def until(self) -> int:
        return self.days[-1].end

    def date_of(self, at: int) -> date:
        return datetime.fromtimestamp(at / 1000, ZoneInfo(self.zone)).date()


def read_span(now: int, zone: str, period: Period, days: int | None = None) -> Span:
    """The current calendar period, or so many days up to and with today."""
    tz = ZoneInfo(zone)
    if days is None:
        since, _ = bounds(now, period, tz)
        return Span(zone=zone, days=tuple(days_between(since, now, tz)), name=period.current)
    today = datetime.fromtimestamp(now / 1000, tz).date()
    first = datetime.combine(today - timedelta(days=days - 1), datetime.min.time(), tz)
    since = round(first.astimezone(UTC).timestamp() * 1000)
    name = "today" if days == 1 else f"the last {days} days"
    return Span(zone=zone, days=tuple(days_between(since, now, tz)), name=name)


def days_between(since: int, until: int, zone: ZoneInfo) -> Iterator[Day]:
    """The days that have begun from one time to another, in milliseconds UTC, each whole."""
    at = since
    while at <= until:
        start, end = bounds(at, Period.DAY, zone)
        yield Day(start=start, end=end)
        at = end


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """Ended jobs that are alike."""

    #: the beginning of their day; 0 in sums over several days
    day: int = 0
    #: of the dimension: a member's or channel's id, a command, a class of jobs; empty for days
    value: str
    #: `completed`, `cancelled`, a failure's category, or `refunded` beside `completed`
    outcome: str
    makes: MediaKind
    #: from the command to the result, to two significant digits; 0 where it is not counted
    wait_ms: int
    jobs: int
    #: micro-dollars
    amount: int
    #: the newest of the jobs that has a name for the value; empty: none has
    named_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What some ended jobs came to."""

    #: finished
    pictures: int = 0
    videos: int = 0
    cancelled: int = 0
    #: micro-dollars, without what was refunded: of pictures and of videos
    pictures_spent: int = 0
    videos_spent: int = 0
    refunds: int = 0
    refunded: int = 0
    #: failed jobs by the category of the failure
    failures: Mapping[str, int] = field(default_factory=dict)
    #: finished jobs by milliseconds from the command to the result, to two significant digits
    waits: Mapping[int, int] = field(default_factory=dict)

    @property
    def finished(self) -> int:
        return self.pictures + self.videos

    @property
    def failed(self) -> int:
        return sum(self.failures.values())

    @property
    def jobs(self) -> int:
        """All that ended."""
        return self.finished + self.failed + self.cancelled

    @property
    def spent(self) -> int:
        """Micro-dollars, without what was refunded."""
        return self.pictures_spent + self.videos_spent

    @property
    def median_ms(self) -> int | None:
        """Half of the finished jobs took no longer; None where none has, or where waits are not counted."""
        return self._wait(_MEDIAN)

    @property
    def p90_ms(self) -> int | None:
        """Nine of ten finished jobs took no longer."""
        return self._wait(_NEARLY_ALL)

    def _wait(self, share: float) -> int | None:
        wanted, counted = share * sum(self.waits.values()), 0
        for wait, jobs in sorted(self.waits.items()):
            counted += jobs
            if counted >= wanted:
                return wait
        return None


def sum_facts(facts: Iterable[Fact]) -> Figures:
    """Add facts up."""
    made, spent, waits, failures = Counter[str](), Counter[str](), Counter[int](), Counter[str]()
    refunds = refunded = cancelled = 0
    for fact in facts:
        match fact.outcome:
            case State.COMPLETED:
                made[fact.makes] += fact.jobs
                spent[fact.makes] += fact.amount
                if fact.wait_ms:
                    waits[fact.wait_ms] += fact.jobs
            case State.CANCELLED:
                cancelled += fact.jobs
            case _ if fact.outcome == REFUNDED:
                refunds += fact.jobs
                refunded += fact.amount
                spent[fact.makes] -= fact.amount
            case category:
                failures[category] += fact.jobs
    return Figures(
        pictures=made[MediaKind.PICTURE],
        videos=made[MediaKind.VIDEO],
        cancelled=cancelled,
        pictures_spent=spent[MediaKind.PICTURE],
        videos_spent=spent[MediaKind.VIDEO],
        refunds=refunds,
        refunded=refunded,
        failures=dict(failures.most_common()),
        waits=dict(waits),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """One line of a report."""

    #: a day as `2026-11-29`, the id of a member or channel, a command, a model
    key: str
    #: as people are shown it
    name: str
    figures: Figures


@dataclass(frozen=True, slots=True, kw_only=True)
class UsageReport:
    """What the ended jobs of a workspace came to in a period."""

    #: empty: all workspaces, each in its own time zone
    workspace: str
    span: Span
    by: Dimension
    total: Figures
    #: days in their order, all others by what was spent, the largest first
    groups: tuple[Group, ...]

    @property
    def title(self) -> str:
        return f"Spent {self.span.name}: {show_money(self.total.spent)}"


def group_days(facts: Sequence[tuple[Span, Fact]], span: Span) -> tuple[Group, ...]:
    """A group for every day of the span, also without jobs; each fact comes with its workspace's span."""
    by_day: dict[date, list[Fact]] = {span.date_of(day.start): [] for day in span.days}
    for own, fact in facts:
        by_day.setdefault(own.date_of(fact.day), []).append(fact)
    return tuple(
        Group(key=day.isoformat(), name=show_day(day), figures=sum_facts(of_day))
        for day, of_day in sorted(by_day.items())
    )


def show_day(day: date) -> str:
    return f"{day:%a} {day.day} {day:%b}"


def group_values(facts: Iterable[Fact], names: Mapping[str, str], by: Dimension) -> tuple[Group, ...]:
    """A group for every value; `names` has those of members and channels, by the job that has the name."""
    key = _model if by is Dimension.MODEL else _value
    ordered = sorted(facts, key=key)
    groups = []
    for value, of_value in groupby(ordered, key=key):
        alike = list(of_value)
        name = names.get(max(fact.named_by for fact in alike), "")
        groups.append(Group(key=value, name=_shown(value, name, by), figures=sum_facts(alike)))
    return tuple(sorted(groups, key=lambda one: (-one.figures.spent, -one.figures.jobs, one.name)))


def _value(fact: Fact) -> str:
    return fact.value


def _model(fact: Fact) -> str:
    """The model in a class of jobs, `<kind>/<model>/…`."""
    return fact.value.partition("/")[2].partition("/")[0] or fact.value


def _shown(value: str, name: str, by: Dimension) -> str:
    match by:
        case Dimension.COMMAND:
            return f"/{value}" if value else "other"
        case Dimension.CHANNEL if not value:
            return "direct messages"
        case Dimension.CHANNEL:
            return f"#{name}" if name else f"channel {value}"
        case Dimension.MEMBER:
            return name or value
        case _:
            return value or "other"


#: a failure's category in the middle of a sentence
_REASONS: Mapping[str, str] = {
    FailureCategory.INPUT_UNREACHABLE: "input not readable",
    FailureCategory.MODERATION: "refused by moderation",
    FailureCategory.PROMPT: "prompt not processed",
    FailureCategory.SERVICE: "generation service failed",
    FailureCategory.UNKNOWN: "no reason given",
    FailureCategory.INPUT_REFUSED: "input not usable",
    FailureCategory.INPUT_UNPROCESSED: "input not processed",
    FailureCategory.REJECTED: "refused by the generation service",
    FailureCategory.TIMEOUT: "not finished in time",
    FailureCategory.VANISHED: "generation lost",
    FailureCategory.ASSET_LOST: "result not fetched",
    FailureCategory.RESULT_UNPROCESSED: "result not processed",
    FailureCategory.LOST_ANSWER: "unknown whether submitted",
    FailureCategory.EXPIRED: "waited too long",
    FailureCategory.NOT_CONFIRMED: "price not confirmed",
    FailureCategory.NOT_APPROVED: "not approved in time",
    FailureCategory.REFUSED_BY_ADMIN: "refused by an admin",
    FailureCategory.KEY_REMOVED: "API key removed",
}


def show_reason(category: str) -> str:
    return _REASONS.get(category, category.replace("_", " "))
