"""Finds the pictures and videos of a message, wherever it shows them. Pure.

What Discord says about a file is what the sender's client has said, or nothing: it is a hint that says
which commands to offer. The bytes decide when the file has been fetched.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import unquote, urlsplit

from adapters.discord.events.context import ADAPTER
from adapters.discord.rest.attachment_urls import is_attachment
from bot.domain.commands import Command
from bot.domain.media import URL_MAX, MediaKind, Reference, kind_of_address
from bot.domain.options import is_address
from bot.media.sniff import ending_of, kind_of_type, says_nothing

#: component types: https://discord.com/developers/docs/components/reference#component-object-component-types
_THUMBNAIL, _GALLERY, _FILE = 11, 12, 13
#: deeper than Discord nests anything
_DEPTH = 6
_LINK = re.compile(r"https://(?:cdn\.discordapp\.com|media\.discordapp\.net)/[^\s<>\"'`\\)\]|]+")

Found = tuple[str, MediaKind]


def media_of(message: Mapping[str, Any]) -> list[Reference]:
    """The pictures and videos of a message and of what it forwards, in the order in which they are seen."""
    found: dict[str, Reference] = {}
    forwarded = [one.get("message") or {} for one in message.get("message_snapshots") or ()]
    for part in (message, *forwarded):
        for url, kind in _shown(part):
            if url.startswith("https://") and is_address(url) and len(url) <= URL_MAX:
                here = is_attachment(url)
                # One file may be told of twice, each time with a signature of its own.
                key = urlsplit(url).path if here else url
                found.setdefault(key, Reference(url=url, kind=kind, via=ADAPTER if here else ""))
    return list(found.values())


def kind_of_file(
    mime: str | None, name: str = "", *, sized: bool = False, timed: bool = False
) -> MediaKind | None:
    """What a file is said or seems to be; None for what is certainly neither picture nor video.

    `sized` and `timed` say that Discord has measured it.
    """
    if known := kind_of_type(mime, name):
        return known
    if not says_nothing(mime):
        return None
    if timed:
        return MediaKind.VIDEO
    return MediaKind.PICTURE if sized or not ending_of(name) else None


def kind_of_attachment(one: Mapping[str, Any]) -> MediaKind | None:
    """The same of an attachment as Discord describes it."""
    return _kind(one, str(one.get("filename") or _name(str(one["url"]))))


def through_discord(command: Command) -> Command:
    """Have Discord renew the addresses of its own files that somebody has typed or pasted."""
    changes: dict[str, Any] = {}
    for name in type(command).model_fields:
        value = getattr(command, name)
        if isinstance(value, Reference):
            changed: Any = _through_discord(value)
        elif isinstance(value, tuple) and any(isinstance(one, Reference) for one in value):
            changed = tuple(_through_discord(one) if isinstance(one, Reference) else one for one in value)
        else:
            continue
        if changed != value:
            changes[name] = changed
    return command.model_copy(update=changes) if changes else command


def _through_discord(reference: Reference) -> Reference:
    if reference.url is None or reference.via or not is_attachment(reference.url):
        return reference
    return reference.model_copy(update={"via": ADAPTER})


def _shown(part: Mapping[str, Any]) -> Iterator[Found]:
    """What one message shows, by its attachments, components, embeds and links to files at Discord."""
    for one in part.get("attachments") or ():
        if kind := kind_of_attachment(one):
            yield str(one["url"]), kind
    yield from _of_components(part.get("components") or ())
    yield from _embedded(part.get("embeds") or ())
    for url in _LINK.findall(str(part.get("content") or "")):
        if is_attachment(url) and (kind := kind_of_file(None, _name(url))):
            yield url, kind


def _of_components(components: Iterable[Mapping[str, Any]], depth: int = _DEPTH) -> Iterator[Found]:
    """What thumbnails, galleries and files show, in sections and containers too."""
    if not depth:
        return
    for one in components:
        if not isinstance(one, dict):
            continue
        match one.get("type"):
            case int(kind) if kind == _THUMBNAIL:
                yield from _unfurled(one.get("media"))
            case int(kind) if kind == _GALLERY:
                for item in one.get("items") or ():
                    yield from _unfurled(item.get("media"))
            case int(kind) if kind == _FILE:
                yield from _unfurled(one.get("file"), str(one.get("name") or ""))
            case _:
                yield from _of_components(one.get("components") or (), depth - 1)
                yield from _of_components((one.get("accessory") or {},), depth - 1)


def _unfurled(media: Mapping[str, Any] | None, name: str = "") -> Iterator[Found]:
    """The media of a component."""
    url = str((media or {}).get("url") or "")
    if media is None or not url:
        return
    kind = _kind(media, name or _name(url))
    if kind is not None:
        yield url, kind


def _embedded(embeds: Sequence[Mapping[str, Any]]) -> Iterator[Found]:
    for embed in embeds:
        video = str((embed.get("video") or {}).get("url") or "")
        # A player's page is a video to people alone; only a file can be fetched.
        if video and kind_of_address(video) is MediaKind.VIDEO:
            yield video, MediaKind.VIDEO
            continue
        for slot in ("image", "thumbnail"):
            if url := (embed.get(slot) or {}).get("url"):
                yield str(url), MediaKind.PICTURE
                break


def _kind(one: Mapping[str, Any], name: str) -> MediaKind | None:
    sized = bool(one.get("width") and one.get("height"))
    return kind_of_file(one.get("content_type"), name, sized=sized, timed=bool(one.get("duration_secs")))


def _name(url: str) -> str:
    """The name at the end of an address."""
    return unquote(urlsplit(url).path).rpartition("/")[2]
