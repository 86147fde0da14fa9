"""The local folder for files on their way into the storage."""

import asyncio
import os
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from bot.media.storage.base import ABANDONED_MS, chunks_of, identify


@asynccontextmanager
async def entering(source: Path | bytes, incoming: Path) -> AsyncIterator[Path]:
    """Bring a file into `incoming`; whoever asks flushes it and moves it on."""
    if isinstance(source, Path) and source.parent == incoming:
        yield source
        return
    path = incoming / f"copy-{secrets.token_hex(16)}"
    try:
        await asyncio.to_thread(_copy, source, path)
        yield path
    except BaseException:
        await asyncio.to_thread(path.unlink, missing_ok=True)
        raise


def _copy(source: Path | bytes, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as copy:
        for chunk in chunks_of(source):
            copy.write(chunk)


def flush(path: Path) -> tuple[str, int]:
    """Make the content of a file survive a power cut; returns the file's id and size."""
    sync(path)
    return identify(path)


def place(path: Path, target: Path) -> None:
    """Move a file to `target`; an equal file there stays and counts as written now.

    A sandboxed process may read exactly the file that lay there when it was started. A file put in its place
    would be another one to it, even with the same content.
    """
    try:
        os.link(path, target)
    except FileExistsError:
        if target.stat().st_size == path.stat().st_size:
            os.utime(target)
        else:
            path.replace(target)
    except OSError:  # a file system without hard links
        path.replace(target)
    path.unlink(missing_ok=True)


def sync(path: Path) -> None:
    """Make the content of a file, or the names in a folder, survive a power cut."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def sweep(incoming: Path, *, now: int) -> int:
    """Remove the files that nobody has written to for an hour; returns how many there were."""
    swept = 0
    incoming.mkdir(parents=True, exist_ok=True)
    for entry in incoming.iterdir():
        try:
            if entry.stat().st_mtime * 1000 < now - ABANDONED_MS:
                entry.unlink()
                swept += 1
        except FileNotFoundError:
            continue  # moved on, or swept by another replica
    return swept
