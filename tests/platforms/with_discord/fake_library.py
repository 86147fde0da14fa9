"""A media library whose renditions a test controls."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from bot.domain.errors import MediaLost
from bot.domain.generations.media import Media
from tests.platforms.with_discord.cards import PICTURE, VIDEO


class FakeLibrary:
    """Holds a picture, a video and its poster."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.error: Exception | None = None
        self.gate = asyncio.Event()
        self.gate.set()
        self.made: list[tuple[str, int]] = []
        for name, size in ((PICTURE.file, PICTURE.size), (VIDEO.file, VIDEO.size), (VIDEO.poster, 10)):
            (folder / name).write_bytes(b"x" * size)

    def path(self, file_id: str) -> Path:
        return self.folder / file_id

    @asynccontextmanager
    async def local(self, file_id: str) -> AsyncIterator[Path]:
        if not self.path(file_id).exists():
            raise MediaLost
        yield self.path(file_id)

    async def size(self, file_id: str) -> int:
        path = self.path(file_id)
        return path.stat().st_size if path.exists() else 0

    async def smaller(self, media: Media, max_bytes: int) -> str:
        self.made.append((media.file, max_bytes))
        await self.gate.wait()
        if self.error is not None:
            raise self.error
        file = f"{media.file}.fit-{max_bytes}"
        self.path(file).write_bytes(b"s" * 20)
        return file
