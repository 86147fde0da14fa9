"""Sends direct messages to persons, such as that their accounts were linked."""

from collections.abc import Mapping

from bot.domain.errors import Delayed, DeliveryError
from bot.domain.reports.alerts import direct_place
from bot.ports import Publisher
from bot.services import PERSON_NOTICES, Services, log
from bot.store.members.person_notices import (
    PersonNotice,
    any_outdated_notices,
    claim_notice,
    due_notices,
    remove_notice,
    remove_outdated_notices,
)

#: the longest pause before a retry is the first one doubled so often
_DOUBLINGS = 6


async def send_person_notices(services: Services, publishers: Mapping[str, Publisher]) -> None:
    """Send until the process stops."""

    async def send() -> None:
        await send_due_notices(services, publishers)

    async for _ in services.ticks(PERSON_NOTICES, services.times.notice_interval):
        await services.guarded("person notices", send)


async def send_due_notices(services: Services, publishers: Mapping[str, Publisher]) -> None:
    """Send what is due, and give up what could not be sent for long."""
    before = services.clock() - services.times.notice_deadline
    if await any_outdated_notices(services.database, before=before):
        await services.database.transact(remove_outdated_notices, before=before)
    for notice in await due_notices(services.database, publishers, now=services.clock()):
        await _send(services, publishers[notice.adapter], notice)


async def _send(services: Services, publisher: Publisher, notice: PersonNotice) -> None:
    now = services.clock()
    retry_at = now + services.times.notice_retry * 2 ** min(notice.tries, _DOUBLINGS)
    # A process that dies between sending and removing sends it twice.
    if not await services.database.transact(claim_notice, notice.id, now=now, run_at=retry_at):
        return
    try:
        await publisher.post_notice(notice.text, direct_place(notice.person))
    except Delayed as error:
        log.info("person_notice_delayed", person=notice.person, error=str(error))
        return
    except DeliveryError as error:
        # Their direct messages are closed; /link shows the same.
        log.info("person_notice_not_sent", person=notice.person, error=str(error))
    await services.database.transact(remove_notice, notice.id)
