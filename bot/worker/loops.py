"""The worker's loops, in the order in which a job meets them."""

from collections.abc import Mapping, MutableMapping
from functools import partial

from bot.domain.generations.models import Lane
from bot.ports import Publisher
from bot.providers.base import Provider
from bot.services import Services
from bot.worker.accounts import AccountMonitor
from bot.worker.delivery import Deliverer, tick_progress
from bot.worker.notices.cap_notices import post_cap_notices
from bot.worker.notices.outage_notices import post_outage_notices
from bot.worker.notices.person_notices import send_person_notices
from bot.worker.preparation import Preparer
from bot.worker.recovery import recover
from bot.worker.submission import Submitter
from bot.worker.upkeep.erasure import Forget, erase
from bot.worker.upkeep.media_budget import MediaBudget
from bot.worker.upkeep.orphans import remove_orphans, sweep
from bot.worker.upkeep.retention import retain
from bot.worker.watching import Watcher
from bot.worker.workspace_accounts import Loop, Supervise, WorkspaceAccounts, run_loop


def worker_loops(
    services: Services,
    publishers: Mapping[str, Publisher],
    watchers: MutableMapping[str, Watcher],
    forget: Mapping[str, Forget],
    supervise: Supervise = run_loop,
) -> dict[str, Loop]:
    """Every loop by its name; each can be started again after a failure.

    `supervise` runs the loops of accounts that are opened later.
    """
    of_account = partial(account_loops, services)
    loops: dict[str, Loop] = {"prepare": lambda: Preparer(services).run()}
    for account, provider in services.providers.items():
        loops |= of_account(provider, watchers[account])
    return loops | {
        "workspace keys": lambda: WorkspaceAccounts(services, watchers, of_account, supervise).run(),
        "deliver": lambda: Deliverer(services, publishers).run(),
        "progress": lambda: tick_progress(services),
        "recover": lambda: recover(services),
        "cap notices": lambda: post_cap_notices(services, publishers),
        "outage notices": lambda: post_outage_notices(services, publishers),
        "person notices": lambda: send_person_notices(services, publishers),
        "retention": lambda: retain(services),
        "erasure": lambda: erase(services, forget),
        "media budget": lambda: MediaBudget(services).run(),
    }


def account_loops(services: Services, provider: Provider, watcher: Watcher) -> dict[str, Loop]:
    """The loops of one account."""
    account = provider.account
    return {
        **{
            f"submit {account} {lane}": partial(_submit, services, provider, lane) for lane in provider.limits
        },
        f"watch {account}": watcher.run,
        f"sweep {account}": partial(sweep, services, provider),
        f"orphans {account}": partial(remove_orphans, services, provider),
        f"check {account}": partial(_check, services, provider),
    }


async def _submit(services: Services, provider: Provider, lane: Lane) -> None:
    await Submitter(services, provider, lane).run()


async def _check(services: Services, provider: Provider) -> None:
    await AccountMonitor(services, provider).run()
