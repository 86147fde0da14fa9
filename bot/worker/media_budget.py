"""The budget for stored media: where it is exceeded, the oldest unstarred results leave first."""

import asyncio
from collections.abc import Iterator, Sequence

from bot.media.disk_usage import free_bytes, show_bytes, used_bytes
from bot.services import MEDIA, Services, log
from bot.store.file_refs import Expiry, expire_jobs
from bot.store.leases import LeaseWanted, free_lease, take_lease
from bot.worker.retention import remove_unused

_AT_ONCE = 50
_LEASE = "media-budget"


class MediaBudget:
    """Measures what is stored, and keeps it within the budget."""

    def __init__(self, core: Services) -> None:
        self._core = core
        self._measured_at: int | None = None
        self._warned = False
        #: files that nobody needs any longer and that could not be removed
        self._left: Sequence[str] = []

    async def run(self) -> None:
        """Keep within the budget, until the process stops."""
        core = self._core
        async for _ in core.rounds(MEDIA, core.times.retention_interval):
            await core.steadily("media budget", self.check)

    async def check(self) -> None:
        """Look how much is stored, and remove what is too much."""
        core = self._core
        since = self._measured_at
        if since is None or core.clock() - since >= core.times.retention_interval:
            await self._measure()
        if core.media_usage.excess:
            await self._make_room()
        self._warn()

    async def _measure(self) -> None:
        usage, folder = self._core.media_usage, self._core.storage.folder
        used = await asyncio.to_thread(used_bytes, folder)
        usage.used, usage.free = used, await asyncio.to_thread(free_bytes, folder)
        usage.stuck = False
        self._measured_at = self._core.clock()

    async def _make_room(self) -> None:
        core, now = self._core, self._core.clock()
        # Replicas share the folder: of two that remove at once each would remove as much as is too much.
        until = now + core.times.retention_interval
        lease = LeaseWanted(name=_LEASE, owner=core.owner, now=now, until=until)
        if await core.database.write(take_lease, lease) is None:
            self._measured_at = None
            return
        try:
            await self._measure()
            await self._remove_oldest()
        finally:
            await core.database.write(free_lease, lease)

    async def _remove_oldest(self) -> None:
        core, usage = self._core, self._core.media_usage
        await self._remove(self._left)
        while usage.excess and not self._left and not core.stopping.is_set():
            due = Expiry(finished_before=core.clock() + 1, count=_AT_ONCE, size=usage.excess)
            expired = await core.database.write(expire_jobs, due)
            if not expired:
                break
            log.info("media_removed_for_budget", jobs=len(expired))
            await self._remove([file for unneeded in expired for file in unneeded])
        usage.stuck = usage.excess > 0

    async def _remove(self, files: Sequence[str]) -> None:
        """Remove files; where none of them can be removed, no more jobs lose theirs in vain."""
        removed = await remove_unused(self._core, files)
        self._core.media_usage.add(-removed)
        self._left = [] if removed else files

    def _warn(self) -> None:
        """Tell once that the budget is nearly used, and again only after it was not."""
        usage = self._core.media_usage
        if usage.is_near_budget and not self._warned:
            log.warning("media_budget_nearly_used", used_bytes=usage.used, max_bytes=usage.most)
        self._warned = usage.is_near_budget


def note_stored(core: Services, size: int) -> None:
    """Count a result that was stored, and have room made where it is too much."""
    core.media_usage.add(size)
    if core.media_usage.excess:
        core.database.signals.wake(MEDIA)


def budget_remarks(core: Services) -> Iterator[str]:
    """What the operator should know of the budget while it can be kept."""
    usage = core.media_usage
    if usage.is_near_budget and not usage.stuck:
        yield (
            f"Stored media take {_of_budget(core)}; from there on the oldest unstarred results are removed. "
            "Raise REVERIE_MEDIA_MAX_BYTES to keep more."
        )


def budget_impairments(core: Services) -> Iterator[str]:
    """Tell that the budget cannot be kept."""
    if core.media_usage.stuck:
        yield (
            f"Stored media take {_of_budget(core)}, and nothing may be removed: all of it is starred, needed "
            "by jobs under way, still to be delivered, or cannot be removed (see the log). "
            "Raise REVERIE_MEDIA_MAX_BYTES."
        )


def _of_budget(core: Services) -> str:
    used, most = core.media_usage.used or 0, core.media_usage.most or 0
    return f"{show_bytes(used)} of {show_bytes(most)} ({100 * used // max(1, most)} %)"
