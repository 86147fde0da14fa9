"""Limits on memory, and on the number of parts in a picture's file. Runs inside a sandboxed process.

A file of a few hundred kilobytes can take minutes to decode: thousands of scans over one large picture, very
many tiny frames, or segments whose overhead exceeds their size.
"""

import mmap
import re
import zlib
from collections.abc import Iterator
from pathlib import Path

from bot.domain.errors import MediaRefused
from bot.media.sniff import mime_of

#: scans of a progressive JPEG; encoders write about ten, and each covers the whole picture
_MAX_SCANS = 100
#: segments of a JPEG and chunks of a PNG; real files have ten to some thousand
_MAX_PARTS = 50_000
#: frames of an animated picture
MAX_FRAMES = 1_000

#: JPEG markers that begin a segment: no stuffed 0xFF byte, no fill byte, no marker without content
_MARKER = re.compile(rb"\xff[^\x00\x01\xff\xd0-\xd8]")
_END_OF_IMAGE, _START_OF_SCAN = 0xD9, 0xDA

_GIF_HEADER, _GIF_DESCRIPTOR = 13, 10
_GIF_EXTENSION, _GIF_IMAGE, _GIF_END = 0x21, 0x2C, 0x3B


def check_structure(path: Path) -> None:
    """Raise MediaRefused for a JPEG, PNG or GIF with too many scans, segments, chunks or frames."""
    check = {"image/jpeg": _check_jpeg, "image/png": _check_png, "image/gif": _check_gif}.get(
        mime_of(path) or ""
    )
    if check is None:
        return
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        check(content)


def check_frames(count: int) -> None:
    if count > MAX_FRAMES:
        raise MediaRefused(
            f"This picture has more than {MAX_FRAMES:,} frames: send a video as MP4, or a still picture."
        )


def ends(path: Path) -> bool:
    """Whether the first image of a JPEG has an end marker."""
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        return _END_OF_IMAGE in _markers(content)


def png_chunk(path: Path, kind: bytes) -> bytes | None:
    """The content of a PNG's first intact chunk of a kind, if it precedes the pixels."""
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        at = 8
        while at + 8 <= len(content) and (found := content[at + 4 : at + 8]) != b"IDAT":
            end = at + 8 + int.from_bytes(content[at : at + 4], "big")
            data = content[at + 8 : end] if found == kind else b""
            if data and zlib.crc32(kind + data).to_bytes(4, "big") == content[end : end + 4]:
                return data
            at = end + 4
    return None


def _check_jpeg(content: mmap.mmap) -> None:
    scans = 0
    for parts, code in enumerate(_markers(content), 1):
        scans += code == _START_OF_SCAN
        if scans > _MAX_SCANS or parts > _MAX_PARTS:
            raise _too_complex()


def _markers(content: mmap.mmap) -> Iterator[int]:
    """The markers up to the end of the first image, found as decoders find them."""
    at = 2
    while (marker := _MARKER.search(content, at)) is not None:
        code, at = content[marker.end() - 1], marker.end()
        yield code
        if code == _END_OF_IMAGE:
            return
        at += int.from_bytes(content[at : at + 2], "big")


def _check_png(content: mmap.mmap) -> None:
    at, parts = 8, 0
    while at + 8 <= len(content):
        at += 12 + int.from_bytes(content[at : at + 4], "big")
        parts += 1
        if parts > _MAX_PARTS:
            raise _too_complex()


def _check_gif(content: mmap.mmap) -> None:
    """Count the frames block by block as Pillow does, which skips unknown blocks."""
    at, frames = _GIF_HEADER + _table_size(content[10]), 0
    while at < len(content):
        kind = content[at]
        at += 1
        if kind == _GIF_END:
            return
        if kind == _GIF_EXTENSION:
            at = _after_blocks(content, at + 1)
        elif kind == _GIF_IMAGE and at + _GIF_DESCRIPTOR <= len(content):
            frames += 1
            check_frames(frames)
            at = _after_blocks(content, at + _GIF_DESCRIPTOR + _table_size(content[at + 8]))


def _table_size(flags: int) -> int:
    """Bytes of the colour table that a GIF's flags announce."""
    return 3 << ((flags & 7) + 1) if flags & 0x80 else 0


def _after_blocks(content: mmap.mmap, at: int) -> int:
    while at < len(content) and content[at]:
        at += 1 + content[at]
    return at + 1


def _too_complex() -> MediaRefused:
    return MediaRefused("This picture is stored in far too many parts: save it anew as JPEG or PNG.")


def check_room(size: int) -> None:
    """Raise MemoryError if this process cannot allocate so many more bytes.

    Decoders report a lack of memory as a broken file, so their verdict counts only if memory was available.
    """
    try:
        mmap.mmap(-1, size).close()
    except OSError as error:
        raise MemoryError from error
