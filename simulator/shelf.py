"""Where references and finished files lie on disk; a file is there whole or not at all."""

import asyncio
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4


class Shelf:
    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def reference(self, generation_id: str, index: int) -> Path:
        return self._place(generation_id) / f"reference-{index}"

    def asset(self, generation_id: str, name: str) -> Path:
        return self._place(generation_id) / name

    async def put(self, content: bytes, path: Path) -> None:
        await asyncio.to_thread(write_whole, content, path)

    async def share(self, source: Path, path: Path) -> None:
        """Let a file lie in a second place too, whatever becomes of the first one."""
        await asyncio.to_thread(_share, source, path)

    async def forget(self, generation_id: str) -> None:
        """Remove all files of a generation that exists."""
        await asyncio.to_thread(shutil.rmtree, self._place(generation_id), ignore_errors=True)

    def _place(self, generation_id: str) -> Path:
        # Two levels, because some file systems slow down with very many entries in one folder.
        return self._folder / generation_id[:2] / generation_id


def write_whole(content: bytes, path: Path) -> None:
    with appearing_whole(path) as beside:
        beside.write_bytes(content)


@contextmanager
def appearing_whole(path: Path) -> Iterator[Path]:
    """Give a place to write to; what lies there afterwards appears under `path` at once."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.{uuid4().hex}")
    try:
        yield beside
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


def _share(source: Path, path: Path) -> None:
    with appearing_whole(path) as beside:
        try:
            os.link(source, beside)
        except OSError:
            # Not every file system has links.
            shutil.copyfile(source, beside)
