"""Files that people send before the command that names them."""

from pathlib import Path

from bot.domain.errors import InvalidRequest, MediaRefused, MediaUnavailable, Refused
from bot.domain.media import Media
from bot.domain.people import Caller
from bot.engine.core import Core
from bot.engine.durable import write_until_known
from bot.engine.retention import remove_unused
from bot.store.holdings import UploadHeld, hold_upload


async def take_in(core: Core, path: Path, caller: Caller) -> Media:
    """Keep a file from `Library.incoming` for a while; raises Refused for what it must not be.

    The file at `path` is consumed. What a provider would not take as it is, is kept as one that it does.
    """
    core.rate_limit.spend(caller.member)
    with core.storage.reservations.keeping():
        try:
            taken = await core.library.take_in(path, member=caller.member)
            media = await core.library.as_input(taken, member=caller.member)
        except MediaRefused as error:
            raise InvalidRequest(str(error)) from error
        except MediaUnavailable as error:
            raise Refused(f"This file cannot be kept right now: {error} Try again in a while.") from error
        until = core.clock() + core.times.upload_hold
        held = UploadHeld(file=media.file, member=caller.member, until=until)
        kept = await write_until_known(core, hold_upload, held)
    if not kept:
        await remove_unused(core, [media.file])
        raise InvalidRequest("You have sent many files that no command has used yet. Try again in an hour.")
    return media
