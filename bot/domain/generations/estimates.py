"""Estimates: how long generations take, and what is shown about a job that has not ended."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from bot.domain.generations.models import Duration, ImageModel, Model, Resolution, VideoModel
from bot.domain.generations.requests import AnyRequest, AudioRequest, UpscaleRequest, VideoRequest

#: how much later than shown a job may be before the card shows it, in percent of the wait and at least
_SLACK, _SLACK_MS = 25, 8_000
#: milliseconds of a typical generation; for videos with 5 s in 720p
_TYPICAL_MS: Mapping[Model, int] = {
    ImageModel.PHOTON_1: 12_000,
    ImageModel.PHOTON_FLASH_1: 5_000,
    VideoModel.RAY_2: 105_000,
    VideoModel.RAY_FLASH_2: 65_000,
    # The other APIs document none: those of the models that these are successors of or stand in for.
    ImageModel.UNI_1: 12_000,
    ImageModel.UNI_1_MAX: 24_000,
    VideoModel.RAY_3_2: 105_000,
    VideoModel.RAY_1_6: 105_000,
}
#: the same for changes of a video, whatever its model
_UPSCALE_MS, _AUDIO_MS = 40_000, 20_000
#: how much longer larger videos usually take, in percent
_BY_RESOLUTION = {
    Resolution.P360: 60,
    Resolution.P540: 80,
    Resolution.P720: 100,
    Resolution.P1080: 150,
    Resolution.P2160: 220,
}
#: p80 and p95 in percent of the typical duration, as long as nothing was measured
_LONG, _UNUSUAL = 125, 200


@dataclass(frozen=True, slots=True, kw_only=True)
class DurationStats:
    """How long generations of one kind take, in milliseconds."""

    #: half of them take at most this long
    p50: int
    #: 80 of 100 of the latest few take at most this long: what is shown, so that most end earlier than shown
    p80: int
    #: 95 of 100 take at most this long; what takes longer is late
    p95: int


def typical_duration(request: AnyRequest, *, speed: float = 1.0) -> DurationStats:
    """What to expect before anything was measured; `speed` divides it, for a fast simulator."""
    match request:
        case UpscaleRequest():
            typical: float = _UPSCALE_MS
        case AudioRequest():
            typical = _AUDIO_MS
        case VideoRequest():
            longer = _BY_RESOLUTION[request.resolution] / 100 * request.duration.ms / Duration.FIVE.ms
            typical = _TYPICAL_MS[request.model] * longer
        case _:
            typical = _TYPICAL_MS[request.model]
    milliseconds = typical / speed
    return DurationStats(
        p50=round(milliseconds),
        p80=round(milliseconds * _LONG / 100),
        p95=round(milliseconds * _UNUSUAL / 100),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownEstimate:
    """What a card's message says about one of its jobs."""

    #: place in the queue; None where none is shown
    position: int | None
    #: when it is shown to be done, in milliseconds UTC
    ready_at: int
    #: why this is worse than what was shown before
    delay_reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """What is expected of a job that has not ended."""

    #: place in the queue from 1; None once it is with the provider
    position: int | None = None
    #: milliseconds until it is expected to be done; negative when it is overdue
    wait_ms: int = 0
    #: milliseconds that the generation itself is expected to take
    generation_ms: int = 0
    #: it has run for longer than 95 of 100 of its kind
    late: bool = False
    #: the provider is done, and the bot is still processing its file
    finishing: bool = False
    #: it leaves in a few seconds, and can be undone until then
    undo: bool = False
    #: why it does not move, where that is known
    blocked_reason: str = ""
    #: why this is worse than what was shown before
    delay_reason: str = ""


def stabilised(estimate: Estimate, shown: ShownEstimate | None, now: int) -> Estimate:
    """An estimate adjusted to what the card shows, so that its numbers do not jump.

    A small change of the time is ignored. A worse place or time gets a reason, which stays until something
    improves.
    """
    if shown is None:
        return estimate
    slack = max(_SLACK_MS, estimate.wait_ms * _SLACK // 100)
    later_by = now + estimate.wait_ms - shown.ready_at
    if abs(later_by) <= slack:
        estimate, later_by = replace(estimate, wait_ms=shown.ready_at - now), 0
    if _behind(estimate.position, shown.position):
        return replace(estimate, delay_reason="members with fewer jobs go first")
    if later_by > 0:
        return replace(estimate, delay_reason="it is slower than expected")
    better = later_by < 0 or estimate.position != shown.position
    return estimate if better else replace(estimate, delay_reason=shown.delay_reason)


def _behind(position: int | None, before: int | None) -> bool:
    return position is not None and before is not None and position > before


#: what a card's message says, by job
ShownEstimates = Mapping[str, ShownEstimate]
