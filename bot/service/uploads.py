"""Files that people send before the command that names them."""

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path

from bot.domain.errors import InvalidRequest, MediaRefused, MediaUnavailable, QuotaExhausted, Refused
from bot.domain.identity import Caller
from bot.domain.media import Media
from bot.jobs.stored_files import remove_unreferenced
from bot.media.incoming_quota import IncomingFull, IncomingShare
from bot.service.durable_writes import write_until_known
from bot.services import Services
from bot.store.file_refs import UploadHeld, add_upload, unused_uploads


class Upload:
    """One file on its way in, within its member's quota."""

    def __init__(self, services: Services, caller: Caller, share: IncomingShare) -> None:
        self._services = services
        self._caller = caller
        self._share = share

    def add(self, size: int) -> None:
        """Count bytes before they are written to `Library.incoming`; raises IncomingFull beyond the quota."""
        self._share.add(size)

    async def store(self, path: Path) -> Media:
        """Keep the file for a while; raises Refused for what it must not be.

        The file at `path` is consumed. What a provider would not take as it is, is kept as one that it does.
        """
        return await _keep(self._services, path, self._caller)


@asynccontextmanager
async def uploading(services: Services, caller: Caller) -> AsyncIterator[Upload]:
    """Make room for one file of the caller; raises Refused before a byte of it was read.

    It costs of the caller's rate, takes one of the caller's upload slots, and counts together with what the
    caller has sent and not used. What `Upload.add` raises inside leaves as QuotaExhausted.
    """
    services.rate_limit.spend(caller.member)
    quota = services.storage.incoming_quota
    waiting = await _unused_bytes(services, await unused_uploads(services.database, caller.member))
    try:
        with quota.upload_slot(caller.member), quota.share(caller.member, waiting=waiting) as share:
            yield Upload(services, caller, share)
    except IncomingFull as error:
        raise QuotaExhausted(str(error)) from error


async def take_in(services: Services, path: Path, caller: Caller) -> Media:
    """Keep a file that has arrived whole."""
    async with uploading(services, caller) as upload:
        return await upload.store(path)


async def _keep(services: Services, path: Path, caller: Caller) -> Media:
    with services.storage.reservations.keeping():
        try:
            taken = await services.library.take_in(path, member=caller.member)
            media = await services.library.as_input(taken, member=caller.member)
        except MediaRefused as error:
            raise InvalidRequest(str(error)) from error
        except MediaUnavailable as error:
            raise Refused(f"This file cannot be kept right now: {error} Try again in a while.") from error
        kept = await _has_room(services, media, caller) and await _hold(services, media, caller)
    if not kept:
        await remove_unreferenced(services, [media.file])
        raise InvalidRequest("You have sent many files that no command has used yet. Try again in an hour.")
    return media


async def _hold(services: Services, media: Media, caller: Caller) -> bool:
    until = services.clock() + services.times.upload_hold
    held = UploadHeld(file=media.file, member=caller.member, until=until)
    return await write_until_known(services, add_upload, held)


async def _has_room(services: Services, media: Media, caller: Caller) -> bool:
    """Whether the caller may keep this beside what waits: a conversion may be larger than what arrived."""
    waiting = set(await unused_uploads(services.database, caller.member)) - {media.file}
    return (
        await _unused_bytes(services, waiting) + media.size
        <= services.storage.incoming_quota.bytes_per_member
    )


async def _unused_bytes(services: Services, files: Iterable[str]) -> int:
    return sum([await services.storage.size(file) for file in files])
