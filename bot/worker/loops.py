"""The worker's loops, in the order in which a job meets them."""

from collections.abc import Awaitable, Callable, Mapping
from functools import partial

from bot.domain.models import Lane
from bot.ports import Publisher
from bot.services import Services
from bot.worker.accounts import AccountMonitor
from bot.worker.delivery import Deliverer, tick_progress
from bot.worker.media_budget import MediaBudget
from bot.worker.orphans import remove_orphans, sweep
from bot.worker.outage_notices import post_outage_notices
from bot.worker.preparation import Preparer
from bot.worker.recovery import recover
from bot.worker.retention import retain
from bot.worker.submission import Submitter
from bot.worker.watching import Watcher

Loop = Callable[[], Awaitable[None]]


def worker_loops(
    services: Services, publishers: Mapping[str, Publisher], watchers: Mapping[str, Watcher]
) -> dict[str, Loop]:
    """Every loop by its name; each can be started again after a failure."""
    providers = services.providers
    return {
        "prepare": lambda: Preparer(services).run(),
        **{
            f"submit {account} {lane}": partial(_submit, services, account, lane)
            for account, provider in providers.items()
            for lane in provider.limits
        },
        **{f"watch {account}": watchers[account].run for account in providers},
        "deliver": lambda: Deliverer(services, publishers).run(),
        "progress": lambda: tick_progress(services),
        "recover": lambda: recover(services),
        **{f"sweep {account}": partial(sweep, services, provider) for account, provider in providers.items()},
        **{
            f"orphans {account}": partial(remove_orphans, services, provider)
            for account, provider in providers.items()
        },
        **{f"check {account}": partial(_check, services, account) for account in providers},
        "outage notices": lambda: post_outage_notices(services, publishers),
        "retention": lambda: retain(services),
        "media budget": lambda: MediaBudget(services).run(),
    }


async def _submit(services: Services, account: str, lane: Lane) -> None:
    await Submitter(services, services.providers[account], lane).run()


async def _check(services: Services, account: str) -> None:
    await AccountMonitor(services, services.providers[account]).run()
