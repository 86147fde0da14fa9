"""Delivers cards: the holder of a card's lease brings its message up to the wanted revision."""

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable, Hashable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

from bot.domain.cards.card import Card, CardView, shown_estimates, without_file
from bot.domain.cards.moderation import undeleted_notice, unseen_notice
from bot.domain.errors import Delayed, DeliveryError, FileLost, NotPosted, StoreError, Undeliverable
from bot.domain.generations.estimates import ShownEstimates
from bot.domain.identity import Place
from bot.jobs.estimates import Unreadable, views_now
from bot.jobs.transitions import record_shown_revision
from bot.ports import Publisher
from bot.services import PERSON_NOTICES, Services, Topic, log
from bot.store.database.base import Transaction
from bot.store.members.erasure import open_erasures
from bot.store.members.person_notices import PersonNotice, insert_notices
from bot.store.queue.cards import (
    CardLeaseRequest,
    ShownOutcome,
    ShownRevision,
    cards_in_progress,
    clear_posting,
    forget_report,
    lease_cards,
    mark_undeliverable,
    postpone_card,
    record_posting,
    renew_card_lease,
    request_progress,
)
from bot.worker.leased_pool import LeasedPool

#: cards that are shown at once
MAX_IN_FLIGHT = 16
#: cards refreshed in one tick although nothing has happened to their jobs
_REFRESHED = 100
#: of those in one channel, so many in progress and as many queued: a channel takes one such edit a tick
_REFRESHED_PER_CHANNEL = 12
#: failed attempts before an old card is given up; a card may be old because its result came only now
_ATTEMPTS_MIN = 10
#: channels whose last progress edit is remembered; the one that was edited longest ago is dropped first
_CHANNELS = 10_000
#: part of the lease for which a card may be shown before the next renewal, so that it ends before the lease
_LEASE_SHARE = 0.8
#: part of the lease after which it is renewed
_RENEWED_AFTER = 0.3


@dataclass(frozen=True, slots=True, kw_only=True)
class _LeasedCard:
    card: Card
    #: what to show; None where none of the card's jobs can be read
    view: CardView | None
    #: monotonic milliseconds
    leased_at: int


class Deliverer:
    """Shows cards through the publishers of the enabled adapters."""

    def __init__(self, services: Services, publishers: Mapping[str, Publisher]) -> None:
        self._services = services
        self._publishers = publishers
        self._pacer = ProgressPacer(interval=services.times.progress_interval, monotonic=services.monotonic)

    async def run(self) -> None:
        """Deliver until the process stops and every edit that was sent has its answer."""
        pool = LeasedPool(
            self._services,
            "deliver",
            topic=Topic.CARDS,
            max_in_flight=MAX_IN_FLIGHT,
            lease=self._lease,
            work=self._deliver,
            item_id=lambda leased: leased.card.id,
        )
        await pool.run()

    async def _lease(self, count: int) -> list[_LeasedCard]:
        services, now, monotonic = self._services, self._services.clock(), self._services.monotonic()
        request = CardLeaseRequest(
            owner=services.owner,
            adapters=tuple(sorted(self._publishers)),
            now=now,
            lease_until=now + services.times.card_lease,
            max_count=count,
            cipher=services.cipher,
            retry_unreadable_at=now + services.times.unreadable_retry,
            undeliverable_before=now - services.times.delivery_deadline,
        )
        cards = await services.database.write(lease_cards, request)
        views = await views_now(services, *cards) if cards else []
        return [
            _LeasedCard(card=card, view=view, leased_at=monotonic)
            for card, view in zip(cards, views, strict=True)
        ]

    async def _deliver(self, leased: _LeasedCard) -> None:
        if leased.view is None:
            await self._postpone(leased.card, self._services.times.unreadable_retry, Unreadable())
        else:
            await self._show(leased.card, leased.view, leased.leased_at)

    async def _show(self, card: Card, view: CardView, leased_at: int) -> None:
        services, digest = self._services, view.digest
        if not view.settled:
            digest += self._publishers[card.place.adapter].layout_variant(card.place)
        if card.shown_rev and digest == card.shown_digest:
            await self._record(card, view, digest, card.place.message)
            return
        channel = (card.place.adapter, card.place.channel)
        if card.shown_rev and not view.settled and not self._pacer.take(channel):
            # Skipped, not postponed: a card that waits for its channel would be leased again and again.
            await self._record(card, view, card.shown_digest, card.place.message, told=card.shown_estimates)
            return
        try:
            async with renewing_lease(services, card, leased_at):
                message = await self._publish_stored(card, view)
        except Undeliverable as error:
            await self._give_up(card, str(error), view)
        except (DeliveryError, TimeoutError) as error:
            retry_after = error.retry_after_ms if isinstance(error, Delayed) else None
            await self._postpone(card, retry_after, error)
        except Exception as error:  # noqa: BLE001 - an adapter's fault must not affect the other cards
            await self._postpone(card, None, error)
        else:
            await self._record(card, view, digest, message)

    async def _publish_stored(self, card: Card, view: CardView) -> str | None:
        """Publish a card; a result whose file is no longer stored is said to be so, and may be made again.

        That is not recorded: /show looks for the file again.
        """
        for _ in view.jobs:
            try:
                return await self._publish(card, view)
            except FileLost as error:
                log.warning("result_file_lost", card=card.id, file=error.file)
                view = without_file(view, error.file)
        return await self._publish(card, view)

    async def _publish(self, card: Card, view: CardView) -> str | None:
        """Post, edit or remove the card's message; returns the message's id."""
        publisher, place = self._publishers[card.place.adapter], card.place
        if place.message is None:
            place = await self._before_posting(card, publisher)
        if view.gone:
            if place.message is not None:
                await self._remove(card, place, publisher)
            return place.message
        try:
            return await publisher.show(view, place)
        except NotPosted:
            if place.message is None:
                # Nothing was posted, so the next attempt need not search, which some platforms limit.
                await self._services.database.transact(clear_posting, card.id, owner=self._services.owner)
            raise

    async def _remove(self, card: Card, place: Place, publisher: Publisher) -> None:
        try:
            await publisher.remove(place)
        except Undeliverable as error:
            # A copy for moderators or for the gallery: nobody has asked for it, and it may be shown again.
            if card.purpose is None:
                raise
            log.warning("message_not_removed", card=card.id, reason=str(error))

    async def _before_posting(self, card: Card, publisher: Publisher) -> Place:
        """Search for the message of an earlier posting with unknown outcome, or record the new posting."""
        services = self._services
        if card.posting_since is not None and services.clock() - card.posting_since > publisher.dedupe_ms:
            return replace(card.place, message=await publisher.find_message(card.id, card.place))
        await services.database.transact(record_posting, card.id, owner=services.owner, now=services.clock())
        return card.place

    async def _record(
        self,
        card: Card,
        view: CardView,
        digest: str,
        message: str | None,
        *,
        told: ShownEstimates | None = None,
    ) -> None:
        services, now = self._services, self._services.clock()
        shown = ShownRevision(
            card=card.id,
            owner=services.owner,
            rev=view.rev,
            digest=digest,
            shown_estimates=shown_estimates(view) if told is None else told,
            message=message,
            run_at=now if view.settled else now + services.times.progress_interval,
        )
        if await record_shown_revision(services, shown) is ShownOutcome.LOST:
            log.warning("card_shown_without_lease", card=card.id)

    async def _postpone(self, card: Card, retry_after_ms: int | None, error: Exception) -> None:
        services, now = self._services, self._services.clock()
        if card.tries >= _ATTEMPTS_MIN and now - card.created_at > services.times.delivery_deadline:
            await self._give_up(card, f"not shown in time: {error!r}")
            return
        backoff = min(
            services.times.delivery_retry * 2 ** min(card.tries, 16), services.times.delivery_retry_max
        )
        log.info("card_postponed", card=card.id, tries=card.tries + 1, error=repr(error))
        run_at = now + (retry_after_ms or backoff)
        await services.database.transact(postpone_card, card.id, owner=services.owner, run_at=run_at)

    async def _give_up(self, card: Card, reason: str, view: CardView | None = None) -> None:
        log.warning("card_undeliverable", card=card.id, reason=reason)
        services, text = self._services, unseen_notice(card)
        if view is not None and view.gone:
            # Whoever has asked for all of their data to be deleted would get one for each result.
            erased = {one.person for one in await open_erasures(services.database)}
            text = "" if card.person in erased else undeleted_notice(view, reason)

        async def give_up(tx: Transaction) -> None:
            released = await mark_undeliverable(tx, card.id, owner=services.owner, reason=reason)
            if released and text:
                notice = PersonNotice(id=services.new_id(), person=card.person, text=text)
                await insert_notices(tx, [notice], now=services.clock())
                await forget_report(tx, card.id)

        await services.database.transact(give_up)
        if text:
            services.wake(PERSON_NOTICES)


@asynccontextmanager
async def renewing_lease(services: Services, card: Card, leased_at: int) -> AsyncIterator[None]:
    """Renew a card's lease while it is shown inside: an upload of 100 MB takes minutes.

    `leased_at` is the monotonic time of the lease. Raises TimeoutError before the lease ends, if it can no
    longer be renewed.
    """
    left = services.times.card_lease * _LEASE_SHARE - (services.monotonic() - leased_at)
    async with asyncio.timeout(max(0, left) / 1000) as deadline:
        renewing = asyncio.create_task(_renew(services, card, deadline), name=f"renew {card.id}")
        try:
            yield
        finally:
            renewing.cancel()
            await asyncio.wait([renewing])


async def _renew(services: Services, card: Card, deadline: asyncio.Timeout) -> None:
    loop, lease = asyncio.get_running_loop(), services.times.card_lease
    until = services.monotonic() + services.times.show_deadline
    while True:
        await asyncio.sleep(lease * _RENEWED_AFTER / 1000)
        if services.monotonic() > until:
            return
        # Both times are taken before the write, whose answer may come late.
        asked, now = loop.time(), services.clock()
        try:
            renewed = await services.database.transact(
                renew_card_lease, card.id, owner=services.owner, now=now, until=now + lease
            )
        except StoreError as error:
            log.warning("card_lease_not_renewed", card=card.id, error=repr(error))
            continue
        if not renewed or deadline.expired():
            return
        deadline.reschedule(asked + lease * _LEASE_SHARE / 1000)


class ProgressPacer:
    """Allows one progress edit per channel and interval."""

    def __init__(self, *, interval: int, monotonic: Callable[[], int]) -> None:
        self._interval = interval
        self._monotonic = monotonic
        #: channel → time of its last edit
        self._taken_at: OrderedDict[Hashable, int] = OrderedDict()

    def take(self, channel: Hashable) -> bool:
        """Whether the channel takes an edit now; if so, it takes no other in this interval."""
        now = self._monotonic()
        # A time in the future was recorded before the clock was set back.
        if 0 <= now - self._taken_at.get(channel, now - self._interval) < self._interval:
            return False
        self._taken_at.pop(channel, None)
        self._taken_at[channel] = now
        if len(self._taken_at) > _CHANNELS:
            self._taken_at.popitem(last=False)
        return True


async def tick_progress(services: Services) -> None:
    """Refresh the cards of unfinished jobs now and then, until the process stops."""

    async def refresh() -> None:
        now = services.clock()
        # Read outside of the write: with thousands of queued jobs it takes a while.
        cards = await cards_in_progress(
            services.database, now=now, count=_REFRESHED, each=_REFRESHED_PER_CHANNEL
        )
        if cards:
            await services.database.transact(request_progress, cards, now=now)

    async for _ in services.ticks("progress", services.times.progress_interval):
        await services.guarded("progress", refresh)
        services.wake(Topic.CARDS)
