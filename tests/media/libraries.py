"""A library to bring media into."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from bot.media.download.fetcher import Fetcher
from bot.media.download.transport import FetchRules
from bot.media.ingest import MediaLibrary
from bot.media.sandbox.pool import SandboxPool
from bot.media.storage.folder import FolderStorage
from tests.media_workers import SharedPool


@asynccontextmanager
async def open_library(
    storage: FolderStorage,
    *,
    trusted: str = "http://127.0.0.1:1",
    open_pool: Callable[[], SandboxPool] = SharedPool,
) -> AsyncIterator[MediaLibrary]:
    """Open a library; `open_pool` opens the workers for results and those for inputs."""
    async with (
        Fetcher(FetchRules(trusted_origins=frozenset({trusted}))) as fetcher,
        open_pool() as results,
        open_pool() as inputs,
    ):
        yield MediaLibrary(fetcher=fetcher, storage=storage, results=results, inputs=inputs)


def arrived(storage: FolderStorage, content: bytes, name: str = "arrived") -> Path:
    """Put a file where uploads and fetched files wait."""
    storage.incoming.mkdir(parents=True, exist_ok=True)
    path = storage.incoming / name
    path.write_bytes(content)
    return path


def files_in(storage: FolderStorage) -> list[Path]:
    files = (path for path in storage.folder.rglob("*") if path.is_file())
    return sorted(path for path in files if path.parent.name != "locks")
