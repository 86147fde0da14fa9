"""The fields of a card: what it says of a job besides its state, as labels and values. Pure."""

from collections.abc import Iterator

from bot.domain.cards.headlines import show_duration, show_length
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
from bot.domain.jobs.job import Job, State
from bot.domain.money.pricing import Price, is_estimate, is_upper_bound, show_money

#: labels of a job's price, the job that it was made from, who pays, and how long it took
PRICE, SOURCE, PAYER, TOOK = "Price", "Made from", "Paid by", "Took"
#: characters of a source's title
_SOURCE = 60


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
