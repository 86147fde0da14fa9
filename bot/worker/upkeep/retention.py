"""Removes what has expired or what nothing refers to, and sums up the usage of ended days."""

from collections.abc import Awaitable, Callable
from functools import partial

from bot.jobs.media import remove_unreferenced
from bot.jobs.pending_commands import expire_commands
from bot.services import Services, log
from bot.store.admin.audit import expire_audit
from bot.store.file_refs import expire_media, expire_references
from bot.store.members.linking import expire_codes
from bot.store.members.retention import expire_media_of_workspaces, remove_words
from bot.store.quotas.usage import sum_up, workspaces_behind

#: for each expired job the files that nothing refers to any longer
Freed = list[tuple[str, ...]]

_BATCH = 200
_DAY_MS = 86_400_000
#: an unreferenced file may still become part of a job for so long: two hours
_YOUNG_MS = 7_200_000


async def retain(services: Services) -> None:
    """Remove media until the process stops."""
    scanned_at: int | None = None
    async for _ in services.ticks("retention", services.times.retention_interval):
        await services.guarded("uploads", lambda: expire_uploads(services))
        await services.guarded("pending commands", lambda: expire_commands(services))
        await services.guarded("link codes", lambda: expire_link_codes(services))
        await services.guarded("abandoned files", lambda: services.storage.sweep(now=services.clock()))
        await services.guarded("retention", lambda: expire_results(services))
        await services.guarded("retention of workspaces", lambda: expire_for_workspaces(services))
        await services.guarded("audit", lambda: expire_decisions(services))
        if scanned_at is None or services.clock() - scanned_at >= services.media_scan_interval:
            scanned_at = services.clock()
            await services.guarded("unreferenced files", lambda: remove_unreferenced_files(services))
        await services.guarded("usage", lambda: sum_up_days(services))


async def expire_link_codes(services: Services) -> None:
    """Remove codes and counted tries that are over."""
    now = services.clock()
    await services.database.transact(expire_codes, now=now, window_start=now - services.times.link_window)


async def expire_uploads(services: Services) -> None:
    """Remove uploads for a command that was never sent."""
    while not services.stopping.is_set():
        files = await services.database.transact(expire_references, now=services.clock(), count=_BATCH)
        if not files:
            return
        await remove_unreferenced(services, files)


async def expire_results(services: Services) -> None:
    """Remove the media of jobs that ended long ago, except starred ones."""
    if services.settings.retention_days is None:
        return
    before = services.clock() - services.settings.retention_days * _DAY_MS
    await _expire_all(services, "media_expired", partial(expire_media, finished_before=before))


async def expire_for_workspaces(services: Services) -> None:
    """Remove media and prompts that a workspace keeps for a shorter time than the operator's settings say."""
    now = services.clock()
    await _expire_all(services, "workspace_media_expired", partial(expire_media_of_workspaces, now=now))
    await _expire_all(services, "workspace_words_removed", partial(remove_words, now=now))


async def _expire_all(services: Services, event: str, expire: Callable[..., Awaitable[Freed]]) -> None:
    """Expire jobs in batches until none is left, and remove the files that nothing refers to any longer."""
    while not services.stopping.is_set():
        freed = await services.database.transact(expire, count=_BATCH)
        if not freed:
            return
        log.info(event, jobs=len(freed))
        await remove_unreferenced(services, [file for files in freed for file in files])


async def expire_decisions(services: Services) -> None:
    """Remove what the audit has kept for long enough."""
    days = services.settings.audit_days
    while not services.stopping.is_set():
        if not await services.database.transact(
            expire_audit, now=services.clock(), default_days=days, count=_BATCH
        ):
            return


async def sum_up_days(services: Services) -> None:
    """Sum up the ended days of all workspaces, so that a report reads no jobs of theirs."""
    for workspace in await workspaces_behind(services.database, now=services.clock()):
        while not services.stopping.is_set() and await sum_up(
            services.database, workspace, now=services.clock()
        ):
            pass


async def remove_unreferenced_files(services: Services) -> None:
    """Remove files that a process stored and did not refer to before it crashed."""
    async for files in services.storage.unreferenced_files(_YOUNG_MS, now=services.clock()):
        await remove_unreferenced(services, files)
