"""What a card says of a job: one line about its state, and fields as labels and values. Pure."""

from collections.abc import Iterator
from math import ceil

from bot.domain.generations.estimates import Estimate
from bot.domain.generations.media import MediaKind
from bot.domain.generations.requests import (
    AnyRequest,
    AudioRequest,
    ImageRequest,
    ModifyVideoRequest,
    ReframeVideoRequest,
    UpscaleRequest,
    VideoRequest,
)
from bot.domain.identity import is_direct_workspace
from bot.domain.ids import short_id
from bot.domain.jobs.job import Hold, Job, State
from bot.domain.money.pricing import Price, is_estimate, is_upper_bound, show_money

#: headlines of a job that the provider runs, and of one that is done
DREAMING, DONE = "Dreaming", "Done"
#: headlines of a completed job whose file is no longer stored: by a rule of the operator, and by accident
EXPIRED, NO_FILE = "Done; its file has expired and was deleted", "Done; its file is no longer stored"
#: labels of a job's price, the job that it was made from, who pays, and how long it took
PRICE, SOURCE, PAYER, TOOK = "Price", "Made from", "Paid by", "Took"
#: characters of a source's title
_SOURCE = 60


def status_line(job: Job, estimate: Estimate) -> str:
    """The status of a job in one line, with the time that is left as of now."""
    if not has_time(job, estimate):
        return headline(job, estimate)
    return with_time(headline(job, estimate), f"{show_wait(estimate.wait_ms)} left", estimate.delay_reason)


def with_time(headline: str, time: str, delay_reason: str) -> str:
    """A headline with the one time that is shown beside it, and why it is worse than shown before."""
    line = f"{headline} · {time}" if time else headline
    return f"{line} – {delay_reason}" if delay_reason else line


def headline(job: Job, estimate: Estimate) -> str:
    """The status of a job without a time: each platform shows it in its own way, so that it stays true."""
    if job.deleted:
        return "Deleted"
    if job.failure is not None:
        return job.failure.message
    if job.state is State.QUEUED and estimate.blocked_reason:
        return f"Waiting: {estimate.blocked_reason}"
    if job.state is State.QUEUED and estimate.undo:
        return "Starts in a few seconds; cancel it now, and nothing is charged"
    lines = {
        State.HELD: _held(job),
        State.PREPARING: _fetching(job),
        State.QUEUED: "In the queue"
        if estimate.position is None
        else f"Place {estimate.position} in the queue",
        State.SUBMITTING: "Starting",
        State.UNKNOWN: "The connection broke while this was submitted; checking whether it arrived",
        State.SUBMITTED: _generating(estimate),
        State.COMPLETED: EXPIRED if job.expired else DONE,
        State.FAILED: "Failed; not charged",
        State.CANCELLED: f"Cancelled; not charged ({show_money(job.price)} returned)",
    }
    return lines[job.state]


def has_time(job: Job, estimate: Estimate) -> bool:
    """Whether a time is shown beside the headline; none where the headline says why it is not known."""
    if job.state is State.QUEUED:
        return not (estimate.blocked_reason or estimate.undo)
    if job.state is State.SUBMITTED:
        return not (estimate.finishing or estimate.late)
    return job.state in (State.PREPARING, State.SUBMITTING)


def _held(job: Job) -> str:
    if job.hold is Hold.APPROVAL:
        return f"Waiting for an admin's approval, because it costs {show_money(job.price)}"
    return f"Waiting for {job.member_name} to confirm the price"


def _fetching(job: Job) -> str:
    """What is fetched before the job can be queued."""
    kinds = [reference.kind for reference in job.request.references if reference.job is None]
    if len(kinds) > 1:
        return "Fetching your files"
    return f"Fetching your {next(iter(kinds), MediaKind.PICTURE)}"


def _generating(estimate: Estimate) -> str:
    if estimate.finishing:
        return "Finished; the bot is processing its file"
    if estimate.late:
        return f"Taking longer than usual; most are done in {show_wait(estimate.generation_ms)}"
    return DREAMING


def show_length(milliseconds: int) -> str:
    """The length of a video."""
    return f"{round(milliseconds / 1000, 1):g} s"


def show_wait(milliseconds: int) -> str:
    """An expected time, rounded up: nobody can know the seconds, and nobody minds to wait for less."""
    seconds = max(0, milliseconds) / 1000
    if seconds < 10:  # noqa: PLR2004
        return "a few seconds"
    if seconds <= 90:  # noqa: PLR2004
        return f"about {ceil(seconds / 5) * 5} s"
    if seconds < 90 * 60:
        return f"about {ceil(seconds / 60)} min"
    return f"about {ceil(seconds / 3600)} h"


def show_age(milliseconds: int) -> str:
    """An age, such as `5 min ago`."""
    seconds = max(0, milliseconds) // 1000
    for unit, name in ((86_400, "day"), (3_600, "h"), (60, "min")):
        if count := seconds // unit:
            return f"{count} {name}{'s' if name == 'day' and count > 1 else ''} ago"
    return "just now"


def show_duration(milliseconds: int) -> str:
    seconds = milliseconds / 1000
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"  # noqa: PLR2004


def job_fields(job: Job) -> tuple[tuple[str, str], ...]:
    """What a card says of a job besides its state: model, size, price and what its request has."""
    request = job.request
    fields = [("Model", str(request.model)), ("Aspect ratio", _ratio(request)), *_own_fields(request)]
    if is_charged(job):
        price = Price(
            each=job.price,
            estimate=is_estimate(request) and not (job.is_final or is_upper_bound(request)),
            upper_bound=is_upper_bound(request),
        )
        fields.append((PRICE, price.text))
    else:
        fields.append((PRICE, f"{show_money(job.price)}, refunded" if job.refunded else "not charged"))
    if job.has_own_key and job.state not in (State.FAILED, State.CANCELLED):
        fields.append((PAYER, "the workspace's own key"))
    if job.result:
        fields.append(("Size", f"{job.result.width} × {job.result.height}"))
    if job.state is State.COMPLETED and job.finished_at and job.submitted_at:
        fields.append((TOOK, show_duration(job.finished_at - job.submitted_at)))
    return tuple(fields)


def is_charged(job: Job) -> bool:
    """Whether its price is reserved or paid."""
    return job.state not in (State.FAILED, State.CANCELLED) and not job.refunded


def _ratio(request: AnyRequest) -> str:
    match request:
        case ImageRequest(follows_picture=True) | VideoRequest(follows_picture=True):
            return "as its picture"
        case ModifyVideoRequest(duration_ms=None):
            return "as its video"
        case _:
            return str(request.aspect_ratio)


def _own_fields(request: AnyRequest) -> Iterator[tuple[str, str]]:
    """The fields of one kind of request."""
    if isinstance(request, ImageRequest | VideoRequest) and request.presets:
        yield "Preset", ", ".join(request.presets)
    match request:
        case VideoRequest():
            yield "Resolution", str(request.resolution)
            yield "Length", show_length(request.duration.ms)
            if request.loop and request.start is None and request.end is not None:
                yield "Loop", "may not close, because only its end is a picture"
        case UpscaleRequest():
            yield "Resolution", str(request.resolution)
        case AudioRequest():
            yield "Audio", request.prompt or "what fits the video"
            if request.negative_prompt:
                yield "Without", request.negative_prompt
        case ModifyVideoRequest():
            yield "Mode", str(request.mode)
        case _:
            pass
    if isinstance(request, ReframeVideoRequest | ModifyVideoRequest | UpscaleRequest | AudioRequest) and (
        request.duration_ms is not None
    ):
        yield "Length", show_length(request.duration_ms)


def source_fields(job: Job, source: Job | None) -> tuple[tuple[str, str], ...]:
    """The source of a job: its short id, and its title if everybody who sees the card may read it."""
    if job.parent is None:
        return ()
    shown = f"#{short_id(job.parent)}"
    hidden = source is None or source.deleted
    if source is not None and not job.private:
        elsewhere = is_direct_workspace(source.workspace) and source.workspace != job.workspace
        hidden = hidden or source.private or elsewhere
    if source is not None and not hidden:
        title = source.title if len(source.title) <= _SOURCE else f"{source.title[: _SOURCE - 1]}…"
        shown += f" · {title}"
    return ((SOURCE, shown),)
