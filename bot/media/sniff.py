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
#: every type that a file can turn out to be of
TYPES = frozenset(
    {*_PLAIN.values(), *_RIFF.values(), *_BRANDS.values(), "video/mp4", "video/webm", "video/x-matroska"}
)

#: types that clients declare without having looked, none at all among them
_SAYS_NOTHING = frozenset(
    {
        "",
        "*/*",
        "application/binary",
        "application/octet-stream",
        "application/unknown",
        "application/x-binary",
        "binary/octet-stream",
        "unknown/unknown",
    }
)
#: the families whose members are all worth a look, and what is in them by name only
_FAMILIES = {"image": MediaKind.PICTURE, "video": MediaKind.VIDEO}
_OTHER_FAMILIES = {
    "application/mp4": MediaKind.VIDEO,
    "application/x-matroska": MediaKind.VIDEO,
    "application/x-troff-msvideo": MediaKind.VIDEO,
}
_NEVER = frozenset({"image/svg+xml", "image/vnd.adobe.photoshop", "image/vnd.dwg", "image/vnd.dxf"})

#: endings of names that pictures and videos have which can be taken
PICTURE_ENDINGS = ("jpg", "jpeg", "png", "webp", "gif", "heic", "heif", "avif", "jfif", "jpe", "apng")
VIDEO_ENDINGS = ("mp4", "mov", "webm", "m4v", "mkv", "avi", "3gp", "3g2", "qt")
_ENDINGS = dict.fromkeys(PICTURE_ENDINGS, MediaKind.PICTURE) | dict.fromkeys(VIDEO_ENDINGS, MediaKind.VIDEO)

#: what is told of everything else
NOT_MEDIA = (
    "This is not a picture or a video: send a JPEG, PNG, WebP, GIF, HEIC or AVIF picture, "
    "or a video as MP4, MOV or WebM."
)


def kind_of_type(mime: str | None, name: str = "") -> MediaKind | None:
    """What a file may be by its declared type, or by its name where that says nothing; None for neither.

    Clients declare what they like: this only says what is worth a look. The bytes decide once they are here.
    """
    bare = _bare(mime)
    if says_nothing(bare):
        return _ENDINGS.get(ending_of(name))
    if bare in _NEVER:
        return None
    return _OTHER_FAMILIES.get(bare) or _FAMILIES.get(bare.partition("/")[0])


def says_nothing(mime: str | None) -> bool:
    """Whether a declared type leaves open what a file is."""
    return _bare(mime) in _SAYS_NOTHING


def ending_of(name: str) -> str:
    """What stands behind the last point of a file's name; empty where there is none."""
    return name.rpartition(".")[2].lower() if "." in name else ""


def _bare(mime: str | None) -> str:
    """A type without its parameters."""
    return (mime or "").partition(";")[0].strip().lower()


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
