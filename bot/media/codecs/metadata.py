"""Removes unreadable metadata from picture files, so that strict decoders accept them.

Runs inside a sandboxed process. Pixel data are never repaired: a truncated picture is still refused.
"""

import struct
import zlib
from collections.abc import Iterator
from io import SEEK_END, BytesIO
from pathlib import Path

from PIL import Image

from bot.media.codecs.limits import ends
from bot.media.sniff import mime_of

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
#: ancillary PNG chunks that affect how the pixels are displayed; the others are texts and dates
_SHOWN = frozenset({b"tRNS", b"acTL", b"fcTL", b"fdAT", b"gAMA", b"cHRM", b"sRGB", b"cICP", b"iCCP", b"eXIf"})
_TEXTS = frozenset({b"tEXt", b"zTXt", b"iTXt"})
#: chunks of an animated PNG's frames, and the size in bytes of a frame's first one
_MOVING, _FRAME_CHUNK = frozenset({b"acTL", b"fcTL", b"fdAT"}), 12 + 26
#: sizes in bytes of chunks that decoders read without a check
_SIZES = {b"gAMA": 4, b"cHRM": 32, b"sRGB": 1, b"cICP": 4, b"acTL": 8}
#: offset of a PNG's colour type, and the valid sizes in bytes of tRNS by colour type
_COLOUR_TYPE, _TRANSPARENT = 25, {0: (2,), 2: (6,), 3: range(1, 257)}
#: largest decompressed colour profile or text in bytes that decoders accept
_UNPACKED_MAX = 1 << 20

#: JPEG markers: prefix, first application segment, comment, start of scan
_MARK, _APPLICATION, _COMMENT, _START_OF_SCAN = 0xFF, 0xE0, 0xFE, 0xDA
#: size in bytes of Adobe's segment, and of the header before a part of an ICC profile
_ADOBE_SIZE, _PROFILE_HEAD = 12, 14
#: bytes before the first chunk of a WebP, and the chunk of an animation's frame
_RIFF_HEAD, _FRAME = 12, b"ANMF"
_END_OF_IMAGE = b"\xff\xd9"
#: bytes that are no valid pixel data; without more input a decoder continues with zeros
_FILLER = b"\xaa\x55" * 64


def without_metadata(path: Path, max_pixels: int) -> tuple[bytes, bool] | None:
    """The file without metadata that is not needed, and whether all of it was readable.

    None if the file is to be read unchanged.
    """
    match mime_of(path):
        case "image/png":
            return _strip_png(path.read_bytes())
        case "image/jpeg":
            return _strip_jpeg(path, max_pixels)
        case "image/webp":
            return _strip_webp(path)
    return None


def _strip_png(content: bytes) -> tuple[bytes, bool]:
    chunks = list(_chunks(content))
    still = not _moves(chunks)
    kept, sound = [], True
    for kind, chunk in chunks:
        readable = not _ancillary(kind) or _readable(kind, chunk, content[_COLOUR_TYPE])
        readable = readable and not (still and kind in _MOVING)
        if readable and (not _ancillary(kind) or kind in _SHOWN):
            kept.append(chunk)
        sound = sound and readable
    return _SIGNATURE + b"".join(kept), sound


def _moves(chunks: list[tuple[bytes, bytes]]) -> bool:
    """Whether a PNG has the frames that it announces; otherwise viewers display its default image."""
    announced = [chunk[8:12] for kind, chunk in chunks if kind == b"acTL"]
    begun = [chunk for kind, chunk in chunks if kind == b"fcTL"]
    whole = all(len(chunk) == _FRAME_CHUNK for chunk in begun)
    return whole and announced == [len(begun).to_bytes(4, "big")]


def _chunks(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Type and bytes of each chunk, with length and checksum; a truncated chunk is the last one."""
    at = len(_SIGNATURE)
    while at < len(content):
        size = 12 + int.from_bytes(content[at : at + 4], "big")
        yield content[at + 4 : at + 8], content[at : at + size]
        at += size


def _ancillary(kind: bytes) -> bool:
    return bool(kind and kind[0] & 0x20)


def _readable(kind: bytes, chunk: bytes, colour_type: int) -> bool:
    """Whether a strict decoder accepts an ancillary chunk; frames of animations count as pixels."""
    if kind == b"fdAT":
        return True
    data = chunk[8:-4]
    if struct.pack(">I", zlib.crc32(kind + data)) != chunk[-4:]:
        return False
    if kind in _TEXTS:
        return _text_unpacks(kind, data)
    if kind in _SIZES:
        return len(data) == _SIZES[kind]
    return kind not in _READERS or _READERS[kind](data, colour_type)


def _transparency_fits(data: bytes, colour_type: int) -> bool:
    return len(data) in _TRANSPARENT.get(colour_type, ())


def _profile_unpacks(data: bytes, _: int) -> bool:
    name, _nothing, packed = data.partition(b"\0")
    return bool(name) and packed.startswith(b"\0") and _unpacks(packed[1:])


def _text_unpacks(kind: bytes, data: bytes) -> bool:
    text = data.partition(b"\0")[2]
    if kind == b"zTXt":
        return _unpacks(text[1:])
    if kind == b"iTXt" and text.startswith(b"\1"):
        # Two bytes of compression are followed by the language and a translated keyword.
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


#: checks by chunk type for chunks with a specific format, given the picture's colour type
_READERS = {
    b"eXIf": lambda data, _: exif_loads(data),
    b"iCCP": _profile_unpacks,
    b"tRNS": _transparency_fits,
}


def _strip_jpeg(path: Path, max_pixels: int) -> tuple[bytes, bool] | None:
    """Remove segments that strict decoders reject, and add the end marker if only that is missing."""
    content = None if _opens(path) else _without_words(path.read_bytes())
    if ends(path):
        return None if content is None else (content, False)
    content = path.read_bytes() if content is None else content
    return _ended_jpeg(content, max_pixels)


def _opens(path: Path) -> bool:
    """Whether the header of a JPEG is readable."""
    try:
        with Image.open(path, formats=("JPEG",)):
            return True
    except (OSError, SyntaxError, ValueError, LookupError, struct.error):
        return False


def _without_words(content: bytes) -> bytes:
    """A JPEG without metadata segments, except those that define its colours."""
    kept, at = [content[:2]], 2
    while at + 4 <= len(content) and content[at] == _MARK:
        if content[at + 1] == _MARK:  # fill byte
            at += 1
            continue
        kind, end = content[at + 1], at + 2 + max(2, int.from_bytes(content[at + 2 : at + 4], "big"))
        segment = content[at:end]
        is_metadata = _APPLICATION <= kind < _APPLICATION + 16 or kind == _COMMENT
        if not is_metadata or _says_colours(kind, segment[4:]):
            kept.append(segment)
        at = end
        if kind == _START_OF_SCAN:
            break
    return b"".join(kept) + content[at:]


def _says_colours(kind: int, data: bytes) -> bool:
    """Whether a segment is a valid Adobe colour transform, ICC profile or EXIF orientation."""
    return (
        (kind == _APPLICATION + 14 and data.startswith(b"Adobe") and len(data) >= _ADOBE_SIZE)
        or (kind == _APPLICATION + 2 and data.startswith(b"ICC_PROFILE\0") and len(data) > _PROFILE_HEAD)
        or (kind == _APPLICATION + 1 and data.startswith(b"Exif\0\0") and exif_loads(data))
    )


def _ended_jpeg(content: bytes, max_pixels: int) -> tuple[bytes, bool] | None:
    """Add the end marker if nothing else is missing.

    Nothing else is missing if the bytes that follow make no difference to the decoded pixels.
    """
    whole = content.removesuffix(b"\xff")
    candidates = [whole + _END_OF_IMAGE, whole + _FILLER + _END_OF_IMAGE]
    try:
        first, second = (_pixels(candidate, max_pixels) for candidate in candidates)
    except (OSError, SyntaxError, ValueError):
        return None
    return (candidates[0], False) if first == second else None


def _strip_webp(path: Path) -> tuple[bytes, bool] | None:
    """Correct the length in the header of a still WebP if all of its chunks are complete."""
    with path.open("rb") as file:
        head = file.read(_RIFF_HEAD)
        size = file.seek(0, SEEK_END)
        end = file.seek(_RIFF_HEAD)
        while end + 8 <= size:
            kind, length = struct.unpack("<4sI", file.read(8))
            after = end + 8 + length + length % 2
            if kind == _FRAME or after > size + 1:
                return None
            end = file.seek(after)
    named = int.from_bytes(head[4:8], "little") + 8
    if end <= named <= size or end == _RIFF_HEAD:
        return None
    content = path.read_bytes()[:end]
    return content[:4] + (end - 8).to_bytes(4, "little") + content[8:].ljust(end - 8, b"\0"), False


def _pixels(content: bytes, max_pixels: int) -> int:
    """A checksum of a JPEG's decoded pixels; raises ValueError if the picture is too large."""
    with Image.open(BytesIO(content), formats=("JPEG",)) as image:
        if image.width * image.height > max_pixels:
            raise ValueError("too large")
        return zlib.crc32(image.tobytes())
