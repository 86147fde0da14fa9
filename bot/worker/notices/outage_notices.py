"""Posts one notice about a provider's outage in each conversation with queued jobs.

Their cards say so too, but an edit notifies no one.
"""

from collections.abc import Mapping

from bot.domain.errors import DeliveryError
from bot.ports import Publisher
from bot.services import Services, log
from bot.store.operator.accounts import (
    AccountState,
    OutageNotice,
    any_notices,
    claim_notice,
    clear_notices,
    due_notices,
    list_accounts,
)

NOTICE = (
    "The generation service is unavailable right now; the operator of this bot has been notified. "
    "Queued jobs continue automatically, nothing is lost, and nothing is charged without a result."
)


async def post_outage_notices(services: Services, publishers: Mapping[str, Publisher]) -> None:
    """Post notices about outages until the process stops."""

    async def post() -> None:
        await post_due_notices(services, publishers)

    async for _ in services.ticks("outages", services.times.outage_interval):
        await services.guarded("outage notices", post)


async def post_due_notices(services: Services, publishers: Mapping[str, Publisher]) -> None:
    """Post to each conversation with queued jobs that has no notice of this outage yet."""
    rows = await list_accounts(services.database)
    working = {row.provider for row in rows if row.state is AccountState.READY}
    out = {row.provider for row in rows if row.state is AccountState.STOPPED} - working
    if await any_notices(services.database):
        await services.database.transact(clear_notices, sorted(out))
    if not out:
        return
    for notice in await due_notices(services.database, out, publishers):
        await _post(services, publishers[notice.place.adapter], notice)


async def _post(services: Services, publisher: Publisher, notice: OutageNotice) -> None:
    # Recorded first: a notice that is lost with this process does less harm than one that is posted twice.
    if not await services.database.transact(claim_notice, notice, now=services.clock()):
        return
    try:
        await publisher.post_notice(NOTICE, notice.place)
    except DeliveryError as error:
        log.info("outage_notice_not_posted", adapter=notice.place.adapter, error=str(error))
