"""The kind of a file by what a client declares of it, before its content is known."""

from bot.domain.generations.media import MediaKind

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
