"""Delivering: the holder of a card's lease brings what people see up to what is true."""

from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, replace

from bot.domain.cards import Card, CardView, shown_estimates
from bot.domain.errors import Delayed, DeliveryError, NotPosted, Undeliverable
from bot.domain.estimates import ShownEstimates
from bot.domain.identity import Place
from bot.jobs.estimates import Unreadable, views_now
from bot.jobs.transitions import record_shown_revision
from bot.ports import Publisher
from bot.services import Services, Topic, log
from bot.store.cards import (
    CardLeaseRequest,
    GiveUp,
    Posting,
    ProgressWanted,
    PutOff,
    ShownOutcome,
    ShownRevision,
    Unposted,
    cards_in_progress,
    clear_posting,
    lease_cards,
    mark_undeliverable,
    postpone_card,
    record_posting,
    request_progress,
)
from bot.worker.card_lease import kept
from bot.worker.leased_pool import LeasedPool

#: cards that are shown at once
MAX_IN_FLIGHT = 16
#: cards looked at again in one round, though nothing has happened to their jobs
_REFRESHED = 100
#: of those, in one channel, so many that are under way and as many that wait: it takes one such edit a round
_REFRESHED_EACH = 12
#: shows that must fail before an old card is given up: its result may have come only now
_TRIES = 10
#: channels whose last progress edit is remembered; the one that was edited longest ago is dropped first
_CHANNELS = 10_000


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
        self._outlets = publishers
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
        wanted = CardLeaseRequest(
            owner=services.owner,
            adapters=tuple(sorted(self._outlets)),
            now=now,
            lease_until=now + services.times.card_lease,
            count=count,
            cipher=services.cipher,
            aside_until=now + services.times.unreadable_retry,
            given_up_before=now - services.times.delivery_deadline,
        )
        cards = await services.database.write(lease_cards, wanted)
        views = await views_now(services, *cards) if cards else []
        return [
            _LeasedCard(card=card, view=view, leased_at=monotonic)
            for card, view in zip(cards, views, strict=True)
        ]

    async def _deliver(self, leased: _LeasedCard) -> None:
        if leased.view is None:
            await self._put_off(leased.card, self._services.times.unreadable_retry, Unreadable())
        else:
            await self.show(leased.card, leased.view, leased.leased_at)

    async def show(self, card: Card, seen: CardView, leased_at: int) -> None:
        """Show a leased card as it was seen; `leased_at` is the monotonic time of the lease."""
        services, look = self._services, seen.digest
        if not seen.settled:
            look += self._outlets[card.place.adapter].layout_variant(card.place)
        if card.shown_rev and look == card.shown_digest:
            await self._note(card, seen, look, card.place.message)
            return
        channel = (card.place.adapter, card.place.channel)
        if card.shown_rev and not seen.settled and not self._pacer.take(channel):
            # Passed over: a card that waited for its channel would be looked at again and again.
            await self._note(card, seen, card.shown_digest, card.place.message, said=card.shown_estimates)
            return
        try:
            async with kept(services, card, leased_at):
                message = await self._bring_up(card, seen)
        except Undeliverable as error:
            await self._give_up(card, str(error))
        except (DeliveryError, TimeoutError) as error:
            asked = error.retry_after_ms if isinstance(error, Delayed) else None
            await self._put_off(card, asked, error)
        except Exception as error:  # noqa: BLE001 - an adapter's fault must not take the other cards with it
            await self._put_off(card, None, error)
        else:
            await self._note(card, seen, look, message)

    async def _bring_up(self, card: Card, seen: CardView) -> str | None:
        publisher, place = self._outlets[card.place.adapter], card.place
        if place.message is None:
            place = await self._look_for(card, publisher)
        if seen.gone:
            if place.message is not None:
                await publisher.remove(place)
            return place.message
        try:
            return await publisher.show(seen, place)
        except NotPosted:
            if place.message is None:
                # What was in doubt has been looked for, and searches are dear where a platform counts them.
                unposted = Unposted(card=card.id, owner=self._services.owner)
                await self._services.database.write(clear_posting, unposted)
            raise

    async def _look_for(self, card: Card, publisher: Publisher) -> Place:
        """Find a message whose posting was noted but never its end; note the posting that comes now."""
        services = self._services
        if card.posting_since is not None and services.clock() - card.posting_since > publisher.dedupe_ms:
            return replace(card.place, message=await publisher.find_message(card.id, card.place))
        await services.database.write(
            record_posting, Posting(card=card.id, owner=services.owner, now=services.clock())
        )
        return card.place

    async def _note(
        self,
        card: Card,
        seen: CardView,
        look: str,
        message: str | None,
        *,
        said: ShownEstimates | None = None,
    ) -> None:
        services, now = self._services, self._services.clock()
        shown = ShownRevision(
            card=card.id,
            owner=services.owner,
            rev=seen.rev,
            digest=look,
            told=shown_estimates(seen) if said is None else said,
            message=message,
            run_at=now if seen.settled else now + services.times.progress_interval,
        )
        if await record_shown_revision(services, shown) is ShownOutcome.LOST:
            log.warning("card_shown_without_lease", card=card.id)

    async def _put_off(self, card: Card, asked_ms: int | None, error: Exception) -> None:
        services, now = self._services, self._services.clock()
        if card.tries >= _TRIES and now - card.created_at > services.times.delivery_deadline:
            await self._give_up(card, f"not shown in time: {error!r}")
            return
        backoff = min(
            services.times.delivery_retry * 2 ** min(card.tries, 16), services.times.delivery_retry_max
        )
        log.info("card_put_off", card=card.id, tries=card.tries + 1, error=repr(error))
        await services.database.write(
            postpone_card,
            PutOff(
                card=card.id,
                owner=services.owner,
                run_at=now + (asked_ms or backoff),
            ),
        )

    async def _give_up(self, card: Card, reason: str) -> None:
        log.warning("card_undeliverable", card=card.id, reason=reason)
        await self._services.database.write(
            mark_undeliverable, GiveUp(card=card.id, owner=self._services.owner, reason=reason)
        )


class ProgressPacer:
    """Lets one progress edit through in each channel and interval."""

    def __init__(self, *, interval: int, monotonic: Callable[[], int]) -> None:
        self._interval = interval
        self._monotonic = monotonic
        #: channel → when it took the last one
        self._taken_at: OrderedDict[Hashable, int] = OrderedDict()

    def take(self, channel: Hashable) -> bool:
        """Whether the channel takes an edit now; one that it takes keeps others out."""
        now = self._monotonic()
        # What was taken in the future was taken before the clock was set back.
        if 0 <= now - self._taken_at.get(channel, now - self._interval) < self._interval:
            return False
        self._taken_at.pop(channel, None)
        self._taken_at[channel] = now
        if len(self._taken_at) > _CHANNELS:
            self._taken_at.popitem(last=False)
        return True


async def tick_progress(services: Services) -> None:
    """Have the cards of running jobs looked at again, now and then, until the process stops."""

    async def ask() -> None:
        # Found beside the writer: while thousands wait, looking through them takes its time.
        now = services.clock()
        cards = await cards_in_progress(services.database, now=now, count=_REFRESHED, each=_REFRESHED_EACH)
        if cards:
            await services.database.write(request_progress, ProgressWanted(cards=cards, now=now))

    async for _ in services.ticks("progress", services.times.progress_interval):
        await services.guarded("progress", ask)
        services.wake(Topic.CARDS)
