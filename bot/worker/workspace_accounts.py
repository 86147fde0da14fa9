"""Runs the accounts of workspaces' own API keys, without a restart when a key is set or removed.

A bot may have thousands of such keys, and few have jobs at the same time. Therefore a worker opens an account
when it has something to do, and closes it when it has been idle for a while. Limits, leases and claims are in
the store, so that every worker may open the same account.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from collections.abc import Set as AbstractSet
from contextlib import AsyncExitStack
from dataclasses import dataclass
from functools import partial

from pydantic import SecretStr

from bot.domain.errors import ReverieError
from bot.jobs.transitions import cancel_stranded
from bot.providers.base import Provider
from bot.security.encryption import DecryptionFailed, workspace_key_context
from bot.services import Services, Topic, log
from bot.store.operator.accounts import AccountState, stop_account
from bot.store.operator.workspace_keys import (
    WorkspaceKey,
    delete_removed_key,
    keys_with_work,
    register_lanes,
    used_accounts,
)
from bot.worker.watching import Watcher

Loop = Callable[[], Awaitable[None]]
#: runs a loop by its name, and starts it again after a failure
Supervise = Callable[[str, Loop], Awaitable[None]]
#: the loops of one account
AccountLoops = Callable[[Provider, Watcher], Mapping[str, Loop]]


async def run_loop(_: str, loop: Loop) -> None:
    """Run a loop once."""
    await loop()


@dataclass(slots=True, kw_only=True)
class _Account:
    provider: Provider
    tasks: list[asyncio.Task[None]]
    #: monotonic time at which it last had something to do
    used_at: int


class WorkspaceAccounts:
    """Opens and closes the accounts of workspaces' keys."""

    def __init__(
        self,
        services: Services,
        watchers: MutableMapping[str, Watcher],
        loops: AccountLoops,
        supervise: Supervise,
    ) -> None:
        """`watchers` are those that callbacks wake; the opened accounts add theirs."""
        self._supervise = supervise
        self._services = services
        self._watchers = watchers
        self._loops = loops
        self._open: dict[str, _Account] = {}
        #: accounts whose keys cannot be used here, as logged
        self._unusable: set[str] = set()
        self._group = asyncio.TaskGroup()

    async def run(self) -> None:
        """Run until the process stops and the loops of every account have ended."""
        services = self._services
        # A TaskGroup can be entered only once, and this loop is restarted after a failure.
        self._group = asyncio.TaskGroup()
        async with AsyncExitStack() as exits:
            exits.push_async_callback(self._forget_all)
            await exits.enter_async_context(self._group)
            async for _ in services.ticks(Topic.WORKSPACE_KEYS, services.times.poll):
                await services.guarded("workspace keys", self._tick)

    async def _tick(self) -> None:
        services = self._services
        keys = {key.account: key for key in await keys_with_work(services.database, now=services.clock())}
        # Also what a command that met the removal has left behind.
        await cancel_stranded(services)
        for key in keys.values():
            # A fault of one key holds back no other.
            await services.guarded("workspace key", partial(self._process, key))
        await self._close_unused(self._open.keys() - keys.keys())

    async def _process(self, key: WorkspaceKey) -> None:
        """Open the account of a key that has something to do, or delete a removed key that has nothing."""
        if key.is_removed and await self._services.database.transact(delete_removed_key, key.account):
            log.info("workspace_key_deleted", workspace=key.workspace, account=key.account)
            await self._close(key.account)
        else:
            await self._use(key)

    async def _close_unused(self, accounts: AbstractSet[str]) -> None:
        """Close accounts that have been idle for long, and those whose key another process has deleted."""
        stored = await used_accounts(self._services.database) if accounts else ()
        idle_before = self._services.monotonic() - self._services.times.account_idle
        for account in accounts:
            if account not in stored or self._open[account].used_at <= idle_before:
                await self._close(account)

    async def _use(self, key: WorkspaceKey) -> None:
        services = self._services
        if (opened := self._open.get(key.account)) is not None:
            opened.used_at = services.monotonic()
            return
        context = workspace_key_context(key.workspace, key.account)
        try:
            plain = services.cipher.decrypt(key.encrypted, context=context)
            provider = await services.open_account(key.provider, SecretStr(plain))
        except (DecryptionFailed, ReverieError, ValueError) as error:
            await self._stop_unusable(key, error)
            return
        if provider.account != key.account:
            await provider.close()
            await self._stop_unusable(key, DecryptionFailed())
            return
        await services.database.transact(
            register_lanes,
            key.account,
            {lane: (limits.concurrent, limits.per_minute) for lane, limits in provider.limits.items()},
        )
        self._unusable.discard(key.account)
        services.workspace_providers[key.account] = provider
        watcher = self._watchers[key.account] = Watcher(services, provider)
        log.info("workspace_account_opened", workspace=key.workspace, account=key.account)
        self._open[key.account] = _Account(
            provider=provider,
            used_at=services.monotonic(),
            tasks=[
                self._group.create_task(self._run(name, loop), name=name)
                for name, loop in self._loops(provider, watcher).items()
            ],
        )

    async def _run(self, name: str, loop: Loop) -> None:
        await self._supervise(name, loop)

    async def _stop_unusable(self, key: WorkspaceKey, error: Exception) -> None:
        """Stop an account whose key this process cannot use, and in the end forget a removed key."""
        services, now = self._services, self._services.clock()
        if key.account not in self._unusable:
            self._unusable.add(key.account)
            name = type(error).__name__
            log.warning("workspace_key_unusable", workspace=key.workspace, account=key.account, error=name)
        if key.removed_at is not None:
            # Another worker may have the secret: what is in flight gets its time.
            longest = services.times.generation_deadline + services.times.unknown_deadline
            if now - key.removed_at >= longest:
                await services.database.transact(delete_removed_key, key.account, is_readable=False)
        elif key.state is AccountState.READY:
            is_unreadable = isinstance(error, DecryptionFailed)
            why = "its key cannot be decrypted" if is_unreadable else "this bot cannot use its key any more"
            reason = f"{why}; an admin has to set it again"
            await services.database.transact(stop_account, key.account, reason=reason, now=now)
            services.wake(Topic.CARDS)

    async def _close(self, account: str) -> None:
        opened = self._open.pop(account, None)
        if opened is None:
            return
        for task in opened.tasks:
            task.cancel()
        await asyncio.wait(opened.tasks)
        await self._forget(account, opened)
        log.info("workspace_account_closed", account=account)

    async def _forget(self, account: str, opened: _Account) -> None:
        self._services.workspace_providers.pop(account, None)
        self._services.spendable.pop(account, None)
        self._watchers.pop(account, None)
        await opened.provider.close()

    async def _forget_all(self) -> None:
        while self._open:
            account, opened = self._open.popitem()
            await self._forget(account, opened)
