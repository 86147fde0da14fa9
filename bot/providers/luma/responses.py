"""Reads the API's answers: generations, each with a digest that is equal for a sent request and its echo.

The echo is normalised: defaults are filled in, omitted fields are null, numbers and URLs may be written
differently, and signatures in URLs change with every attempt. None of this changes the digest.
"""

import hashlib
import json
import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from urllib.parse import unquote, urlsplit

import structlog

from bot.domain.errors import GenerationNotFound
from bot.domain.generations.models import Duration, Resolution
from bot.providers.base import Generation, GenerationState, Page

#: fields that define a generation, for every kind of request. Fields about the response (`callback_url`,
#: `sync`, `sync_timeout`), labels (`type`, `generation_type`) and unknown fields of the echo are left out
_COMPARED = frozenset(
    {
        *("prompt", "model", "aspect_ratio", "format", "media"),
        *("image_ref", "style_ref", "character_ref", "modify_image_ref"),
        *("grid_position_x", "grid_position_y", "x_start", "x_end", "y_start", "y_end"),
        *("resized_width", "resized_height"),
        *("loop", "keyframes", "resolution", "duration", "concepts", "mode", "first_frame"),
        "negative_prompt",
    }
)
_DEFAULTS: dict[str, object] = {
    "model": "photon-1",
    "aspect_ratio": "16:9",
    "format": "jpg",
    "loop": False,
    "resolution": "720p",
    "duration": "5s",
}
#: fields whose values are documented in more than one spelling, such as `1080` and `1080p`
_ENUMS: Mapping[str, type[StrEnum]] = {"resolution": Resolution, "duration": Duration}
#: fields whose strings are URLs
_URLS = frozenset({"url", "images"})
#: no request of ours is nested deeper
_DEPTH_MAX = 8
_DEFAULT_PORTS = {"http": 80, "https": 443}
log = structlog.get_logger(__name__)

#: ids are UUIDs today; any token that is safe inside a URL path is accepted
_ID = re.compile(r"[A-Za-z0-9_-]{1,128}")


def fingerprint(request: Mapping[str, object]) -> str:
    """Digest of a request, the same for the sent one and its echo."""
    compared = {
        key: _canonical(_canonical_enum(value, key), key)
        for key, value in request.items()
        if key in _COMPARED
    }
    filled = _DEFAULTS | {key: value for key, value in compared.items() if value is not None}
    text = json.dumps(filled, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def _canonical_enum(value: object, key: str) -> object:
    enum = _ENUMS.get(key)
    if enum is None or not isinstance(value, str | int):
        return value
    try:
        return enum(str(value).strip().lower()).value
    except ValueError:
        return value


def _canonical(value: object, key: str, depth: int = 0) -> object:
    """One spelling for equal values; None for empty ones."""
    if depth > _DEPTH_MAX:
        return None
    if isinstance(value, Mapping):
        fields = {name: _canonical(inner, name, depth + 1) for name, inner in value.items()}
        return {name: inner for name, inner in fields.items() if inner is not None} or None
    if isinstance(value, list | tuple):
        items = [_canonical(inner, key, depth + 1) for inner in value]
        return [inner for inner in items if inner is not None] or None
    if isinstance(value, str):
        return (_without_query(value) if key in _URLS else value.strip()) or None
    if isinstance(value, float):
        # A weight has fewer than six decimals, and a single-precision echo keeps more.
        rounded = round(value, 6)
        return int(rounded) if rounded.is_integer() else rounded
    return value


def _without_query(url: str) -> str:
    """Scheme, host and path of a URL; its query may carry a signature."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        return url
    if host is None:
        return url
    where = host if port in {None, _DEFAULT_PORTS.get(parts.scheme)} else f"{host}:{port}"
    return f"{parts.scheme}://{where}{unquote(parts.path) or '/'}"


def is_id(text: str) -> bool:
    return _ID.fullmatch(text) is not None


def generation_path(generation_id: str) -> str:
    if not is_id(generation_id):
        raise GenerationNotFound("This is not the id of a generation")
    return f"/generations/{generation_id}"


def read_generation(document: object) -> Generation | None:
    """Parse a generation; None if it has no valid id."""
    if not isinstance(document, Mapping):
        return None
    generation_id = document.get("id")
    if not isinstance(generation_id, str) or not is_id(generation_id):
        return None
    state = _state(document.get("state"))
    request = document.get("request")
    echo: Mapping[str, object] = request if isinstance(request, Mapping) else {}
    assets = document.get("assets")
    asset_url, thumbnail_url = _assets(assets if state is GenerationState.COMPLETED else None)
    is_running = state in (GenerationState.QUEUED, GenerationState.DREAMING)
    return Generation(
        id=generation_id,
        state=state,
        created_at=read_time(document.get("created_at")),
        failure_reason=_text(document.get("failure_reason")) if state is GenerationState.FAILED else None,
        asset_url=asset_url,
        thumbnail_url=thumbnail_url,
        preview_url=_preview(assets) if is_running else None,
        callback_url=_text(echo.get("callback_url")),
        fingerprint=fingerprint(echo) if echo else "",
    )


def read_page(document: object, *, limit: int) -> Page | None:
    """Parse one page of the list, requested with this limit; None if it is not a page."""
    entries = document.get("generations") if isinstance(document, Mapping) else None
    if not isinstance(document, Mapping) or not isinstance(entries, list):
        return None
    readable = [generation for generation in map(read_generation, entries) if generation is not None]
    if skipped := len(entries) - len(readable):
        log.warning("listed_generations_skipped", skipped=skipped, listed=len(entries))
    has_more = document.get("has_more")
    return Page(
        generations=readable,
        has_more=has_more if isinstance(has_more, bool) else len(entries) >= limit,
        is_complete=not skipped,
    )


def read_credit(document: object) -> int | None:
    """Parse the account's credit from US cents into micro-dollars; None if it is missing."""
    cents = document.get("credit_balance") if isinstance(document, Mapping) else None
    if isinstance(cents, bool) or not isinstance(cents, int | float) or not math.isfinite(cents):
        return None
    return math.floor(Decimal(str(cents)) * 10_000)


def read_terms(document: object) -> tuple[str, ...] | None:
    """Parse a list of terms; None if it is not a list."""
    if not isinstance(document, list):
        return None
    return tuple(dict.fromkeys(word for entry in document if (word := _text(entry))))


def _state(value: object) -> GenerationState:
    """Parse a state; an unknown one means "still running", so that it never ends a job."""
    try:
        return GenerationState(str(value))
    except ValueError:
        return GenerationState.DREAMING


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def read_time(value: object) -> int | None:
    """Parse an ISO 8601 time into milliseconds; UTC if it names no time zone."""
    if not isinstance(value, str):
        return None
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return None
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return (aware - _EPOCH) // timedelta(milliseconds=1)


def _assets(assets: object) -> tuple[str | None, str | None]:
    """URLs of the finished file and of a video's thumbnail.

    `image` is a picture, or the thumbnail of the `video` beside it.
    """
    if not isinstance(assets, Mapping):
        return None, None
    video, image = _text(assets.get("video")), _text(assets.get("image"))
    return (video, image) if video else (image, None)


def _preview(assets: object) -> str | None:
    return _text(assets.get("progress_video")) if isinstance(assets, Mapping) else None


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None
