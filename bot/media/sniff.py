"""Detects a file's type by its first bytes. Only a decoder can verify it."""

from pathlib import Path

from bot.domain.generations.media import MediaKind

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

#: generic types that clients declare for any file, including none
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
#: media kind by the type's family, and by type for media in other families
_FAMILIES = {"image": MediaKind.PICTURE, "video": MediaKind.VIDEO}
_OTHER_FAMILIES = {
    "application/mp4": MediaKind.VIDEO,
    "application/x-matroska": MediaKind.VIDEO,
    "application/x-troff-msvideo": MediaKind.VIDEO,
}
_NEVER = frozenset({"image/svg+xml", "image/vnd.adobe.photoshop", "image/vnd.dwg", "image/vnd.dxf"})

#: file name extensions of supported pictures and videos
PICTURE_ENDINGS = ("jpg", "jpeg", "png", "webp", "gif", "heic", "heif", "avif", "jfif", "jpe", "apng")
VIDEO_ENDINGS = ("mp4", "mov", "webm", "m4v", "mkv", "avi", "3gp", "3g2", "qt")
_ENDINGS = dict.fromkeys(PICTURE_ENDINGS, MediaKind.PICTURE) | dict.fromkeys(VIDEO_ENDINGS, MediaKind.VIDEO)

#: message for all other files
NOT_MEDIA = (
    "This is not a picture or a video: send a JPEG, PNG, WebP, GIF, HEIC or AVIF picture, "
    "or a video as MP4, MOV or WebM."
)


def kind_of_type(mime: str | None, name: str = "") -> MediaKind | None:
    """The media kind by the declared type, or by the name if the type is generic; None for neither.

    Declared types are unreliable: this only selects candidates, and the content decides after the download.
    """
    bare = _bare(mime)
    if says_nothing(bare):
        return _ENDINGS.get(ending_of(name))
    if bare in _NEVER:
        return None
    return _OTHER_FAMILIES.get(bare) or _FAMILIES.get(bare.partition("/")[0])


def says_nothing(mime: str | None) -> bool:
    """Whether a declared type is generic or missing."""
    return _bare(mime) in _SAYS_NOTHING


def ending_of(name: str) -> str:
    """The extension of a file's name; empty if it has none."""
    return name.rpartition(".")[2].lower() if "." in name else ""


def _bare(mime: str | None) -> str:
    """A MIME type without its parameters."""
    return (mime or "").partition(";")[0].strip().lower()


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
