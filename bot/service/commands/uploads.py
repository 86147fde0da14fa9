"""Uploads of files for a later command."""

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path

from bot.domain.errors import InvalidRequest, MediaRefused, MediaUnavailable, QuotaExhausted, Refused
from bot.domain.generations.media import Media
from bot.domain.identity import Caller
from bot.jobs.media import remove_unreferenced
from bot.media.storage.incoming import IncomingFull, IncomingShare
from bot.service.durable_writes import until_known
from bot.services import Services
from bot.store.file_refs import add_upload, unused_uploads


class Upload:
    """One file that is arriving, within its member's upload quota."""

    def __init__(self, services: Services, caller: Caller, share: IncomingShare) -> None:
        self._services = services
        self._caller = caller
        self._share = share

    def add(self, size: int) -> None:
        """Count bytes before they are written to `MediaLibrary.incoming`.

        Raises IncomingFull where they exceed the quota.
        """
        self._share.add(size)

    async def store(self, path: Path) -> Media:
        """Store the file for a while, converted where providers need it; the file at `path` is consumed.

        Raises Refused.
        """
        services, caller = self._services, self._caller
        async with services.storage.reservations.keeping():
            try:
                stored = await services.library.store_file(path, member=caller.member)
                media = await services.library.to_api_input(stored, member=caller.member)
            except MediaRefused as error:
                raise InvalidRequest(str(error)) from error
            except MediaUnavailable as error:
                raise Refused(f"This file cannot be stored right now: {error} Try again later.") from error
            kept = await _has_room(services, media, caller) and await _add(services, media, caller)
        if not kept:
            await remove_unreferenced(services, [media.file])
            raise InvalidRequest(
                "You have uploaded many files that no command has used yet. Try again in an hour."
            )
        return media


@asynccontextmanager
async def begin_upload(services: Services, caller: Caller) -> AsyncIterator[Upload]:
    """Reserve room for one file of the caller; raises Refused before a byte of it is read.

    It counts against the caller's rate limit and upload slots, and together with what the caller has uploaded
    and not used. An IncomingFull that is raised inside leaves as QuotaExhausted.
    """
    services.rate_limit.spend(caller.member)
    quota = services.storage.incoming_quota
    waiting = await _total_size(services, await unused_uploads(services.database, caller.member))
    try:
        with quota.upload_slot(caller.member), quota.share(caller.member, waiting=waiting) as share:
            yield Upload(services, caller, share)
    except IncomingFull as error:
        raise QuotaExhausted(str(error)) from error


async def _add(services: Services, media: Media, caller: Caller) -> bool:
    until = services.clock() + services.times.upload_hold
    return await until_known(
        services, lambda: services.database.transact(add_upload, caller.member, media.file, until=until)
    )


async def _has_room(services: Services, media: Media, caller: Caller) -> bool:
    """Whether the file still fits the quota: a converted file may be larger than the one that arrived."""
    unused = set(await unused_uploads(services.database, caller.member)) - {media.file}
    limit = services.storage.incoming_quota.bytes_per_member
    return await _total_size(services, unused) + media.size <= limit


async def _total_size(services: Services, files: Iterable[str]) -> int:
    return sum([await services.storage.size(file) for file in files])
