"""Pictures and videos of a message or a form, as what a command builds on. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from adapters.slack.inlet.seat import ADAPTER
from bot.domain.errors import InvalidRequest
from bot.domain.media import URL_MAX, MediaKind, Reference, kind_of_address
from bot.domain.options import brief, is_address
from bot.domain.requests import TAKEN_MAX_BYTES

_KINDS: Mapping[str, MediaKind] = {"image": MediaKind.PICTURE, "video": MediaKind.VIDEO}

File = Mapping[str, Any]


def reference_of(file: File) -> Reference:
    """A file that somebody has sent; raises InvalidRequest for what is no picture or video, or too large."""
    kind = kind_of(file)
    called = repr(brief(str(file.get("name") or "this file")))
    if kind is None:
        raise InvalidRequest(f"{called} is neither a picture nor a video")
    url, size = str(file.get("url_private") or ""), int(file.get("size") or 0)
    if size > TAKEN_MAX_BYTES[kind]:
        most = TAKEN_MAX_BYTES[kind] // 1_000_000
        raise InvalidRequest(f"{called}: this {kind} has {size / 1_000_000:.0f} MB, {most} MB are taken")
    if file.get("is_external") or not url or len(url) > URL_MAX:
        raise InvalidRequest(f"{called} does not lie at Slack itself; send it, or paste its own address")
    return Reference(url=url, via=ADAPTER, kind=kind)


def kind_of(file: File) -> MediaKind | None:
    """What a file is; where Slack has not looked at it yet, its name tells."""
    mime = str(file.get("mimetype") or "")
    if mime:
        return _KINDS.get(mime.partition("/")[0])
    name = str(file.get("name") or "")
    if kind_of_address(f"https://slack.com/{name}") is MediaKind.VIDEO:
        return MediaKind.VIDEO
    endings = (".jpg", ".jpeg", ".png", ".webp", ".gif", ".heic")
    return MediaKind.PICTURE if name.lower().endswith(endings) else None


def media_of(message: Mapping[str, Any]) -> list[Reference]:
    """The pictures and videos of a message, in the order in which they are seen."""
    found: dict[str, Reference] = {}
    for file in message.get("files") or ():
        if kind_of(file) is not None:
            one = reference_of(file)
            found.setdefault(one.key, one)
    for url in _linked(message.get("blocks") or (), message.get("attachments") or ()):
        if url.startswith("https://") and is_address(url) and len(url) <= URL_MAX:
            found.setdefault(url, Reference(url=url))
    return list(found.values())


def _linked(blocks: Sequence[Mapping[str, Any]], attachments: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Addresses of pictures that the message shows without having them."""
    for block in blocks:
        if block.get("type") == "image" and block.get("image_url"):
            yield str(block["image_url"])
    for attachment in attachments:
        if attachment.get("image_url"):
            yield str(attachment["image_url"])
        yield from _linked(attachment.get("blocks") or (), ())
