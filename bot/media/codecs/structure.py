"""Limits on what a picture's file is made of, found without decoding. Runs inside a confined process.

A file of some hundred kilobytes can ask for minutes of work: by thousands of scans over the same large
picture, by very many tiny frames, or by parts that each cost their reader more than their bytes.
"""

import mmap
import re
import zlib
from collections.abc import Iterator
from pathlib import Path

from bot.domain.errors import MediaRefused
from bot.media.sniff import mime_of

#: encoders write about ten scans; each passes over the whole picture
_MAX_SCANS = 100
#: segments of a JPEG and chunks of a PNG, of which files have some ten to some thousand
_MAX_PARTS = 50_000
#: of a picture that moves
MAX_FRAMES = 1_000

#: a JPEG's markers that begin something: not what stands for a byte of 255, fills up, or has no content
_MARKER = re.compile(rb"\xff[^\x00\x01\xff\xd0-\xd8]")
_END_OF_IMAGE, _START_OF_SCAN = 0xD9, 0xDA

_GIF_HEADER, _GIF_DESCRIPTOR = 13, 10
_GIF_EXTENSION, _GIF_IMAGE, _GIF_END = 0x21, 0x2C, 0x3B


def check_structure(path: Path) -> None:
    """Raise MediaRefused for a JPEG, PNG or GIF that is made of far too much."""
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
    """Whether the first image of a JPEG has an end."""
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        return _END_OF_IMAGE in _markers(content)


def png_chunk(path: Path, kind: bytes) -> bytes | None:
    """The content of a PNG's first sound chunk of a kind, if it stands before the pixels."""
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        at = 8
        while at + 8 <= len(content) and (found := content[at + 4 : at + 8]) != b"IDAT":
            end = at + 8 + int.from_bytes(content[at : at + 4], "big")
            told = content[at + 8 : end] if found == kind else b""
            if told and zlib.crc32(kind + told).to_bytes(4, "big") == content[end : end + 4]:
                return told
            at = end + 4
    return None


def _check_jpeg(content: mmap.mmap) -> None:
    scans = 0
    for parts, code in enumerate(_markers(content), 1):
        scans += code == _START_OF_SCAN
        if scans > _MAX_SCANS or parts > _MAX_PARTS:
            raise _too_complex()


def _markers(content: mmap.mmap) -> Iterator[int]:
    """Walk from marker to marker as decoders do, to the end of the first image."""
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
    """Walk from block to block as Pillow does, which passes over what it does not know."""
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
    """Bytes of the table of colours that a GIF's flags announce."""
    return 3 << ((flags & 7) + 1) if flags & 0x80 else 0


def _after_blocks(content: mmap.mmap, at: int) -> int:
    while at < len(content) and content[at]:
        at += 1 + content[at]
    return at + 1


def _too_complex() -> MediaRefused:
    return MediaRefused("This picture is stored in far too many parts: save it anew as JPEG or PNG.")
