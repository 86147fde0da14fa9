"""Keeps stored media within a budget by removing the oldest unstarred results."""

import asyncio
from collections.abc import Iterator, Sequence

from bot.jobs.media import remove_unreferenced
from bot.media.disk import MediaUsage, free_bytes, show_bytes
from bot.services import Services, Topic, log
from bot.store.file_refs import expire_media
from bot.store.queue.claim import acquire_lease, release_lease

_BATCH = 50
_LEASE = "media-budget"


class MediaBudget:
    """Measures the stored media and keeps them within the budget."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._measured_at: int | None = None
        self._warned = False
        #: unreferenced files that could not be removed
        self._unremoved: Sequence[str] = []

    async def run(self) -> None:
        """Keep within the budget until the process stops."""
        services = self._services
        async for _ in services.ticks(Topic.MEDIA, services.times.retention_interval):
            await services.guarded("media budget", self.check)

    async def check(self) -> None:
        """Measure the stored media if that is due, and remove the excess."""
        services = self._services
        since = self._measured_at
        if since is None or services.clock() - since >= services.media_scan_interval:
            await self._measure()
        if services.media_usage.excess:
            await self._remove_excess()
        self._warn()

    async def _measure(self) -> None:
        usage, storage = self._services.media_usage, self._services.storage
        used = await storage.used_bytes()
        usage.used, usage.free = used, await asyncio.to_thread(free_bytes, storage.incoming)
        usage.stuck = False
        self._measured_at = self._services.clock()

    async def _remove_excess(self) -> None:
        services, now = self._services, self._services.clock()
        # Replicas share the folder: without a lease, two of them would remove twice the excess.
        until = now + services.times.retention_interval
        fence = await services.database.transact(
            acquire_lease, _LEASE, owner=services.owner, now=now, until=until
        )
        if fence is None:
            self._measured_at = None
            return
        try:
            await self._measure()
            await self._remove_oldest()
        finally:
            await services.database.transact(release_lease, _LEASE, owner=services.owner)

    async def _remove_oldest(self) -> None:
        services, usage = self._services, self._services.media_usage
        await self._remove(self._unremoved)
        while usage.excess and not self._unremoved and not services.stopping.is_set():
            expired = await services.database.transact(
                expire_media, finished_before=services.clock() + 1, count=_BATCH, size=usage.excess
            )
            if not expired:
                break
            log.info("media_removed_for_budget", jobs=len(expired))
            await self._remove([file for unneeded in expired for file in unneeded])
        usage.stuck = usage.excess > 0

    async def _remove(self, files: Sequence[str]) -> None:
        """Remove files; if none can be removed, the results of further jobs are kept."""
        removed = await remove_unreferenced(self._services, files)
        self._services.media_usage.add(-removed)
        self._unremoved = [] if removed else files

    def _warn(self) -> None:
        """Log once that the budget is nearly used, and again only after it was not."""
        usage = self._services.media_usage
        if usage.is_near_budget and not self._warned:
            log.warning("media_budget_nearly_used", used_bytes=usage.used, max_bytes=usage.most)
        self._warned = usage.is_near_budget


def budget_warning(usage: MediaUsage) -> Iterator[str]:
    """Report that the budget is nearly used."""
    if usage.is_near_budget and not usage.stuck:
        yield (
            f"Stored media use {_of_budget(usage)}; above that the oldest unstarred results are removed. "
            "Raise REVERIE_MEDIA_MAX_BYTES to keep more."
        )


def budget_exceeded(usage: MediaUsage) -> Iterator[str]:
    """Report that the budget is exceeded and nothing can be removed."""
    if usage.stuck:
        yield (
            f"Stored media use {_of_budget(usage)}, and nothing can be removed: everything is starred, "
            "used by unfinished jobs, not delivered yet, or could not be removed (see the log). "
            "Raise REVERIE_MEDIA_MAX_BYTES."
        )


def _of_budget(usage: MediaUsage) -> str:
    used, most = usage.used or 0, usage.most or 0
    return f"{show_bytes(used)} of {show_bytes(most)} ({100 * used // max(1, most)} %)"
