"""Retention: media leave the storage when nobody needs them any longer, or their time is over."""

from bot.jobs.stored_files import remove_unreferenced
from bot.services import Services, log
from bot.store.file_refs import Expiry, HoldingsEnded, expire_media, expire_references

_AT_ONCE = 200
_DAY_MS = 86_400_000
#: a file that nobody holds may still be on its way into a job for so long
_YOUNG_MS = 7_200_000


async def retain(services: Services) -> None:
    """Look for media whose time is over, until the process stops."""
    async for _ in services.ticks("retention", services.times.retention_interval):
        await services.guarded("uploads", lambda: end_uploads(services))
        await services.guarded("retention", lambda: expire(services))
        await services.guarded("strays", lambda: remove_strays(services))


async def end_uploads(services: Services) -> None:
    """Let go of files that were sent for a command which never came."""
    while not services.stopping.is_set():
        ended = HoldingsEnded(now=services.clock(), count=_AT_ONCE)
        if not (files := await services.database.write(expire_references, ended)):
            return
        await remove_unreferenced(services, files)


async def expire(services: Services) -> None:
    """Remove the media of jobs that ended long ago; what somebody starred stays."""
    if services.settings.retention_days is None:
        return
    before = services.clock() - services.settings.retention_days * _DAY_MS
    while not services.stopping.is_set():
        due = Expiry(finished_before=before, count=_AT_ONCE)
        if not (expired := await services.database.write(expire_media, due)):
            return
        log.info("media_expired", jobs=len(expired))
        await remove_unreferenced(services, [file for files in expired for file in files])


async def remove_strays(services: Services) -> None:
    """Remove files that a process stored before it died and could say for what."""
    async for files in services.storage.strays(_YOUNG_MS, now=services.clock()):
        await remove_unreferenced(services, files)
