"""Keeping a card's lease for as long as showing it takes: a film of 100 MB goes up for minutes."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from bot.domain.cards import Card
from bot.domain.errors import StoreError
from bot.services import Services, log
from bot.store.cards import Renewal, renew_card_lease

#: part of its lease that a show may take before the next renewal, so that it ends before somebody else begins
_SHARE = 0.8
#: part of the lease after which it is renewed
_RENEWED = 0.3


@asynccontextmanager
async def kept(services: Services, card: Card, leased_at: int) -> AsyncIterator[None]:
    """Show a card inside; `leased_at` is the monotonic time of its lease.

    Raises TimeoutError before the lease ends, where it can be renewed no longer.
    """
    left = services.times.card_lease * _SHARE - (services.monotonic() - leased_at)
    async with asyncio.timeout(max(0, left) / 1000) as limit:
        renewing = asyncio.create_task(_renew(services, card, limit), name=f"keep {card.id}")
        try:
            yield
        finally:
            renewing.cancel()
            await asyncio.wait([renewing])


async def _renew(services: Services, card: Card, limit: asyncio.Timeout) -> None:
    loop, lease = asyncio.get_running_loop(), services.times.card_lease
    until = services.monotonic() + services.times.show_deadline
    while True:
        await asyncio.sleep(lease * _RENEWED / 1000)
        if services.monotonic() > until:
            return
        # Counted from before the question: the answer may come late.
        asked, now = loop.time(), services.clock()
        item = Renewal(card=card.id, owner=services.owner, now=now, until=now + lease)
        try:
            renewed = await services.database.write(renew_card_lease, item)
        except StoreError as error:
            log.warning("card_lease_not_renewed", card=card.id, error=repr(error))
            continue
        if not renewed or limit.expired():
            return
        limit.reschedule(asked + lease * _SHARE / 1000)
