"""How many bytes the stored media take, and how many the disk has left."""

import os
from dataclasses import dataclass
from pathlib import Path

from bot.media.disk_errors import disk_errors

#: part of its budget from which the operator is warned
_WARN_AT = 0.9


@dataclass(slots=True, kw_only=True)
class MediaUsage:
    """The bytes of stored media beside what the operator allows."""

    #: budget; None: as much as the disk has
    most: int | None
    #: bytes that the disk should have left
    least_free: int
    #: as last measured, and counted since; None: not measured yet
    used: int | None = None
    free: int = 0
    #: it is too much, and nothing of it may be removed
    stuck: bool = False

    @property
    def excess(self) -> int:
        """Bytes to be removed. Without a budget nobody has asked for anything to be removed."""
        if self.most is None or self.used is None:
            return 0
        return max(0, self.used - self.most, min(self.used, self.least_free - self.free))

    @property
    def is_near_budget(self) -> bool:
        return self.most is not None and self.used is not None and self.used >= self.most * _WARN_AT

    def add(self, size: int) -> None:
        """Count what was stored, or with a minus removed, since it was measured."""
        if self.used is not None:
            self.used, self.free = max(0, self.used + size), max(0, self.free - size)


def used_bytes(folder: Path) -> int:
    """Bytes of everything below a folder, files on their way in among them."""
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
        return size  # a folder that was never used
    return size


def free_bytes(folder: Path) -> int:
    """Bytes that the disk of a folder, which need not exist yet, has left for this user."""
    with disk_errors():
        while not folder.exists() and folder != folder.parent:
            folder = folder.parent
        status = os.statvfs(folder)
        return status.f_bavail * status.f_frsize


def show_bytes(size: int) -> str:
    """A size for people."""
    for unit, name in ((1_000_000_000, "GB"), (1_000_000, "MB"), (1_000, "kB")):
        if size >= unit:
            return f"{size / unit:.3g} {name}"
    return f"{size} bytes"
