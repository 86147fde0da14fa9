"""How long generations take, as long as nothing has been learned, and how long is too long."""

from collections.abc import Mapping
from dataclasses import dataclass

from bot.domain.models import Duration, ImageModel, Model, Resolution, VideoModel
from bot.domain.requests import AnyRequest, VideoRequest

#: milliseconds of a typical generation; of a video of 5 s in 720p
_TYPICAL_MS: Mapping[Model, int] = {
    ImageModel.PHOTON_1: 12_000,
    ImageModel.PHOTON_FLASH_1: 5_000,
    VideoModel.RAY_2: 105_000,
    VideoModel.RAY_FLASH_2: 65_000,
}
#: how much longer larger videos usually take, in percent
_BY_RESOLUTION = {Resolution.P540: 80, Resolution.P720: 100, Resolution.P1080: 150, Resolution.P2160: 220}
#: what is unusual where nothing has been learned, in percent of what is typical
_UNUSUAL = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class DurationStats:
    """How long generations of one kind take, in milliseconds."""

    #: half of them are done by then
    p50: int
    #: 95 of 100 are done by then: whatever takes longer is late
    p95: int


def typical_duration(request: AnyRequest, *, speed: float = 1.0) -> DurationStats:
    """What to expect before anything is learned; `speed` divides it, for a simulator that hurries."""
    milliseconds = _TYPICAL_MS[request.model] / speed
    if isinstance(request, VideoRequest):
        milliseconds *= _BY_RESOLUTION[request.resolution] / 100 * request.duration.ms / Duration.FIVE.ms
    return DurationStats(p50=round(milliseconds), p95=round(milliseconds * _UNUSUAL / 100))
