"""A media library whose renditions a test controls."""

import asyncio
from pathlib import Path

from bot.domain.media import Media
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

    async def smaller(self, media: Media, max_bytes: int) -> Path:
        self.made.append((media.file, max_bytes))
        await self.gate.wait()
        if self.error is not None:
            raise self.error
        path = self.folder / f"{media.file}.fit-{max_bytes}"
        path.write_bytes(b"s" * 20)
        return path
