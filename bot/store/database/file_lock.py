"""File locks: one writing process per SQLite file, and one running bot per data folder.

The lock file is beside the database file itself, so that two bots, or a bot and the command line, never write
the same file from different working directories. `run` locks its data folder too, because the media there
belong to one database: another would remove files that it does not know.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from bot.domain.errors import ReverieError
from bot.store.database.connect import path_of


class Locked(ReverieError):
    """Another process uses the file or folder."""

    def __init__(self, what: str, holder: int | None, remedy: str) -> None:
        who = "another process" if holder is None else f"process {holder}"
        super().__init__(f"{what} is in use by {who}: stop it, or name {remedy}.")
        #: process id of the holder, where it is known
        self.holder = holder


class DatabaseLocked(Locked):
    """The database file is in use by another process."""

    def __init__(self, file: Path, holder: int | None) -> None:
        super().__init__(
            f"The database {file}", holder, "another in REVERIE_DATABASE_URL or REVERIE_DATA_DIR"
        )


class FolderLocked(Locked):
    """The data folder is in use by another process."""

    def __init__(self, folder: Path, holder: int | None) -> None:
        super().__init__(f"The folder {folder}", holder, "another folder in REVERIE_DATA_DIR")


def sibling_of(file: Path, ending: str) -> Path:
    """The path of a file of ours beside a database file, the same for every path that leads to it."""
    real = file.resolve()
    return real.with_name(f"{real.name}{ending}")


@contextmanager
def lock_store(url: str) -> Iterator[None]:
    """Lock an SQLite database for this process; a server database is shared by replicas."""
    if urlsplit(url).scheme != "sqlite":
        yield
        return
    file = path_of(url)
    with _locked(sibling_of(file, ".lock")) as holder:
        if holder is not None:
            raise DatabaseLocked(file, holder or None)
        yield


@contextmanager
def lock_folder(folder: Path) -> Iterator[None]:
    """Lock a folder for this bot; creates it where it is missing."""
    with _locked(folder / "lock") as holder:
        if holder is not None:
            raise FolderLocked(folder, holder or None)
        yield


@contextmanager
def _locked(path: Path) -> Iterator[int | None]:
    """Take a lock; yields None, or the id of the process that has it, 0 where that is not known.

    The kernel releases the lock when the last descriptor of the open file closes, also after `kill -9`. A
    process forked without exec keeps a descriptor, so workers are spawned. The file is not removed with the
    lock: that could remove the next holder's.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield _holder(descriptor)
            return
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
        yield None
        os.ftruncate(descriptor, 0)
    finally:
        os.close(descriptor)


def _holder(descriptor: int) -> int:
    written = os.pread(descriptor, 32, 0).strip()
    return int(written) if written.isdigit() else 0
