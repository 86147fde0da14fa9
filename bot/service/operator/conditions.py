"""Finds the conditions of accounts and providers that the operator has to know."""

from collections.abc import Iterator, Sequence

from bot.domain.reports.alerts import Condition, ConditionKind
from bot.services import Services
from bot.store.operator.accounts import AccountRow, AccountState
from bot.store.operator.alerts import stuck_queues


def stopped_accounts(rows: Sequence[AccountRow]) -> Iterator[Condition]:
    """Accounts that do not accept jobs."""
    for row in rows:
        if row.state is AccountState.STOPPED:
            yield Condition(
                kind=ConditionKind.ACCOUNT_STOPPED,
                subject=row.id,
                text=f"Account {row.id} of {row.provider} does not accept jobs: {row.reason}.",
                remedy="Fix its key or add credit; it is checked again automatically.",
            )


def unresponsive_providers(services: Services, *, for_ms: int = 0) -> Iterator[Condition]:
    """Providers that have not responded to this process for some time, once for each of its accounts."""
    now = services.clock()
    for account, health in services.health.items():
        if health.failing_since is None or now - health.failing_since < for_ms:
            continue
        yield Condition(
            kind=ConditionKind.PROVIDER_DOWN,
            subject=services.providers[account].name,
            text=f"Account {account} has had no response for {(now - health.failing_since) // 1000} s: "
            f"{health.error}.",
            remedy="Its jobs wait; check the network and the provider's status.",
        )


async def stuck_queues_since(services: Services, before: int) -> list[Condition]:
    """Queues from which nothing was submitted since a time, although jobs were due before it."""
    return [
        Condition(
            kind=ConditionKind.QUEUE_STUCK,
            subject=f"{queue.provider}/{queue.lane}",
            text=f"{queue.jobs} {queue.lane} jobs of {queue.provider} are waiting, and none is submitted.",
            remedy="See whether a worker runs and what /readyz and its log say; restart it if it hangs.",
        )
        for queue in await stuck_queues(services.database, before=before, now=services.clock())
    ]
