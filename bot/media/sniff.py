"""Detects a file's type by its first bytes. Only a decoder can verify it."""

from pathlib import Path

#: bytes that contain every signature below
_BEGINNING = 64

_PLAIN = {
    b"\xff\xd8\xff": "image/jpeg",
    b"\x89PNG\r\n\x1a\n": "image/png",
    b"GIF8": "image/gif",
}
_RIFF = {b"WEBP": "image/webp", b"AVI ": "video/x-msvideo"}
#: types by the major brand of an ISO file's `ftyp` box; all other brands count as MP4
_BRANDS = {
    b"avif": "image/avif",
    b"avis": "image/avif",
    b"heic": "image/heic",
    b"heix": "image/heic",
    b"heim": "image/heic",
    b"heis": "image/heic",
    b"hevc": "image/heic",
    b"hevx": "image/heic",
    b"mif1": "image/heif",
    b"msf1": "image/heif",
    b"qt  ": "video/quicktime",
}
#: first box of QuickTime files without `ftyp`
_OLD_QUICKTIME = frozenset({b"moov", b"mdat", b"wide", b"free", b"skip"})
_MATROSKA = b"\x1a\x45\xdf\xa3"
#: every type that can be detected
TYPES = frozenset(
    {*_PLAIN.values(), *_RIFF.values(), *_BRANDS.values(), "video/mp4", "video/webm", "video/x-matroska"}
)

#: types that may be served to people, with the endings of file names: browsers only show them
EXTENSIONS = {
    "image/jpeg": "jpg",
    "image/png": "png",
    "image/gif": "gif",
    "image/webp": "webp",
    "image/avif": "avif",
    "image/heic": "heic",
    "image/heif": "heif",
    "video/mp4": "mp4",
    "video/quicktime": "mov",
    "video/webm": "webm",
}

#: message for all other files
NOT_MEDIA = (
    "This is not a picture or a video: send a JPEG, PNG, WebP, GIF, HEIC or AVIF picture, "
    "or a video as MP4, MOV or WebM."
)


def mime_of(path: Path) -> str | None:
    """The MIME type of a picture or a video by its first bytes; None for everything else."""
    with path.open("rb") as file:
        beginning = file.read(_BEGINNING)
    return mime_of_beginning(beginning)


def mime_of_beginning(beginning: bytes) -> str | None:
    for sign, mime in _PLAIN.items():
        if beginning.startswith(sign):
            return mime
    if beginning.startswith(b"RIFF"):
        return _RIFF.get(beginning[8:12])
    if beginning.startswith(_MATROSKA):
        return "video/webm" if b"webm" in beginning else "video/x-matroska"
    if beginning[4:8] == b"ftyp":
        return _BRANDS.get(beginning[8:12], "video/mp4")
    return "video/quicktime" if beginning[4:8] in _OLD_QUICKTIME else None
