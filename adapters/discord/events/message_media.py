"""Finds the pictures and videos of a message, wherever it shows them. Pure.

What Discord says about a file comes from the sender's client, or is missing: it is a hint which commands to
offer. The bytes decide once the file has been fetched.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import unquote, urlsplit

from discord import ComponentType

from adapters.discord.events.context import ADAPTER
from adapters.discord.rest.attachment_urls import is_attachment_url
from bot.domain.generations.media import URL_MAX, MediaKind, Reference, kind_of_address
from bot.domain.options import is_address
from bot.media.declared_types import ending_of, kind_of_type, says_nothing

#: deeper than Discord nests components
_MAX_DEPTH = 6
_LINK = re.compile(r"https://(?:cdn\.discordapp\.com|media\.discordapp\.net)/[^\s<>\"'`\\)\]|]+")

_Found = tuple[str, MediaKind]


def find_media(message: Mapping[str, Any]) -> list[Reference]:
    """The pictures and videos of a message and of what it forwards, in the order in which they appear."""
    found: dict[str, Reference] = {}
    forwarded = [one.get("message") or {} for one in message.get("message_snapshots") or ()]
    for part in (message, *forwarded):
        for url, kind in _media_of(part):
            if url.startswith("https://") and is_address(url) and len(url) <= URL_MAX:
                attached = is_attachment_url(url)
                # One file may appear twice, each time with its own signature.
                key = urlsplit(url).path if attached else url
                found.setdefault(key, Reference(url=url, kind=kind, via=ADAPTER if attached else ""))
    return list(found.values())


def attachment_kind(attachment: Mapping[str, Any]) -> MediaKind | None:
    """The kind of an attachment object; None for what is certainly neither picture nor video."""
    return _kind(attachment, str(attachment.get("filename") or _file_name(str(attachment["url"]))))


def media_kind(
    mime: str | None, name: str = "", *, sized: bool = False, timed: bool = False
) -> MediaKind | None:
    """The kind that a file seems to be; `sized` and `timed`: Discord states its size or duration."""
    if known := kind_of_type(mime, name):
        return known
    if not says_nothing(mime):
        return None
    if timed:
        return MediaKind.VIDEO
    return MediaKind.PICTURE if sized or not ending_of(name) else None


def _media_of(part: Mapping[str, Any]) -> Iterator[_Found]:
    """The media in attachments, components, embeds and links to attachments."""
    for one in part.get("attachments") or ():
        if kind := attachment_kind(one):
            yield str(one["url"]), kind
    yield from _in_components(part.get("components") or ())
    yield from _in_embeds(part.get("embeds") or ())
    for url in _LINK.findall(str(part.get("content") or "")):
        if is_attachment_url(url) and (kind := media_kind(None, _file_name(url))):
            yield url, kind


def _in_components(components: Iterable[Mapping[str, Any]], depth: int = _MAX_DEPTH) -> Iterator[_Found]:
    """The media of thumbnails, galleries and files, also within sections and containers."""
    if not depth:
        return
    for one in components:
        if not isinstance(one, dict):
            continue
        match one.get("type"):
            case ComponentType.thumbnail.value:
                yield from _unfurled(one.get("media"))
            case ComponentType.media_gallery.value:
                for item in one.get("items") or ():
                    yield from _unfurled(item.get("media"))
            case ComponentType.file.value:
                yield from _unfurled(one.get("file"), str(one.get("name") or ""))
            case _:
                yield from _in_components(one.get("components") or (), depth - 1)
                yield from _in_components((one.get("accessory") or {},), depth - 1)


def _unfurled(media: Mapping[str, Any] | None, name: str = "") -> Iterator[_Found]:
    """The media item of a component."""
    url = str((media or {}).get("url") or "")
    if media is None or not url:
        return
    kind = _kind(media, name or _file_name(url))
    if kind is not None:
        yield url, kind


def _in_embeds(embeds: Sequence[Mapping[str, Any]]) -> Iterator[_Found]:
    for embed in embeds:
        video = str((embed.get("video") or {}).get("url") or "")
        # A video may be the page of a player; only a file can be fetched.
        if video and kind_of_address(video) is MediaKind.VIDEO:
            yield video, MediaKind.VIDEO
            continue
        for field in ("image", "thumbnail"):
            if url := (embed.get(field) or {}).get("url"):
                yield str(url), MediaKind.PICTURE
                break


def _kind(media: Mapping[str, Any], name: str) -> MediaKind | None:
    sized = bool(media.get("width") and media.get("height"))
    return media_kind(media.get("content_type"), name, sized=sized, timed=bool(media.get("duration_secs")))


def _file_name(url: str) -> str:
    return unquote(urlsplit(url).path).rpartition("/")[2]
