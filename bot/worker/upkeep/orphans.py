"""Finds generations that no job waits for, and deletes them at the provider."""

from bot.domain.errors import ProviderError
from bot.providers.base import Provider
from bot.services import Services, log
from bot.store.queue.orphans import due_orphans, record_removal
from bot.store.rows import UNREADABLE
from bot.worker.reconciliation import scan


async def sweep(services: Services, provider: Provider) -> None:
    """Scan an account's list for orphans now and then, until the process stops."""
    horizon = 2 * (services.times.unknown_deadline + services.times.generation_deadline)

    async def scan_recent() -> None:
        await scan(services, provider, back_to=services.clock() - horizon)

    async for _ in services.ticks("sweep", services.times.sweep_interval):
        await services.guarded("sweep", scan_recent)


async def remove_orphans(services: Services, provider: Provider) -> None:
    """Delete orphans and the generations of deleted jobs at the provider, until the process stops."""

    async def remove() -> None:
        for remote_id, tries in await due_orphans(services.database, provider.account, now=services.clock()):
            run_at = None
            try:
                await provider.delete(remote_id)
            except (ProviderError, *UNREADABLE) as error:
                log.info("generation_not_deleted", account=provider.account, error=repr(error))
                run_at = services.clock() + services.times.orphan_retry * min(2**tries, 64)
            await services.database.transact(
                record_removal, provider.account, remote_id, now=services.clock(), retry_at=run_at
            )

    async for _ in services.ticks("orphans", services.times.poll):
        await services.guarded("remove orphans", remove)
