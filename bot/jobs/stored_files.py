"""Removes stored files that no job and no upload refers to."""

from collections.abc import Sequence

from bot.domain.errors import MediaUnavailable, StoreError
from bot.services import Services, log
from bot.store.file_refs import files_in_use

#: files that are locked together, each by an open file
_LOCKED_AT_ONCE = 50


async def remove_unreferenced(services: Services, files: Sequence[str]) -> int:
    """Remove the files that nothing refers to; returns the number of bytes that this frees.

    Keeps files that are being stored again right now. Never raises: what cannot be removed is logged, and the
    retention loop finds it again.
    """
    freed = 0
    for start in range(0, len(files), _LOCKED_AT_ONCE):
        try:
            with services.storage.reservations.alone(files[start : start + _LOCKED_AT_ONCE]) as alone:
                # Read under the lock: whoever stores the same content now waits, and then stores it anew.
                in_use = await files_in_use(services.database, alone) if alone else set()
                for file in alone:
                    if file not in in_use:
                        freed += await services.storage.remove(file)
        except (MediaUnavailable, StoreError) as error:
            log.warning("files_not_removed", error=repr(error))
    return freed
