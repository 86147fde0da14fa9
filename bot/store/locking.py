"""One running bot per data folder."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bot.domain.errors import ReverieError


class FolderLocked(ReverieError):
    """The data folder is in use by another process."""

    def __init__(self, folder: Path, holder: int | None) -> None:
        who = "another process" if holder is None else f"process {holder}"
        super().__init__(
            f"The folder {folder} is in use by {who}: stop it, or name another folder in REVERIE_DATA_DIR."
        )
        #: process id of who holds the folder, where it is known
        self.holder = holder


@contextmanager
def lock_folder(folder: Path) -> Iterator[None]:
    """Keep every other process out of a folder, which is made where it is missing.

    The kernel holds the lock for the open file and lets go when the last copy of it closes, also after
    `kill -9`. A process forked without exec keeps a copy, so workers are started fresh. The file stays when
    the lock goes: whoever removed it could remove the next holder's.
    """
    folder.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise FolderLocked(folder, _holder(descriptor)) from error
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
        yield
        os.ftruncate(descriptor, 0)
    finally:
        os.close(descriptor)


def _holder(descriptor: int) -> int | None:
    written = os.pread(descriptor, 32, 0).strip()
    return int(written) if written.isdigit() else None
