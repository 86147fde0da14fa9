"""The folder of references and finished files; a file appears there complete or not at all."""

import asyncio
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4


class FileStore:
    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def reference(self, generation_id: str, index: int) -> Path:
        return self._folder_of(generation_id) / f"reference-{index}"

    def asset(self, generation_id: str, name: str) -> Path:
        return self._folder_of(generation_id) / name

    def uploaded(self, file_id: str) -> Path:
        return self._folder_of(file_id) / "uploaded"

    async def head(self, path: Path) -> bytes:
        """The first bytes of a file. Raises FileNotFoundError."""
        return await asyncio.to_thread(_head, path)

    async def write(self, content: bytes, path: Path) -> None:
        await asyncio.to_thread(write_atomically, content, path)

    async def link(self, source: Path, path: Path) -> None:
        """Make a file available under a second path that survives the deletion of the first."""
        await asyncio.to_thread(_link, source, path)

    async def delete(self, generation_id: str) -> None:
        """Delete all files of an existing generation."""
        await asyncio.to_thread(shutil.rmtree, self._folder_of(generation_id), ignore_errors=True)

    def _folder_of(self, generation_id: str) -> Path:
        # Two levels, because some file systems are slow with very many entries in one folder.
        return self._folder / generation_id[:2] / generation_id


def write_atomically(content: bytes, path: Path) -> None:
    with atomic_path(path) as temporary:
        temporary.write_bytes(content)


@contextmanager
def atomic_path(path: Path) -> Iterator[Path]:
    """Yield a temporary path; the file written there is renamed to `path` when the block ends."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{uuid4().hex}")
    try:
        yield temporary
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(16)


def _link(source: Path, path: Path) -> None:
    with atomic_path(path) as temporary:
        try:
            os.link(source, temporary)
        except OSError:
            # Not every file system has hard links.
            shutil.copyfile(source, temporary)
