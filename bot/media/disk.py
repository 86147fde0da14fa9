"""The disk of the media storage: its errors, the bytes used, and the bytes free."""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bot.domain.errors import MediaLost, ProcessingFailed

#: share of the budget from which the operator is warned
_WARN_AT = 0.9

_TEXTS = dict.fromkeys(
    (errno.ENOSPC, errno.EDQUOT, errno.EFBIG),
    "The media storage is full.",
) | dict.fromkeys(
    (errno.EROFS, errno.EACCES, errno.EPERM),
    "The media storage cannot be written to: it is read-only or belongs to another user.",
)


@dataclass(slots=True, kw_only=True)
class MediaUsage:
    """The bytes of stored media compared with the operator's limits."""

    #: budget in bytes; None: no limit
    most: int | None
    #: bytes to keep free on the disk
    least_free: int
    #: last measurement plus the changes since; None: not measured yet
    used: int | None = None
    free: int = 0
    #: the budget is exceeded, but nothing may be removed
    stuck: bool = False

    @property
    def excess(self) -> int:
        """Bytes to remove; 0 without a budget."""
        if self.most is None or self.used is None:
            return 0
        return max(0, self.used - self.most, min(self.used, self.least_free - self.free))

    @property
    def is_near_budget(self) -> bool:
        return self.most is not None and self.used is not None and self.used >= self.most * _WARN_AT

    def add(self, size: int) -> None:
        """Count bytes that were stored, or removed if negative, since the measurement."""
        if self.used is not None:
            self.used, self.free = max(0, self.used + size), max(0, self.free - size)


def used_bytes(folder: Path) -> int:
    """Bytes of all files below a folder, including incoming ones."""
    with disk_errors():
        return _size_below(folder)


def _size_below(folder: Path) -> int:
    size = 0
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                try:
                    is_folder = entry.is_dir(follow_symlinks=False)
                    size += _size_below(Path(entry.path)) if is_folder else entry.stat().st_size
                except FileNotFoundError:
                    continue  # removed meanwhile
    except FileNotFoundError:
        return size  # the folder does not exist yet
    return size


def free_bytes(folder: Path) -> int:
    """Bytes free for this user on the disk of a folder, which need not exist yet."""
    with disk_errors():
        while not folder.exists() and folder != folder.parent:
            folder = folder.parent
        status = os.statvfs(folder)
        return status.f_bavail * status.f_frsize


def show_bytes(size: int) -> str:
    """Format a size for people."""
    for unit, name in ((1_000_000_000, "GB"), (1_000_000, "MB"), (1_000, "kB")):
        if size >= unit:
            return f"{size / unit:.3g} {name}"
    return f"{size} bytes"


@contextmanager
def disk_errors() -> Iterator[None]:
    """Translate OSError into ProcessingFailed, since the disk failed and not the file.

    A missing file raises MediaLost instead.
    """
    try:
        yield
    except OSError as error:
        if error.errno == errno.ENOENT:
            raise MediaLost from error
        raise ProcessingFailed(disk_failure(error.errno) or _unknown(error)) from error


def disk_failure(number: int | None) -> str | None:
    """Describe an errno that is the disk's fault; None if a file may be at fault."""
    return _TEXTS.get(number or 0)


def _unknown(error: OSError) -> str:
    return f"The media storage failed: {os.strerror(error.errno) if error.errno else type(error).__name__}."
