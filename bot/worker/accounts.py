"""Names the accounts of this process, registers them in the store, and checks whether they can submit.

An account's name is a keyed hash of its API key. If that key were the current secret, a new secret would
rename every account: all would be retired, and jobs that only they can continue would be lost. Therefore the
secret of the first start is stored, encrypted, as the naming key.

A worker registers the accounts that it has keys for. On SQLite there is one process, so that an account which
its settings do not name has been removed. On PostgreSQL other workers may have other keys: there an account
is retired only after no worker has registered it for a long time.
"""

from datetime import UTC, datetime

from bot.domain.errors import AccountProblem
from bot.domain.money.credit import Spendable
from bot.domain.money.pricing import show_money
from bot.domain.money.quota import Period, bounds
from bot.providers.base import Provider
from bot.security.encryption import FieldCipher, entry_context
from bot.services import ALL_JOBS, Services, Topic, log
from bot.store import adapter_data
from bot.store.database.base import Database
from bot.store.operator.accounts import last_registered_at, start_account, stop_account, stopped_at
from bot.store.operator.accounts import register_accounts as register
from bot.store.operator.credit import account_activity, account_spending, record_balance
from bot.store.queue.claim import acquire_lease
from bot.store.queue.queue_stats import next_price

#: where the naming key is stored; no adapter has this name
_ADAPTER, _KEY = "@core", "account names"
_CONTEXT = entry_context(_ADAPTER, _KEY)
#: later than any registration
_ALWAYS = 2**62
#: longest pause before a stopped account is started again, in check intervals
_PAUSE_MAX = 128


async def find_naming_key(database: Database, cipher: FieldCipher) -> bytes | None:
    """Read the naming key; None before the first start. Raises DecryptionFailed."""
    entry = await adapter_data.get(database, _ADAPTER, _KEY)
    return None if entry is None else _decrypt(entry, cipher)


async def store_naming_key(database: Database, cipher: FieldCipher, key: bytes) -> bytes:
    """Store the naming key unless another process has; returns the stored one."""
    encrypted = cipher.encrypt(key.hex(), context=_CONTEXT)
    return _decrypt(await database.transact(adapter_data.put_new, _ADAPTER, _KEY, encrypted), cipher)


def _decrypt(entry: adapter_data.Entry, cipher: FieldCipher) -> bytes:
    return bytes.fromhex(cipher.decrypt(entry.encrypted, context=_CONTEXT))


async def register_accounts(services: Services) -> None:
    """Register the accounts of this worker, and retire those that no worker has."""
    now = services.clock()
    is_only_process = services.settings.database.startswith("sqlite")
    await services.database.transact(
        register,
        accounts={account: provider.name for account, provider in services.providers.items()},
        lanes={
            (account, lane): (limits.concurrent, limits.per_minute)
            for account, provider in services.providers.items()
            for lane, limits in provider.limits.items()
        },
        now=now,
        retire_before=_ALWAYS if is_only_process else now - services.times.account_lost,
    )


async def renew_registration(services: Services, account: str) -> None:
    """Register again if the last registration of this account was long ago."""
    if services.settings.database.startswith("sqlite"):
        return  # There is no other process that could retire it.
    registered_at = await last_registered_at(services.database, account)
    if registered_at is None or services.clock() - registered_at >= services.times.account_hold:
        await register_accounts(services)


async def stop_submitting(services: Services, provider: Provider, reason: str) -> None:
    """Stop an account until a check succeeds."""
    if await services.database.transact(
        stop_account,
        provider.account,
        reason=reason or "the account cannot submit",
        now=services.clock(),
    ):
        log.error("account_stopped", account=provider.account, provider=provider.name, reason=reason)
        services.wake(Topic.CARDS, Topic.ACCOUNTS)


async def start_submitting(services: Services, provider: Provider) -> bool:
    """Start a stopped account; returns whether that changed anything."""
    if not await services.database.transact(start_account, provider.account, now=services.clock()):
        return False
    log.info("account_started", account=provider.account)
    services.wake(Topic.LANE_FREE, *ALL_JOBS, Topic.CARDS, Topic.ACCOUNTS)
    return True


def request_check(services: Services, provider: Provider) -> None:
    """Have an account checked soon, because a rejected request may be about the account itself."""
    services.accounts_to_check.add(provider.account)
    services.wake(Topic.ACCOUNTS)


class AccountMonitor:
    """Checks one account and reads its credit.

    At start until it answers, while it is stopped, when a check is requested, and when its jobs have cost
    something.
    """

    def __init__(self, services: Services, provider: Provider) -> None:
        self._services = services
        self._provider = provider
        self._answered = False
        self._checked_at: int | None = None
        #: wall time of the last check
        self._read_at = 0
        #: was started here and has not been stopped since
        self._started = False
        #: credit at the last start here
        self._credit: int | None = None
        #: consecutive starts after which it was stopped again before anything was paid
        self._futile_starts = 0
        #: monotonic time at which it was found stopped again
        self._stopped_at = 0
        #: trials since it was stopped, and the wall time of the last one
        self._trials, self._tried_at = 0, 0

    async def run(self) -> None:
        """Check until the process stops."""
        async for _ in self._services.ticks(Topic.ACCOUNTS, self._services.times.account_check):
            await self._services.guarded("check account", self._check)
            await self._services.guarded("register accounts", self._register)

    async def _register(self) -> None:
        if self._provider.account not in self._services.providers:
            return  # A workspace's account is retired when its key is removed.
        await renew_registration(self._services, self._provider.account)

    async def _check(self) -> None:
        services, account = self._services, self._provider.account
        stopped_since = await stopped_at(services.database, account)
        stopped = stopped_since is not None
        now = services.monotonic()
        if not stopped:
            self._trials, self._tried_at = 0, 0
        requested = not self._answered or stopped or account in services.accounts_to_check
        if not requested and not await self._reading_is_due(now):
            return
        # Many rejected requests at once need one check.
        if self._checked_at is not None and now - self._checked_at < services.times.account_check:
            return
        self._checked_at, self._read_at = now, services.clock()
        services.accounts_to_check.discard(account)
        try:
            credit = await self._provider.check()
        except AccountProblem as error:
            self._answered = True
            await stop_submitting(services, self._provider, str(error))
            return
        self._answered = True
        if credit is not None:
            await services.database.transact(record_balance, account, credit, now=services.clock())
        spendable = await self._read_spendable(credit)
        reason = spendable.shortage(await self._highest_price()) if spendable else ""
        if stopped and self._provider.capabilities.reports_credit:
            await self._start(credit, reason)
        elif stopped_since is not None and not reason:
            await self._allow_trial(max(stopped_since, self._tried_at))
        elif reason:
            await stop_submitting(services, self._provider, reason)

    async def _reading_is_due(self, now: int) -> bool:
        """Whether the credit may have changed: now and then, and when everything submitted has ended."""
        since_check = now - (self._checked_at or 0)
        activity = await account_activity(
            self._services.database, self._provider.account, since=self._read_at
        )
        if not activity.claimed:
            return since_check >= self._services.times.credit_idle
        return not activity.in_flight or since_check >= self._services.times.credit_check

    async def _read_spendable(self, credit: int | None) -> Spendable | None:
        """What the account may still spend by its credit and by the month's limit, whichever is less."""
        services, account = self._services, self._provider.account
        limits = []
        if credit is not None:
            limits.append(Spendable(amount=credit, limit="its credit"))
        most = services.settings.monthly_limit
        if most is not None and account in services.providers:
            since, until = bounds(services.clock(), Period.MONTH, UTC)
            spent = (await account_spending(services.database, [account], since=since))[account]
            ends = datetime.fromtimestamp(until / 1000, UTC)
            rest = f"the rest of {show_money(most)} (REVERIE_ACCOUNT_MONTHLY_LIMIT) until {ends:%d %B}"
            limits.append(Spendable(amount=most - spent, limit=rest))
        if not limits:
            services.spendable.pop(account, None)
            return None
        least = min(limits, key=lambda one: one.amount)
        services.spendable[account] = least
        return least

    async def _start(self, credit: int | None, shortage: str) -> None:
        """Start a stopped account that can pay for the queued jobs; ever more rarely if that is futile."""
        services, now = self._services, self._services.monotonic()
        if self._started:
            self._futile_starts = self._futile_starts + 1 if credit == self._credit else 0
            self._started, self._stopped_at = False, now
        pause = services.times.account_check * min(2**self._futile_starts, _PAUSE_MAX)
        if self._futile_starts and now - self._stopped_at < pause:
            return
        if shortage:
            log.info("account_short", account=self._provider.account, reason=shortage)
            return
        if await start_submitting(services, self._provider):
            self._started, self._credit = True, credit

    async def _allow_trial(self, paused_since: int) -> None:
        """Let one queued job try a stopped account, ever more rarely.

        Its API tells no credit, so that only a create shows whether the account works again.
        """
        services, account, now = self._services, self._provider.account, self._services.clock()
        pause = services.times.account_check * min(2**self._trials, _PAUSE_MAX)
        if account in services.trials or now - paused_since < pause:
            return
        # One process at a time, where several have the account's key.
        fence = await services.database.transact(
            acquire_lease, f"trial:{account}", owner=services.owner, now=now, until=now + pause
        )
        self._trials, self._tried_at = self._trials + 1, now
        if fence is None:
            return
        log.info("account_tried", account=account, trials=self._trials)
        services.trials.add(account)
        services.wake(Topic.LANE_FREE, *ALL_JOBS)

    async def _highest_price(self) -> int:
        """Micro-dollars of the most expensive job that would be submitted next."""
        name, account = self._provider.name, self._provider.account
        return max(
            [
                await next_price(
                    self._services.database,
                    provider=name,
                    queue=self._services.queue_of(self._provider, lane),
                    account=account,
                )
                for lane in self._provider.limits
            ],
            default=0,
        )
