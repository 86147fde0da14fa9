"""How a picture from outside becomes a file of ours: fetched, looked at, kept."""

from pathlib import Path

from bot.media.fetcher import Fetcher
from bot.media.probing import probe_picture
from bot.media.storage import Storage, StoredFile
from bot.media.workers import Workers

#: wall-clock and CPU time for reading one picture, in seconds
PROBE_S = 30.0


class Library:
    """Everything that enters our storage enters here. All errors are `MediaError`s."""

    def __init__(self, *, fetcher: Fetcher, storage: Storage, workers: Workers) -> None:
        self._fetcher = fetcher
        self._storage = storage
        self._workers = workers

    async def bring_in(
        self, url: str, *, max_bytes: int, timeout_s: float, vouched: bool = False
    ) -> StoredFile:
        """Fetch a picture and keep it; bringing in the same one again answers the same file.

        `timeout_s` bounds the fetching; `vouched` is explained at `Fetcher.fetch`.
        """
        fetched = await self._fetcher.fetch(
            url, max_bytes=max_bytes, timeout_s=timeout_s, into=self._storage.incoming, vouched=vouched
        )
        try:
            return await self._keep(fetched.path)
        finally:
            _remove(fetched.path)

    async def bring_in_bytes(self, content: bytes) -> StoredFile:
        """Keep a picture that is in memory already."""
        return await self._keep(content)

    async def _keep(self, source: Path | bytes) -> StoredFile:
        probe = await self._workers.run(probe_picture, source, timeout_s=PROBE_S)
        return await self._storage.put(source, mime=probe.mime, width=probe.width, height=probe.height)


def _remove(path: Path) -> None:
    path.unlink(missing_ok=True)
