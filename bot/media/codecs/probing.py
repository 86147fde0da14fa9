"""Probes a file by decoding it. Runs inside a sandboxed process."""

from pathlib import Path

from bot.domain.errors import MediaRefused
from bot.media.codecs.pictures import probe_picture
from bot.media.codecs.probe import Probe
from bot.media.codecs.videos import probe_video
from bot.media.sniff import NOT_MEDIA, mime_of


def probe(path: Path) -> Probe:
    """Decode a whole picture, or the first and last frames of a video.

    Raises MediaRefused for other files, broken ones, and those beyond the limits.
    """
    mime = mime_of(path)
    if mime is None:
        raise MediaRefused(NOT_MEDIA)
    return probe_video(path, mime) if mime.startswith("video/") else probe_picture(path)
