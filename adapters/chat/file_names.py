"""How a file is called where it goes up: platforms tell by its ending what it is."""

from pathlib import Path

from bot.domain.media import Media, MediaKind

_ENDINGS = {
    "image/jpeg": ".jpg",
    "image/png": ".png",
    "image/webp": ".webp",
    "image/gif": ".gif",
    "video/mp4": ".mp4",
    "video/quicktime": ".mov",
    "video/webm": ".webm",
}


def ending_of(media: Media, path: Path) -> str:
    """The ending of a result's file in full, or of the rendition at `path`."""
    if path.name == media.file:
        return _ENDINGS.get(media.mime, ".jpg")
    # Renditions are of two kinds alone, and a poster lies beside its film.
    return ".jpg" if media.kind is MediaKind.PICTURE or path.name.endswith(".still") else ".mp4"
