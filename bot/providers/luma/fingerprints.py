"""Digests by which a request that was sent is recognised in the API's echo of it.

The echo is normalised: defaults are filled in, what was not sent is null, numbers and addresses may be
written differently, and signatures in addresses change with every attempt. None of this changes the digest.
"""

import hashlib
import json
from collections.abc import Mapping
from enum import StrEnum
from urllib.parse import unquote, urlsplit

from bot.domain.models import Duration, Resolution

#: what makes a generation, in every kind of request. How its answer is given (`callback_url`, `sync`,
#: `sync_timeout`) and how it is labelled (`type`, `generation_type`) do not, nor do fields echoes gain later
_MATTERS = frozenset(
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
#: fields whose values are documented with more than one name, such as `1080` and `1080p`
_NAMES: Mapping[str, type[StrEnum]] = {"resolution": Resolution, "duration": Duration}
#: fields whose texts are addresses
_ADDRESSES = frozenset({"url", "images"})
#: no request is nested deeper; what is, was not made by us
_DEPTH_MAX = 8
_DEFAULT_PORTS = {"http": 80, "https": 443}


def fingerprint(request: Mapping[str, object]) -> str:
    """Digest of a request, the same for what is sent and for its echo."""
    matters = {key: _canonical(_named(value, key), key) for key, value in request.items() if key in _MATTERS}
    filled = _DEFAULTS | {key: value for key, value in matters.items() if value is not None}
    text = json.dumps(filled, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def _named(value: object, key: str) -> object:
    names = _NAMES.get(key)
    if names is None or not isinstance(value, str | int):
        return value
    try:
        return names(str(value).strip().lower()).value
    except ValueError:
        return value


def _canonical(value: object, key: str, depth: int = 0) -> object:
    """One spelling for equal values; None for what says nothing."""
    if depth > _DEPTH_MAX:
        return None
    if isinstance(value, Mapping):
        fields = {name: _canonical(inner, name, depth + 1) for name, inner in value.items()}
        return {name: inner for name, inner in fields.items() if inner is not None} or None
    if isinstance(value, list | tuple):
        items = [_canonical(inner, key, depth + 1) for inner in value]
        return [inner for inner in items if inner is not None] or None
    if isinstance(value, str):
        return (_bare(value) if key in _ADDRESSES else value.strip()) or None
    if isinstance(value, float):
        # six decimals are more than a weight has and fewer than a single-precision echo keeps
        rounded = round(value, 6)
        return int(rounded) if rounded.is_integer() else rounded
    return value


def _bare(url: str) -> str:
    """Scheme, host and path: queries carry signatures."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        return url
    if host is None:
        return url
    where = host if port in {None, _DEFAULT_PORTS.get(parts.scheme)} else f"{host}:{port}"
    return f"{parts.scheme}://{where}{unquote(parts.path) or '/'}"
