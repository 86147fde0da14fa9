"""Telling people that a provider takes nothing: once in each conversation that waits for it.

Every waiting card says so too, by an edit that nobody notices; this is the line that is.
"""

from collections.abc import Mapping
from dataclasses import replace

from bot.domain.errors import DeliveryError
from bot.ports import Publisher
from bot.services import Services, log
from bot.store.accounts import AccountState, list_accounts
from bot.store.outage_notices import OutageNotice, any_notices, claim_notice, clear_notices, due_notices

WORDS = (
    "The generation service takes nothing right now; the operator of this bot has been told. "
    "What waits here goes on by itself, nothing is lost, and nothing is charged until it is done."
)


async def announce(services: Services, publishers: Mapping[str, Publisher]) -> None:
    """Look for outages and tell of them, until the process stops."""

    async def look() -> None:
        await tell_of_outages(services, publishers)

    async for _ in services.ticks("outages", services.times.outage_interval):
        await services.guarded("announce", look)


async def tell_of_outages(services: Services, publishers: Mapping[str, Publisher]) -> None:
    """Tell every waiting conversation that has not been told yet."""
    rows = await list_accounts(services.database)
    working = {row.provider for row in rows if row.state is AccountState.READY}
    out = {row.provider for row in rows if row.state is AccountState.STOPPED} - working
    if await any_notices(services.database):
        await services.database.write(clear_notices, tuple(sorted(out)))
    if not out:
        return
    for telling in await due_notices(services.database, out, publishers):
        await _tell(services, publishers[telling.place.adapter], telling)


async def _tell(services: Services, publisher: Publisher, telling: OutageNotice) -> None:
    # Noted first: a line that is lost with this process is missed by nobody, one that comes twice is.
    if not await services.database.write(claim_notice, replace(telling, now=services.clock())):
        return
    try:
        await publisher.post_notice(WORDS, telling.place)
    except DeliveryError as error:
        log.info("outage_not_told", adapter=telling.place.adapter, error=str(error))
