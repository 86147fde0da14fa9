"""Leaves out of a picture's file what no viewer needs and a strict reader stumbles over.

Runs inside a confined process. Pixels are never mended: what is missing of them stays a refusal.
"""

import struct
import zlib
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

from PIL import Image

from bot.media.signs import mime_of
from bot.media.structure import ends

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
#: chunks that say how the pixels are shown; other ancillary ones are words and dates
_SHOWN = frozenset({b"tRNS", b"acTL", b"fcTL", b"fdAT", b"gAMA", b"cHRM", b"sRGB", b"cICP", b"iCCP", b"eXIf"})
_TEXTS = frozenset({b"tEXt", b"zTXt", b"iTXt"})
#: bytes of an unpacked colour profile or text that readers take
_UNPACKED_MAX = 1 << 20

_END_OF_IMAGE = b"\xff\xd9"
#: bytes of pixels that are none; a decoder without more input goes on with zeros instead
_FILLER = b"\xaa\x55" * 64


def mended(path: Path, max_pixels: int) -> tuple[bytes, bool] | None:
    """A PNG or JPEG without what is not needed, and whether all of that could be read.

    None where the file is to be read as it is.
    """
    mime = mime_of(path)
    if mime == "image/png":
        return _mended_png(path.read_bytes())
    if mime == "image/jpeg" and not ends(path):
        return _mended_jpeg(path.read_bytes(), max_pixels)
    return None


def _mended_png(content: bytes) -> tuple[bytes, bool]:
    kept, sound = [], True
    for kind, chunk in _chunks(content):
        readable = not _ancillary(kind) or _readable(kind, chunk)
        if readable and (not _ancillary(kind) or kind in _SHOWN):
            kept.append(chunk)
        sound = sound and readable
    return _SIGNATURE + b"".join(kept), sound


def _chunks(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Each chunk by its kind, with its length and checksum; what is cut off is the last one."""
    at = len(_SIGNATURE)
    while at < len(content):
        size = 12 + int.from_bytes(content[at : at + 4], "big")
        yield content[at + 4 : at + 8], content[at : at + size]
        at += size


def _ancillary(kind: bytes) -> bool:
    return bool(kind and kind[0] & 0x20)


def _readable(kind: bytes, chunk: bytes) -> bool:
    """Whether a strict reader would take an ancillary chunk; the frames of moving pictures are pixels."""
    if kind == b"fdAT":
        return True
    data = chunk[8:-4]
    if struct.pack(">I", zlib.crc32(kind + data)) != chunk[-4:]:
        return False
    if kind == b"eXIf":
        return exif_loads(data)
    if kind == b"iCCP":
        return _unpacks(data.partition(b"\0")[2][1:])
    return kind not in _TEXTS or _text_unpacks(kind, data)


def _text_unpacks(kind: bytes, data: bytes) -> bool:
    text = data.partition(b"\0")[2]
    if kind == b"zTXt":
        return _unpacks(text[1:])
    if kind == b"iTXt" and text.startswith(b"\1"):
        # Behind two bytes of compression come the language and a translated keyword.
        return _unpacks(text[2:].split(b"\0", 2)[-1])
    return len(text) <= _UNPACKED_MAX


def _unpacks(packed: bytes) -> bool:
    unpacker = zlib.decompressobj()
    try:
        unpacker.decompress(packed, _UNPACKED_MAX)
    except zlib.error:
        return False
    return unpacker.eof


def exif_loads(data: bytes) -> bool:
    exif = Image.Exif()
    try:
        exif.load(data)
    except Exception:  # noqa: BLE001 - its reader raises anything at all on garbage
        return False
    return True


def _mended_jpeg(content: bytes, max_pixels: int) -> tuple[bytes, bool] | None:
    """Add the marker at the end if nothing else is missing.

    That is so where it makes no difference what comes next: a decoder that lacks pixels would show it.
    """
    whole = content.removesuffix(b"\xff")
    candidates = [whole + _END_OF_IMAGE, whole + _FILLER + _END_OF_IMAGE]
    try:
        first, second = (_pixels(candidate, max_pixels) for candidate in candidates)
    except (OSError, SyntaxError, ValueError):
        return None
    return (candidates[0], False) if first == second else None


def _pixels(content: bytes, max_pixels: int) -> int:
    """A checksum of what a JPEG decodes to; raises ValueError where it is too large to find out."""
    with Image.open(BytesIO(content), formats=("JPEG",)) as image:
        if image.width * image.height > max_pixels:
            raise ValueError("too large")
        return zlib.crc32(image.tobytes())
