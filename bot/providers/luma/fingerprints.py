"""Digests that are equal for a sent request and the API's echo of it.

The echo is normalised: defaults are filled in, omitted fields are null, numbers and URLs may be written
differently, and signatures in URLs change with every attempt. None of this changes the digest.
"""

import hashlib
import json
from collections.abc import Mapping
from enum import StrEnum
from urllib.parse import unquote, urlsplit

from bot.domain.generations.models import Duration, Resolution

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
