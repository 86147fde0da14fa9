"""Pictures and videos of a message or a modal, as inputs of a command."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from adapters.slack.places import ADAPTER
from bot.domain.errors import InvalidRequest
from bot.domain.generations.media import URL_MAX, MediaKind, Reference
from bot.domain.generations.requests import TAKEN_MAX_BYTES
from bot.domain.options import is_address, shorten
from bot.media.declared_types import ending_of, kind_of_type, says_nothing

File = Mapping[str, Any]
Message = Mapping[str, Any]


def reference_to(file: File) -> Reference:
    """A reference to an uploaded file; raises InvalidRequest for other types and for too large ones."""
    kind = media_kind(file)
    name = repr(shorten(str(file.get("name") or "this file")))
    if kind is None:
        raise InvalidRequest(f"{name} is neither a picture nor a video")
    url, size = str(file.get("url_private") or ""), _integer(file.get("size"))
    if size > TAKEN_MAX_BYTES[kind]:
        limit = TAKEN_MAX_BYTES[kind] // 1_000_000
        raise InvalidRequest(f"{name}: this {kind} has {size / 1_000_000:.0f} MB, the limit is {limit} MB")
    if file.get("is_external") or not url or len(url) > URL_MAX:
        raise InvalidRequest(f"{name} is not stored on Slack; upload it, or paste its own address")
    return Reference(url=url, via=ADAPTER, kind=kind)


def media_kind(file: File) -> MediaKind | None:
    """The kind of a file, from its type or else its name; None for other files."""
    mime, name = str(file.get("mimetype") or ""), str(file.get("name") or "")
    path = urlsplit(str(file.get("url_private") or "")).path
    for candidate in (f".{file.get('filetype')}", name, path):
        if kind := kind_of_type(mime, candidate):
            return kind
    # Bytes without a known extension: preparation looks into them.
    unknown = says_nothing(mime) and not ending_of(name) and not ending_of(path)
    return MediaKind.PICTURE if mime and unknown else None


def is_incomplete(file: File) -> bool:
    """Whether a payload names a file without its URL or type; `files.info` has the rest."""
    untyped = not file.get("mimetype") and media_kind(file) is None
    incomplete = file.get("file_access") == "check_file_info" or not file.get("url_private") or untyped
    return incomplete and bool(file.get("id"))


def forwarded_files(message: Message) -> list[File]:
    """Files of the messages that this one forwards, and Slack files in its blocks."""
    return [file for file in files_in(message, own=False) if "image_url" not in file]


def files_in(message: Message, *, own: bool = True) -> list[File]:
    """Files and linked images of a message, in visible order; some are incomplete.

    A linked image has the key `image_url` alone.
    """
    files: list[File] = list(_parts(message, "files")) if own else []
    files += _in_blocks(_parts(message, "blocks"))
    for attachment in _parts(message, "attachments"):
        files += _parts(attachment, "files")
        if attachment.get("image_url"):
            files.append({"image_url": str(attachment["image_url"])})
        files += _in_blocks(_parts(attachment, "blocks"))
        for part in _parts(attachment, "message_blocks"):
            inner = part.get("message")
            files += _in_blocks(_parts(inner, "blocks")) if isinstance(inner, Mapping) else ()
    return files


def media_in(files: Iterable[File]) -> list[Reference]:
    """References to the pictures and videos among files, each once."""
    found: dict[str, Reference] = {}
    for file in files:
        if "image_url" in file:
            url = str(file["image_url"])
            if url.startswith("https://") and is_address(url) and len(url) <= URL_MAX:
                found.setdefault(url, Reference(url=url))
        elif media_kind(file) is not None:
            reference = reference_to(file)
            found.setdefault(reference.key, reference)
    return list(found.values())


def _in_blocks(blocks: Iterable[Mapping[str, Any]]) -> Iterator[File]:
    """Images in blocks: an external URL, or a Slack file by its id or URL."""
    for block in blocks:
        accessory = block.get("accessory")
        for part in (block, accessory if isinstance(accessory, Mapping) else {}):
            if part.get("type") != "image":
                continue
            slack_file = part.get("slack_file")
            if isinstance(slack_file, Mapping) and slack_file.get("id"):
                yield {"id": str(slack_file["id"]), "file_access": "check_file_info"}
            elif isinstance(slack_file, Mapping) and slack_file.get("url"):
                yield {"url_private": str(slack_file["url"]), "mimetype": "image/*"}
            elif part.get("image_url"):
                yield {"image_url": str(part["image_url"])}


def _parts(payload: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    parts = payload.get(name)
    return [part for part in parts if isinstance(part, Mapping)] if isinstance(parts, list) else []


def _integer(value: Any) -> int:
    return value if isinstance(value, int) else 0
