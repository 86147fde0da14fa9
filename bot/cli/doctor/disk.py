"""What `reverie doctor` finds about disks: writable, free space, space used by media."""

import asyncio
import os
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

from bot.domain.errors import MediaError
from bot.media.disk import MediaUsage, free_bytes, show_bytes, used_bytes
from bot.service.plugin import Diagnosis, Severity
from bot.settings import Settings

#: written to check for free space
_PROBE = bytes(64 * 1024)


async def disk_findings(settings: Settings) -> AsyncIterator[Diagnosis]:
    """Check the disk of the data folder; other reasons why it is not writable are reported elsewhere."""
    usage = MediaUsage(most=settings.media_max_bytes, least_free=settings.min_free_bytes)
    try:
        usage.free = await asyncio.to_thread(free_bytes, settings.data_dir)
        if settings.media_url is None:
            usage.used = await asyncio.to_thread(used_bytes, settings.data_dir / "media")
    except MediaError as error:
        yield Diagnosis(
            what=f"stored media: {error}", level=Severity.FAULT, remedy="check the data folder's disk"
        )
        return
    yield await asyncio.to_thread(_room, settings.data_dir, usage)
    if settings.media_url is None:
        yield _media(usage)


def _room(folder: Path, usage: MediaUsage) -> Diagnosis:
    free = show_bytes(usage.free)
    if not _takes_a_file(folder):
        return Diagnosis(
            what=f"the disk of {folder} has no room for a file of {show_bytes(len(_PROBE))} ({free} free)",
            level=Severity.FAULT,
            remedy="free space there: until then no command can be accepted",
        )
    if usage.free < usage.least_free:
        return Diagnosis(
            what=f"the disk of {folder} has only {free} left",
            level=Severity.WARNING,
            remedy="free space, set REVERIE_MEDIA_MAX_BYTES to remove old results, "
            "or lower REVERIE_MIN_FREE_BYTES",
        )
    return Diagnosis(what=f"the disk of {folder} has {free} left")


def _takes_a_file(folder: Path) -> bool:
    """Write a test file and remove it; a folder that is not writable is reported elsewhere."""
    if not os.access(folder, os.W_OK):
        return True
    try:
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(_PROBE)
            file.flush()
            os.fsync(file.fileno())
    except OSError:
        return False
    return True


def _media(usage: MediaUsage) -> Diagnosis:
    used = show_bytes(usage.used or 0)
    if usage.most is None:
        return Diagnosis(what=f"stored media use {used}; REVERIE_MEDIA_MAX_BYTES sets a limit")
    what = f"stored media use {used} of {show_bytes(usage.most)}"
    if usage.is_near_budget:
        return Diagnosis(
            what=what,
            level=Severity.WARNING,
            remedy="raise REVERIE_MEDIA_MAX_BYTES, or the oldest unstarred results are removed",
        )
    return Diagnosis(what=what)
