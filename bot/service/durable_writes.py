"""Writes that a person is answered for: the outcome is known before the answer, or the answer says so.

Where the connection breaks during the commit nobody knows whether it happened, and "try again" would have the
person pay twice. Each of these writes is idempotent, so it is repeated until its outcome is known.
"""

import asyncio
from collections.abc import Mapping

from bot.domain.errors import Refused
from bot.services import Services, log
from bot.store.database.base import (
    CommitUnknown,
    Item,
    NotWritable,
    Operation,
    Result,
    StoreFull,
    StoreReadOnly,
    StoreUnavailable,
)

#: pause before the first repetition and the longest one, in seconds
_PAUSE_S, _PAUSE_MAX_S = 0.05, 0.5


class StillChecking(Refused):
    """Nobody can tell yet whether it was saved."""

    def __init__(self) -> None:
        super().__init__(
            "Still checking: the connection to the store broke while this was being saved. Please do not "
            "send it a second time. If it was saved it goes on and shows by itself; /status tells. If not, "
            "nothing was charged."
        )


class NotAcceptedNow(Refused):
    """Nothing can be saved until the operator has mended the database."""

    def __init__(self, fault: NotWritable) -> None:
        why = _WHY.get(type(fault), "the database cannot be written")
        super().__init__(
            f"This cannot be accepted right now: {why}. The operator has been told. Nothing was saved or "
            "charged; please try again later."
        )


_WHY: Mapping[type[NotWritable], str] = {
    StoreFull: "the disk is full",
    StoreReadOnly: "the database is read-only at present",
}


async def write_until_known(services: Services, operation: Operation[Item, Result], item: Item) -> Result:
    """Write an item; raises StillChecking where its outcome stays unknown for the time of an answer.

    Raises NotAcceptedNow where the database takes no writes, and StoreError where for any other reason
    certainly nothing was written.
    """
    until = services.monotonic() + services.times.answer_window
    unknown, pause_s = False, _PAUSE_S
    while True:
        try:
            return await services.database.write(operation, item)
        except (CommitUnknown, StoreUnavailable) as error:
            unknown = unknown or isinstance(error, CommitUnknown)
            if not unknown and isinstance(error, NotWritable):
                raise NotAcceptedNow(error) from error
            if not unknown:
                raise
            log.warning("commit_unknown", operation=getattr(operation, "__name__", ""), error=repr(error))
            if services.monotonic() >= until:
                raise StillChecking from error
        await asyncio.sleep(pause_s)
        pause_s = min(2 * pause_s, _PAUSE_MAX_S)
