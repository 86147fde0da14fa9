"""What a file really is, found out by decoding it. Runs inside a worker process."""

from dataclasses import dataclass
from pathlib import Path

from bot.domain.errors import MediaRefused
from bot.media.signs import NOT_MEDIA, mime_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """What a picture or a video is, whatever its name or its server says."""

    mime: str
    #: pixels, as shown: turned and stretched where the file asks for it
    width: int
    height: int
    #: length of a video; None for a picture
    duration_ms: int | None = None
    #: a picture that moves
    animated: bool = False
    #: every reader shows it right: nothing is turned, no rare codec or way to store colours
    plain: bool = True


def probe(path: Path) -> Probe:
    """Read a picture to its end, and a video at its beginning and its end.

    Raises MediaRefused for everything that is neither, or broken, or beyond the limits.
    """
    mime = mime_of(path)
    if mime is None:
        raise MediaRefused(NOT_MEDIA)
    # Each of them loads large libraries, and most files need one.
    if mime.startswith("video/"):
        from bot.media.videos import probe_video  # noqa: PLC0415

        return probe_video(path, mime)
    from bot.media.pictures import probe_picture  # noqa: PLC0415

    return probe_picture(path)
