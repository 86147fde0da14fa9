"""Prices of requests in whole micro-dollars, known before a request is sent."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from importlib.resources import files

from bot.domain.errors import InvalidRequest
from bot.domain.models import FPS, PICTURE_SIZES, AspectRatio, video_size
from bot.domain.requests import (
    REFRAME_MAX_MS,
    AnyRequest,
    ImageRequest,
    ReframeImageRequest,
    ReframeVideoRequest,
    VideoRequest,
)

MICROUSD = 1_000_000
_MEGAPIXEL = 1_000_000
#: the largest amount that may be typed, in dollars
_MONEY_MAX = 1_000_000
#: commas only between thousands: `0,25` means a quarter to many people, and must not become 25 dollars
_DOLLARS = re.compile(r"\$?\s*(?P<whole>\d{1,3}(?:,\d{3})+|\d*)(?:\.(?P<fraction>\d{1,6}))?", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rates:
    """A dated table of rates by model."""

    dated: date
    #: micro-dollars per megapixel
    image: Mapping[str, int]
    #: micro-dollars per megapixel of each frame
    video: Mapping[str, int]


def read_rates(text: str) -> Rates:
    """Read a rates file; raises ValueError naming what is wrong with it."""
    table = tomllib.loads(text)
    dated, image, video = table.get("dated"), table.get("image"), table.get("video", {})
    if not isinstance(dated, date) or not isinstance(image, dict) or not isinstance(video, dict):
        raise ValueError(  # noqa: TRY004 - a file with wrong content, whatever its types
            "a rates file needs `dated = YYYY-MM-DD`, an [image] and a [video] table"
        )
    for model, rate in (image | video).items():
        if not isinstance(rate, int) or isinstance(rate, bool) or rate < 0:
            raise ValueError(f"the rate of {model} must be whole micro-dollars per megapixel, not {rate!r}")
    return Rates(dated=dated, image=image, video=video)


def published_rates() -> Rates:
    return read_rates(files("bot.domain").joinpath("rates.toml").read_text(encoding="utf-8"))


def price(request: AnyRequest, rates: Rates) -> int:
    """Price a request in micro-dollars, rounded up to a whole one.

    Of a request whose source was not probed yet, the most that it can cost.
    """
    match request:
        case ImageRequest() | ReframeImageRequest():
            width, height = PICTURE_SIZES[request.aspect_ratio]
            frames_ms = 1000
            rate = rates.image.get(request.model)
        case VideoRequest():
            ratios = tuple(AspectRatio) if request.follows_picture else (request.aspect_ratio,)
            sizes = [video_size(ratio, request.resolution) for ratio in ratios]
            width, height = max(sizes, key=lambda size: size[0] * size[1])
            frames_ms = FPS * request.duration.ms
            rate = rates.video.get(request.model)
        case ReframeVideoRequest():
            width, height = PICTURE_SIZES[request.aspect_ratio]
            # A length that its container rounds up must not cost more than was reserved.
            most = REFRAME_MAX_MS[request.model]
            frames_ms = FPS * min(request.duration_ms or most, most)
            rate = rates.video.get(request.model)
    if rate is None:
        raise InvalidRequest(f"There is no price for {request.model} yet, so it cannot be used")
    return -(-rate * width * height * frames_ms // (1000 * _MEGAPIXEL))


def is_estimate(request: AnyRequest) -> bool:
    """Whether the price is an estimate, because the API does not document the size of the result.

    The size of a plain picture is taken from that of a reframed one, and that of a video from its resolution.
    """
    match request:
        case ImageRequest():
            return True
        case VideoRequest():
            return request.aspect_ratio is not AspectRatio.LANDSCAPE
        case _:
            return False


def is_upper_bound(request: AnyRequest) -> bool:
    """Whether the price is lowered once the source has been probed."""
    match request:
        case VideoRequest():
            return request.follows_picture
        case ReframeVideoRequest():
            return request.duration_ms is None
        case _:
            return False


def show_money(microusd: int, *, estimate: bool = False) -> str:
    """A price in dollars, rounded up to cents, or to tenths of a cent below ten cents."""
    if microusd < 0:
        return f"{'≈' * estimate}-{show_money(-microusd)}"
    if 0 < microusd < MICROUSD // 10:
        tenths = -(-microusd // 1000)
        text = f"${tenths // 1000}.{tenths % 1000:03d}"
    else:
        cents = -(-microusd // 10_000)
        text = f"${cents // 100:,}.{cents % 100:02d}"
    return f"≈{text}" if estimate else text


def show_left(microusd: int) -> str:
    """A remaining amount in dollars, rounded down to a cent and never negative."""
    return show_money(max(0, microusd) // 10_000 * 10_000)


def read_money(text: str) -> int:
    """Read dollars as people type them (`5`, `$5`, `0.25`, `1,000`) into micro-dollars."""
    found = _DOLLARS.fullmatch(text.strip())
    whole, fraction = (found["whole"].replace(",", ""), found["fraction"] or "") if found else ("", "")
    if not whole and not fraction:
        raise ValueError(f"{text[:40]!r} is not an amount in dollars; write it like 5 or 0.25")
    whole = whole.lstrip("0") or "0"
    # Python refuses to parse thousands of digits with an error of its own.
    if len(whole) > len(str(_MONEY_MAX)):
        raise ValueError(f"The most that can be given is ${_MONEY_MAX:,}")
    amount = int(whole) * MICROUSD + int(fraction.ljust(6, "0"))
    if amount > _MONEY_MAX * MICROUSD:
        raise ValueError(f"The most that can be given is ${_MONEY_MAX:,}")
    return amount
