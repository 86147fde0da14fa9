"""Prices of requests in whole micro-dollars, known before a request is sent."""

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cache
from importlib.resources import files

from bot.domain.errors import InvalidRequest
from bot.domain.generations.models import (
    ASPECT_RATIOS,
    FPS,
    PICTURE_SIZES,
    AspectRatio,
    ImageModel,
    Lane,
    Model,
    Resolution,
    VideoModel,
    video_size,
)
from bot.domain.generations.requests import (
    AnyRequest,
    AudioRequest,
    FromVideoRequest,
    ImageRequest,
    ModifyVideoRequest,
    ReframeImageRequest,
    ReframeVideoRequest,
    UpscaleRequest,
    VideoRequest,
)

MICROUSD = 1_000_000
_MEGAPIXEL = 1_000_000
#: the largest amount that may be typed, in dollars
_MONEY_MAX = 1_000_000
#: commas only between thousands: `0,25` means a quarter to many people, and must not become 25 dollars
_DOLLARS = re.compile(r"\$?\s*(?P<whole>\d{1,3}(?:,\d{3})+|\d*)(?:\.(?P<fraction>\d{1,6}))?", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class PicturePrice:
    """Micro-dollars of a picture that costs the same in every size."""

    each: int
    #: of each picture that it refers to
    reference: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Rates:
    """A dated table of rates by model."""

    dated: date
    #: micro-dollars per megapixel
    image: Mapping[str, int] = field(default_factory=dict)
    #: micro-dollars per megapixel of each frame
    video: Mapping[str, int] = field(default_factory=dict)
    picture: Mapping[str, PicturePrice] = field(default_factory=dict)
    #: micro-dollars of a video, by duration and resolution
    clip: Mapping[str, Mapping[str, Mapping[str, int]]] = field(default_factory=dict)
    #: micro-dollars of each second of a reframed video
    reframed: Mapping[str, int] = field(default_factory=dict)
    #: the same of a modified video
    modified: Mapping[str, int] = field(default_factory=dict)
    #: micro-dollars per megapixel of each frame of a modified video
    modify: Mapping[str, int] = field(default_factory=dict)
    #: the same of upscaling and of audio, for the source in 720p; of a missing model the video rate
    upscale: Mapping[str, int] = field(default_factory=dict)
    audio: Mapping[str, int] = field(default_factory=dict)


def read_rates(text: str) -> Rates:
    """Read a rates file; raises ValueError naming what is wrong with it.

    A file without a [modify] table leaves the published one in force.
    """
    table = tomllib.loads(text)
    dated, image, video = table.get("dated"), table.get("image"), table.get("video", {})
    if not isinstance(dated, date) or not isinstance(image, dict) or not isinstance(video, dict):
        raise ValueError(  # noqa: TRY004 - a file with wrong content, whatever its types
            "a rates file needs `dated = YYYY-MM-DD`, an [image] and a [video] table"
        )
    picture = {
        model: _table(price, model) for model, price in _table(table.get("picture", {}), "picture").items()
    }
    clip = {
        model: {duration: _rates(sizes, model) for duration, sizes in _table(durations, model).items()}
        for model, durations in _table(table.get("clip", {}), "clip").items()
    }
    for model, price in picture.items():
        if set(price) != {"each", "reference"}:
            raise ValueError(f"the price of {model} needs `each` and `reference`")
    return Rates(
        dated=dated.date() if isinstance(dated, datetime) else dated,
        image=_rates(image, "image"),
        video=_rates(video, "video"),
        picture={model: PicturePrice(**_rates(price, model)) for model, price in picture.items()},
        clip=clip,
        reframed=_rates(table.get("reframed", {}), "reframed"),
        modified=_rates(table.get("modified", {}), "modified"),
        modify=_rates(table["modify"], "modify") if "modify" in table else published_rates().modify,
        upscale=_rates(table.get("upscale", {}), "upscale"),
        audio=_rates(table.get("audio", {}), "audio"),
    )


def _table(value: object, name: str) -> Mapping[str, object]:
    if not isinstance(value, dict):
        raise ValueError(f"{name} must be a table, not {value!r}")  # noqa: TRY004 - as above
    return value


def _rates(value: object, name: str) -> Mapping[str, int]:
    rates: dict[str, int] = {}
    for key, rate in _table(value, name).items():
        if not isinstance(rate, int) or isinstance(rate, bool) or rate < 0:
            raise ValueError(f"the rate of {key} must be whole micro-dollars, not {rate!r}")
        rates[key] = rate
    return rates


@cache
def published_rates() -> Rates:
    return read_rates(files("bot.domain").joinpath("rates.toml").read_text(encoding="utf-8"))


def price(request: AnyRequest, rates: Rates) -> int:
    """Price a request in micro-dollars, rounded up to a whole one.

    Of a request whose source was not probed yet, the most that it can cost. Raises InvalidRequest for a model
    without a price.
    """
    fixed = _fixed_price(request, rates)
    return _price_by_size(request, rates) if fixed is None else fixed


def _fixed_price(request: AnyRequest, rates: Rates) -> int | None:
    """The price of a model that does not count pixels; None for other models."""
    match request:
        case ImageRequest():
            found = rates.picture.get(request.model)
            return None if found is None else found.each + found.reference * len(request.references)
        case VideoRequest():
            return rates.clip.get(request.model, {}).get(request.duration, {}).get(request.resolution)
        case ReframeVideoRequest() | ModifyVideoRequest():
            of_kind = rates.reframed if isinstance(request, ReframeVideoRequest) else rates.modified
            per_second = of_kind.get(request.model)
            return None if per_second is None else -(-per_second * _length_ms(request) // 1000)
        case _:
            return None


def _price_by_size(request: AnyRequest, rates: Rates) -> int:
    rate = _rate(request, rates)
    if rate is None:
        raise InvalidRequest(missing_price(request.model))
    frames_ms = 1000 if request.lane is Lane.IMAGE else FPS * _length_ms(request)
    return -(-rate * _largest_area(request) * frames_ms // (1000 * _MEGAPIXEL))


def _rate(request: AnyRequest, rates: Rates) -> int | None:
    model = request.model
    match request:
        case ImageRequest() | ReframeImageRequest():
            return rates.image.get(model)
        case ModifyVideoRequest():
            return rates.modify.get(model)
        case UpscaleRequest():
            return rates.upscale.get(model, rates.video.get(model))
        case AudioRequest():
            return rates.audio.get(model, rates.video.get(model))
        case _:
            return rates.video.get(model)


def _largest_area(request: AnyRequest) -> int:
    """Pixels of the result, or of the largest that it can have."""
    # A frame that is not known yet may become any that the model makes.
    ratios = ASPECT_RATIOS[request.model] if _frame_follows(request) else (request.aspect_ratio,)
    match request:
        case ImageRequest() | ReframeImageRequest() | ReframeVideoRequest():
            sizes = [_picture_size(ratio) for ratio in ratios]
        case VideoRequest():
            sizes = [video_size(ratio, request.resolution) for ratio in ratios]
        case _:
            # Their size is not documented: that of the model's video in 720p stands for it.
            sizes = [video_size(ratio, Resolution.P720) for ratio in ratios]
    return max(width * height for width, height in sizes)


def _picture_size(ratio: AspectRatio) -> tuple[int, int]:
    """The documented size; the largest one for a shape without any."""
    return PICTURE_SIZES.get(ratio) or max(PICTURE_SIZES.values(), key=lambda size: size[0] * size[1])


def _frame_follows(request: AnyRequest) -> bool:
    """Whether the aspect ratio becomes known when the source is probed."""
    match request:
        case ImageRequest() | VideoRequest():
            return request.follows_picture
        case ModifyVideoRequest():
            return request.duration_ms is None
        case _:
            return False


def _length_ms(request: AnyRequest) -> int:
    """Milliseconds of a video, or of the longest that its model takes."""
    match request:
        case VideoRequest():
            return request.duration.ms
        case ReframeVideoRequest() | ModifyVideoRequest():
            # A length that its container rounds up must not cost more than was reserved.
            most = request.max_ms[request.model]
            return min(request.duration_ms or most, most)
        case UpscaleRequest() | AudioRequest():
            return request.duration_ms
        case _:
            raise TypeError(f"a {request.kind} has no length")


def missing_price(model: Model) -> str:
    return (
        f"There is no price for {model} yet, so it cannot be used. "
        "The operator of this bot adds it to the file that REVERIE_RATES_FILE names."
    )


def has_price(model: Model, rates: Rates) -> bool:
    return any(model in table for table in (rates.image, rates.video, rates.picture, rates.clip))


def is_estimate(request: AnyRequest) -> bool:
    """Whether the price is an estimate, because the API documents no price or no size of the result.

    The size of a plain picture is taken from that of a reframed one, that of a video from its resolution, and
    that of a changed video from its source.
    """
    match request:
        case ImageRequest():
            return request.model not in _FIXED_PRICES
        case ReframeImageRequest() | ReframeVideoRequest():
            return False
        case VideoRequest():
            return request.model not in _FIXED_PRICES and (
                request.aspect_ratio is not AspectRatio.LANDSCAPE or request.model is VideoModel.RAY_1_6
            )
        case _:
            return request.model not in _FIXED_PRICES


#: models whose price does not depend on the size in pixels
_FIXED_PRICES = frozenset({ImageModel.UNI_1, ImageModel.UNI_1_MAX, VideoModel.RAY_3_2})


def is_upper_bound(request: AnyRequest) -> bool:
    """Whether the price is lowered once the source has been probed."""
    length_follows = isinstance(request, FromVideoRequest) and request.duration_ms is None
    return length_follows or (_frame_follows(request) and request.model not in _FIXED_PRICES)


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """What some equal jobs cost, as members read it before it is spent."""

    #: micro-dollars of each job
    each: int
    count: int = 1
    #: the API documents no price, or no size of the result
    estimate: bool = False
    #: it is lowered once the source has been probed
    upper_bound: bool = False

    @property
    def total(self) -> int:
        """Micro-dollars of all jobs together."""
        return self.each * self.count

    @property
    def text(self) -> str:
        """The price in dollars: `$0.25`, `up to ≈$0.50`, `4 × $0.018 = $0.072`."""
        total = f"up to {self.total_text}" if self.upper_bound else self.total_text
        if self.count == 1:
            return total
        return f"{self.count} × {show_money(self.each, estimate=self.estimate)} = {total}"

    @property
    def total_text(self) -> str:
        """The total of what is shown for each job, so that the numbers add up."""
        step = 1_000 if self.each < MICROUSD // 10 else 10_000
        total = self.count * -(-self.each // step) * step
        if self.count == 1 or total < MICROUSD // 10 or total % 10_000 == 0:
            return show_money(total, estimate=self.estimate)
        return f"{'≈' * self.estimate}${total // MICROUSD:,}.{total % MICROUSD // 1_000:03d}"


def price_of(request: AnyRequest, rates: Rates, count: int = 1) -> Price:
    """The price of `count` jobs with this request; raises InvalidRequest for a model without a price."""
    return Price(
        each=price(request, rates),
        count=count,
        estimate=is_estimate(request),
        upper_bound=is_upper_bound(request),
    )


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


def cheapest_picture(rates: Rates, models: Iterable[Model]) -> int:
    """Micro-dollars of the cheapest picture of these models: with less, a budget is used up.

    0 without any price.
    """
    requests = (ImageRequest(prompt="any", model=ImageModel(one)) for one in models if has_price(one, rates))
    return min((price(one, rates) for one in requests), default=0)


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
