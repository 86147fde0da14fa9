"""What a file really is, found out by decoding it. Runs inside a confined process."""

from pathlib import Path

from bot.domain.errors import MediaRefused
from bot.media.codecs.pictures import probe_picture
from bot.media.codecs.probe import Probe
from bot.media.codecs.videos import probe_video
from bot.media.sniff import NOT_MEDIA, mime_of


def probe(path: Path) -> Probe:
    """Read a picture to its end, and a video at its beginning and its end.

    Raises MediaRefused for everything that is neither, or broken, or beyond the limits.
    """
    mime = mime_of(path)
    if mime is None:
        raise MediaRefused(NOT_MEDIA)
    return probe_video(path, mime) if mime.startswith("video/") else probe_picture(path)
