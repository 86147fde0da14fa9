"""Writes with an outcome that a person is told are repeated until it is known.

If the connection breaks during a commit, nobody knows whether it was committed, and a person who tries again
might pay twice. Each of these writes is idempotent, so it can be repeated.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping

from bot.domain.errors import Refused
from bot.services import Services, log
from bot.store.database.base import (
    CommitUnknown,
    NotWritable,
    Outcome,
    StoreFull,
    StoreReadOnly,
    StoreUnavailable,
)

#: pause before the first repetition and the longest one, in seconds
_PAUSE_S, _PAUSE_MAX_S = 0.05, 0.5


class StillChecking(Refused):
    """It is not known yet whether the request was saved."""

    def __init__(self) -> None:
        super().__init__(
            "Still checking: the connection to the database broke while this was being saved. Please do not "
            "send it a second time. If it was saved, it continues by itself; see /status. If not, nothing "
            "was charged."
        )


class NotAcceptedNow(Refused):
    """Nothing can be saved until the operator has repaired the database."""

    def __init__(self, fault: NotWritable) -> None:
        why = _WHY.get(type(fault), "the database cannot be written")
        super().__init__(
            f"This cannot be accepted right now: {why}. The operator has been told. Nothing was saved or "
            "charged; please try again later."
        )


_WHY: Mapping[type[NotWritable], str] = {
    StoreFull: "the disk is full",
    StoreReadOnly: "the database is read-only",
}


async def until_known(services: Services, write: Callable[[], Awaitable[Outcome]]) -> Outcome:
    """Run a write; repeats it while its outcome is unknown.

    Raises StillChecking if the outcome is still unknown when the caller must answer, NotAcceptedNow if the
    database accepts no writes, and StoreError if for another reason certainly nothing was written.
    """
    until = services.monotonic() + services.times.answer_window
    unknown, pause_s = False, _PAUSE_S
    while True:
        try:
            return await write()
        except (CommitUnknown, StoreUnavailable) as error:
            unknown = unknown or isinstance(error, CommitUnknown)
            if not unknown and isinstance(error, NotWritable):
                raise NotAcceptedNow(error) from error
            if not unknown:
                raise
            log.warning("commit_unknown", error=repr(error))
            if services.monotonic() >= until:
                raise StillChecking from error
        await asyncio.sleep(pause_s)
        pause_s = min(2 * pause_s, _PAUSE_MAX_S)
