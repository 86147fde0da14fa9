"""Pictures and videos of a message or a form, as what a command builds on. Pure."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from adapters.slack.events.context import ADAPTER
from bot.domain.errors import InvalidRequest
from bot.domain.media import URL_MAX, MediaKind, Reference
from bot.domain.options import is_address, shorten
from bot.domain.requests import TAKEN_MAX_BYTES
from bot.media.sniff import ending_of, kind_of_type, says_nothing

File = Mapping[str, Any]
Message = Mapping[str, Any]


def reference_of(file: File) -> Reference:
    """A file that somebody has sent; raises InvalidRequest for what is no picture or video, or too large."""
    kind = kind_of(file)
    called = repr(shorten(str(file.get("name") or "this file")))
    if kind is None:
        raise InvalidRequest(f"{called} is neither a picture nor a video")
    url, size = str(file.get("url_private") or ""), _number(file.get("size"))
    if size > TAKEN_MAX_BYTES[kind]:
        most = TAKEN_MAX_BYTES[kind] // 1_000_000
        raise InvalidRequest(f"{called}: this {kind} has {size / 1_000_000:.0f} MB, {most} MB are taken")
    if file.get("is_external") or not url or len(url) > URL_MAX:
        raise InvalidRequest(f"{called} does not lie at Slack itself; send it, or paste its own address")
    return Reference(url=url, via=ADAPTER, kind=kind)


def kind_of(file: File) -> MediaKind | None:
    """What a file is; where Slack does not say, or only that it is bytes, its type or name tells."""
    mime, name = str(file.get("mimetype") or ""), str(file.get("name") or "")
    path = urlsplit(str(file.get("url_private") or "")).path
    for one in (f".{file.get('filetype')}", name, path):
        if kind := kind_of_type(mime, one):
            return kind
    # Bytes whose name tells nothing are worth a look.
    untold = says_nothing(mime) and not ending_of(name) and not ending_of(path)
    return MediaKind.PICTURE if mime and untold else None


def is_bare(file: File) -> bool:
    """Whether Slack has named a file without what is needed to use it; `files.info` tells the rest."""
    untyped = not file.get("mimetype") and kind_of(file) is None
    lacking = file.get("file_access") == "check_file_info" or not file.get("url_private") or untyped
    return lacking and bool(file.get("id"))


def forwarded(message: Message) -> list[File]:
    """Files of messages that this one forwards, and pictures of Slack's own that its blocks show."""
    return [one for one in shown_in(message, own=False) if "image_url" not in one]


def shown_in(message: Message, *, own: bool = True) -> list[File]:
    """Files and linked pictures of a message, in the order in which they are seen, some of them bare.

    A linked picture has `image_url` alone.
    """
    found: list[File] = list(_parts(message, "files")) if own else []
    found += _in_blocks(_parts(message, "blocks"))
    for attachment in _parts(message, "attachments"):
        found += _parts(attachment, "files")
        if attachment.get("image_url"):
            found.append({"image_url": str(attachment["image_url"])})
        found += _in_blocks(_parts(attachment, "blocks"))
        for one in _parts(attachment, "message_blocks"):
            inner = one.get("message")
            found += _in_blocks(_parts(inner, "blocks")) if isinstance(inner, Mapping) else ()
    return found


def media_of(files: Iterable[File]) -> list[Reference]:
    """The pictures and videos among what a message shows, each once."""
    found: dict[str, Reference] = {}
    for file in files:
        if "image_url" in file:
            url = str(file["image_url"])
            if url.startswith("https://") and is_address(url) and len(url) <= URL_MAX:
                found.setdefault(url, Reference(url=url))
        elif kind_of(file) is not None:
            one = reference_of(file)
            found.setdefault(one.key, one)
    return list(found.values())


def _in_blocks(blocks: Iterable[Mapping[str, Any]]) -> Iterator[File]:
    """Pictures that blocks show: of an address, or a file of Slack's own by its id or address."""
    for block in blocks:
        accessory = block.get("accessory")
        for part in (block, accessory if isinstance(accessory, Mapping) else {}):
            if part.get("type") != "image":
                continue
            own = part.get("slack_file")
            if isinstance(own, Mapping) and own.get("id"):
                yield {"id": str(own["id"]), "file_access": "check_file_info"}
            elif isinstance(own, Mapping) and own.get("url"):
                yield {"url_private": str(own["url"]), "mimetype": "image/*"}
            elif part.get("image_url"):
                yield {"image_url": str(part["image_url"])}


def _parts(told: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    found = told.get(name)
    return [one for one in found if isinstance(one, Mapping)] if isinstance(found, list) else []


def _number(value: Any) -> int:
    return value if isinstance(value, int) else 0
