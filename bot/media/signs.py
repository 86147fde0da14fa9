"""What a file says it is by its first bytes. Only a decoder knows whether that is true."""

from pathlib import Path

from bot.domain.media import MediaKind

#: bytes that hold every sign below
_BEGINNING = 64

_PLAIN = {
    b"\xff\xd8\xff": "image/jpeg",
    b"\x89PNG\r\n\x1a\n": "image/png",
    b"GIF8": "image/gif",
}
_RIFF = {b"WEBP": "image/webp", b"AVI ": "video/x-msvideo"}
#: ISO files name the first of their kinds after `ftyp`; what is not named here is some sort of MP4
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
#: how QuickTime files begin that are older than `ftyp`
_OLD_QUICKTIME = frozenset({b"moov", b"mdat", b"wide", b"free", b"skip"})
_MATROSKA = b"\x1a\x45\xdf\xa3"
#: every type that is known here, and what MP4 is called where its name ends with `.m4v`
_TYPES = frozenset(
    {
        *_PLAIN.values(),
        *_RIFF.values(),
        *_BRANDS.values(),
        "video/mp4",
        "video/x-m4v",
        "video/webm",
        "video/x-matroska",
    }
)
#: what is told of everything else
NOT_MEDIA = (
    "This is not a picture or a video: send a JPEG, PNG, WebP, GIF, HEIC or AVIF picture, "
    "or a video as MP4, MOV or WebM."
)


def kind_of_type(mime: str) -> MediaKind | None:
    """What a file is that its platform says to be of this type; None for what we never read."""
    bare = mime.partition(";")[0].strip().lower()
    if bare not in _TYPES:
        return None
    return MediaKind.VIDEO if bare.startswith("video/") else MediaKind.PICTURE


def mime_of(path: Path) -> str | None:
    """The type of a picture or a video by its first bytes; None for everything else."""
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
